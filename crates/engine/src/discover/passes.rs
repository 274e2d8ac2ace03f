//! A search by gradients: passes over each batch, whose scores are summed in their order. The passes are the parts that engines share.

use burn::tensor::Tensor;

use super::at_hand::{Clean, Needs, Ready};
use super::gradient::{Gradients, ScoreSums};
use super::setup::Setup;
use crate::run::ablation::SrcActivations;
use crate::run::batch::read;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use crate::share::{Crew, Helpers, Numbers, Shared};
use circuitscope_core::{CircuitError, PruneScores};
use circuitscope_wire::help::{Part, PartKind};

/// The passes that an algorithm takes over each batch.
pub(super) trait Passes {
    /// How many.
    fn count(&self) -> usize;

    /// What they need of a batch.
    fn needs(&self) -> Needs;

    /// What is said of a pass.
    fn label(&self, step: usize) -> String;

    /// Runs the model forward and backward.
    ///
    /// # Errors
    /// When a prompt lacks answers of the kind that is asked for.
    fn pass(&self, setup: &Setup<'_>, batch: usize, step: usize, ready: &Ready) -> Result<Passed, CircuitError>;
}

/// What a pass gives.
pub(super) struct Passed {
    pub gradients: Gradients,
    /// The outputs of the src nodes whose differences to the patches are scored.
    pub out: SrcActivations,
    /// `[1]`
    pub loss: Tensor<1>,
}

/// A search by gradients.
pub(super) struct ByGradients<'a, P> {
    pub setup: &'a Setup<'a>,
    pub passes: P,
}

impl<P: Passes> ByGradients<'_, P> {
    pub async fn scores<O: Observer>(
        &self,
        helpers: &impl Helpers,
        steps: &mut Steps<'_, O>,
    ) -> Result<PruneScores, RunError> {
        let Self { setup, passes } = self;
        let gradient = |batch, step| Part { batch, kind: PartKind::Gradient { step } };
        let parts: Vec<Part> =
            setup.batches.each().flat_map(|batch| (0..passes.count()).map(move |step| gradient(batch, step))).collect();
        if helpers.count() == 0 {
            // They are summed where they are.
            let mut sums = ScoreSums::new(setup.model(), setup.graph());
            for part in &parts {
                self.add(part, &mut sums, steps).await?;
            }
            return Ok(PruneScores::new(sums.read().await?));
        }
        let mut scores: Option<Vec<f32>> = None;
        let sum = |_: usize, (loss, found): (f64, Vec<f32>), steps: &mut Steps<'_, O>| {
            steps.set_last_loss(loss);
            match &mut scores {
                None => scores = Some(found),
                Some(scores) => scores.iter_mut().zip(found).for_each(|(sum, score)| *sum += score),
            }
        };
        Crew::new(helpers).share(self, &parts, steps, sum).await?;
        Ok(PruneScores::new(scores.unwrap_or_default()))
    }

    /// Adds the scores of a pass; gives its loss.
    async fn add<O: Observer>(
        &self,
        part: &Part,
        sums: &mut ScoreSums<'_>,
        steps: &mut Steps<'_, O>,
    ) -> Result<f64, RunError> {
        let (setup, &Part { batch, .. }) = (self.setup, part);
        let step = step_of(part);
        steps.count(step == 0);
        let ready = setup.at_hand.ready(setup, self.passes.needs(), batch, steps).await?;
        steps.count(true);
        let Passed { gradients, out, loss } = self.passes.pass(setup, batch, step, &ready)?;
        sums.add(gradients, &ready.patch, &out);
        let loss = f64::from(read(loss, "the loss").await?[0]);
        steps.gradient_step(loss, &self.passes(part).1).await?;
        Ok(loss)
    }
}

fn step_of(part: &Part) -> usize {
    if let PartKind::Gradient { step } = part.kind { step } else { 0 }
}

impl<P: Passes> Shared for ByGradients<'_, P> {
    /// The loss, and the scores in the graph's edge order.
    type Output = (f64, Vec<f32>);

    async fn compute<O: Observer>(&self, part: &Part, steps: &mut Steps<'_, O>) -> Result<Self::Output, RunError> {
        let mut sums = ScoreSums::new(self.setup.model(), self.setup.graph());
        let loss = self.add(part, &mut sums, steps).await?;
        Ok((loss, sums.read().await?))
    }

    fn passes(&self, part: &Part) -> (usize, String) {
        let step = step_of(part);
        // Forward and backward; the first of a batch gets it ready as well.
        let clean = usize::from(self.passes.needs().clean != Clean::Nothing);
        let n = if step == 0 { 3 + clean } else { 2 };
        let label = self.passes.label(step);
        (n, format!("{label}, batch {} of {}", part.batch + 1, self.setup.batches.count()))
    }

    fn setup(&self) -> usize {
        1
    }

    fn keeps_batches(&self) -> bool {
        self.passes.needs().keeps_batches
    }

    fn at_hand(&self) -> Vec<usize> {
        self.setup.at_hand.batches()
    }

    fn pack(&self, (loss, scores): Self::Output) -> Numbers {
        Numbers { f32s: scores, f64s: vec![loss] }
    }

    fn unpack(&self, _: &Part, Numbers { f32s, f64s }: Numbers) -> Option<Self::Output> {
        let &[loss] = f64s.as_slice() else { return None };
        (f32s.len() == self.setup.graph().n_edges()).then_some((loss, f32s))
    }
}
