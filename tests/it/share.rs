//! Runs and searches that engines share: the same numbers, to the last bit, as by one alone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use burn::tensor::Device;
use circuitscope_core::settings::discovery::{
    Acdc, AcdcPrompts, Exact, FaithfulnessTarget, InputGradient, MaskGradient,
};
use circuitscope_core::{
    AblationType, Algorithm, DiscoverSettings, EdgeCounts, EdgeValues, MaskEdit, OutputSlice, PatchType, RunSettings,
};
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, Stacking};
use circuitscope_engine::session::{RunRequest, Session, SessionError, Text};
use circuitscope_engine::share::{Helpers, Lost, Numbers};
use circuitscope_wire::help::Part;

use crate::support::{Case, CaseGraph, read_text};

/// What all engines are asked for.
#[derive(Clone)]
enum Call {
    Run { settings: RunSettings, keep_logits: bool },
    Discover(DiscoverSettings),
}

/// The files of a case.
struct Files {
    prompts: String,
    scores: Vec<u8>,
}

impl Files {
    fn of(case: &Case, g: &CaseGraph) -> Self {
        let scores = case.dir.join(format!("graph{}.scores.safetensors", g.idx));
        Self { prompts: read_text(&case.dir.join("prompts.json")), scores: std::fs::read(scores).unwrap() }
    }

    fn prompts(&self) -> Text<'_> {
        Text { name: "prompts.json", text: &self.prompts }
    }

    fn request<'a>(&'a self, settings: &'a RunSettings, keep_logits: bool) -> RunRequest<'a> {
        let (scores, edits): (_, &[MaskEdit]) = (("scores.safetensors", self.scores.as_slice()), &[]);
        RunRequest { prompts: self.prompts(), scores, values: EdgeValues::Scores, edits, settings, keep_logits }
    }
}

fn session(case: &Case) -> Session {
    // One circuit a pass, so that there are many parts; passes share a product with the unembedding, which alone are more than with help.
    let stacking = Stacking { max_rows: 1, unembedded_rows: 8, large_unembedding: 0, ..Stacking::cpu(1 << 28) };
    let mut session = Session::new(Device::flex(), stacking);
    let text = read_text(&case.config_path());
    let config = Text { name: "config.json", text: &text };
    let weights = [case.dir.join("model.safetensors")];
    pollster::block_on(session.load_model(config, &weights, None, async |_, _| true)).unwrap();
    session
}

/// Other engines in this process.
struct Others<'a> {
    sessions: Vec<RefCell<Option<Session>>>,
    files: &'a Files,
    call: Call,
    /// After how many parts each is lost, if it is.
    lost_after: Vec<Option<usize>>,
    n_computed: Vec<Cell<usize>>,
    kinds: RefCell<BTreeSet<String>>,
    is_stopped: Cell<bool>,
}

impl<'a> Others<'a> {
    fn new(case: &Case, n: usize, files: &'a Files, call: &Call) -> Self {
        Self {
            sessions: (0..n).map(|_| RefCell::new(Some(session(case)))).collect(),
            files,
            call: call.clone(),
            lost_after: vec![None; n],
            n_computed: vec![Cell::new(0); n],
            kinds: RefCell::default(),
            is_stopped: Cell::new(false),
        }
    }

    fn n_computed(&self) -> usize {
        self.n_computed.iter().map(Cell::get).sum()
    }
}

/// Is ready when it is asked again, as a worker's answer is.
async fn turn() {
    let mut asked = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut asked, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

impl Helpers for Others<'_> {
    fn count(&self) -> usize {
        self.sessions.len()
    }

    fn is_ready(&self, helper: usize) -> bool {
        helper == 0
    }

    async fn begin(&self, helper: usize) -> Result<Vec<usize>, Lost> {
        turn().await;
        let mut session = self.sessions[helper].borrow_mut();
        let session = session.as_mut().expect("it is at nothing yet");
        match &self.call {
            Call::Run { settings, keep_logits } => {
                Ok(session.begin_run(self.files.request(settings, *keep_logits)).unwrap())
            }
            Call::Discover(settings) => {
                session.begin_discover(&self.files.prompts(), settings).unwrap();
                Ok(Vec::new())
            }
        }
    }

    async fn compute(&self, helper: usize, part: &Part) -> Result<Numbers, Lost> {
        turn().await;
        let n_computed = self.n_computed[helper].get();
        if self.lost_after[helper].is_some_and(|n| n_computed >= n) {
            return Err(Lost);
        }
        self.n_computed[helper].set(n_computed + 1);
        self.kinds.borrow_mut().insert(format!("{:?}", part.kind).chars().take_while(|c| c.is_alphabetic()).collect());
        // One part after the other, as a worker does.
        let session = loop {
            match self.sessions[helper].take() {
                Some(session) => break session,
                None => turn().await,
            }
        };
        let numbers = session.compute(part, &mut ()).await.unwrap();
        self.sessions[helper].replace(Some(session));
        Ok(numbers)
    }

    fn stop(&self) {
        self.is_stopped.set(true);
    }
}

