//! Assembles a model from its weights.

use burn::tensor::Tensor;

use super::attention::Attention;
use super::mlp::{Gate, Mlp};
use super::norm::Norm;
use super::rotary::RotaryTables;
use super::transformer::{Block, Transformer};
use super::weights::Weights;
use circuitscope_core::config::family::Param;
use circuitscope_core::{ActFn, ModelConfig};

/// The model. Every family lists the weights that its config asks for, so that none is missing here.
pub(super) fn build(config: ModelConfig, mut weights: Weights) -> Transformer {
    let device = weights.device.clone();
    let blocks = (0..config.n_layers).map(|l| block(&config, l, &mut weights)).collect();
    let ln_final = weights.pair(Param::LnFinalW, Param::LnFinalB);
    Transformer {
        w_e: weights.want(Param::EmbedWE),
        w_pos: weights.take(Param::PosEmbedWPos),
        rotary: RotaryTables::new(&config, &device),
        blocks,
        ln_final: Norm::new(&config, config.d_model, ln_final, &device),
        w_u: weights.take(Param::UnembedWU),
        b_u: weights.bias(Param::UnembedBU),
        config,
        device,
    }
}

fn block(config: &ModelConfig, l: usize, weights: &mut Weights) -> Block {
    let device = weights.device.clone();
    let &ModelConfig { n_heads, n_key_value_heads, d_model, d_head, .. } = config;
    let parts = [Param::AttnWQ(l), Param::AttnWK(l), Param::AttnWV(l)];
    let w_qkv: Tensor<3> = weights.qkv(Param::AttnWQkv(l), parts, n_heads).expect("every family lists q, k and v");
    let parts = [Param::AttnBQ(l), Param::AttnBK(l), Param::AttnBV(l)];
    let b_qkv: Option<Tensor<2>> = weights.qkv(Param::AttnBQkv(l), parts, n_heads);
    let ln1 = weights.pair(Param::Ln1W(l), Param::Ln1B(l));
    let mut qk_norm = |param| Norm::rms(config, weights.want(param));
    let qk_norms = config.qk_norm.then(|| [Param::AttnQNorm(l), Param::AttnKNorm(l)].map(&mut qk_norm));
    let attention = Attention {
        block: l,
        n_heads,
        n_key_value_heads,
        scale: config.attn_scale,
        dir: config.attention_dir,
        window: config.attn_window(l),
        norm: Norm::new(config, d_model, ln1, &device),
        w_qkv: w_qkv.reshape([3, n_heads, d_model, d_head]),
        b_qkv: b_qkv.map(|b| b.reshape([3, n_heads, 1, d_head])),
        qk_norms,
        w_o: weights.want(Param::AttnWO(l)),
        b_o: weights.bias(Param::AttnBO(l)).map(Tensor::unsqueeze),
    };
    let mlp = config.d_mlp.map(|d_mlp| {
        let ln2 = weights.pair(Param::Ln2W(l), Param::Ln2B(l));
        let inner = weights.pair(Param::MlpLnW(l), Param::MlpLnB(l));
        let mlp = Mlp {
            act_fn: config.act_fn,
            w_in: weights.want(Param::MlpWIn(l)),
            b_in: weights.bias(Param::MlpBIn(l)),
            gate: config.gated_mlp.then(|| Gate {
                w: weights.want(Param::MlpWGate(l)),
                b: weights.bias(Param::MlpBGate(l)),
                b_post: weights.bias(Param::MlpBPost(l)),
            }),
            norm: (config.act_fn == ActFn::SoluLn).then(|| Norm::new(config, d_mlp, inner, &device)),
            w_out: weights.want(Param::MlpWOut(l)),
            b_out: weights.bias(Param::MlpBOut(l)),
        };
        (Norm::new(config, d_model, ln2, &device), mlp)
    });
    Block { attention, parallel: config.parallel_attn_mlp, mlp }
}
