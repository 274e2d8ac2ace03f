//! The sweep; auto-circuit's `run_circuits` (`prune.py`).
//!
//! 1. The edge counts give circuits, or a mask one; those with the same edges are run once ([`super::plan`]). Edits are laid over
//!    each.
//! 2. For every batch the unpatched model is run on the clean and on the corrupt prompts ([`super::unpatched`]).
//! 3. Circuits are taken several at a time, stacked on the circuit axis, as many as fit the memory budget. For each such
//!    group every batch takes one forward pass, whose logits are measured and dropped ([`super::measuring`]). On a CPU the passes of a few
//!    groups share one product with the unembedding: that is bound by memory, and costs as much for few rows as for some more.
//!
//! The passes of 2 and 3 are the parts that engines share ([`crate::share`]).

use std::rc::Rc;

use burn::tensor::Tensor;

use super::batch::{Batches, input_side, other, read};
use super::error::RunError;
use super::input::RunInput;
use super::masks::Masks;
use super::measuring::Measured;
use super::metrics::{Logits, Rows, Target};
use super::output::CircuitOutput;
use super::patch::Patcher;
use super::plan::Plan;
use super::steps::{Observer, Steps};
use super::unpatched::{AtHand, Outputs, Ready, Unpatched, label};
use crate::share::{Crew, Helpers, Numbers, Shared};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{Baseline, Circuit, Measurement, OutputSlice, PromptPair, PromptValues, count_label};
use circuitscope_wire::help::{Part, PartKind};

/// How many parts each engine should have, so that all end at about the same time.
const LEAST_PARTS: usize = 4;

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

/// Runs circuits, with some help. See the module for the steps.
///
/// # Errors
/// When the prompts, scores and settings do not fit each other, the device fails, or the observer asks to stop.
pub async fn run_circuits(
    input: &RunInput<'_>,
    helpers: &impl Helpers,
    observer: &mut impl Observer,
) -> Result<RunOutput, RunError> {
    let &RunInput { model, prompts, graph, settings, .. } = input;
    let batches = &Batches::new(model, graph, prompts, settings.slice, settings.batch_size)?;
    let plan = &Plan::new(input, batches)?;
    let at_hand = match &input.unpatched {
        Some(unpatched) => unpatched.at_hand.clone(),
        None => Rc::new(AtHand::new(batches.count())),
    };
    let sweep = Sweep { input, batches, plan, at_hand };
    let mut steps = Steps::new(plan.n_steps(input, batches.count()), observer);
    // Counted before the passes that need it.
    sweep.at_hand.ready_mean(batches, settings, &mut steps).await?;
    let mut found = Found::new(&sweep, input.unpatched.clone());
    let parts = sweep.parts(input.unpatched.is_some(), 1 + helpers.count());
    let add = |index: usize, output, steps: &mut Steps<'_, _>| found.add(&parts[index], output, steps.observer);
    Crew::new(helpers).share(&sweep, &parts, &mut steps, add).await?;
    Ok(found.output(steps.done()))
}

/// A run as parts.
pub struct Sweep<'a> {
    pub input: &'a RunInput<'a>,
    pub batches: &'a Batches<'a>,
    pub plan: &'a Plan,
    pub at_hand: Rc<AtHand>,
}

/// What a part of a run gives.
pub enum Computed {
    Unpatched(Rc<Outputs>),
    /// The circuits of some groups on a batch, each with its logits where the run was asked for them.
    Circuits(Vec<(Measured, Vec<f32>)>),
}

