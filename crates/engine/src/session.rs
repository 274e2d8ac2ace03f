//! What the engine holds between requests: the device, the model, and the last run.

use std::rc::Rc;

use burn::tensor::Device;
use thiserror::Error;

use crate::discover::{DiscoverInput, Discovery, discover, discover_graph};
use crate::model::{ByteSource, Model, ModelError, Transformer, load_shards};
use crate::run::circuits::{graph_config, output_shape};
use crate::run::{
    CircuitOutput, Observer, RunError, RunInput, RunOutput, Stacking, Unpatched, run_circuits, top_tokens,
};
use circuitscope_core::settings::memory::{ModelMemory, RunSize};
use circuitscope_core::{
    Areas, CircuitError, DiscoverSettings, Graph, GraphConfig, Limits, MeasuredCircuits, Metric, ModelConfig, Prompts,
    PruneScores, RunSettings, ScoresInfo, ShardIndex,
};
use circuitscope_wire::engine::{Baseline, CircuitResult, DiscoveryInfo, GraphInfo, Tokens};

/// The engine's state.
pub struct Session {
    device: Device,
    stacking: Stacking,
    limits: Limits,
    model: Option<Transformer>,
    last_run: Option<LastRun>,
}

struct LastRun {
    prompts: String,
    /// With the edge counts taken out.
    settings: RunSettings,
    n_edges: usize,
    output: RunOutput,
}

/// What a request can fail with.
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

/// What a run is asked for.
pub struct RunRequest<'a> {
    pub prompts: Text<'a>,
    /// The name and the bytes of a scores file.
    pub scores: (&'a str, &'a [u8]),
    pub settings: &'a RunSettings,
}

impl Session {
    pub fn new(device: Device, stacking: Stacking) -> Self {
        Self { device, stacking, limits: Limits::default(), model: None, last_run: None }
    }

