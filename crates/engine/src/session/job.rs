//! What a run or a search is of: read from a request, and checked against the model and the memory.

use std::rc::Rc;

use super::{RunRequest, SessionError, Text};
use crate::discover::{DiscoverInput, discover_graph};
use crate::model::{Model, Transformer};
use crate::run::{RunInput, Stacking, Unpatched, graph_config};
use circuitscope_core::settings::activations::ActivationSize;
use circuitscope_core::settings::memory::{ModelMemory, RunSize, check_src_outputs};
use circuitscope_core::{
    CircuitMasks, DiscoverSettings, EdgeValues, Graph, Limits, MaskEdits, Prompts, PruneScores, RunSettings,
};

/// A run of circuits.
pub struct RunJob {
    pub prompts: Prompts,
    pub graph: Graph,
    pub scores: PruneScores,
    pub values: EdgeValues,
    pub edits: MaskEdits,
    pub settings: RunSettings,
    pub keep_logits: bool,
}

impl RunJob {
    /// # Errors
    /// See [`Graph::try_new`], [`ModelMemory::check_run`], [`EdgeValues::read`] and [`MaskEdits::new`].
    pub fn new(model: &Transformer, limits: &Limits, request: RunRequest<'_>) -> Result<Self, SessionError> {
        let RunRequest { prompts: Text { name, text }, scores: (file, scores), values, edits, settings, keep_logits } =
            request;
        let prompts = Prompts::from_json(name, text)?;
        let graph = Graph::try_new(model.config(), graph_config(settings, &prompts)?)?;
        let size = RunSize { keep_logits, ..RunSize::of(&graph, settings, &prompts) };
        ModelMemory::of(model.config()).check_run(model.config(), &size, limits)?;
        let scores = values.read(file, scores, &graph)?;
        let edits = MaskEdits::new(edits, &graph)?;
        Ok(Self { prompts, graph, scores, values, edits, settings: settings.clone(), keep_logits })
    }

    /// What the run is given; `unpatched` is that of a run before.
    pub fn input<'a>(
        &'a self,
        model: &'a Transformer,
        stacking: Stacking,
        unpatched: Option<Rc<Unpatched>>,
    ) -> RunInput<'a> {
        let Self { prompts, graph, scores, values, edits, settings, keep_logits } = self;
        let circuits = CircuitMasks { values: scores, meaning: *values, edits };
        RunInput { model, prompts, graph, circuits, settings, stacking, unpatched, keep_logits: *keep_logits }
    }
}

/// A search.
pub struct DiscoverJob {
    pub prompts: Prompts,
    pub graph: Graph,
    pub settings: DiscoverSettings,
}

impl DiscoverJob {
    /// # Errors
    /// See [`Graph::try_new`] and [`ModelMemory::check_search`].
    pub fn new(
        model: &Transformer,
        limits: &Limits,
        &Text { name, text }: &Text<'_>,
        settings: &DiscoverSettings,
    ) -> Result<Self, SessionError> {
        let prompts = Prompts::from_json(name, text)?;
        let graph = Graph::try_new(model.config(), discover_graph(settings, &prompts)?)?;
        let seq = (0..prompts.pairs.len()).map(|prompt| prompts.seq(prompt)).max().unwrap_or(1);
        let n_batches = prompts.pairs.len() / settings.batch_size.max(1);
        let needed = settings.cost(model.config(), &graph, n_batches, seq).bytes;
        ModelMemory::of(model.config()).check_search(needed, limits)?;
        let size = ActivationSize::new(model.config(), graph.srcs.len(), settings.batch_size, seq);
        check_src_outputs("search", &size, limits)?;
        Ok(Self { prompts, graph, settings: settings.clone() })
    }

    /// What the search is given.
    pub fn input<'a>(&'a self, model: &'a Transformer, stacking: Stacking) -> DiscoverInput<'a> {
        let Self { prompts, graph, settings } = self;
        DiscoverInput { model, prompts, graph, settings, stacking }
    }
}