impl Sweep<'_> {
    /// The unpatched model, unless it is known, and then the groups, each on every batch; so many that each of `n_engines` has some.
    fn parts(&self, is_unpatched_known: bool, n_engines: usize) -> Vec<Part> {
        let n_groups = self.plan.distinct.len().div_ceil(self.plan.n_stacked);
        let n_each = n_groups * self.batches.count() / (LEAST_PARTS * n_engines);
        let n_together = n_each.clamp(1, self.most_together());
        let groups = |first: usize| PartKind::Circuits { first, n_groups: n_together.min(n_groups - first) };
        let unpatched = (!is_unpatched_known).then_some(PartKind::Unpatched);
        let kinds = unpatched.into_iter().chain((0..n_groups).step_by(n_together).map(groups));
        kinds.flat_map(|kind| self.batches.each().map(move |batch| Part { batch, kind: kind.clone() })).collect()
    }

    /// How many groups share a product with the unembedding at most.
    fn most_together(&self) -> usize {
        let Self { input: RunInput { model, settings, stacking, .. }, batches, plan, .. } = self;
        let (config, n_positions) = (model.config(), batches.positions(0).len());
        stacking.n_unembedded(plan.n_stacked * settings.batch_size * n_positions, config.d_model * config.d_vocab_out)
    }

    /// The circuits of some groups.
    fn of_groups(&self, first: usize, n_groups: usize) -> &[Circuit] {
        let Plan { distinct, n_stacked, .. } = self.plan;
        let end = ((first + n_groups) * n_stacked).min(distinct.len());
        distinct.get(first * n_stacked..end).unwrap_or_default()
    }

    /// Runs groups of circuits on a batch, the circuits of each stacked.
    async fn circuits<O: Observer>(
        &self,
        all: &[Circuit],
        batch: usize,
        ready: &Ready,
        steps: &mut Steps<'_, O>,
    ) -> Result<Vec<(Measured, Vec<f32>)>, RunError> {
        let &RunInput { model, settings, keep_logits, .. } = self.input;
        let (batches, d_vocab) = (self.batches, model.config().d_vocab_out);
        let n_positions = batches.positions(batch).len();
        let measured = |values: &[f32]| {
            let rows = Rows { values, n_positions, d_vocab };
            let kept = if keep_logits { values.to_vec() } else { Vec::new() };
            (Measured::of(rows, &ready.outputs, batches.pairs_of(batch)), kept)
        };
        let (mut resids, mut groups) = (Vec::new(), Vec::new());
        let mut passes: Option<(usize, &[Circuit])> = None;
        for group in all.chunks(self.plan.n_stacked) {
            if let Some((n, before)) = passes.take() {
                steps.steps(n, &self.label(before, batch)).await?;
            }
            let (resid, n) = self.resid(group, batch, ready, steps).await?;
            passes = Some((n, group));
            groups.push((group, resid.as_ref().map(|resid| resid.dims()[0])));
            resids.extend(resid);
        }
        let logits =
            if resids.is_empty() { Vec::new() } else { read(model.unembed(Tensor::cat(resids, 0)), "logits").await? };
        if let Some(kept) = &ready.kept {
            kept.drop_rows();
        }
        // Passes are over once their numbers are here.
        if let Some((n, last)) = passes {
            steps.steps(n, &self.label(last, batch)).await?;
        }
        let mut outputs = logits.chunks_exact(batches.pairs_of(batch).len() * n_positions * d_vocab);
        let mut found = Vec::with_capacity(all.len());
        for (group, n_outputs) in groups {
            let own: Vec<_> = match n_outputs {
                Some(n) => outputs.by_ref().take(n).map(measured).collect(),
                // Where nothing is patched, the circuits are the unpatched model.
                None => vec![measured(&ready.outputs.of(input_side(settings)).logits.values)],
            };
            // Circuits that no patch has made different share one output.
            found.extend(own.iter().cycle().take(group.len()).cloned());
        }
        Ok(found)
    }

    /// The last residual streams of a group of circuits, stacked, on a batch: of each, or one of all; `None` where nothing is patched.
    /// And how many passes that counts.
    ///
    /// # Shapes
    /// - output: `[circuit | 1, batch, position, d_model]`
    async fn resid<O: Observer>(
        &self,
        group: &[Circuit],
        batch: usize,
        ready: &Ready,
        steps: &mut Steps<'_, O>,
    ) -> Result<(Option<Tensor<4>>, usize), RunError> {
        let &RunInput { model, graph, circuits, settings, .. } = self.input;
        let (batches, mean) = (self.batches, self.at_hand.mean());
        let amounts =
            |circuit: usize, edge_idx: usize| settings.patch_type.amount(circuits.mask(group[circuit], edge_idx));
        let mut masks = Masks::new(graph, group.len(), amounts, model);
        let at_hand = mean.as_ref().or(ready.patch.as_ref());
        if masks.first_block().is_none() {
            return Ok((None, if at_hand.is_some() { 1 } else { 2 }));
        }
        let recorded;
        let patch = match at_hand {
            Some(patch) => patch,
            None => {
                recorded = batches.patch(batch, settings.ablation, other(input_side(settings))).0;
                steps.step("activations to patch with").await?;
                &recorded
            }
        };
        let tokens = batches.tokens(batch, input_side(settings)).after(ready.prefix.clone());
        let positions = batches.positions(batch);
        let resid = match &ready.kept {
            Some(kept) => kept.resid_of(model, (&tokens, positions), &mut masks, patch),
            None => model.resid_end(&tokens, positions, &mut Patcher::new(&mut masks, patch)),
        };
        Ok((Some(resid), 1))
    }

    fn label(&self, group: &[Circuit], batch: usize) -> String {
        let (first, last) = (group[0].n_edges, group[group.len() - 1].n_edges);
        let edges =
            if first == last { count_label(first, "edge", "edges") } else { format!("{first} to {last} edges") };
        format!("{edges}, batch {} of {}", batch + 1, self.batches.count())
    }
}