/// Keeps what it is told, and asks to stop after some passes.
#[derive(Default)]
struct Watching {
    circuits: Vec<CircuitOutput>,
    logits: Vec<Rc<Logits>>,
    done: usize,
    total: usize,
    stop_at: Option<usize>,
}

impl Observer for Watching {
    async fn progress(&mut self, done: usize, total: usize, _: &str) -> bool {
        (self.done, self.total) = (done, total);
        self.stop_at.is_none_or(|n| done < n)
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        self.circuits.push(output.clone());
        self.logits.extend(logits);
    }
}

/// All numbers of a call, as bits, in the order in which they were told.
fn bits(
    session: &mut Session,
    files: &Files,
    call: &Call,
    helpers: &impl Helpers,
    watching: &mut Watching,
) -> Result<Vec<u64>, SessionError> {
    match call {
        Call::Run { settings, keep_logits } => {
            let request = files.request(settings, *keep_logits);
            let output = pollster::block_on(session.run(request, helpers, watching))?;
            assert_eq!(output.circuits, watching.circuits);
            let f64s = |values: &circuitscope_core::PromptValues| -> Vec<u64> {
                values.iter().flatten().flatten().map(|x| x.to_bits()).collect()
            };
            let mut bits: Vec<u64> = output.unpatched_values.iter().flat_map(f64s).collect();
            for circuit in &output.circuits {
                bits.extend(f64s(&circuit.prompts));
                for prompt in 0..output.baseline.n_prompts {
                    let tokens = circuit.tokens.at(prompt, 0, 3);
                    bits.extend(tokens.iter().flat_map(|t| [u64::from(t.token), t.prob.to_bits()]));
                }
            }
            bits.extend(watching.logits.iter().flat_map(|logits| &logits.values).map(|x| u64::from(x.to_bits())));
            Ok(bits)
        }
        Call::Discover(settings) => {
            let found = session.discover(files.prompts(), settings, None, helpers, watching);
            let (bytes, scores, info) = pollster::block_on(found)?;
            let mut bits: Vec<u64> = scores.values().iter().map(|x| u64::from(x.to_bits())).collect();
            bits.extend(info.last_loss.map(f64::to_bits));
            bits.extend(bytes.iter().map(|&byte| u64::from(byte)));
            Ok(bits)
        }
    }
}

/// Checks that a call gives the same with two helpers as without; gives the kinds of parts that they computed.
fn check(case: &Case, g: &CaseGraph, call: &Call, what: &str) -> BTreeSet<String> {
    let files = Files::of(case, g);
    let (mut alone, mut watching) = (session(case), Watching::default());
    let expected = bits(&mut alone, &files, call, &(), &mut watching).unwrap();
    assert!(!expected.is_empty());
    let expected_done = (watching.done, watching.total);

    let (mut first, mut watching) = (session(case), Watching::default());
    let others = Others::new(case, 2, &files, call);
    let found = bits(&mut first, &files, call, &others, &mut watching).unwrap();
    assert!(found == expected, "{what}");
    assert_eq!((watching.done, watching.total), expected_done, "{what}");
    // Again, with what is at hand.
    let found = bits(&mut first, &files, call, &others, &mut Watching::default()).unwrap();
    assert!(found == expected, "{what}, again");
    assert!(others.n_computed() > 0, "{what}: nobody helped");

    for lost_after in [[Some(0), Some(0)], [Some(1), Some(2)], [None, Some(1)]] {
        let others = Others { lost_after: lost_after.to_vec(), ..Others::new(case, 2, &files, call) };
        let found = bits(&mut session(case), &files, call, &others, &mut Watching::default()).unwrap();
        assert!(found == expected, "{what}, lost after {lost_after:?}");
    }
    others.kinds.into_inner()
}

