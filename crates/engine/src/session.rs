//! The engine's state between requests: the device, the model, and the last run.
//!
//! Of the last run the results of each circuit are kept, a few kilobytes, and the unpatched model on its prompts, which a later
//! run that differs only in its scores or edge counts uses again. Results stay until another run is done; the unpatched model
//! is dropped before a run that cannot use it makes its own.

use std::borrow::Cow;
use std::rc::Rc;

use burn::tensor::Device;
use thiserror::Error;

use crate::discover::{DiscoverInput, Discovery, discover, discover_graph};
use crate::inspect::{self, Attribution, InspectInput, PassAttribution, Patterns};
use crate::model::{ByteSource, Model, ModelError, Transformer, load_shards};
use crate::run::{
    CircuitOutput, Observer, RunError, RunInput, RunOutput, SrcActivations, Stacking, TOP_TOKENS, TopTokens, Unpatched,
    graph_config, run_circuits,
};
use circuitscope_core::settings::activations::ActivationSize;
use circuitscope_core::settings::memory::{ModelMemory, RunSize, check_src_outputs};
use circuitscope_core::{
    Areas, Circuit, CircuitError, CircuitMasks, DiscoverSettings, EdgeValues, Graph, GraphConfig, Limits, MaskEdit,
    MaskEdits, MeasuredCircuits, Metric, ModelConfig, Prompts, PruneScores, RunSettings, ScoresInfo, ShardIndex,
};
use circuitscope_wire::engine::{
    AttentionInfo, AttributionInfo, Baseline, CircuitChoice, CircuitResult, DiscoveryInfo, GraphInfo, Head, Tokens,
};

/// The engine's state.
pub struct Session {
    device: Device,
    stacking: Stacking,
    limits: Limits,
    model: Option<Transformer>,
    unpatched: Option<KeptUnpatched>,
    results: Option<Results>,
}

/// The unpatched model on the prompts of a run.
struct KeptUnpatched {
    prompts: String,
    /// With the default edge counts, whatever was asked for.
    settings: RunSettings,
    unpatched: Rc<Unpatched>,
}

/// What the last run gave, without logits, and what it was of, for questions about it.
struct Results {
    prompts: Prompts,
    graph: Graph,
    scores: PruneScores,
    values: EdgeValues,
    edits: MaskEdits,
    settings: RunSettings,
    /// What edges were patched with, where it is a mean over all prompts.
    mean: Option<SrcActivations>,
    circuits: Vec<CircuitOutput>,
    /// The likeliest tokens of the unpatched model on the clean and on the corrupt prompts.
    unpatched: [TopTokens; 2],
    baseline: Baseline,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SessionError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Run(#[from] RunError),
    /// The device cannot be opened.
    #[error("{0}")]
    Device(String),
    #[error("no device is open: open one first")]
    NoDevice,
    #[error("no model is loaded: load one first")]
    NoModel,
    #[error("no circuits were run: run some first")]
    NoRun,
    #[error("`{field}` should be below {expected}, found {found}")]
    OutOfRange { field: &'static str, expected: usize, found: usize },
    #[error("`topK` should be at most {most}, the number of tokens that a run keeps of each output, found {found}", most = TOP_TOKENS)]
    TopK { found: usize },
}

impl SessionError {
    /// Whether the caller asked to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Run(RunError::Cancelled) | Self::Model(ModelError::Cancelled))
            || matches!(self, Self::Run(RunError::Model(ModelError::Cancelled)))
    }
}

/// A file that was read whole: its name and its contents.
pub struct Text<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// A run of circuits of the loaded model.
pub struct RunRequest<'a> {
    pub prompts: Text<'a>,
    /// The name and the bytes of a file of scores, or of a mask.
    pub scores: (&'a str, &'a [u8]),
    /// Which of the two it is.
    pub values: EdgeValues,
    /// Laid over every circuit.
    pub edits: &'a [MaskEdit],
    pub settings: &'a RunSettings,
    /// Whether the observer gets the logits of each circuit.
    pub keep_logits: bool,
}

impl Session {
    pub fn new(device: Device, stacking: Stacking) -> Self {
        Self { device, stacking, limits: Limits::default(), model: None, unpatched: None, results: None }
    }