impl Shared for Sweep<'_> {
    type Output = Computed;

    async fn compute<O: Observer>(&self, part: &Part, steps: &mut Steps<'_, O>) -> Result<Computed, RunError> {
        let Self { input: RunInput { settings, .. }, batches, plan, at_hand } = self;
        let &Part { batch, ref kind } = part;
        steps.count(matches!(kind, PartKind::Unpatched));
        at_hand.ready_mean(batches, settings, steps).await?;
        let ready = at_hand.ready(batches, batch, settings, plan, steps).await?;
        steps.count(true);
        match kind {
            PartKind::Circuits { first, n_groups } => {
                let circuits = self.of_groups(*first, *n_groups);
                Ok(Computed::Circuits(self.circuits(circuits, batch, &ready, steps).await?))
            }
            _ => Ok(Computed::Unpatched(ready.outputs.clone())),
        }
    }

    fn passes(&self, part: &Part) -> (usize, String) {
        match part.kind {
            PartKind::Circuits { first, n_groups } => {
                let n = if self.plan.keep_patches { 1 } else { 2 };
                (n * n_groups, self.label(self.of_groups(first, n_groups), part.batch))
            }
            _ => (2, label(self.batches, part.batch)),
        }
    }

    fn setup(&self) -> usize {
        // Two passes of one circuit.
        2_usize.div_ceil(self.plan.n_stacked)
    }

    fn keeps_batches(&self) -> bool {
        true
    }

    fn at_hand(&self) -> Vec<usize> {
        self.at_hand.batches()
    }

    fn pack(&self, output: Computed) -> Numbers {
        let mut numbers = Numbers::default();
        match output {
            Computed::Unpatched(outputs) => {
                let Outputs { clean, corrupt } = &*outputs;
                [clean, corrupt].iter().for_each(|target| numbers.f32s.extend(&target.logits.values));
            }
            Computed::Circuits(circuits) => {
                for (measured, logits) in circuits {
                    measured.pack(&mut numbers);
                    numbers.push_count(logits.len());
                    numbers.f32s.extend(logits);
                }
            }
        }
        numbers
    }

    fn unpack(&self, part: &Part, numbers: Numbers) -> Option<Computed> {
        let mut cursor = numbers.cursor();
        let (n_positions, d_vocab) = (self.batches.positions(part.batch).len(), self.input.model.config().d_vocab_out);
        let computed = match part.kind {
            PartKind::Circuits { first, n_groups } => {
                let one = |_: &Circuit| {
                    let measured = Measured::unpack(&mut cursor)?;
                    let n = cursor.count()?;
                    Some((measured, cursor.f32s(n)?.to_vec()))
                };
                Computed::Circuits(self.of_groups(first, n_groups).iter().map(one).collect::<Option<_>>()?)
            }
            _ => {
                let n = self.batches.pairs_of(part.batch).len() * n_positions * d_vocab;
                let mut target = || {
                    let values = cursor.f32s(n)?.to_vec();
                    Some(Target::new(Logits { values, n_positions, d_vocab }))
                };
                Computed::Unpatched(Rc::new(Outputs { clean: target()?, corrupt: target()? }))
            }
        };
        cursor.ended()?;
        Some(computed)
    }
}

/// What is known of a run.
struct Found<'a> {
    sweep: &'a Sweep<'a>,
    /// Of the batches so far.
    outputs: Vec<Rc<Outputs>>,
    /// Once it is known for all batches.
    unpatched: Option<Rc<Unpatched>>,
    /// The circuits of the present groups on the batches so far, with their logits.
    group: Vec<(Measured, Vec<f32>)>,
    circuits: Vec<Option<CircuitOutput>>,
}

