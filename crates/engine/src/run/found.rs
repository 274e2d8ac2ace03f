//! What a run has found so far, part by part, and its output.

use std::rc::Rc;

use super::circuits::{Computed, Sweep};
use super::measuring::Measured;
use super::metrics::Logits;
use super::output::CircuitOutput;
use super::steps::Observer;
use super::unpatched::{Outputs, Unpatched};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{Baseline, Circuit, Measurement, OutputSlice, PromptPair, PromptValues};
use circuitscope_wire::help::{Part, PartKind};

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

/// What is known of a run.
pub struct Found<'a> {
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
    pub fn new(sweep: &'a Sweep<'a>, unpatched: Option<Rc<Unpatched>>) -> Self {
        let circuits = vec![None; sweep.plan.circuits.len()];
        Self { sweep, outputs: Vec::new(), unpatched, group: Vec::new(), circuits }
    }

    /// Takes the parts in their order.
    pub fn add(&mut self, part: &Part, computed: Computed, observer: &mut impl Observer) {
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

    pub fn output(self, forward_passes: usize) -> RunOutput {
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
