//! The sweep; auto-circuit's `run_circuits` (`prune.py`).
//!
//! 1. For every batch the unpatched model is run on the clean and on the corrupt prompts. One of the two runs also records
//!    what edges are patched with (means over the dataset take a run more of every batch).
//! 2. The edge counts give circuits; those with the same edges are run once.
//! 3. Circuits are taken several at a time, stacked on the circuit axis, as many as fit the memory budget. For each such
//!    group every batch takes one forward pass.

use std::ops::Range;
use std::rc::Rc;

use burn::tensor::Tensor;

use super::ablation::{SrcActivations, ablated, record};
use super::error::RunError;
use super::masks::Masks;
use super::metrics::{Logits, Target, measure};
use super::patch::Patcher;
use crate::model::{Model, ModelError, Plain, TokenBatch};
use circuitscope_core::{
    AblationType, Baseline, Circuit, CircuitError, Graph, GraphConfig, Measurement, ModelConfig, OutputSlice,
    PatchType, PromptBatch, PromptPair, PromptValues, Prompts, PruneScores, RunSettings, edge_counts,
};

/// How many circuits one forward pass may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stacking {
    /// About how many bytes the activations of a forward pass may take on the device. At least one circuit is run at a time,
    /// whatever it takes.
    pub budget_bytes: usize,
    /// The number of rows (circuits times prompts times positions) that more circuits gain nothing beyond.
    pub max_rows: usize,
}

impl Stacking {
    /// For the CPU: more rows than these fill the products no better, and fall out of the caches. On 2 cores, at GPT-2 small's
    /// shape, 512 rows took 1.4 times as long a circuit as 128.
    pub const fn cpu(budget_bytes: usize) -> Self {
        Self { budget_bytes, max_rows: 128 }
    }

    /// For a GPU, where each operation costs about as much whatever its size up to there.
    pub const fn gpu(budget_bytes: usize) -> Self {
        Self { budget_bytes, max_rows: 512 }
    }
}

/// What a run is made of.
pub struct RunInput<'a> {
    pub model: &'a dyn Model,
    pub prompts: &'a Prompts,
    pub graph: &'a Graph,
    pub scores: &'a PruneScores,
    pub settings: &'a RunSettings,
    pub stacking: Stacking,
    /// The unpatched model from an earlier run of the same model, prompts and settings but the edge counts and scores.
    pub unpatched: Option<Rc<Unpatched>>,
}

/// Someone who watches a run.
#[allow(async_fn_in_trait, reason = "used on one thread only, in the browser as well")]
pub trait Observer {
    /// Called after every forward pass; says whether to go on.
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool;

    /// Called when a circuit is done for all batches.
    fn circuit(&mut self, output: &CircuitOutput);

    /// Called before [`Observer::progress`] where a search has a loss to tell.
    fn loss(&mut self, _: f64) {}
}

/// Nobody watches.
impl Observer for () {
    async fn progress(&mut self, _: usize, _: usize, _: &str) -> bool {
        true
    }

    fn circuit(&mut self, _: &CircuitOutput) {}
}

/// The output of one circuit over all batches in file order.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitOutput {
    /// The place in the list of edge counts that were asked for.
    pub index: usize,
    pub circuit: Circuit,
    pub logits: Logits,
    pub measurement: Measurement,
    /// What the measurement averages: each prompt's own values.
    pub prompts: Rc<PromptValues>,
}

/// Everything that a run gives.
#[derive(Debug, Clone)]
pub struct RunOutput {
    /// In the order in which they were asked for.
    pub circuits: Vec<CircuitOutput>,
    pub unpatched: Rc<Unpatched>,
    pub baseline: Baseline,
}

/// Which graph the settings mean for these prompts.
///
/// # Errors
/// When a token-wise graph is asked for and the prompts that are run differ in length.
pub fn graph_config(settings: &RunSettings, prompts: &Prompts) -> Result<GraphConfig, CircuitError> {
    let n_run = n_run(settings, prompts);
    let seq_len = settings.token_wise.then(|| prompts.one_len(n_run, "(a token-wise graph needs one length)"));
    let RunSettings { factorized, separate_qkv, .. } = *settings;
    Ok(GraphConfig { factorized, separate_qkv, seq_len: seq_len.transpose()? })
}

/// The shape of an output: `[prompt, d_vocab]` where only the last position is kept, else `[prompt, position, d_vocab]`.
pub fn output_shape(slice: OutputSlice, n_prompts: usize, logits: &Logits) -> Vec<usize> {
    match slice {
        OutputSlice::LastSeq => vec![n_prompts, logits.d_vocab],
        _ => vec![n_prompts, logits.n_positions, logits.d_vocab],
    }
}

