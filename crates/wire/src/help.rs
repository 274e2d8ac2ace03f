//! What one engine asks of another, which helps it: the parts of a run or of a search.
//!
//! A helper is given the same model, prompts, scores and settings as the engine that it helps, so that both divide the work into the
//! same parts, and a part gives the same numbers whoever computes it.

use serde::{Deserialize, Serialize};

use crate::engine::Request;

/// What a helper is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "help")]
pub enum Help {
    /// Takes in what all parts of a call share: a [`Request::Run`] or a [`Request::Discover`], which itself is not begun. Answered by
    /// [`Helped::Begun`].
    Begin { request: Box<Request> },
    /// Computes a part of the call that was begun. Answered by [`Helped::Computed`].
    Compute { part: Part },
}

/// What a helper answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "help")]
pub enum Helped {
    Begun {
        /// The batches that it has at hand from a call before.
        batches: Vec<usize>,
    },
    /// Two attachments: the numbers of the part's result in 32 and in 64 bits.
    Computed,
}

/// A part of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The batch of prompts that it is of.
    pub batch: usize,
    #[serde(flatten)]
    pub kind: PartKind,
}

/// What a part computes of its batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum PartKind {
    /// The unpatched model.
    Unpatched,
    /// Groups of circuits, each of which shares a forward pass; all share one product with the unembedding.
    Circuits {
        /// The first of the groups.
        first: usize,
        /// How many groups follow each other.
        n_groups: usize,
    },
    /// The gradient of one pass.
    Gradient {
        /// Which of the passes over the batch.
        step: usize,
    },
    /// Edges that are patched one by one, in one forward pass.
    Edges {
        /// Which of the groups of edges.
        group: usize,
    },
    /// Circuits without an edge more.
    Without {
        edge_idx: usize,
        /// For each circuit the edges that it lacks already, a bit each, in hexadecimal.
        removed: Vec<String>,
    },
    /// How large the outputs of src nodes are.
    Magnitudes,
}
