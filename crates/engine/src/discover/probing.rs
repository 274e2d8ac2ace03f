//! Subnetwork edge probing: few masks that keep the output faithful, learned (Cao et al. 2021, "Low-Complexity Probing via
//! Finding Subnetworks"); close to auto-circuit's `subnetwork_probing_prune_scores`.
//!
//! Every edge has a parameter θ. In every pass each prompt gets a mask `m` of its own, drawn from the hard concrete
//! distribution (Louizos et al. 2018): `s = sigmoid((ln u - ln(1 - u) + θ) / β)`, stretched to (-0.1, 1.1) and cut to [0, 1].
//! The loss is the distance to the unpatched clean output plus λ times the share of edges that are in the circuit. The model's
//! part of the gradient comes from autodiff with the masks as leaves, one backward pass a batch; the chain through the few
//! numbers of the masks, and Adam, are taken on the host in f64, so that a seed gives the same on every device up to the
//! device's own rounding.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData, activation};

use super::loss::per_circuit_sum;
use super::noise::Noise;
use super::setup::{Patches, Setup};
use crate::model::{Dest, DestInput, Hooks, Model, Plain, TokenBatch};
use crate::ops::own_inputs::OwnInputs;
use crate::run::ablation::SrcActivations;
use crate::run::batch::read;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::settings::discovery::{FaithfulnessTarget, PromptSide, SubnetworkProbing};
use circuitscope_core::{CircuitError, Graph, PruneScores, SrcKind, count_label};

/// The distribution is stretched from (0, 1) to (LEFT, RIGHT); β is its temperature. All three, and the mask of 0.9 that
/// parameters start from, are Cao et al.'s.
const LEFT: f64 = -0.1;
const RIGHT: f64 = 1.1;
const TEMPERATURE: f64 = 2.0 / 3.0;
const START_MASK: f64 = 0.9;

pub(super) async fn scores<O: Observer>(
    setup: &Setup<'_>,
    settings: &SubnetworkProbing,
    steps: &mut Steps<'_, O>,
) -> Result<PruneScores, RunError> {
    check(settings)?;
    let (model, graph, n_edges) = (setup.model(), setup.graph(), setup.graph().n_edges());
    // Masks say which edges are patched. Where the clean prompts are run, those are the edges outside the circuit.
    let tree = settings.tree_optimisation;
    let (side, other) =
        if tree { (PromptSide::Clean, PromptSide::Corrupt) } else { (PromptSide::Corrupt, PromptSide::Clean) };
    let patches = Patches::new(setup, settings.ablation, other, steps).await?;
    let (mut clean, mut patch) = (Vec::new(), Vec::new());
    for batch in 0..setup.batches.count() {
        patch.push(patches.of(setup, batch, steps).await?);
        clean.push(model.forward(
            &setup.batches.tokens(batch, PromptSide::Clean),
            setup.batches.positions(batch),
            &mut Plain,
        ));
        steps.step("unpatched model").await?;
    }
    // The circuit begins nearly empty, as in the reference.
    let start = if tree { start_parameter() } else { -start_parameter() };
    let mut parameters = vec![start; n_edges];
    let mut adam = Adam::new(n_edges, settings.learning_rate);
    let mut noise = Noise::new(settings.seed);
    for epoch in 0..settings.epochs {
        for (batch, clean) in clean.iter().enumerate() {
            let tokens = setup.batches.tokens(batch, side);
            let n_prompts = tokens.dims()[0];
            let drawn: Vec<Drawn> =
                (0..n_prompts).flat_map(|_| parameters.clone()).map(|p| Drawn::new(p, &mut noise)).collect();
            let pass =
                Pass { model, graph, tokens: &tokens, positions: setup.batches.positions(batch), patch: &patch[batch] };
            let (distance, by_mask) = pass.run(&drawn, clean, settings.faithfulness_target).await?;
            // A draw of its own for the number of edges, as in the reference.
            let counted: Vec<Drawn> = parameters.iter().map(|&p| Drawn::new(p, &mut noise)).collect();
            let n_patched: f64 = counted.iter().map(|d| d.mask).sum();
            let n_circuit = if tree { n_edges as f64 - n_patched } else { n_patched };
            let aim = settings.circuit_size.unwrap_or(0) as f64;
            let scale = if aim > 0.0 { aim } else { n_edges as f64 };
            let excess = (n_circuit - aim).max(0.0);
            let by_count = match excess > 0.0 {
                true => settings.regularize_lambda / scale * if tree { -1.0 } else { 1.0 },
                false => 0.0,
            };
            let mut gradient: Vec<f64> = counted.iter().map(|d| d.slope * by_count).collect();
            for (i, (drawn, by_mask)) in drawn.iter().zip(by_mask).enumerate() {
                gradient[i % n_edges] += drawn.slope * f64::from(by_mask);
            }
            adam.step(&mut parameters, &gradient);
            let loss = distance + settings.regularize_lambda * excess / scale;
            let edges = count_label(n_circuit.round() as usize, "edge", "edges");
            let label = format!("epoch {} of {}, {edges}", epoch + 1, settings.epochs);
            steps.gradient_step(loss, &label).await?;
        }
    }
    Ok(PruneScores::new(positive(&parameters, tree)))
}