/// How many prompts are run: a short last batch is not.
fn n_run(settings: &RunSettings, prompts: &Prompts) -> usize {
    let n = prompts.pairs.len();
    n - n % settings.batch_size.max(1)
}

/// Runs circuits. See the module for the steps.
///
/// # Errors
/// When the prompts, scores and settings do not fit each other, the device fails, or the observer asks to stop.
pub async fn run_circuits(input: &RunInput<'_>, observer: &mut impl Observer) -> Result<RunOutput, RunError> {
    let plan = Plan::new(input)?;
    let mut steps = Steps { done: 0, total: plan.n_steps(input), observer };
    let unpatched = match &input.unpatched {
        Some(unpatched) => unpatched.clone(),
        None => Rc::new(Unpatched::run(input, &plan, &mut steps).await?),
    };
    let mut circuits: Vec<Option<CircuitOutput>> = vec![None; plan.circuits.len()];
    let mut first = 0;
    while first < plan.distinct.len() {
        let group = &plan.distinct[first..(first + plan.n_stacked).min(plan.distinct.len())];
        let outputs = run_group(input, &plan, &unpatched, group, &mut steps).await?;
        for (circuit, logits) in group.iter().zip(outputs) {
            let prompts = Rc::new(measure(&logits, &unpatched.clean, &unpatched.corrupt, plan.pairs));
            let measurement = Measurement::new(&prompts);
            for (index, same) in plan.circuits.iter().enumerate().filter(|(_, c)| c.n_edges == circuit.n_edges) {
                let output = CircuitOutput {
                    index,
                    circuit: *same,
                    logits: logits.clone(),
                    measurement: measurement.clone(),
                    prompts: prompts.clone(),
                };
                steps.observer.circuit(&output);
                circuits[index] = Some(output);
            }
        }
        first += group.len();
    }
    let Unpatched { clean, corrupt, .. } = &*unpatched;
    let baseline = Baseline {
        shape: output_shape(input.settings.slice, plan.pairs.len(), &clean.logits),
        clean: Measurement::new(&measure(&clean.logits, clean, corrupt, plan.pairs)),
        corrupt: Measurement::new(&measure(&corrupt.logits, clean, corrupt, plan.pairs)),
        n_prompts: plan.pairs.len(),
        n_positions: clean.logits.n_positions,
        forward_passes: steps.done,
    };
    Ok(RunOutput { circuits: circuits.into_iter().flatten().collect(), unpatched, baseline })
}

/// What will be run.
struct Plan<'a> {
    batches: Vec<PromptBatch<'a>>,
    /// The prompts of all batches.
    pairs: &'a [PromptPair],
    /// One for each edge count that was asked for.
    circuits: Vec<Circuit>,
    /// Without repetitions.
    distinct: Vec<Circuit>,
    /// How many circuits a forward pass takes.
    n_stacked: usize,
    /// Whether the edges' patches of all batches are kept on the device, or recorded anew for every group of circuits.
    keep_patches: bool,
}

impl<'a> Plan<'a> {
    fn new(input: &RunInput<'a>) -> Result<Self, RunError> {
        let &RunInput { prompts, settings, graph, scores, stacking: Stacking { budget_bytes, max_rows }, .. } = input;
        let config = input.model.config();
        let batches = prompts.batches(settings.batch_size)?;
        prompts.check(config)?;
        let n_run = n_run(settings, prompts);
        if settings.slice != OutputSlice::LastSeq || settings.ablation.dataset_means().is_some() {
            prompts.one_seq(n_run, "(outputs at several positions and means over all prompts need one length)")?;
        }
        if settings.slice == OutputSlice::NotFirstSeq {
            prompts.one_len(n_run, "(the first position, which is left out, is a pad token in shorter ones)")?;
        }
        if settings.slice == OutputSlice::NotFirstSeq && batches.iter().any(|b| b.seq < 2) {
            let expected = "at least 2 tokens long, since the first position is left out";
            return Err(CircuitError::field(&prompts.file, "prompts", expected, "1 token").into());
        }
        let counts = edge_counts(&settings.edge_counts, scores)?;
        let circuits = counts.iter().map(|&n| scores.circuit(n)).collect::<Result<Vec<_>, _>>()?;
        let mut distinct: Vec<Circuit> = Vec::new();
        for circuit in &circuits {
            if distinct.iter().all(|c| c.n_edges != circuit.n_edges) {
                distinct.push(*circuit);
            }
        }
        let seq = batches.iter().map(|b| b.seq).max().unwrap_or(1);
        let rows = settings.batch_size * seq;
        let fits = budget_bytes / pass_bytes(config, graph, rows).max(1);
        let n_stacked = fits.min(max_rows / rows).max(1);
        let patch_bytes = graph.srcs.len() * rows * config.d_model * size_of::<f32>();
        let keep_patches = settings.ablation.dataset_means().is_some() || batches.len() * patch_bytes <= budget_bytes;
        Ok(Self { batches, pairs: &prompts.pairs[..n_run], circuits, distinct, n_stacked, keep_patches })
    }