fn run(g: &CaseGraph, settings: RunSettings, keep_logits: bool) -> Call {
    let n = g.graph.n_edges();
    let edge_counts = EdgeCounts::List((0..12).map(|i| i * n / 11).collect());
    let config = &g.graph.config;
    let settings = RunSettings {
        factorized: config.factorized,
        separate_qkv: config.separate_qkv,
        token_wise: config.seq_len.is_some(),
        edge_counts,
        ..settings
    };
    Call::Run { settings, keep_logits }
}

#[test]
fn a_run_is_the_same_whoever_computes_it() {
    let mut kinds = BTreeSet::new();
    for name in ["gpt2", "llama", "tracr-reverse"] {
        let case = Case::open(name);
        for g in case.graphs().take(3) {
            let ablations = [AblationType::Resample, AblationType::Zero, AblationType::BatchTokenwiseMean];
            for (i, ablation) in ablations.into_iter().enumerate() {
                let (patch_type, keep_logits) = ([PatchType::Edge, PatchType::Tree][i % 2], i != 1);
                let (slice, batch_size) = (OutputSlice::LastSeq, [1, 2, case.batch_size()][i]);
                let settings = RunSettings { slice, ablation, patch_type, batch_size, ..RunSettings::default() };
                let what = format!("{name}, graph {}, {ablation:?}", g.idx);
                kinds.extend(check(&case, &g, &run(&g, settings, keep_logits), &what));
            }
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["Circuits", "Unpatched"]);
}

#[test]
fn means_over_all_prompts_are_the_same_whoever_computes_them() {
    let case = Case::open("gpt2");
    let g = &case.graphs().next().unwrap();
    let (ablation, slice) = (AblationType::TokenwiseMeanCleanAndCorrupt, OutputSlice::LastSeq);
    let settings = RunSettings { ablation, slice, batch_size: 2, ..RunSettings::default() };
    check(&case, g, &run(g, settings, false), "a mean over all prompts");
}

#[test]
fn a_search_is_the_same_whoever_computes_it() {
    let algorithms = [
        Algorithm::MaskGradient(MaskGradient::default()),
        Algorithm::MaskGradient(MaskGradient { integrated_grad_samples: Some(4), ..MaskGradient::default() }),
        Algorithm::InputGradient(InputGradient::default()),
        Algorithm::Exact(Exact::default()),
        Algorithm::ActivationMagnitude {},
    ];
    let acdc = [(AcdcPrompts::All, vec![0.01]), (AcdcPrompts::FirstBatch, vec![0.001, 0.01, 0.1])].map(
        |(prompts, thresholds)| {
            let faithfulness_target = FaithfulnessTarget::KlDiv;
            Algorithm::Acdc(Acdc { prompts, thresholds, faithfulness_target })
        },
    );
    let mut kinds = BTreeSet::new();
    for name in ["gpt2", "llama"] {
        let case = Case::open(name);
        let g = &case.graphs().next().unwrap();
        for algorithm in algorithms.iter().chain(&acdc) {
            let config = &g.graph.config;
            let settings = DiscoverSettings {
                factorized: config.factorized,
                separate_qkv: config.separate_qkv,
                batch_size: case.batch_size() / 2,
                algorithm: algorithm.clone(),
                ..DiscoverSettings::default()
            };
            let what = format!("{name}, {algorithm:?}");
            kinds.extend(check(&case, g, &Call::Discover(settings), &what));
        }
    }
    let expected = ["Edges", "Gradient", "Magnitudes", "Unpatched", "Without"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_call_that_is_stopped_stops_its_helpers() {
    let case = Case::open("gpt2");
    let g = &case.graphs().next().unwrap();
    let settings = RunSettings { slice: OutputSlice::LastSeq, batch_size: 2, ..RunSettings::default() };
    let call = run(g, settings, false);
    let files = Files::of(&case, g);
    let others = Others::new(&case, 2, &files, &call);
    let mut watching = Watching { stop_at: Some(5), ..Watching::default() };
    let mut first = session(&case);
    let error = bits(&mut first, &files, &call, &others, &mut watching).unwrap_err();
    assert!(error.is_cancelled() && others.is_stopped.get());
    let n_computed = others.n_computed();
    assert!(n_computed < 10, "{n_computed} parts");
    // Both go on with the next call.
    let found = bits(&mut first, &files, &call, &others, &mut Watching::default()).unwrap();
    assert_eq!(found, bits(&mut session(&case), &files, &call, &(), &mut Watching::default()).unwrap());
}
