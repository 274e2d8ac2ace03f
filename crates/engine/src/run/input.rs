//! The input of a run.

use std::rc::Rc;

use super::stacking::Stacking;
use super::unpatched::Unpatched;
use crate::model::Model;
use circuitscope_core::{CircuitError, CircuitMasks, Graph, GraphConfig, Prompts, RunSettings};

/// A run: the model, the prompts, the scores that circuits are cut from or a circuit's mask, and the settings.
pub struct RunInput<'a> {
    pub model: &'a dyn Model,
    pub prompts: &'a Prompts,
    /// The graph that the settings mean; see [`graph_config`].
    pub graph: &'a Graph,
    /// How much of each edge is in each circuit.
    pub circuits: CircuitMasks<'a>,
    pub settings: &'a RunSettings,
    pub stacking: Stacking,
    /// The unpatched model from an earlier run of the same model, prompts and settings but the edge counts, scores and edits.
    pub unpatched: Option<Rc<Unpatched>>,
    /// Whether the observer gets the logits of each circuit. If not, they are dropped batch by batch.
    pub keep_logits: bool,
}

/// Which graph the settings mean for these prompts.
///
/// # Errors
/// When a token-wise graph is asked for and the prompts that are run differ in length.
pub fn graph_config(settings: &RunSettings, prompts: &Prompts) -> Result<GraphConfig, CircuitError> {
    let n = prompts.pairs.len();
    // A short last batch is not run.
    let n_run = n - n % settings.batch_size.max(1);
    let seq_len = settings.token_wise.then(|| prompts.one_len(n_run, "(a token-wise graph needs one length)"));
    let RunSettings { factorized, separate_qkv, .. } = *settings;
    Ok(GraphConfig { factorized, separate_qkv, seq_len: seq_len.transpose()? })
}