impl<'a> Found<'a> {
    fn new(sweep: &'a Sweep<'a>, unpatched: Option<Rc<Unpatched>>) -> Self {
        let circuits = vec![None; sweep.plan.circuits.len()];
        Self { sweep, outputs: Vec::new(), unpatched, group: Vec::new(), circuits }
    }

    /// Takes the parts in their order.
    fn add(&mut self, part: &Part, computed: Computed, observer: &mut impl Observer) {
        let (batches, is_last) = (self.sweep.batches, part.batch + 1 == self.sweep.batches.count());
        match computed {
            Computed::Unpatched(outputs) => {
                self.outputs.push(outputs);
                if is_last {
                    let (outputs, at_hand) = (std::mem::take(&mut self.outputs), self.sweep.at_hand.clone());
                    self.unpatched = Some(Rc::new(Unpatched::new(outputs, batches.pairs(), at_hand)));
                }
            }
            Computed::Circuits(circuits) => {
                self.group = match part.batch {
                    0 => circuits,
                    _ => std::mem::take(&mut self.group).into_iter().zip(circuits).map(followed).collect(),
                };
                if is_last && let PartKind::Circuits { first, n_groups } = part.kind {
                    let found = std::mem::take(&mut self.group);
                    for (circuit, found) in self.sweep.of_groups(first, n_groups).iter().zip(found) {
                        self.finish(circuit, found, observer);
                    }
                }
            }
        }
    }

    /// A circuit is done for all batches.
    fn finish(&mut self, circuit: &Circuit, (measured, logits): (Measured, Vec<f32>), observer: &mut impl Observer) {
        let Some(unpatched) = &self.unpatched else { return };
        let plan = self.sweep.plan;
        let (prompts, tokens) = measured.finish(unpatched);
        let measurement = Measurement::new(&prompts);
        let (prompts, tokens, shape) = (Rc::new(prompts), Rc::new(tokens), self.shape());
        let Logits { n_positions, d_vocab, .. } = unpatched.outputs[0].clean.logits;
        let logits = self.sweep.input.keep_logits.then(|| Rc::new(Logits { values: logits, n_positions, d_vocab }));
        for (index, &circuit) in plan.circuits.iter().enumerate().filter(|(_, c)| c.n_edges == circuit.n_edges) {
            let (measurement, prompts, tokens) = (measurement.clone(), prompts.clone(), tokens.clone());
            let output = CircuitOutput { index, circuit, shape: shape.clone(), measurement, prompts, tokens };
            observer.circuit(&output, logits.clone());
            self.circuits[index] = Some(output);
        }
    }

    /// `[prompt, d_vocab]` where only the last position is kept, else `[prompt, position, d_vocab]`.
    fn shape(&self) -> Vec<usize> {
        let Sweep { input, batches, .. } = self.sweep;
        let (n_prompts, d_vocab) = (batches.n_prompts(), input.model.config().d_vocab_out);
        match input.settings.slice {
            OutputSlice::LastSeq => vec![n_prompts, d_vocab],
            _ => vec![n_prompts, batches.positions(0).len(), d_vocab],
        }
    }

    fn output(self, forward_passes: usize) -> RunOutput {
        let shape = self.shape();
        let batches = self.sweep.batches;
        let unpatched = self.unpatched.expect("the unpatched model is run before circuits are");
        let unpatched_values = [PromptSide::Clean, PromptSide::Corrupt].map(|side| {
            let of = |batch: usize| of_unpatched(&unpatched.outputs[batch], side, batches.pairs_of(batch));
            let all = batches.each().map(of).reduce(Measured::followed_by);
            all.map_or_else(Default::default, |all| all.finish(&unpatched).0)
        });
        let baseline = Baseline {
            shape,
            clean: Measurement::new(&unpatched_values[0]),
            corrupt: Measurement::new(&unpatched_values[1]),
            n_prompts: batches.n_prompts(),
            n_positions: batches.positions(0).len(),
            forward_passes,
        };
        let circuits = self.circuits.into_iter().flatten().collect();
        RunOutput { circuits, unpatched, baseline, unpatched_values }
    }
}

fn followed(((a, mut logits), (b, more)): ((Measured, Vec<f32>), (Measured, Vec<f32>))) -> (Measured, Vec<f32>) {
    logits.extend(more);
    (a.followed_by(b), logits)
}

/// The unpatched model on a batch, measured as circuits are.
fn of_unpatched(outputs: &Outputs, side: PromptSide, pairs: &[PromptPair]) -> Measured {
    Measured::of(outputs.of(side).logits.rows(), outputs, pairs)
}
