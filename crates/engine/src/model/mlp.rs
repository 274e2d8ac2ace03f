//! The MLP of a block.

use burn::tensor::Tensor;

use crate::ops::linear::{Linear, activated};
use crate::ops::norm::Norm;
use circuitscope_core::ActFn;

/// `W_out · act(W_in · norm(x) + b_in) + b_out`, or with a gate `W_out · (act(W_gate · norm(x) + b_gate) · (W_in · norm(x) + b_in)) + b_out`.
#[derive(Debug, Clone)]
pub struct Mlp {
    /// The norm and the first product, with its activation where there is no gate; without it in a `solu_ln` MLP.
    pub input: Linear,
    pub gate: Option<Gate>,
    /// The norm inside a `solu_ln` MLP, after its activation.
    pub solu_norm: Option<Norm>,
    pub output: Linear,
}

/// What a gated MLP has besides.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The norm again, the product and the activation.
    pub open: Linear,
    /// Added to the product of gate and input, in TransformerLens's dictionaries: `[1, d_mlp]`
    pub b_post: Option<Tensor<2>>,
}

impl Mlp {
    /// # Shapes
    /// - input: `[row, d_model]`, before the norm
    /// - output: `[row, d_model]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let hidden = self.input.forward(input.clone()); // [row, d_mlp]
        let hidden = match &self.gate {
            None => hidden,
            Some(Gate { open, b_post }) => {
                let gated = open.forward(input) * hidden;
                b_post.iter().fold(gated, |sum, b| sum + b.clone())
            }
        };
        let hidden = match &self.solu_norm {
            Some(norm) => norm.forward(activated(ActFn::SoluLn, hidden)),
            None => hidden,
        };
        self.output.forward(hidden)
    }
}