fn check(settings: &SubnetworkProbing) -> Result<(), CircuitError> {
    let wrong =
        |field: &str, expected: &str, found: String| Err(CircuitError::field("settings", field, expected, found));
    if !(1..=100_000).contains(&settings.epochs) {
        return wrong("epochs", "from 1 to 100000", settings.epochs.to_string());
    }
    if !(settings.learning_rate.is_finite() && settings.learning_rate > 0.0) {
        return wrong("learningRate", "a number above 0", settings.learning_rate.to_string());
    }
    if !(settings.regularize_lambda.is_finite() && settings.regularize_lambda >= 0.0) {
        return wrong("regularizeLambda", "a number from 0", settings.regularize_lambda.to_string());
    }
    Ok(())
}

/// Scores from 0 up, larger where the edge is more surely in the circuit.
fn positive(parameters: &[f64], tree: bool) -> Vec<f32> {
    let sign = if tree { -1.0 } else { 1.0 };
    let least = parameters.iter().map(|p| sign * p).fold(f64::INFINITY, f64::min);
    parameters.iter().map(|p| (sign * p - least) as f32).collect()
}

/// The parameter whose median mask, stretched, is [`START_MASK`].
fn start_parameter() -> f64 {
    let p = (START_MASK - LEFT) / (RIGHT - LEFT);
    (p / (1.0 - p)).ln()
}

/// A mask that was drawn, with its derivative by the parameter.
struct Drawn {
    mask: f64,
    slope: f64,
}

impl Drawn {
    fn new(parameter: f64, noise: &mut Noise) -> Self {
        let u = noise.uniform().clamp(0.0001, 0.9999);
        let s = 1.0 / (1.0 + (-(u.ln() - (1.0 - u).ln() + parameter) / TEMPERATURE).exp());
        let stretched = s * (RIGHT - LEFT) + LEFT;
        let inside = (0.0..=1.0).contains(&stretched);
        let slope = if inside { s * (1.0 - s) / TEMPERATURE * (RIGHT - LEFT) } else { 0.0 };
        Self { mask: stretched.clamp(0.0, 1.0), slope }
    }
}

/// Kingma and Ba 2015, with their constants.
struct Adam {
    rate: f64,
    t: i32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    fn new(n: usize, rate: f64) -> Self {
        Self { rate, t: 0, mean: vec![0.0; n], square: vec![0.0; n] }
    }

    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        const BETA: (f64, f64) = (0.9, 0.999);
        self.t += 1;
        let (first, second) = (1.0 - BETA.0.powi(self.t), 1.0 - BETA.1.powi(self.t));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((parameter, g), (mean, square)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *mean = BETA.0 * *mean + (1.0 - BETA.0) * g;
            *square = BETA.1 * *square + (1.0 - BETA.1) * g * g;
            *parameter -= self.rate * (*mean / first) / ((*square / second).sqrt() + 1e-8);
        }
    }
}

/// A forward and a backward pass with a mask for every prompt and edge.
struct Pass<'a> {
    model: &'a dyn Model,
    graph: &'a Graph,
    tokens: &'a TokenBatch,
    positions: Range<usize>,
    patch: &'a SrcActivations,
}

impl Pass<'_> {
    /// The distance to the clean output, and its derivative by every mask.
    async fn run(
        &self,
        drawn: &[Drawn],
        clean: &Tensor<4>,
        target: FaithfulnessTarget,
    ) -> Result<(f64, Vec<f32>), RunError> {
        let n_edges = self.graph.n_edges();
        let values = TensorData::new(drawn.iter().map(|d| d.mask as f32).collect(), [drawn.len() / n_edges, n_edges]);
        let masks = Tensor::<2>::from_data(values, self.model.device()).autodiff().require_grad();
        let first_edges = self.graph.first_edges();
        let mut hooks =
            SoftPatcher { graph: self.graph, first_edges, patch: self.patch, masks: masks.clone(), rows: Vec::new() };
        let logits = self.model.forward(self.tokens, self.positions.clone(), &mut hooks);
        drop(hooks);
        let loss = distance(logits, clean.clone(), target);
        let mut grads = loss.backward();
        let by_mask = masks.grad_remove(&mut grads).map(|g| g.flatten::<1>(0, 1));
        let both = Tensor::cat(std::iter::once(loss.inner()).chain(by_mask).collect(), 0);
        let mut both = read(both, "gradients of masks").await?;
        let by_mask = both.split_off(1);
        Ok((f64::from(both[0]), if by_mask.is_empty() { vec![0.0; drawn.len()] } else { by_mask }))
    }
}

