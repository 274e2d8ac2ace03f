//! The engine's state between requests: the device, the model, and the last run.
//!
//! Of the last run the results of each circuit are kept, a few kilobytes, and the unpatched model on its prompts, which a later
//! run that differs only in its scores or edge counts uses again. Results stay until another run is done; the unpatched model
//! is dropped before a run that cannot use it makes its own. `questions` has what can be asked about the last run.

mod error;
mod questions;

use std::rc::Rc;

use burn::tensor::Device;

pub use error::SessionError;
use questions::Results;

use crate::discover::{DiscoverInput, Discovery, discover, discover_graph};
use crate::model::{ByteSource, Model, Transformer, load_shards};
use crate::run::{CircuitOutput, Observer, RunInput, RunOutput, Stacking, Unpatched, graph_config, run_circuits};
use circuitscope_core::settings::activations::ActivationSize;
use circuitscope_core::settings::memory::{ModelMemory, RunSize, check_src_outputs};
use circuitscope_core::{
    CircuitError, CircuitMasks, DiscoverSettings, EdgeValues, Graph, GraphConfig, Limits, MaskEdit, MaskEdits,
    ModelConfig, Prompts, PruneScores, RunSettings, ScoresInfo, ShardIndex,
};
use circuitscope_wire::engine::{CircuitResult, DiscoveryInfo, GraphInfo};

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
            unpatched_values: output.unpatched_values.clone(),
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