    /// The number of forward passes.
    fn n_steps(&self, input: &RunInput) -> usize {
        let n_groups = self.distinct.len().div_ceil(self.n_stacked);
        let n_means = input.settings.ablation.dataset_means().map_or(0, |(a, b)| usize::from(a) + usize::from(b));
        let n_unpatched = if input.unpatched.is_some() { 0 } else { 2 + n_means };
        let again = if self.keep_patches { 0 } else { n_groups };
        self.batches.len() * (n_unpatched + n_groups + again)
    }
}

/// About how many bytes the activations of one circuit take: the rows that masks are multiplied with, the inputs of a
/// block's heads before and after their norm, the MLP's hidden layer, and the projections.
pub fn pass_bytes(config: &ModelConfig, graph: &Graph, rows: usize) -> usize {
    let per_row = (2 + graph.srcs.len()) * config.d_model
        + 2 * 3 * config.n_heads * config.d_model
        + 3 * config.d_mlp.unwrap_or(0)
        + 4 * config.n_heads * config.d_head;
    rows * per_row * size_of::<f32>()
}

/// Counts forward passes.
struct Steps<'o, O> {
    done: usize,
    total: usize,
    observer: &'o mut O,
}

impl<O: Observer> Steps<'_, O> {
    async fn step(&mut self, label: &str) -> Result<(), RunError> {
        self.done += 1;
        if self.observer.progress(self.done, self.total, label).await { Ok(()) } else { Err(RunError::Cancelled) }
    }
}

/// The unpatched model on all batches, and what edges are patched with.
#[derive(Debug)]
pub struct Unpatched {
    /// On the clean prompts.
    pub clean: Target,
    /// On the corrupt prompts.
    pub corrupt: Target,
    /// One for each batch, or one for all; empty where they are not kept.
    patches: Vec<SrcActivations>,
}

/// Which prompts of a batch.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Clean,
    Corrupt,
}

/// The prompts that circuits are run on; the edges' patches come from the other side.
fn input_side(settings: &RunSettings) -> Side {
    if (settings.patch_type == PatchType::Edge) == settings.reverse { Side::Clean } else { Side::Corrupt }
}

fn tokens(batch: &PromptBatch, side: Side, input: &RunInput) -> TokenBatch {
    let prompts = match side {
        Side::Clean => batch.padded(|pair| &pair.clean),
        Side::Corrupt => batch.padded(|pair| &pair.corrupt),
    };
    TokenBatch::left_padded(prompts.iter().map(|p| (p.tokens.as_slice(), p.n_pads)), input.model.device())
}

impl Unpatched {
    async fn run<O: Observer>(
        input: &RunInput<'_>,
        plan: &Plan<'_>,
        steps: &mut Steps<'_, O>,
    ) -> Result<Self, RunError> {
        let (mut clean, mut corrupt, mut patches) = (Vec::new(), Vec::new(), Vec::new());
        let per_batch = input.settings.ablation.dataset_means().is_none();
        for (i, batch) in plan.batches.iter().enumerate() {
            let positions = input.settings.slice.positions(batch.seq);
            for side in [Side::Clean, Side::Corrupt] {
                let tokens = tokens(batch, side, input);
                let logits = if per_batch && plan.keep_patches && side != input_side(input.settings) {
                    let (patch, resid) = batch_patch(input, &tokens, positions.clone());
                    patches.push(patch);
                    input.model.unembed(resid)
                } else {
                    input.model.forward(&tokens, positions.clone(), &mut Plain)
                };
                let all = if side == Side::Clean { &mut clean } else { &mut corrupt };
                all.extend(read(logits).await?);
                steps.step(&format!("unpatched model, batch {} of {}", i + 1, plan.batches.len())).await?;
            }
        }
        if let Some(sides) = input.settings.ablation.dataset_means() {
            patches.push(dataset_mean(input, plan, sides, steps).await?);
        }
        let (n_positions, d_vocab) = (n_positions(input, plan), input.model.config().d_vocab_out);
        let target = |values| Target::new(Logits { values, n_positions, d_vocab });
        Ok(Self { clean: target(clean), corrupt: target(corrupt), patches })
    }
}

