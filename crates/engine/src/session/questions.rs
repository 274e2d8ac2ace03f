//! What a run leaves, and the questions that it answers: areas under curves, likeliest tokens, how each prompt does, and what happens on single ones.

use std::borrow::Cow;

use super::{Session, SessionError};
use crate::inspect::{self, Attribution, InspectInput, PassAttribution, Patterns};
use crate::model::{Model, Transformer};
use crate::run::{CircuitOutput, SrcActivations, TOP_TOKENS, TopTokens};
use circuitscope_core::{
    Areas, Circuit, CircuitMasks, EdgeValues, Graph, MaskEdits, MeasuredCircuits, Metric, PromptValues, Prompts,
    PruneScores, RunSettings,
};
use circuitscope_wire::engine::{AttentionInfo, AttributionInfo, Baseline, CircuitChoice, Head, Tokens, ValuesInfo};

/// What the last run gave, without logits, and what it was of, for questions about it.
pub(super) struct Results {
    pub prompts: Prompts,
    pub graph: Graph,
    pub scores: PruneScores,
    pub values: EdgeValues,
    pub edits: MaskEdits,
    pub settings: RunSettings,
    /// What edges were patched with, where it is a mean over all prompts.
    pub mean: Option<SrcActivations>,
    pub circuits: Vec<CircuitOutput>,
    /// The likeliest tokens of the unpatched model on the clean and on the corrupt prompts.
    pub unpatched: [TopTokens; 2],
    pub baseline: Baseline,
    /// The metrics of each prompt, of the unpatched model on the clean and on the corrupt prompts.
    pub unpatched_values: [PromptValues; 2],
}

impl Session {
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

    /// A metric of every prompt of the last run: of the unpatched model on the clean and on the corrupt prompts, and of a circuit,
    /// which is given by its index in the list of edge counts of the run. Their means are those of the measurements; NaN where the
    /// metric does not apply.
    ///
    /// # Errors
    /// When nothing was run, or the circuit is out of range.
    pub fn values(&self, circuit: usize, metric: Metric) -> Result<(ValuesInfo, [Vec<f64>; 3]), SessionError> {
        let Results { circuits, unpatched_values: [clean, corrupt], baseline, .. } =
            self.results.as_ref().ok_or(SessionError::NoRun)?;
        below("circuit", circuit, circuits.len())?;
        let output = &circuits[circuit];
        let of = |prompts: &PromptValues| {
            prompts[metric.idx()].clone().unwrap_or_else(|| vec![f64::NAN; baseline.n_prompts])
        };
        let info = ValuesInfo { circuit: output.circuit, metric, n_prompts: baseline.n_prompts };
        Ok((info, [of(clean), of(corrupt), of(&output.prompts)]))
    }

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
