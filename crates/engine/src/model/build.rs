//! Assembles a model from its weights.

use burn::tensor::{Device, Tensor};

use super::attention::Attention;
use super::mlp::{Gate, Mlp};
use super::transformer::{Block, Transformer, Unembedding};
use super::weights::Weights;
use crate::ops::head_outputs::HeadOutputs;
use crate::ops::heads::HeadInputs;
use crate::ops::linear::Linear;
use crate::ops::norm::Norm;
use crate::ops::rotary::RotaryTables;
use circuitscope_core::config::family::Param;
use circuitscope_core::{ActFn, ModelConfig};

/// Assembles a model.
struct Builder<'a> {
    config: &'a ModelConfig,
    weights: &'a mut Weights,
    device: Device,
    /// Whether weights are packed for the kernels.
    pack: bool,
}

/// The model. Every family lists the weights that its config asks for, so that none is missing here. Packed weights are for the kernels:
/// their device must be one that those work on, and no gradient reaches them.
pub(super) fn build(config: ModelConfig, mut weights: Weights, pack: bool) -> Transformer {
    let device = weights.device.clone();
    let mut builder = Builder { config: &config, weights: &mut weights, device: device.clone(), pack };
    let blocks = (0..config.n_layers).map(|l| builder.block(l)).collect();
    let ln_final = builder.norm(config.d_model, Param::LnFinalW, Param::LnFinalB);
    let (w_u, b_u) = (builder.weights.take(Param::UnembedWU), builder.weights.bias(Param::UnembedBU));
    let unembedding = match w_u {
        Some(w_u) => Unembedding::Own(Box::new(Linear::new(Norm::none(), w_u, b_u, None, pack))),
        None => Unembedding::Tied { b_u: b_u.map(Box::new), on_host: pack },
    };
    Transformer {
        w_e: weights.want(Param::EmbedWE),
        w_pos: weights.take(Param::PosEmbedWPos),
        rotary: RotaryTables::new(&config, &device),
        blocks,
        ln_final,
        unembedding,
        config,
        uses_kernels: pack,
        device,
    }
}

impl Builder<'_> {
    /// The norm of the model's kind over `d` numbers.
    fn norm(&mut self, d: usize, gain: Param, bias: Param) -> Norm {
        let pair = self.weights.pair(gain, bias);
        self.placed(Norm::new(self.config, d, pair, &self.device))
    }

    fn placed(&self, norm: Norm) -> Norm {
        if self.pack { norm.on_host() } else { norm }
    }

    fn block(&mut self, l: usize) -> Block {
        let attention = self.attention(l);
        let mlp = self.config.d_mlp.map(|d_mlp| self.mlp(l, d_mlp));
        Block { attention, parallel: self.config.parallel_attn_mlp, mlp }
    }

    fn attention(&mut self, l: usize) -> Attention {
        let &ModelConfig { n_heads, n_key_value_heads, d_model, d_head, .. } = self.config;
        let parts = [Param::AttnWQ(l), Param::AttnWK(l), Param::AttnWV(l)];
        let weights = &mut *self.weights;
        let w_qkv: Tensor<3> = weights.qkv(Param::AttnWQkv(l), parts, n_heads).expect("every family lists q, k and v");
        let parts = [Param::AttnBQ(l), Param::AttnBK(l), Param::AttnBV(l)];
        let b_qkv: Option<Tensor<2>> = weights.qkv(Param::AttnBQkv(l), parts, n_heads);
        let (w_o, b_o) = (weights.want(Param::AttnWO(l)), weights.bias(Param::AttnBO(l)));
        let norm = self.norm(d_model, Param::Ln1W(l), Param::Ln1B(l));
        let qk_norms = self.config.qk_norm.then(|| {
            [Param::AttnQNorm(l), Param::AttnKNorm(l)].map(|param| {
                let gain = self.weights.want(param);
                self.placed(Norm::rms(self.config, gain))
            })
        });
        let (w_qkv, b_qkv) =
            (w_qkv.reshape([3, n_heads, d_model, d_head]), b_qkv.map(|b| b.reshape([3, n_heads, 1, d_head])));
        Attention {
            block: l,
            scale: self.config.attn_scale,
            dir: self.config.attention_dir,
            window: self.config.attn_window(l),
            inputs: HeadInputs::new(norm, w_qkv, b_qkv, n_key_value_heads, self.pack),
            qk_norms,
            outputs: HeadOutputs::new(w_o, b_o.map(Tensor::unsqueeze), self.pack),
        }
    }

    fn mlp(&mut self, l: usize, d_mlp: usize) -> Mlp {
        let &ModelConfig { d_model, act_fn, gated_mlp, .. } = self.config;
        let norm = self.norm(d_model, Param::Ln2W(l), Param::Ln2B(l));
        let is_solu = act_fn == ActFn::SoluLn;
        let solu_norm = is_solu.then(|| self.norm(d_mlp, Param::MlpLnW(l), Param::MlpLnB(l)));
        let (weights, pack) = (&mut *self.weights, self.pack);
        let gate = gated_mlp.then(|| {
            let (w, b) = (weights.want(Param::MlpWGate(l)), weights.bias(Param::MlpBGate(l)));
            Gate { open: Linear::new(norm.clone(), w, b, Some(act_fn), pack), b_post: weights.bias(Param::MlpBPost(l)) }
        });
        let act = (!is_solu && gate.is_none()).then_some(act_fn);
        let (w_in, b_in) = (weights.want(Param::MlpWIn(l)), weights.bias(Param::MlpBIn(l)));
        let (w_out, b_out) = (weights.want(Param::MlpWOut(l)), weights.bias(Param::MlpBOut(l)));
        Mlp {
            input: Linear::new(norm, w_in, b_in, act, pack),
            gate,
            solu_norm,
            output: Linear::new(Norm::none(), w_out, b_out, None, pack),
        }
    }
}