    /// A session that refuses what does not fit.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Loads a model instead of the one before, which stays where this fails. A model that cannot fit is refused before its
    /// weights are read.
    ///
    /// # Errors
    /// See [`ModelConfig::from_json`], [`ModelMemory::check`] and [`load_shards`].
    pub async fn load_model<S: ByteSource>(
        &mut self,
        config: Text<'_>,
        weights: &[S],
        index: Option<Text<'_>>,
        progress: impl AsyncFnMut(u64, u64) -> bool,
    ) -> Result<&ModelConfig, SessionError> {
        let (file, config) = (config.name, ModelConfig::from_json(config.name, config.text)?);
        ModelMemory::of(&config).check(file, &self.limits)?;
        let index = index.map(|Text { name, text }| ShardIndex::from_json(name, text)).transpose()?;
        let model = load_shards(config, weights, index.as_ref(), &self.device, progress).await?;
        (self.unpatched, self.results) = (None, None);
        Ok(self.model.insert(model).config())
    }

    /// # Errors
    /// When no model is loaded, it has fewer positions, or the graph has too many edges.
    pub fn graph(&self, config: GraphConfig) -> Result<GraphInfo, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        if config.seq_len.is_some_and(|seq| seq == 0 || seq > model.config().n_ctx) {
            let expected = format!("from 1 to {}, the model's context", model.config().n_ctx);
            return Err(CircuitError::field("graph", "seqLen", expected, format!("{:?}", config.seq_len)).into());
        }
        Ok(describe(&Graph::try_new(model.config(), config)?))
    }

    /// Runs circuits and keeps their results for [`Session::inspect`] and [`Session::areas`] instead of those of the run
    /// before, which stay where this fails.
    ///
    /// # Errors
    /// See [`Graph::try_new`], [`ModelMemory::check_run`], [`EdgeValues::read`], [`MaskEdits::new`] and [`run_circuits`].
    pub async fn run(
        &mut self,
        request: RunRequest<'_>,
        observer: &mut impl Observer,
    ) -> Result<RunOutput, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let RunRequest {
            prompts: Text { name, text },
            scores: (scores_file, scores),
            values,
            edits,
            settings,
            keep_logits,
        } = request;
        let prompts = Prompts::from_json(name, text)?;
        let graph = Graph::try_new(model.config(), graph_config(settings, &prompts)?)?;
        let size = RunSize { keep_logits, ..RunSize::of(&graph, settings, &prompts) };
        ModelMemory::of(model.config()).check_run(model.config(), &size, &self.limits)?;
        let scores = values.read(scores_file, scores, &graph)?;
        let edits = MaskEdits::new(edits, &graph)?;
        let key = RunSettings { edge_counts: RunSettings::default().edge_counts, ..settings.clone() };
        // One that cannot be used again is dropped before the run, which needs its memory.
        self.unpatched = self.unpatched.take().filter(|kept| kept.prompts == text && kept.settings == key);
        let input = RunInput {
            model,
            prompts: &prompts,
            graph: &graph,
            circuits: CircuitMasks { values: &scores, meaning: values, edits: &edits },
            settings,
            stacking: self.stacking,
            unpatched: self.unpatched.as_ref().map(|kept| kept.unpatched.clone()),
            keep_logits,
        };
        let output = run_circuits(&input, observer).await?;
        let unpatched = output.unpatched.clone();
        let is_mean = settings.ablation.dataset_means().is_some();
        self.results = Some(Results {
            prompts,
            graph,
            scores,
            values,
            edits,
            settings: settings.clone(),
            mean: unpatched.patches.first().filter(|_| is_mean).cloned(),
            circuits: output.circuits.clone(),
            unpatched: unpatched.tokens(),
            baseline: output.baseline.clone(),
        });
        self.unpatched = Some(KeptUnpatched { prompts: text.to_owned(), settings: key, unpatched });
        Ok(output)
    }

    /// Looks for the edges that matter: the scores as a file and in the graph's edge order, with where they come from and what
    /// they cost. `date` goes into the file.
    ///
    /// # Errors
    /// See [`Graph::try_new`], [`ModelMemory::check_search`] and [`discover`].
    pub async fn discover(
        &self,
        Text { name, text }: Text<'_>,
        settings: &DiscoverSettings,
        date: Option<String>,
        observer: &mut impl Observer,
    ) -> Result<(Vec<u8>, PruneScores, DiscoveryInfo), SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let prompts = Prompts::from_json(name, text)?;
        let graph = Graph::try_new(model.config(), discover_graph(settings, &prompts)?)?;
        let seq = (0..prompts.pairs.len()).map(|prompt| prompts.seq(prompt)).max().unwrap_or(1);
        let n_batches = prompts.pairs.len() / settings.batch_size.max(1);
        let needed = settings.cost(model.config(), &graph, n_batches, seq).bytes;
        ModelMemory::of(model.config()).check_search(needed, &self.limits)?;
        let size = ActivationSize::new(model.config(), graph.srcs.len(), settings.batch_size, seq);
        check_src_outputs("search", &size, &self.limits)?;
        let (prompts, graph, stacking) = (&prompts, &graph, self.stacking);
        let Discovery { scores, n_kept, cost, last_loss, note } =
            discover(&DiscoverInput { model, prompts, graph, settings, stacking }, observer).await?;
        let info = ScoresInfo { date, ..settings.info(name, model.config(), graph) };
        let bytes = scores.to_bytes(graph, &info);
        let info = DiscoveryInfo { info, n_edges: graph.n_edges(), n_kept, last_loss, cost, note };
        Ok((bytes, scores, info))
    }

    /// The areas under each metric's curve of the last run; none where nothing was run.
    pub fn areas(&self) -> Vec<Areas> {
        let Some(Results { graph, settings, circuits, baseline, .. }) = &self.results else { return Vec::new() };
        let measured = MeasuredCircuits {
            name: String::new(),
            n_edges: graph.n_edges(),
            circuits: circuits.iter().map(|c| (c.circuit, c.measurement.clone())).collect(),
            unpatched: Some([baseline.clean.clone(), baseline.corrupt.clone()]),
            reverse: settings.reverse,
        };
        Metric::ALL.iter().map(|&metric| measured.areas(metric)).collect()
    }

    /// The `top_k` likeliest tokens of a prompt in the last run, at most [`TOP_TOKENS`]. `circuit` is an index in the list of
    /// edge counts of the run, `position` one among the output's.
    ///
    /// # Errors
    /// When nothing was run, an index is out of range, or more tokens are asked for than are kept.
    pub fn inspect(
        &self,
        circuit: usize,
        prompt: usize,
        position: usize,
        top_k: usize,
    ) -> Result<Tokens, SessionError> {
        let Results { circuits, unpatched: [clean, corrupt], baseline, .. } =
            self.results.as_ref().ok_or(SessionError::NoRun)?;
        below("circuit", circuit, circuits.len())?;
        below("prompt", prompt, baseline.n_prompts)?;
        below("position", position, baseline.n_positions)?;
        if top_k > TOP_TOKENS {
            return Err(SessionError::TopK { found: top_k });
        }
        let at = |tokens: &TopTokens| tokens.at(prompt, position, top_k);
        Ok(Tokens { clean: at(clean), corrupt: at(corrupt), circuit: at(&circuits[circuit].tokens) })
    }
}

