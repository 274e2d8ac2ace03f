//! Answers the engine's calls: opens the device and the files of a request, and has the session compute.

use std::sync::{Arc, Mutex, PoisonError};

use js_sys::{Array, Float32Array, Float64Array, Uint8Array};

use crate::files::{WholeFile, open_all};
use crate::helper::help;
use crate::report::Reporter;
use crate::team::Team;
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::settings::memory::ModelMemory;
use circuitscope_core::{DiscoverSettings, EdgeValues, MaskEdit, RunSettings};
use circuitscope_engine::device::{self, Trouble};
use circuitscope_engine::model::ModelError;
use circuitscope_engine::run::{Observer, Stacking};
use circuitscope_engine::session::{RunRequest, Session, SessionError};
use circuitscope_wire::browser::Scope;
use circuitscope_wire::engine::{DeviceChoice, DeviceInfo, DeviceKind, Event, Request};
use circuitscope_wire::{Caller, Engine, Handler, Post, Refusal, Reply};

/// On the CPU the activations share the heap's 4 GiB with the model.
const CPU: Stacking = Stacking::cpu(256 << 20);
/// Common adapters have 2 GiB and more.
const GPU: Stacking = Stacking::gpu(512 << 20);

/// The session, once a device is open.
#[derive(Default)]
pub struct EngineHandler {
    session: Option<Session>,
    /// Who helps.
    team: Team,
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
            Request::Open { device, workers } => self.open(device, workers).await,
            request => match &mut self.session {
                Some(session) => answer(session, &mut self.team, request, &attachments, caller).await,
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
    async fn open(&mut self, choice: DeviceChoice, workers: Option<usize>) -> Answer {
        let trouble = self.trouble.clone();
        let on_trouble = move |found: Trouble| match found {
            Trouble::Lost(message) => {
                let reply = Reply { id: 0, event: Event::DeviceLost { message } };
                Scope.post(&reply, &Array::new()).expect("a sentence can be posted");
            }
            Trouble::Error(message) => *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(message),
        };
        let opened = device::open(choice, on_trouble).await.map_err(SessionError::Device)?;
        // A GPU computes for one worker.
        let (stacking, workers) = if opened.info.kind == DeviceKind::Cpu { (CPU, workers) } else { (GPU, Some(1)) };
        self.session = Some(Session::new(opened.device, stacking).with_limits(opened.info.limits));
        self.team = Team::new(workers);
        let device = DeviceInfo { workers: self.team.most(), ..opened.info };
        Ok((Event::Opened { device }, Array::new()))
    }
}

/// Answers a request that needs a device.
async fn answer(
    session: &mut Session,
    team: &mut Team,
    request: Request,
    files: &Array,
    caller: &Caller<'_, Engine, Array>,
) -> Answer {
    match request {
        Request::LoadModel { .. } => load_model(session, team, request, files, &mut Reporter::new(caller)).await,
        Request::Graph { graph } => Ok((Event::Graph { graph: session.graph(graph)? }, Array::new())),
        Request::Run { prompts, scores, values, edits, settings, logits } => {
            let (prompts, scores) = (WholeFile::read(&prompts, files).await?, WholeFile::read(&scores, files).await?);
            let run = Run { prompts, scores, values, edits, settings, logits };
            run.answer(session, team, caller).await
        }
        Request::Discover { prompts, settings } => {
            let prompts = WholeFile::read(&prompts, files).await?;
            discover(session, team, &prompts, settings, caller).await
        }
        Request::Help { with } => help(session, with, files, caller).await,
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
    team: &mut Team,
    request: Request,
    files: &Array,
    reporter: &mut Reporter<'_>,
) -> Answer {
    let Request::LoadModel { config, weights, index } = &request else { return Err(SessionError::NoModel) };
    let config = WholeFile::read(config, files).await?;
    let index = match index {
        Some(index) => Some(WholeFile::read(index, files).await?),
        None => None,
    };
    let weights = open_all(weights, files).await?;
    let index = index.as_ref().map(WholeFile::text).transpose()?;
    let progress = async |done: u64, total: u64| {
        reporter.progress((done >> 10) as usize, (total >> 10) as usize, "reading weights (KiB)").await
    };
    let config = session.load_model(config.text()?, &weights, index, progress).await?.clone();
    team.load(request, files, &ModelMemory::of(&config));
    let n_params = config.n_params();
    Ok((Event::Loaded { config, n_params, workers: team.count() }, Array::new()))
}

/// A run whose files were read.
struct Run {
    prompts: WholeFile,
    scores: WholeFile,
    values: EdgeValues,
    edits: Vec<MaskEdit>,
    settings: RunSettings,
    logits: bool,
}

impl Run {
    async fn answer(&self, session: &mut Session, team: &Team, caller: &Caller<'_, Engine, Array>) -> Answer {
        let Self { prompts, scores, values, edits, settings, logits } = self;
        let request = RunRequest {
            prompts: prompts.text()?,
            scores: (&scores.name, &scores.bytes),
            values: *values,
            edits,
            settings,
            keep_logits: *logits,
        };
        let (call, files) = self.call();
        let helpers = team.at(call, files);
        let mut reporter = Reporter::new(caller).with_team(&helpers);
        let output = session.run(request, &helpers, &mut reporter).await?;
        let attached = Array::new();
        if *logits {
            for side in [PromptSide::Clean, PromptSide::Corrupt] {
                attached.push(&Float32Array::from(output.unpatched.logits(side).values.as_slice()));
            }
        }
        let (baseline, areas) = (output.baseline, session.areas());
        Ok((Event::Ran { baseline, areas, workers: helpers.n_computed() }, attached))
    }

    /// The call that a helper is told of.
    fn call(&self) -> (Request, Array) {
        let Self { values, edits, settings, logits, .. } = self;
        let (values, edits, settings, logits) = (*values, edits.clone(), settings.clone(), *logits);
        let files = Array::new();
        let (prompts, scores) = (self.prompts.attach(&files), self.scores.attach(&files));
        (Request::Run { prompts, scores, values, edits, settings, logits }, files)
    }
}

async fn discover(
    session: &Session,
    team: &Team,
    prompts: &WholeFile,
    settings: DiscoverSettings,
    caller: &Caller<'_, Engine, Array>,
) -> Answer {
    let files = Array::new();
    let call = Request::Discover { prompts: prompts.attach(&files), settings: settings.clone() };
    let helpers = team.at(call, files);
    let mut reporter = Reporter::new(caller).with_team(&helpers);
    let found = session.discover(prompts.text()?, &settings, Some(today()), &helpers, &mut reporter);
    let (bytes, scores, discovery) = found.await?;
    let (bytes, scores) = (Uint8Array::from(bytes.as_slice()), Float32Array::from(scores.values()));
    let workers = helpers.n_computed();
    Ok((Event::Discovered { discovery, workers }, Array::of2(&bytes, &scores)))
}

fn float_arrays<'a>(arrays: impl Iterator<Item = &'a [f32]>) -> Array {
    let attached = Array::new();
    for numbers in arrays {
        attached.push(&Float32Array::from(numbers));
    }
    attached
}

/// `2026-11-23`
fn today() -> String {
    String::from(js_sys::Date::new_0().to_iso_string()).chars().take(10).collect()
}
