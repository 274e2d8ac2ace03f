//! What a search has ready of a batch of prompts, so that parts of it need not begin anew.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use burn::tensor::Tensor;

use super::acdc::Unpatched;
use super::setup::{Patches, Setup};
use crate::run::ablation::{SrcActivations, record};
use crate::run::kept::Kept;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::AblationType;
use circuitscope_core::settings::discovery::PromptSide;

/// What is ready here, from one part of a search to the next.
#[derive(Default)]
pub struct AtHand {
    patches: RefCell<Option<Rc<Patches>>>,
    batches: RefCell<Vec<(usize, Rc<Ready>)>>,
}

/// A batch that is ready.
pub(super) struct Ready {
    /// What edges are patched with.
    pub patch: SrcActivations,
    /// The outputs of the src nodes on the clean prompts.
    pub clean: Option<SrcActivations>,
    /// The unpatched run on the clean prompts, and its logits, `[1, batch, position, d_vocab]`.
    pub kept: Option<(Kept, Tensor<4>)>,
    /// The loss of those logits.
    pub loss: OnceCell<f64>,
    /// Those logits, as what others are compared with.
    pub target: OnceCell<Unpatched>,
}

/// What parts of a search need of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub ablation: AblationType,
    /// The prompts to patch with, for the ablations that do not name them themselves.
    pub side: PromptSide,
    /// Which run of the clean prompts.
    pub clean: Clean,
    /// Whether batches stay ready when another is asked for.
    pub keeps_batches: bool,
}

/// What is needed of a run of the clean prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clean {
    Nothing,
    /// The outputs of the src nodes.
    Outputs,
    /// All from which circuits go on.
    Kept,
}

impl AtHand {
    /// The batches that are ready.
    pub fn batches(&self) -> Vec<usize> {
        self.batches.borrow().iter().map(|(batch, _)| *batch).collect()
    }

    /// A batch, made ready where it is not.
    ///
    /// # Errors
    /// When the device fails or the observer asks to stop.
    pub(super) async fn ready<O: Observer>(
        &self,
        setup: &Setup<'_>,
        needs: Needs,
        batch: usize,
        steps: &mut Steps<'_, O>,
    ) -> Result<Rc<Ready>, RunError> {
        let known = self.batches.borrow().iter().find(|(b, _)| *b == batch).map(|(_, ready)| ready.clone());
        if let Some(ready) = known {
            return Ok(ready);
        }
        if !needs.keeps_batches {
            self.batches.borrow_mut().clear();
        }
        let patches = self.patches(setup, needs, steps).await?;
        let ready = Rc::new(Ready::new(setup, needs.clean, &patches, batch, steps).await?);
        self.batches.borrow_mut().push((batch, ready.clone()));
        Ok(ready)
    }

    /// What edges are patched with: a mean over all prompts is made once.
    pub(super) async fn patches<O: Observer>(
        &self,
        setup: &Setup<'_>,
        Needs { ablation, side, .. }: Needs,
        steps: &mut Steps<'_, O>,
    ) -> Result<Rc<Patches>, RunError> {
        let known = self.patches.borrow().clone();
        if let Some(patches) = known {
            return Ok(patches);
        }
        let patches = Rc::new(Patches::new(setup, ablation, side, steps).await?);
        self.patches.replace(Some(patches.clone()));
        Ok(patches)
    }
}

impl Ready {
    async fn new<O: Observer>(
        setup: &Setup<'_>,
        clean: Clean,
        patches: &Patches,
        batch: usize,
        steps: &mut Steps<'_, O>,
    ) -> Result<Self, RunError> {
        let patch = patches.of(setup, batch, steps).await?;
        let mut ready = Self { patch, clean: None, kept: None, loss: OnceCell::new(), target: OnceCell::new() };
        if clean != Clean::Nothing {
            let tokens = setup.batches.tokens(batch, PromptSide::Clean);
            let (model, graph, positions) = (setup.model(), setup.graph(), setup.batches.positions(batch));
            match clean {
                Clean::Kept => ready.kept = Some(Kept::run(model, graph, &tokens, positions)),
                _ => ready.clean = Some(record(model, graph, &tokens, positions).0),
            }
            steps.step("unpatched model").await?;
        }
        Ok(ready)
    }
}