/// The mean over rows of the KL divergence from the clean output, or the mean squared difference.
///
/// # Shapes
/// - logits, clean: `[1, batch, position, d_vocab]`
/// - output: `[1]`
fn distance(logits: Tensor<4>, clean: Tensor<4>, target: FaithfulnessTarget) -> Tensor<1> {
    let [_, batch, pos, d_vocab] = logits.dims();
    match target {
        FaithfulnessTarget::KlDiv => {
            let target = activation::log_softmax(clean, 3);
            let output = activation::log_softmax(logits, 3);
            per_circuit_sum(target.clone().exp() * (target - output)) / (batch * pos) as f64
        }
        FaithfulnessTarget::Mse => {
            let difference = logits - clean;
            per_circuit_sum(difference.clone() * difference) / (batch * pos * d_vocab) as f64
        }
    }
}

/// Hooks that patch every edge by as much as its mask says, for each prompt by its own.
struct SoftPatcher<'a> {
    graph: &'a Graph,
    first_edges: Vec<usize>,
    patch: &'a SrcActivations,
    /// `[batch, edge]`
    masks: Tensor<2>,
    /// `patch - out` of the src nodes so far, kind by kind.
    rows: Vec<SoftRows>,
}

struct SoftRows {
    srcs: Range<usize>,
    first_position: usize,
    /// `[batch, position | 1, src, columns]`: columns are positions and `d_model`, or `d_model` in a token-wise graph.
    tensor: Tensor<4>,
}

impl SoftPatcher<'_> {
    /// The rows of some src nodes from a position on.
    ///
    /// # Shapes
    /// - output: `[batch, position | 1, src, columns]`
    fn rows(&self, srcs: Range<usize>, positions: &Range<usize>, d_model: usize) -> Tensor<4> {
        let wanted = self.rows.iter().filter(|r| r.srcs.start >= srcs.start && r.srcs.end <= srcs.end);
        let rows = wanted.map(|row| {
            let skip = positions.start - row.first_position;
            let [_, axis, _, columns] = row.tensor.dims();
            match (skip, self.graph.config.seq_len) {
                (0, _) => row.tensor.clone(),
                (_, Some(_)) => row.tensor.clone().narrow(1, skip, axis - skip),
                (_, None) => row.tensor.clone().narrow(3, skip * d_model, columns - skip * d_model),
            }
        });
        Tensor::cat(rows.collect(), 2)
    }

    /// The masks of a module's edges at some positions.
    ///
    /// # Shapes
    /// - output: `[batch, position | 1, node, src]`
    fn mask(&self, m: usize, positions: &Range<usize>) -> Tensor<4> {
        let module = &self.graph.dests[m];
        let [batch, _] = self.masks.dims();
        let axis = self.graph.config.seq_len.unwrap_or(1);
        let masks = self.masks.clone().narrow(1, self.first_edges[m], self.graph.n_module_edges(module));
        let masks = masks.reshape([batch, axis, module.n_nodes(), module.n_src]);
        if axis == 1 { masks } else { masks.narrow(1, positions.start, positions.len()) }
    }
}

impl Hooks for SoftPatcher<'_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        let (modules, _) = self.graph.modules_of(&dest.kinds);
        let Some(&first) = modules.first() else { return DestInput::Resid };
        let [_, batch, pos, d_model] = resid.dims();
        let module = &self.graph.dests[first];
        let rows = self.rows(module.min_src_idx..module.min_src_idx + module.n_src, &dest.positions, d_model);
        let mask = Tensor::cat(modules.iter().map(|&m| self.mask(m, &dest.positions)).collect(), 2);
        let n_nodes = mask.dims()[2];
        let added = mask.matmul(rows); // [batch, position | 1, node, columns]
        let added = match self.graph.config.seq_len {
            Some(_) => added.permute([2, 0, 1, 3]).unsqueeze::<5>(),
            None => added.reshape([batch, n_nodes, pos, d_model]).swap_dims(0, 1).unsqueeze::<5>(),
        };
        DestInput::Each(OwnInputs::from(resid.clone().unsqueeze_dim::<5>(1) + added))
    }

    fn src_output(&mut self, kind: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        let Some(first) = self.graph.srcs.iter().position(|s| s.kind == kind) else { return };
        let Some(patch) = self.patch.at(kind, positions.start) else { return };
        let [_, n, batch, pos, d_model] = out.dims();
        let difference = (patch - out).reshape([n, batch, pos, d_model]);
        let tensor = match self.graph.config.seq_len {
            Some(_) => difference.permute([1, 2, 0, 3]),
            None => difference.swap_dims(0, 1).reshape([batch, 1, n, pos * d_model]),
        };
        self.rows.push(SoftRows { srcs: first..first + n, first_position: positions.start, tensor });
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().any(|s| s.kind == src)
    }
}
