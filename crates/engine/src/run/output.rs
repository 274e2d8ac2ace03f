//! What is kept of a circuit that was run: its measurement and the likeliest tokens, a few kilobytes. Whole logits go to the
//! observer alone.

use std::rc::Rc;

use super::tokens::TopTokens;
use circuitscope_core::{Circuit, Measurement, PromptValues};

/// The output of one circuit over all batches.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitOutput {
    /// The index in the list of requested edge counts.
    pub index: usize,
    pub circuit: Circuit,
    /// Of the logits: `[prompt, d_vocab_out]` where only the last position is kept, else `[prompt, position, d_vocab_out]`.
    pub shape: Vec<usize>,
    pub measurement: Measurement,
    /// What the measurement averages: each prompt's own values.
    pub prompts: Rc<PromptValues>,
    pub tokens: Rc<TopTokens>,
}