/// The questions about single prompts.
impl Session {
    /// The attention patterns of heads on a prompt of the last run: on the clean prompt, on the corrupt one, and of a circuit. See
    /// [`inspect::Patterns::passes`].
    ///
    /// # Errors
    /// When nothing was run, a prompt, circuit, edge or head is not there, or the device fails.
    pub async fn attention(
        &self,
        prompt: usize,
        circuit: &CircuitChoice,
        heads: Vec<Head>,
    ) -> Result<(AttentionInfo, [Vec<f32>; 3]), SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        for head in &heads {
            below("block", head.block, model.config().n_layers)?;
            below("headIdx", head.head_idx, model.config().n_heads)?;
        }
        let results = self.results.as_ref().ok_or(SessionError::NoRun)?;
        let (circuit, edits) = results.choose(circuit)?;
        let found = inspect::patterns(&results.inspected(model, prompt, circuit, &edits)?, &heads).await?;
        let Patterns { seq, n_pads, passes } = found;
        Ok((AttentionInfo { circuit, heads, seq, n_pads }, passes))
    }

    /// What the src nodes put out on a prompt of the last run, and what they add to the logits of its answers: on the clean prompt, on
    /// the corrupt one, and in a circuit. See [`inspect::attribution()`].
    ///
    /// # Errors
    /// When nothing was run, a prompt, circuit or edge is not there, or the device fails.
    pub async fn attribution(
        &self,
        prompt: usize,
        circuit: &CircuitChoice,
    ) -> Result<(AttributionInfo, [PassAttribution; 3]), SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let results = self.results.as_ref().ok_or(SessionError::NoRun)?;
        let (circuit, edits) = results.choose(circuit)?;
        let found = inspect::attribution(&results.inspected(model, prompt, circuit, &edits)?).await?;
        let Attribution { seq, n_positions, n_values, n_pads, passes } = found;
        let srcs = results.graph.srcs.iter().map(|src| src.name.clone()).collect();
        Ok((AttributionInfo { circuit, srcs, seq, n_positions, n_values, n_pads }, passes))
    }
}

