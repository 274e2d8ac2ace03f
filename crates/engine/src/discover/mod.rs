//! Search: prompts in, a score for every edge out; auto-circuit's `prune_algos`.
//!
//! In reading order:
//! - [`setup`]: the input and output of a search, and how it begins; [`at_hand`]: what is ready of each batch; [`loss`]: the losses
//!   of answers.
//! - [`gradient`] runs the model once forward and once backward, and has a gradient for every edge; [`mask_gradient`] and
//!   [`input_gradient`] say which such [`passes`] scores are summed over.
//! - [`acdc`] and [`exact`] run circuits from the first block that changed ([`crate::run::kept`]).
//! - [`probing`] learns masks, with [`noise`]; [`baselines`] needs no search.
//!
//! All but probing, whose passes each need the one before, fall into parts that engines share ([`crate::share`]).

pub mod acdc;
pub mod at_hand;
pub mod baselines;
pub mod exact;
pub mod gradient;
pub mod input_gradient;
pub mod loss;
pub mod mask_gradient;
pub mod noise;
pub mod passes;
pub mod probing;
pub mod setup;

use std::rc::Rc;

pub use at_hand::AtHand;
pub use setup::{DiscoverInput, Discovery, discover_graph};

use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use crate::share::{Helpers, Numbers, Shared};
use acdc::Removing;
use baselines::Magnitudes;
use circuitscope_core::{Algorithm, CircuitError, select};
use circuitscope_wire::help::Part;
use exact::EdgeByEdge;
use input_gradient::InputGradients;
use mask_gradient::MaskGradients;
use passes::ByGradients;
use setup::Setup;

/// Looks for the edges that matter, with some help.
///
/// # Errors
/// When prompts and settings do not fit each other, the device fails, or the observer asks to stop.
pub async fn discover(
    input: &DiscoverInput<'_>,
    helpers: &impl Helpers,
    observer: &mut impl Observer,
) -> Result<Discovery, RunError> {
    let setup = &Setup::new(input, Rc::default())?;
    let cost =
        input.settings.cost(input.model.config(), input.graph, setup.batches.count(), setup.batches.longest_seq());
    let steps = &mut Steps::new(cost.forward_passes + cost.backward_passes, observer);
    let scores = match &input.settings.algorithm {
        Algorithm::MaskGradient(settings) => {
            let passes = MaskGradients::new(settings)?;
            ByGradients { setup, passes }.scores(helpers, steps).await?
        }
        Algorithm::InputGradient(settings) => {
            let passes = InputGradients::new(settings)?;
            ByGradients { setup, passes }.scores(helpers, steps).await?
        }
        Algorithm::Acdc(settings) => Removing::new(setup, settings)?.scores(helpers, steps).await?,
        Algorithm::Exact(settings) => EdgeByEdge::new(setup, settings).scores(helpers, steps).await?,
        Algorithm::SubnetworkProbing(settings) => probing::scores(setup, settings, steps).await?,
        Algorithm::ActivationMagnitude {} => Magnitudes(setup).scores(helpers, steps).await?,
        Algorithm::Random(settings) => baselines::random(input.graph, settings.seed),
        Algorithm::Official(settings) => settings.circuit.scores(input.graph, &input.prompts.word_idxs)?,
    };
    setup::refuse_nan(scores.values())?;
    let note = setup::note(&input.settings.algorithm, scores.values(), setup.batches.pairs());
    let kept = input.settings.keep.map(|keep| {
        let dir = input.model.config().attention_dir;
        select(keep.selection, &scores, keep.edge_count, input.graph, dir)
    });
    let (scores, n_kept) = kept.transpose()?.map_or((scores, None), |(scores, n)| (scores, Some(n)));
    Ok(Discovery { scores, n_kept, cost, last_loss: steps.last_loss(), note })
}

/// Computes a part of another engine's search.
///
/// # Errors
/// When the device fails, or the observer asks to stop.
pub async fn compute(
    input: &DiscoverInput<'_>,
    at_hand: &Rc<AtHand>,
    part: &Part,
    observer: &mut impl Observer,
) -> Result<Numbers, RunError> {
    async fn packed<C: Shared>(call: C, part: &Part, observer: &mut impl Observer) -> Result<Numbers, RunError> {
        let output = call.compute(part, &mut Steps::new(0, observer)).await?;
        Ok(call.pack(output))
    }
    let setup = &Setup::new(input, at_hand.clone())?;
    match &input.settings.algorithm {
        Algorithm::MaskGradient(settings) => {
            packed(ByGradients { setup, passes: MaskGradients::new(settings)? }, part, observer).await
        }
        Algorithm::InputGradient(settings) => {
            packed(ByGradients { setup, passes: InputGradients::new(settings)? }, part, observer).await
        }
        Algorithm::Acdc(settings) => packed(Removing::new(setup, settings)?, part, observer).await,
        Algorithm::Exact(settings) => packed(EdgeByEdge::new(setup, settings), part, observer).await,
        Algorithm::ActivationMagnitude {} => packed(Magnitudes(setup), part, observer).await,
        Algorithm::SubnetworkProbing(_) | Algorithm::Random(_) | Algorithm::Official(_) => {
            let (expected, found) = ("an algorithm that falls into parts", "another");
            Err(CircuitError::field("settings", "algorithm", expected, found).into())
        }
    }
}