fn n_positions(input: &RunInput, plan: &Plan) -> usize {
    input.settings.slice.positions(plan.batches[0].seq).len()
}

/// What a batch's edges are patched with, and the residual stream at `positions`.
fn batch_patch(input: &RunInput, tokens: &TokenBatch, positions: Range<usize>) -> (SrcActivations, Tensor<4>) {
    let ablation = input.settings.ablation;
    let seq = tokens.dims()[1];
    // A mean over positions needs all of them, in the last block too.
    let last_block = if ablation == AblationType::BatchAllTokMean { 0..seq } else { positions.clone() };
    let (recorded, resid) = record(input.model, input.graph, tokens, last_block.clone());
    let resid = resid.narrow(2, positions.start - last_block.start, positions.len());
    (ablated(ablation, recorded), resid)
}

/// The mean over the dataset of one side or both. Batches are all of one size, so that the mean of means is the mean.
async fn dataset_mean<O: Observer>(
    input: &RunInput<'_>,
    plan: &Plan<'_>,
    (clean, corrupt): (bool, bool),
    steps: &mut Steps<'_, O>,
) -> Result<SrcActivations, RunError> {
    let sides: Vec<Side> =
        [(clean, Side::Clean), (corrupt, Side::Corrupt)].iter().filter(|s| s.0).map(|s| s.1).collect();
    let mut sum: Option<SrcActivations> = None;
    for batch in &plan.batches {
        for &side in &sides {
            let positions = input.settings.slice.positions(batch.seq);
            let mean = record(input.model, input.graph, &tokens(batch, side, input), positions).0.batch_mean();
            sum = Some(match sum {
                None => mean,
                Some(sum) => sum.plus(&mean),
            });
            steps.step("means over all prompts").await?;
        }
    }
    let sum = sum.ok_or(RunError::Cancelled)?;
    Ok(sum.divided_by(plan.batches.len() * sides.len()))
}

/// Runs some circuits, stacked, on every batch.
async fn run_group<O: Observer>(
    input: &RunInput<'_>,
    plan: &Plan<'_>,
    unpatched: &Unpatched,
    group: &[Circuit],
    steps: &mut Steps<'_, O>,
) -> Result<Vec<Logits>, RunError> {
    let &RunInput { model, graph, scores, settings, .. } = input;
    let patches = |circuit: usize, edge_idx: usize| {
        group[circuit].contains(scores.values()[edge_idx]) == (settings.patch_type == PatchType::Edge)
    };
    let mut masks = Masks::new(graph, group.len(), patches, model.device());
    let mut values = vec![Vec::new(); group.len()];
    for (i, batch) in plan.batches.iter().enumerate() {
        let positions = settings.slice.positions(batch.seq);
        let recorded;
        let patch = match &unpatched.patches[..] {
            [] => {
                let other = if input_side(settings) == Side::Clean { Side::Corrupt } else { Side::Clean };
                recorded = batch_patch(input, &tokens(batch, other, input), positions.clone()).0;
                steps.step("activations to patch with").await?;
                &recorded
            }
            [one] => one,
            all => &all[i],
        };
        let tokens = tokens(batch, input_side(settings), input);
        let logits = model.forward(&tokens, positions, &mut Patcher::new(&mut masks, patch));
        // Circuits that no patch made differ share one output.
        let [_, n_batch, n_pos, d_vocab] = logits.dims();
        let logits = read(logits.expand([group.len(), n_batch, n_pos, d_vocab])).await?;
        for (values, logits) in values.iter_mut().zip(logits.chunks_exact(n_batch * n_pos * d_vocab)) {
            values.extend_from_slice(logits);
        }
        steps.step(&label(group, i, plan.batches.len())).await?;
    }
    let (n_positions, d_vocab) = (n_positions(input, plan), model.config().d_vocab_out);
    Ok(values.into_iter().map(|values| Logits { values, n_positions, d_vocab }).collect())
}

fn label(group: &[Circuit], batch: usize, n_batches: usize) -> String {
    let (first, last) = (group[0].n_edges, group[group.len() - 1].n_edges);
    let edges = if first == last { format!("{first} edges") } else { format!("{first} to {last} edges") };
    format!("{edges}, batch {} of {n_batches}", batch + 1)
}

/// The numbers of a tensor, row-major.
async fn read(logits: Tensor<4>) -> Result<Vec<f32>, ModelError> {
    let data = logits.into_data_async().await.map_err(|e| ModelError::device("reading logits", e))?;
    data.try_to_vec().map_err(|e| ModelError::device("reading logits", e))
}
