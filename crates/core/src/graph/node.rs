//! The nodes of a model's computation graph, named as auto-circuit names them (`model_utils/transformer_lens_utils.py`).

use serde::{Deserialize, Serialize};

/// A node that is the source of edges: something that is added to the residual stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SrcNode {
    /// `Resid Start`, `A0.1`, `MLP 0`, `Resid Mid 0`, `Resid Post 0`.
    pub name: String,
    pub kind: SrcKind,
    /// Attention and MLP count as a layer each; the embedding is layer 0.
    pub layer: usize,
    /// The index among the heads of its block.
    pub head_idx: Option<usize>,
}

/// Which part of the model a group of src nodes is. Blocks are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SrcKind {
    /// Token plus position embedding.
    ResidStart,
    /// The heads of a block, one node each.
    Heads(usize),
    Mlp(usize),
    /// The residual stream after attention; a node of unfactorized graphs only.
    ResidMid(usize),
    /// The residual stream after a block; a node of unfactorized graphs only.
    ResidPost(usize),
}

/// The dest nodes of one module of the model, which share a patch mask: the heads of a block for one of q, k, v, or a
/// single node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DestModule {
    /// auto-circuit's module name, such as `blocks.0.hook_q_input`: the key of a mask and of prune scores.
    pub module_name: String,
    pub kind: DestKind,
    pub layer: usize,
    /// How many heads, where the module has a node for each head.
    pub n_heads: Option<usize>,
    /// The first src node of the incoming edges (0 in factorized graphs).
    pub min_src_idx: usize,
    /// How many src nodes have an edge to each of its nodes.
    pub n_src: usize,
}

/// Which input of the model a dest module is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DestKind {
    Q(usize),
    K(usize),
    V(usize),
    /// The joint input of q, k and v, where they are not separate.
    AttnIn(usize),
    MlpIn(usize),
    /// Unfactorized graphs only.
    ResidMid(usize),
    /// The residual stream after a block: `Resid End` where the block is the last.
    ResidPost(usize),
}

impl DestModule {
    /// The number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.n_heads.unwrap_or(1)
    }

    /// The name of the node of head `head_idx` (0 where the module has no heads), in a model of `n_layers` blocks.
    pub fn node_name(&self, head_idx: usize, n_layers: usize) -> String {
        match self.kind {
            DestKind::Q(block) => format!("A{block}.{head_idx}.Q"),
            DestKind::K(block) => format!("A{block}.{head_idx}.K"),
            DestKind::V(block) => format!("A{block}.{head_idx}.V"),
            DestKind::AttnIn(block) => format!("A{block}.{head_idx}"),
            DestKind::MlpIn(block) => format!("MLP {block}"),
            DestKind::ResidMid(block) => format!("Resid Mid {block}"),
            DestKind::ResidPost(block) if block + 1 == n_layers => "Resid End".to_owned(),
            DestKind::ResidPost(block) => format!("Resid Post {block}"),
        }
    }
}

impl SrcKind {
    /// The block that it is in; the embedding is in none.
    pub fn block(self) -> Option<usize> {
        match self {
            SrcKind::ResidStart => None,
            SrcKind::Heads(block) | SrcKind::Mlp(block) | SrcKind::ResidMid(block) | SrcKind::ResidPost(block) => {
                Some(block)
            }
        }
    }
}

impl DestKind {
    /// The block that it is in.
    pub fn block(self) -> usize {
        match self {
            DestKind::Q(block)
            | DestKind::K(block)
            | DestKind::V(block)
            | DestKind::AttnIn(block)
            | DestKind::MlpIn(block)
            | DestKind::ResidMid(block)
            | DestKind::ResidPost(block) => block,
        }
    }

    /// auto-circuit's name of the module.
    pub fn module_name(self) -> String {
        match self {
            DestKind::Q(block) => format!("blocks.{block}.hook_q_input"),
            DestKind::K(block) => format!("blocks.{block}.hook_k_input"),
            DestKind::V(block) => format!("blocks.{block}.hook_v_input"),
            DestKind::AttnIn(block) => format!("blocks.{block}.hook_attn_in"),
            DestKind::MlpIn(block) => format!("blocks.{block}.hook_mlp_in"),
            DestKind::ResidMid(block) => format!("blocks.{block}.hook_resid_mid"),
            DestKind::ResidPost(block) => format!("blocks.{block}.hook_resid_post"),
        }
    }
}
