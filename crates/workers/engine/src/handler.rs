//! Answers the engine's calls: opens the device and the files of a request, and has the session compute.

use std::sync::{Arc, Mutex, PoisonError};

use js_sys::{Array, Float32Array, Float64Array, Uint8Array};

use crate::report::Reporter;
use circuitscope_core::DiscoverSettings;
use circuitscope_engine::device::{self, Trouble};
use circuitscope_engine::model::ModelError;
use circuitscope_engine::run::{Observer, Stacking};
use circuitscope_engine::session::{RunRequest, Session, SessionError, Text};
use circuitscope_wire::browser::{OpenSource, Scope};
use circuitscope_wire::engine::{DeviceChoice, DeviceKind, Event, Request};
use circuitscope_wire::{ByteSource, Caller, Engine, Handler, Post, ReadError, Refusal, Reply, Source};

/// On the CPU the activations share the heap's 4 GiB with the model.
const CPU: Stacking = Stacking::cpu(256 << 20);
/// Common adapters have 2 GiB and more.
const GPU: Stacking = Stacking::gpu(512 << 20);

/// The session, once a device is open.
#[derive(Default)]
pub struct EngineHandler {
    session: Option<Session>,
    /// What the GPU reported since the last call.
    trouble: Arc<Mutex<Option<String>>>,
}

/// The event that answers a call, with its attachments.
type Answer = Result<(Event, Array), SessionError>;

impl Handler for EngineHandler {
    type Protocol = Engine;
    type Attachments = Array;

    async fn answer(
        &mut self,
        request: Request,
        attachments: Array,
        caller: &Caller<'_, Engine, Array>,
    ) -> Result<(Event, Array), Refusal> {
        let answer = match request {
            Request::Open { device } => self.open(device).await,
            request => match &mut self.session {
                Some(session) => answer(session, request, &attachments, caller).await,
                None => Err(SessionError::NoDevice),
            },
        };
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        match trouble {
            Some(reason) => Err(refusal(&ModelError::Device { doing: "computing".to_owned(), reason }.into())),
            None => answer.map_err(|error| refusal(&error)),
        }
    }
}

fn refusal(error: &SessionError) -> Refusal {
    if error.is_cancelled() { Refusal::Cancelled } else { Refusal::Failed(error.to_string()) }
}

impl EngineHandler {
    async fn open(&mut self, choice: DeviceChoice) -> Answer {
        let trouble = self.trouble.clone();
        let on_trouble = move |found: Trouble| match found {
            Trouble::Lost(message) => {
                let reply = Reply { id: 0, event: Event::DeviceLost { message } };
                Scope.post(&reply, &Array::new()).expect("a sentence can be posted");
            }
            Trouble::Error(message) => *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(message),
        };
        let opened = device::open(choice, on_trouble).await.map_err(SessionError::Device)?;
        let stacking = if opened.info.kind == DeviceKind::Cpu { CPU } else { GPU };
        self.session = Some(Session::new(opened.device, stacking).with_limits(opened.info.limits));
        Ok((Event::Opened { device: opened.info }, Array::new()))
    }
}

