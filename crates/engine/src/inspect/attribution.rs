//! Direct logit attribution, and the outputs of src nodes.
//!
//! A logit of the last residual stream x is `n(x)·u + b`, u being the token's column of the unembedding and n the final norm. With the
//! scale that n divides x by taken as a constant, n is linear, so that the logit is a sum over what was added to x: of the outputs of
//! all src nodes and of the biases (TransformerLens's `logit_attrs` with `apply_ln_to_stack`). Several answers count by the mean of
//! their logits, as in the metrics.
//!
//! What a src node adds in the patched pass is what arrives over its edge into the residual stream: its output plus the mask's part of
//! `patch - output`. In a node graph the stream has nodes of its own, which are src nodes as well: theirs is what the whole
//! stream up to them says of the answers. They are no part of the sum, and where they are patched the others do not add up.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};

use super::passes::{InspectInput, Pass, Passes};
use crate::model::token_ids;
use crate::run::RunError;
use crate::run::ablation::{Recorder, SrcActivations};
use crate::run::batch::read;
use crate::run::metrics::answers_at;
use circuitscope_core::{Graph, PromptPair, SrcKind};

/// How many of an output's values are told: as many as auto-circuit's `draw_seq_graph` shows.
pub const FIRST_VALUES: usize = 3;

/// What the src nodes of a graph put out on a prompt, and what they add to the logits of its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// The number of the prompt's positions, pad tokens among them.
    pub seq: usize,
    /// How many of the last positions the output has.
    pub n_positions: usize,
    /// How many values of an output are told: [`FIRST_VALUES`], or `d_model` where that is less.
    pub n_values: usize,
    /// How many pad tokens the prompt of each pass begins with, in the order of [`Pass::ALL`].
    pub n_pads: [usize; 3],
    /// In the order of [`Pass::ALL`].
    pub passes: [PassAttribution; 3],
}

/// The numbers of one pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PassAttribution {
    /// What is added to the logits: `[src + 2, output position, 2]`. The last axis is answer and wrong answer; NaN where the prompt has
    /// none at the position. After the src nodes come what the biases add, and the logits.
    pub logits: Vec<f32>,
    /// The norm and the first values of each output: `[src, position, 1 + n_values]`.
    pub outputs: Vec<f32>,
}

/// The attribution of every src node in each pass.
///
/// # Errors
/// When the prompts and settings do not fit each other, or the device fails.
pub async fn attribution(input: &InspectInput<'_>) -> Result<Attribution, RunError> {
    let passes = Passes::new(input, None).await?;
    let n_values = FIRST_VALUES.min(input.model.config().d_model);
    let mut found = [const { PassAttribution { logits: Vec::new(), outputs: Vec::new() } }; 3];
    for (pass, found) in Pass::ALL.into_iter().zip(&mut found) {
        let mut recorder = Recorder::new(input.graph);
        let resid = passes.run(pass, &mut recorder);
        let out = by_src(input.graph, &recorder.into_activations());
        found.outputs = read(norms_and_values(out.clone(), n_values), "outputs of src nodes").await?;
        found.logits = logits(input, &passes, delivered(input.graph, &passes, pass, out), resid).await?;
    }
    let (seq, n_positions) = (passes.seq(), passes.positions().len());
    Ok(Attribution { seq, n_positions, n_values, n_pads: Pass::ALL.map(|pass| passes.n_pads(pass)), passes: found })
}

/// The outputs of all src nodes.
///
/// # Shapes
/// - output: `[src, batch | 1, position | 1, d_model]`
fn by_src(graph: &Graph, activations: &SrcActivations) -> Tensor<4> {
    let mut kinds: Vec<SrcKind> = graph.srcs.iter().map(|src| src.kind).collect();
    kinds.dedup();
    Tensor::cat(kinds.into_iter().filter_map(|kind| activations.at(kind, 0)).map(|out| out.squeeze_dim(0)).collect(), 0)
}

/// # Shapes
/// - out: `[src, 1, position, d_model]`
/// - output: `[src, 1, position, 1 + value]`
fn norms_and_values(out: Tensor<4>, n_values: usize) -> Tensor<4> {
    let norms = out.clone().square().sum_dim(3).sqrt();
    Tensor::cat(vec![norms, out.narrow(3, 0, n_values)], 3)
}

