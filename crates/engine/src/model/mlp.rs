//! The MLP of a block.

use burn::tensor::{Tensor, activation};

use super::norm::Norm;
use circuitscope_core::ActFn;

/// `W_out · act(W_in · x + b_in) + b_out`, or with a gate `W_out · (act(W_gate · x + b_gate) · (W_in · x + b_in)) + b_out`.
#[derive(Debug, Clone)]
pub struct Mlp {
    pub act_fn: ActFn,
    /// `[d_model, d_mlp]`
    pub w_in: Tensor<2>,
    /// `[1, d_mlp]`
    pub b_in: Option<Tensor<2>>,
    pub gate: Option<Gate>,
    /// The norm inside a `solu_ln` MLP.
    pub norm: Option<Norm>,
    /// `[d_mlp, d_model]`
    pub w_out: Tensor<2>,
    /// `[1, d_model]`
    pub b_out: Option<Tensor<2>>,
}

/// What a gated MLP has besides.
#[derive(Debug, Clone)]
pub struct Gate {
    /// `[d_model, d_mlp]`
    pub w: Tensor<2>,
    /// `[1, d_mlp]`
    pub b: Option<Tensor<2>>,
    /// Added to the product of gate and input, in TransformerLens's dictionaries: `[1, d_mlp]`
    pub b_post: Option<Tensor<2>>,
}

impl Mlp {
    /// # Shapes
    /// - input, output: `[rows, d_model]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let linear = plus(input.clone().matmul(self.w_in.clone()), self.b_in.as_ref()); // [rows, d_mlp]
        let post = match &self.gate {
            None => self.act(linear),
            Some(gate) => {
                let open = self.act(plus(input.matmul(gate.w.clone()), gate.b.as_ref()));
                plus(open * linear, gate.b_post.as_ref())
            }
        };
        plus(post.matmul(self.w_out.clone()), self.b_out.as_ref())
    }

    /// # Shapes
    /// - input, output: `[rows, d_mlp]`
    fn act(&self, x: Tensor<2>) -> Tensor<2> {
        match self.act_fn {
            ActFn::Gelu => activation::gelu(x),
            ActFn::GeluNew => gelu_new(x),
            ActFn::Relu => activation::relu(x),
            ActFn::Silu => activation::silu(x),
            ActFn::SoluLn => {
                let solu = x.clone() * activation::softmax(x, 1);
                self.norm.as_ref().map_or(solu.clone(), |norm| norm.forward(solu))
            }
        }
    }
}

/// Adds a bias, where there is one.
fn plus(x: Tensor<2>, bias: Option<&Tensor<2>>) -> Tensor<2> {
    match bias {
        Some(bias) => x + bias.clone(),
        None => x,
    }
}

/// The tanh approximation of GELU (Hendrycks and Gimpel 2016), `x/2 (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`.
///
/// Since `(1 + tanh u) / 2 = sigmoid(2u)`, it is `x · sigmoid(x (a + b x²))`.
///
/// # Shapes
/// - input, output: `[rows, d_mlp]`
fn gelu_new(x: Tensor<2>) -> Tensor<2> {
    let a = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let b = a * 0.044_715;
    let inner = x.clone() * (x.clone() * x.clone() * b + a);
    x * activation::sigmoid(inner)
}