/// Answers a request that needs a device.
async fn answer(session: &mut Session, request: Request, files: &Array, caller: &Caller<'_, Engine, Array>) -> Answer {
    let mut reporter = Reporter::new(caller);
    match request {
        Request::LoadModel { config, weights, index } => {
            let config = WholeFile::read(&config, files).await?;
            let index = match index {
                Some(index) => Some(WholeFile::read(&index, files).await?),
                None => None,
            };
            let weights = open_all(&weights, files).await?;
            load_model(session, &config, &weights, index.as_ref(), &mut reporter).await
        }
        Request::Graph { graph } => Ok((Event::Graph { graph: session.graph(graph)? }, Array::new())),
        Request::Run { prompts, scores, values, edits, settings, logits } => {
            let (prompts, scores) = (WholeFile::read(&prompts, files).await?, WholeFile::read(&scores, files).await?);
            let (prompts, scores) = (prompts.text()?, (scores.name.as_str(), scores.bytes.as_slice()));
            let request =
                RunRequest { prompts, scores, values, edits: &edits, settings: &settings, keep_logits: logits };
            run(session, request, &mut reporter.with_circuits(logits)).await
        }
        Request::Discover { prompts, settings } => {
            let prompts = WholeFile::read(&prompts, files).await?;
            discover(session, prompts.text()?, &settings, &mut reporter).await
        }
        Request::Inspect { circuit, prompt, position, top_k } => {
            let tokens = session.inspect(circuit, prompt, position, top_k)?;
            Ok((Event::Tokens { tokens }, Array::new()))
        }
        Request::Values { circuit, metric } => {
            let (values, passes) = session.values(circuit, metric)?;
            let attached: Array = passes.iter().map(|values| Float64Array::from(values.as_slice())).collect();
            Ok((Event::Values { values }, attached))
        }
        Request::Attention { prompt, circuit, heads } => {
            let (attention, patterns) = session.attention(prompt, &circuit, heads).await?;
            Ok((Event::Attention { attention }, float_arrays(patterns.iter().map(Vec::as_slice))))
        }
        Request::Attribution { prompt, circuit } => {
            let (attribution, passes) = session.attribution(prompt, &circuit).await?;
            let arrays = passes.iter().flat_map(|pass| [pass.logits.as_slice(), pass.outputs.as_slice()]);
            Ok((Event::Attribution { attribution }, float_arrays(arrays)))
        }
        // Opening is answered without a session, and the inbox hears of cancels.
        Request::Open { .. } | Request::Cancel { .. } => Err(SessionError::NoDevice),
    }
}

async fn load_model(
    session: &mut Session,
    config: &WholeFile,
    weights: &[OpenSource],
    index: Option<&WholeFile>,
    reporter: &mut Reporter<'_>,
) -> Answer {
    let index = index.map(WholeFile::text).transpose()?;
    let progress = async |done: u64, total: u64| {
        reporter.progress((done >> 10) as usize, (total >> 10) as usize, "reading weights (KiB)").await
    };
    let config = session.load_model(config.text()?, weights, index, progress).await?.clone();
    let n_params = config.n_params();
    Ok((Event::Loaded { config, n_params }, Array::new()))
}

async fn run(session: &mut Session, request: RunRequest<'_>, reporter: &mut Reporter<'_>) -> Answer {
    let sends_logits = reporter.sends_logits();
    let output = session.run(request, &(), reporter).await?;
    let attached = Array::new();
    if sends_logits {
        attached.push(&Float32Array::from(output.unpatched.clean.logits.values.as_slice()));
        attached.push(&Float32Array::from(output.unpatched.corrupt.logits.values.as_slice()));
    }
    let baseline = output.baseline.clone();
    Ok((Event::Ran { baseline, areas: session.areas() }, attached))
}

async fn discover(
    session: &Session,
    prompts: Text<'_>,
    settings: &DiscoverSettings,
    reporter: &mut Reporter<'_>,
) -> Answer {
    let (bytes, scores, discovery) = session.discover(prompts, settings, Some(today()), &(), reporter).await?;
    let (bytes, scores) = (Uint8Array::from(bytes.as_slice()), Float32Array::from(scores.values()));
    Ok((Event::Discovered { discovery }, Array::of2(&bytes, &scores)))
}

fn float_arrays<'a>(arrays: impl Iterator<Item = &'a [f32]>) -> Array {
    let attached = Array::new();
    for numbers in arrays {
        attached.push(&Float32Array::from(numbers));
    }
    attached
}

/// A file that was read whole.
struct WholeFile {
    name: String,
    bytes: Vec<u8>,
}

impl WholeFile {
    async fn read(source: &Source, attachments: &Array) -> Result<Self, ModelError> {
        let source = OpenSource::open_whole(source, attachments).await?;
        Ok(Self { name: source.name().to_owned(), bytes: source.read_all().await? })
    }

    fn text(&self) -> Result<Text<'_>, ModelError> {
        let text = std::str::from_utf8(&self.bytes);
        let text = text.map_err(|e| ReadError::new(&self.name, format!("expected text in UTF-8 ({e})")))?;
        Ok(Text { name: &self.name, text })
    }
}

async fn open_all(sources: &[Source], attachments: &Array) -> Result<Vec<OpenSource>, ModelError> {
    let mut opened = Vec::new();
    for source in sources {
        opened.push(OpenSource::open(source, attachments).await?);
    }
    Ok(opened)
}

/// `2026-11-23`
fn today() -> String {
    String::from(js_sys::Date::new_0().to_iso_string()).chars().take(10).collect()
}