/// What arrives from every src node over its edge into the residual stream, at the output's positions.
///
/// # Shapes
/// - out: `[src, 1, seq, d_model]`
/// - output: `[src, 1, output position, d_model]`
fn delivered(graph: &Graph, passes: &Passes<'_>, pass: Pass, out: Tensor<4>) -> Tensor<4> {
    let positions = passes.positions();
    let last = |all: Tensor<4>| {
        let everywhere = all.dims()[2] == 1 && passes.seq() > 1;
        if everywhere { all } else { all.narrow(2, positions.start, positions.len()) }
    };
    let out = last(out);
    let amounts: Vec<f32> = stream_edges(graph, &positions).map(|edge_idx| passes.amount(pass, edge_idx)).collect();
    if amounts.iter().all(|&amount| amount == 0.0) {
        return out;
    }
    let amounts = TensorData::new(amounts, [graph.srcs.len(), 1, positions.len(), 1]);
    let amounts = Tensor::<4>::from_data(amounts, &out.device());
    out.clone() + (last(by_src(graph, passes.patch())) - out) * amounts
}

/// The index of every src node's edge into the residual stream at each of some positions: to its end, or in a node graph to the next
/// node of the stream.
fn stream_edges(graph: &Graph, positions: &Range<usize>) -> impl Iterator<Item = usize> {
    let first_edges = graph.first_edges();
    let modules = (0..graph.srcs.len()).map(move |src_idx| {
        let srcs = |m: usize| graph.dests[m].min_src_idx..graph.dests[m].min_src_idx + graph.dests[m].n_src;
        // The residual stream's nodes come last, and have one node a position.
        let m = (0..graph.dests.len())
            .rev()
            .find(|&m| srcs(m).contains(&src_idx))
            .expect("every src node is read by a dest node");
        let module = &graph.dests[m];
        (first_edges[m] + src_idx - module.min_src_idx, module.n_src)
    });
    let (positions, token_wise) = (positions.clone(), graph.config.seq_len.is_some());
    modules.flat_map(move |(first, n_src)| {
        positions.clone().map(move |position| if token_wise { first + position * n_src } else { first })
    })
}

/// The answers at a position of the output, and after them the wrong ones; one at least.
struct Asked {
    /// Counted among the output's positions.
    position: usize,
    tokens: Vec<u32>,
    n_answers: usize,
}

/// The answers at the positions that have any.
fn asked(pair: &PromptPair, n_positions: usize) -> Vec<Asked> {
    let at = |position| {
        let answers = [&pair.answers, &pair.wrong_answers];
        let [right, wrong] = answers.map(|answers| answers_at(answers, position, n_positions).unwrap_or_default());
        Asked { position, tokens: [right, wrong].concat(), n_answers: right.len() }
    };
    (0..n_positions).map(at).filter(|asked| !asked.tokens.is_empty()).collect()
}

/// [`PassAttribution::logits`].
///
/// # Shapes
/// - parts: `[src, 1, output position, d_model]`
/// - resid: `[1, 1, seq, d_model]`
async fn logits(
    input: &InspectInput<'_>,
    passes: &Passes<'_>,
    parts: Tensor<4>,
    resid: Tensor<4>,
) -> Result<Vec<f32>, RunError> {
    let positions = passes.positions();
    let (n_rows, n_positions) = (parts.dims()[0] + 2, positions.len());
    let asked = asked(passes.pair(), n_positions);
    let mut found = vec![f32::NAN; n_rows * n_positions * 2];
    if asked.is_empty() {
        return Ok(found);
    }
    let rows = asked.iter().map(|Asked { position, tokens, .. }| {
        let resid = resid.clone().narrow(2, positions.start + position, 1);
        token_rows(input, parts.clone().narrow(2, *position, 1), resid, tokens)
    });
    // One read-back for all positions.
    let values = read(Tensor::cat(rows.collect(), 0), "logits of the answers").await?;
    let mut rest = values.as_slice();
    for Asked { position, tokens, n_answers } in &asked {
        let (values, after) = rest.split_at(n_rows * tokens.len());
        rest = after;
        for (row, values) in values.chunks_exact(tokens.len()).enumerate() {
            let (right, wrong) = values.split_at(*n_answers);
            let at = (row * n_positions + position) * 2;
            (found[at], found[at + 1]) = (mean(right), mean(wrong));
        }
    }
    Ok(found)
}

/// The logits of tokens at one position: of every part, of the biases, and of the stream.
///
/// # Shapes
/// - parts: `[src, 1, 1, d_model]`
/// - resid: `[1, 1, 1, d_model]`
/// - output: `[(src + 2) * token]`
fn token_rows(input: &InspectInput<'_>, parts: Tensor<4>, resid: Tensor<4>, tokens: &[u32]) -> Tensor<1> {
    let model = input.model;
    let rows = model.part_logits(parts, &resid, tokens);
    let all = model.unembed(resid).select(3, token_ids(tokens, model.device()));
    Tensor::cat(vec![rows, all], 0).flatten(0, 3)
}

/// NaN of none.
fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64) as f32
}
