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
use super::found::{Found, RunOutput};
use super::input::RunInput;
use super::masks::Masks;
use super::measuring::Measured;
use super::metrics::{Logits, Rows, Target};
use super::patch::Patcher;
use super::plan::Plan;
use super::steps::{Observer, Steps};
use super::unpatched::{AtHand, Outputs, Ready, label};
use crate::share::{Crew, Helpers, Numbers, Shared};
use circuitscope_core::{Circuit, count_label};
use circuitscope_wire::help::{Part, PartKind};

/// How many parts each engine should have, so that all end at about the same time.
const LEAST_PARTS: usize = 4;

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
        let Self { input: RunInput { model, settings, stacking, keep_logits, .. }, batches, plan, .. } = self;
        // Whole logits of more circuits would take more memory than was counted.
        if *keep_logits {
            return 1;
        }
        let (config, n_positions) = (model.config(), batches.positions(0).len());
        stacking.n_unembedded(plan.n_stacked * settings.batch_size * n_positions, config.d_model * config.d_vocab_out)
    }

    /// The circuits of some groups.
    pub(super) fn of_groups(&self, first: usize, n_groups: usize) -> &[Circuit] {
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
        let passes = self.passes_of(all, batch, ready, steps).await;
        if let Some(kept) = &ready.kept {
            kept.drop_rows();
        }
        let (groups, logits) = passes?;
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

    /// The passes of groups of circuits on a batch: how many outputs each group has of its own, or `None` where nothing is patched; and all
    /// logits.
    async fn passes_of<'c, O: Observer>(
        &self,
        all: &'c [Circuit],
        batch: usize,
        ready: &Ready,
        steps: &mut Steps<'_, O>,
    ) -> Result<(Vec<(&'c [Circuit], Option<usize>)>, Vec<f32>), RunError> {
        let (mut resids, mut groups) = (Vec::new(), Vec::new());
        let mut last: Option<(usize, &[Circuit])> = None;
        for group in all.chunks(self.plan.n_stacked) {
            if let Some((n, before)) = last.take() {
                steps.steps(n, &self.label(before, batch)).await?;
            }
            let (resid, n) = self.resid(group, batch, ready, steps).await?;
            last = Some((n, group));
            groups.push((group, resid.as_ref().map(|resid| resid.dims()[0])));
            resids.extend(resid);
        }
        let resid = if resids.len() > 1 { Some(Tensor::cat(resids, 0)) } else { resids.pop() };
        let logits = match resid {
            Some(resid) => read(self.input.model.unembed(resid), "logits").await?,
            None => Vec::new(),
        };
        // Passes are over once their numbers are here.
        if let Some((n, group)) = last {
            steps.steps(n, &self.label(group, batch)).await?;
        }
        Ok((groups, logits))
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
        2_usize.div_ceil(self.plan.n_stacked * self.most_together())
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
