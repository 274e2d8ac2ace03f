//! The engine's state between requests: the device, the model, and the last run.
//!
//! Of the last run the results of each circuit are kept, a few kilobytes, and the unpatched model on its prompts, which a later
//! run that differs only in its scores or edge counts uses again. Results stay until another run is done; the unpatched model
//! is dropped before a run that cannot use it makes its own. `questions` has what can be asked about the last run, `job` what a run or a
//! search is of, and `help` how this engine helps another.

mod error;
mod help;
mod job;
mod questions;

use std::rc::Rc;

use burn::tensor::Device;

pub use error::SessionError;
use help::Helping;
use job::{DiscoverJob, RunJob};
use questions::Results;

use crate::discover::{Discovery, discover};
use crate::model::{ByteSource, Model, Transformer, load_shards};
use crate::run::{CircuitOutput, Observer, RunOutput, Stacking, Unpatched, run_circuits};
use crate::share::Helpers;
use circuitscope_core::settings::memory::ModelMemory;
use circuitscope_core::{
    CircuitError, DiscoverSettings, EdgeValues, Graph, GraphConfig, Limits, MaskEdit, ModelConfig, PruneScores,
    RunSettings, ScoresInfo, ShardIndex,
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
    /// The call of another engine that this one helps with.
    helping: Option<Helping>,
}

/// The unpatched model on the prompts of a run.
struct KeptUnpatched {
    prompts: String,
    /// With the default edge counts, whatever was asked for.
    settings: RunSettings,
    unpatched: Rc<Unpatched>,
}

impl KeptUnpatched {
    /// Whether it is that of a run with this text of prompts.
    fn is_of(&self, prompts: &str, settings: &RunSettings) -> bool {
        self.prompts == prompts && self.settings == Self::key(settings)
    }

    /// The settings that matter to it.
    fn key(settings: &RunSettings) -> RunSettings {
        RunSettings { edge_counts: RunSettings::default().edge_counts, ..settings.clone() }
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
        Self { device, stacking, limits: Limits::default(), model: None, unpatched: None, results: None, helping: None }
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
        (self.unpatched, self.results, self.helping) = (None, None, None);
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
    /// See [`RunJob::new`] and [`run_circuits`].
    pub async fn run(
        &mut self,
        request: RunRequest<'_>,
        helpers: &impl Helpers,
        observer: &mut impl Observer,
    ) -> Result<RunOutput, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let text = request.prompts.text;
        let job = RunJob::new(model, &self.limits, request)?;
        // One that cannot be used again is dropped before the run, which needs its memory.
        self.unpatched = self.unpatched.take().filter(|kept| kept.is_of(text, &job.settings));
        let unpatched = self.unpatched.as_ref().map(|kept| kept.unpatched.clone());
        let output = run_circuits(&job.input(model, self.stacking, unpatched), helpers, observer).await?;
        let unpatched = output.unpatched.clone();
        let (prompts, settings) = (text.to_owned(), KeptUnpatched::key(&job.settings));
        let RunJob { prompts: of, graph, scores, values, edits, settings: run_settings, .. } = job;
        self.results = Some(Results {
            prompts: of,
            graph,
            scores,
            values,
            edits,
            settings: run_settings,
            mean: unpatched.at_hand.mean(),
            circuits: output.circuits.clone(),
            unpatched: unpatched.tokens(),
            baseline: output.baseline.clone(),
            unpatched_values: output.unpatched_values.clone(),
        });
        self.unpatched = Some(KeptUnpatched { prompts, settings, unpatched });
        Ok(output)
    }

    /// Looks for the edges that matter: the scores as a file and in the graph's edge order, with where they come from and what
    /// they cost. `date` goes into the file.
    ///
    /// # Errors
    /// See [`DiscoverJob::new`] and [`discover`].
    pub async fn discover(
        &self,
        prompts: Text<'_>,
        settings: &DiscoverSettings,
        date: Option<String>,
        helpers: &impl Helpers,
        observer: &mut impl Observer,
    ) -> Result<(Vec<u8>, PruneScores, DiscoveryInfo), SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let name = prompts.name.to_owned();
        let job = DiscoverJob::new(model, &self.limits, &prompts, settings)?;
        let Discovery { scores, n_kept, cost, last_loss, note } =
            discover(&job.input(model, self.stacking), helpers, observer).await?;
        let info = ScoresInfo { date, ..settings.info(&name, model.config(), &job.graph) };
        let bytes = scores.to_bytes(&job.graph, &info);
        let info = DiscoveryInfo { info, n_edges: job.graph.n_edges(), n_kept, last_loss, cost, note };
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
