//! Search: prompts in, a score for every edge out; auto-circuit's `prune_algos`.
//!
//! In reading order:
//! - [`setup`]: the input and output of a search, and how it begins; [`loss`]: the losses of answers.
//! - [`gradient`] runs the model once forward and once backward, and has a gradient for every edge; [`mask_gradient`] and
//!   [`input_gradient`] compute scores from it.
//! - [`acdc`] and [`exact`] run circuits from the first block that changed ([`crate::run::kept`]).
//! - [`probing`] learns masks, with [`noise`]; [`baselines`] needs no search.

pub mod acdc;
pub mod baselines;
pub mod exact;
pub mod gradient;
pub mod input_gradient;
pub mod loss;
pub mod mask_gradient;
pub mod noise;
pub mod probing;
pub mod setup;

pub use setup::{DiscoverInput, Discovery, discover_graph};

use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::{Algorithm, select};
use setup::Setup;

/// Looks for the edges that matter.
///
/// # Errors
/// When prompts and settings do not fit each other, the device fails, or the observer asks to stop.
pub async fn discover(input: &DiscoverInput<'_>, observer: &mut impl Observer) -> Result<Discovery, RunError> {
    let setup = Setup::new(input)?;
    let cost =
        input.settings.cost(input.model.config(), input.graph, setup.batches.count(), setup.batches.longest_seq());
    let mut steps = Steps::new(cost.forward_passes + cost.backward_passes, observer);
    let scores = match &input.settings.algorithm {
        Algorithm::MaskGradient(settings) => mask_gradient::scores(&setup, settings, &mut steps).await?,
        Algorithm::InputGradient(settings) => input_gradient::scores(&setup, settings, &mut steps).await?,
        Algorithm::Acdc(settings) => acdc::scores(&setup, settings, &mut steps).await?,
        Algorithm::Exact(settings) => exact::scores(&setup, settings, &mut steps).await?,
        Algorithm::SubnetworkProbing(settings) => probing::scores(&setup, settings, &mut steps).await?,
        Algorithm::ActivationMagnitude {} => baselines::activation_magnitude(&setup, &mut steps).await?,
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
