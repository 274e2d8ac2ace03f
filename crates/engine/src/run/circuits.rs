//! The sweep; auto-circuit's `run_circuits` (`prune.py`).
//!
//! 1. For every batch the unpatched model is run on the clean and on the corrupt prompts ([`super::unpatched`]).
//! 2. The edge counts give circuits, or a mask one; those with the same edges are run once ([`super::plan`]). Edits are laid over
//!    each.
//! 3. Circuits are taken several at a time, stacked on the circuit axis, as many as fit the memory budget. For each such
//!    group every batch takes one forward pass, whose logits are measured and dropped ([`super::measuring`]).

use std::rc::Rc;

use super::batch::{Batches, input_side, other, read};
use super::error::RunError;
use super::input::RunInput;
use super::masks::Masks;
use super::measuring::Measuring;
use super::metrics::{Logits, Rows};
use super::output::CircuitOutput;
use super::patch::Patcher;
use super::plan::Plan;
use super::steps::{Observer, Steps};
use super::tokens::TopTokens;
use super::unpatched::Unpatched;
use circuitscope_core::{Baseline, Circuit, Measurement, OutputSlice, PromptPair, PromptValues, count_label};

/// The output of a run.
#[derive(Debug, Clone)]
pub struct RunOutput {
    /// In the order in which they were asked for.
    pub circuits: Vec<CircuitOutput>,
    pub unpatched: Rc<Unpatched>,
    pub baseline: Baseline,
    /// What the baseline averages: each prompt's own values, on the clean and on the corrupt prompts.
    pub unpatched_values: [PromptValues; 2],
}

/// Runs circuits. See the module for the steps.
///
/// # Errors
/// When the prompts, scores and settings do not fit each other, the device fails, or the observer asks to stop.
pub async fn run_circuits(input: &RunInput<'_>, observer: &mut impl Observer) -> Result<RunOutput, RunError> {
    let &RunInput { model, prompts, graph, settings, .. } = input;
    let batches = Batches::new(model, graph, prompts, settings.slice, settings.batch_size)?;
    let plan = Plan::new(input, &batches)?;
    let mut steps = Steps::new(plan.n_steps(input, batches.count()), observer);
    let unpatched = match &input.unpatched {
        Some(unpatched) => unpatched.clone(),
        None => Rc::new(Unpatched::run(&batches, settings, &plan, &mut steps).await?),
    };
    let shape = output_shape(settings.slice, &unpatched.clean.logits);
    let mut circuits: Vec<Option<CircuitOutput>> = vec![None; plan.circuits.len()];
    for group in plan.distinct.chunks(plan.n_stacked) {
        let measured = run_group(input, &batches, &unpatched, group, &mut steps).await?;
        for (circuit, measured) in group.iter().zip(measured) {
            for (index, same) in plan.circuits.iter().enumerate().filter(|(_, c)| c.n_edges == circuit.n_edges) {
                let output = measured.output(index, *same, &shape);
                steps.observer.circuit(&output, measured.logits.clone());
                circuits[index] = Some(output);
            }
        }
    }
    let unpatched_values = unpatched_values(&unpatched, batches.pairs());
    let baseline = baseline(&unpatched, &unpatched_values, shape, steps.done());
    Ok(RunOutput { circuits: circuits.into_iter().flatten().collect(), unpatched, baseline, unpatched_values })
}

/// `[prompt, d_vocab]` where only the last position is kept, else `[prompt, position, d_vocab]`.
fn output_shape(slice: OutputSlice, logits: &Logits) -> Vec<usize> {
    let (n_prompts, n_positions, d_vocab) = (logits.rows().n_prompts(), logits.n_positions, logits.d_vocab);
    match slice {
        OutputSlice::LastSeq => vec![n_prompts, d_vocab],
        _ => vec![n_prompts, n_positions, d_vocab],
    }
}

/// A circuit that was run on all batches.
struct Measured {
    measurement: Measurement,
    prompts: Rc<PromptValues>,
    tokens: Rc<TopTokens>,
    /// `None` unless the run was asked for them.
    logits: Option<Rc<Logits>>,
}

impl Measured {
    fn new(measuring: Measuring, logits: Option<Logits>) -> Self {
        let (prompts, tokens) = measuring.finish();
        let measurement = Measurement::new(&prompts);
        Self { measurement, prompts: Rc::new(prompts), tokens: Rc::new(tokens), logits: logits.map(Rc::new) }
    }