    /// A session that refuses what does not fit.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Loads a model in place of the one before, which stays where this fails. A model that cannot fit is refused before its
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
        self.last_run = None;
        Ok(self.model.insert(model).config())
    }

    /// # Errors
    /// When no model is loaded.
    pub fn graph(&self, config: GraphConfig) -> Result<GraphInfo, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        if config.seq_len.is_some_and(|seq| seq == 0 || seq > model.config().n_ctx) {
            let expected = format!("from 1 to {}, the model's context", model.config().n_ctx);
            return Err(CircuitError::field("graph", "seqLen", expected, format!("{:?}", config.seq_len)).into());
        }
        Ok(describe(&Graph::new(model.config(), config)))
    }

    /// Runs circuits and keeps what came out for [`Session::inspect`] and for a later run that differs only in its scores or
    /// edge counts.
    ///
    /// # Errors
    /// See [`run_circuits`].
    pub async fn run(
        &mut self,
        request: RunRequest<'_>,
        observer: &mut impl Observer,
    ) -> Result<&RunOutput, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let RunRequest { prompts: Text { name, text }, scores: (scores_file, scores), settings } = request;
        let prompts = Prompts::from_json(name, text)?;
        let graph = Graph::new(model.config(), graph_config(settings, &prompts)?);
        let size = RunSize::of(&graph, settings, &prompts);
        ModelMemory::of(model.config()).check_run(model.config(), &size, &self.limits)?;
        let scores = PruneScores::from_bytes(scores_file, scores, &graph)?;
        let key = RunSettings { edge_counts: RunSettings::default().edge_counts, ..settings.clone() };
        let input = RunInput {
            model,
            prompts: &prompts,
            graph: &graph,
            scores: &scores,
            settings,
            stacking: self.stacking,
            unpatched: self.unpatched(text, &key),
        };
        let output = run_circuits(&input, observer).await?;
        let last_run = LastRun { prompts: text.to_owned(), settings: key, n_edges: graph.n_edges(), output };
        Ok(&self.last_run.insert(last_run).output)
    }

    /// Looks for the edges that matter: the scores as a file and in the graph's edge order, and what is to be said of them.
    /// `date` is that of the file.
    ///
    /// # Errors
    /// See [`discover`].
    pub async fn discover(
        &self,
        Text { name, text }: Text<'_>,
        settings: &DiscoverSettings,
        date: Option<String>,
        observer: &mut impl Observer,
    ) -> Result<(Vec<u8>, PruneScores, DiscoveryInfo), SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let prompts = Prompts::from_json(name, text)?;
        let graph = Graph::new(model.config(), discover_graph(settings, &prompts)?);
        let seq = (0..prompts.pairs.len()).map(|prompt| prompts.seq(prompt)).max().unwrap_or(1);
        let n_batches = prompts.pairs.len() / settings.batch_size.max(1);
        let needed = settings.cost(model.config(), &graph, n_batches, seq).bytes;
        ModelMemory::of(model.config()).check_search(needed, &self.limits)?;
        let (prompts, graph, stacking) = (&prompts, &graph, self.stacking);
        let Discovery { scores, n_kept, cost, last_loss } =
            discover(&DiscoverInput { model, prompts, graph, settings, stacking }, observer).await?;
        let info = ScoresInfo { date, ..settings.info(name, model.config(), graph) };
        let bytes = scores.to_bytes(graph, &info);
        let info = DiscoveryInfo { info, n_edges: graph.n_edges(), n_kept, last_loss, cost };
        Ok((bytes, scores, info))
    }

    /// The unpatched model of the last run, where it was the same but for scores and edge counts.
    fn unpatched(&self, prompts: &str, settings: &RunSettings) -> Option<Rc<Unpatched>> {
        let last = self.last_run.as_ref()?;
        (last.prompts == prompts && last.settings == *settings).then(|| last.output.unpatched.clone())
    }

    /// The areas under each metric's curve of the last run; none where nothing was run.
    pub fn areas(&self) -> Vec<Areas> {
        let Some(LastRun { settings, n_edges, output, .. }) = &self.last_run else { return Vec::new() };
        let measured = MeasuredCircuits {
            name: String::new(),
            n_edges: *n_edges,
            circuits: output.circuits.iter().map(|c| (c.circuit, c.measurement.clone())).collect(),
            unpatched: Some([output.baseline.clean.clone(), output.baseline.corrupt.clone()]),
            reverse: settings.reverse,
        };
        Metric::ALL.iter().map(|&metric| measured.areas(metric)).collect()
    }

    /// The likeliest tokens of a prompt in the last run.
    ///
    /// # Errors
    /// When nothing was run, or a place is out of range.
    pub fn inspect(&self, circuit: usize, prompt: usize, position: usize, k: usize) -> Result<Tokens, SessionError> {
        let LastRun { output, .. } = self.last_run.as_ref().ok_or(SessionError::NoRun)?;
        let Baseline { n_prompts, n_positions, .. } = output.baseline;
        let places = [
            ("circuit", circuit, output.circuits.len()),
            ("prompt", prompt, n_prompts),
            ("position", position, n_positions),
        ];
        if let Some(&(field, found, expected)) = places.iter().find(|(_, found, n)| found >= n) {
            return Err(SessionError::OutOfRange { field, expected, found });
        }
        let top = |logits: &crate::run::Logits| top_tokens(logits.row(prompt, position), k);
        let Unpatched { clean, corrupt, .. } = &*output.unpatched;
        Ok(Tokens {
            clean: top(&clean.logits),
            corrupt: top(&corrupt.logits),
            circuit: top(&output.circuits[circuit].logits),
        })
    }
}

/// A circuit's output as it is told, apart from its logits.
pub fn circuit_result(output: &CircuitOutput, settings: &RunSettings) -> CircuitResult {
    let CircuitOutput { index, circuit, logits, measurement, .. } = output;
    let n_prompts = logits.values.len() / (logits.n_positions * logits.d_vocab);
    let shape = output_shape(settings.slice, n_prompts, logits);
    CircuitResult { index: *index, circuit: *circuit, shape, measurement: measurement.clone() }
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
