//! What is measured of an output.

use serde::{Deserialize, Serialize};

/// How faithful an output is to the unpatched model, averaged over prompts and positions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measurement {
    /// Mean logit of the answers less mean logit of the wrong answers; `None` where the prompts name no answer tokens.
    pub logit_diff: Option<f64>,
    /// Kullback-Leibler divergence of the output from the unpatched model on the clean prompts, in nats.
    pub kl_clean: f64,
    /// The same from the unpatched model on the corrupt prompts.
    pub kl_corrupt: f64,
}

/// The unpatched model on the prompts of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    pub shape: Vec<usize>,
    pub clean: Measurement,
    pub corrupt: Measurement,
    /// How many prompts were run; a short last batch is not.
    pub n_prompts: usize,
    /// How many positions each has in the output.
    pub n_positions: usize,
    /// How many forward passes it took.
    pub forward_passes: usize,
}

/// The likeliest next tokens under each of three outputs, likeliest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tokens {
    pub clean: Vec<TokenProb>,
    pub corrupt: Vec<TokenProb>,
    pub circuit: Vec<TokenProb>,
}

/// A token with its logit and probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TokenProb {
    pub token: u32,
    pub logit: f32,
    pub prob: f64,
}