    fn output(&self, index: usize, circuit: Circuit, shape: &[usize]) -> CircuitOutput {
        let Self { measurement, prompts, tokens, .. } = self;
        let (measurement, prompts, tokens) = (measurement.clone(), prompts.clone(), tokens.clone());
        CircuitOutput { index, circuit, shape: shape.to_vec(), measurement, prompts, tokens }
    }
}

/// Runs some circuits, stacked, on every batch.
async fn run_group<O: Observer>(
    input: &RunInput<'_>,
    batches: &Batches<'_>,
    unpatched: &Unpatched,
    group: &[Circuit],
    steps: &mut Steps<'_, O>,
) -> Result<Vec<Measured>, RunError> {
    let &RunInput { model, graph, circuits, settings, keep_logits, .. } = input;
    let amounts = |circuit: usize, edge_idx: usize| settings.patch_type.amount(circuits.mask(group[circuit], edge_idx));
    let mut masks = Masks::new(graph, group.len(), amounts, model);
    let (n_positions, d_vocab) = (batches.positions(0).len(), model.config().d_vocab_out);
    let mut measurings: Vec<_> = group.iter().map(|_| Measuring::new(unpatched, batches.pairs())).collect();
    let n_kept = if keep_logits { batches.n_prompts() * n_positions * d_vocab } else { 0 };
    let mut kept: Vec<Vec<f32>> = group.iter().map(|_| Vec::with_capacity(n_kept)).collect();
    for batch in 0..batches.count() {
        let recorded;
        let patch = match &unpatched.patches[..] {
            [] => {
                recorded = batches.patch(batch, settings.ablation, other(input_side(settings))).0;
                steps.step("activations to patch with").await?;
                &recorded
            }
            [one] => one,
            all => &all[batch],
        };
        let prefix = unpatched.prefixes.get(batch).cloned().flatten();
        let tokens = batches.tokens(batch, input_side(settings)).after(prefix);
        let positions = batches.positions(batch);
        let logits = match unpatched.kept.get(batch) {
            Some(kept) => kept.circuits(model, (&tokens, positions), &mut masks, patch),
            None => model.forward(&tokens, positions, &mut Patcher::new(&mut masks, patch)),
        };
        // Circuits that no patch has made different share one output.
        let [_, n_batch, n_pos, _] = logits.dims();
        let logits = read(logits.expand([group.len(), n_batch, n_pos, d_vocab]), "logits").await?;
        if let Some(kept) = unpatched.kept.get(batch) {
            kept.drop_rows();
        }
        let outputs = logits.chunks_exact(n_batch * n_pos * d_vocab);
        for ((measuring, kept), values) in measurings.iter_mut().zip(&mut kept).zip(outputs) {
            measuring.add(Rows { values, n_positions, d_vocab });
            if keep_logits {
                kept.extend_from_slice(values);
            }
        }
        steps.step(&label(group, batch, batches.count())).await?;
    }
    let logits = kept.into_iter().map(|values| keep_logits.then_some(Logits { values, n_positions, d_vocab }));
    Ok(measurings.into_iter().zip(logits).map(|(measuring, logits)| Measured::new(measuring, logits)).collect())
}

fn label(group: &[Circuit], batch: usize, n_batches: usize) -> String {
    let (first, last) = (group[0].n_edges, group[group.len() - 1].n_edges);
    let edges = if first == last { count_label(first, "edge", "edges") } else { format!("{first} to {last} edges") };
    format!("{edges}, batch {} of {n_batches}", batch + 1)
}

/// The unpatched model on the clean and on the corrupt prompts, measured as circuits are.
fn unpatched_values(unpatched: &Unpatched, pairs: &[PromptPair]) -> [PromptValues; 2] {
    [&unpatched.clean, &unpatched.corrupt].map(|target| {
        let mut measuring = Measuring::new(unpatched, pairs);
        measuring.add(target.logits.rows());
        measuring.finish().0
    })
}

fn baseline(
    unpatched: &Unpatched,
    [clean, corrupt]: &[PromptValues; 2],
    shape: Vec<usize>,
    forward_passes: usize,
) -> Baseline {
    let logits = &unpatched.clean.logits;
    Baseline {
        shape,
        clean: Measurement::new(clean),
        corrupt: Measurement::new(corrupt),
        n_prompts: logits.rows().n_prompts(),
        n_positions: logits.n_positions,
        forward_passes,
    }
}