impl Results {
    /// A circuit, with the edits that it has.
    fn choose(&self, choice: &CircuitChoice) -> Result<(Circuit, Cow<'_, MaskEdits>), SessionError> {
        match choice {
            CircuitChoice::Ran { index } => {
                below("circuit", *index, self.circuits.len())?;
                Ok((self.circuits[*index].circuit, Cow::Borrowed(&self.edits)))
            }
            CircuitChoice::Edited { edge_count, edits } => {
                let edits = MaskEdits::new(edits, &self.graph)?;
                let masks = CircuitMasks { values: &self.scores, meaning: self.values, edits: &edits };
                Ok((masks.circuit(*edge_count)?, Cow::Owned(edits)))
            }
        }
    }

    /// What a question about a prompt needs.
    fn inspected<'a>(
        &'a self,
        model: &'a Transformer,
        prompt: usize,
        circuit: Circuit,
        edits: &'a MaskEdits,
    ) -> Result<InspectInput<'a>, SessionError> {
        below("prompt", prompt, self.baseline.n_prompts)?;
        let Self { prompts, graph, scores, values, settings, mean, .. } = self;
        let circuits = CircuitMasks { values: scores, meaning: *values, edits };
        Ok(InspectInput { model, prompts, graph, circuits, circuit, settings, mean: mean.as_ref(), prompt })
    }
}

/// Checks an index.
fn below(field: &'static str, found: usize, expected: usize) -> Result<(), SessionError> {
    if found < expected { Ok(()) } else { Err(SessionError::OutOfRange { field, expected, found }) }
}

/// A circuit's output as a message, without its logits.
pub fn circuit_result(output: &CircuitOutput) -> CircuitResult {
    let CircuitOutput { index, circuit, shape, measurement, .. } = output;
    CircuitResult { index: *index, circuit: *circuit, shape: shape.clone(), measurement: measurement.clone() }
}

/// The metrics of every prompt, `[metric, prompt]`, NaN where one does not apply.
pub fn prompt_values(output: &CircuitOutput) -> Vec<f64> {
    let n_prompts = output.prompts.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let missing = vec![f64::NAN; n_prompts];
    output.prompts.iter().flat_map(|values| values.as_ref().unwrap_or(&missing)).copied().collect()
}

fn describe(graph: &Graph) -> GraphInfo {
    let edges = graph.edges().map(|edge| {
        let prefix = edge.seq_idx.map_or(String::new(), |seq_idx| format!("{seq_idx}:"));
        prefix + &graph.edge_name(edge)
    });
    GraphInfo {
        n_edges: graph.n_edges(),
        srcs: graph.srcs.iter().map(|s| s.name.clone()).collect(),
        nodes: graph.node_names(),
        edges: edges.collect(),
        masks: graph.dests.iter().map(|d| (d.module_name.clone(), graph.mask_shape(d))).collect(),
    }
}
