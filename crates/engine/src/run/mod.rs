//! Patching: what edges are patched with, how a forward pass is patched, and the sweep over circuits.
//!
//! In reading order:
//! - [`batch`]: prompts in batches, as tokens on the device; [`ablation`]: what edges are patched with, from runs that
//!   record the outputs of src nodes.
//! - [`masks`] and [`patch`]: the hooks that patch a forward pass, for several circuits at once; [`kept`]: an unpatched run from
//!   any block of which a patched one goes on.
//! - [`input`]: the input of a run; [`circuits`]: the sweep; [`found`]: its output, part by part. [`plan`] and [`stacking`] say how many circuits a pass takes,
//!   [`unpatched`] is the model that circuits are compared with, [`metrics`] and [`measuring`] compare, and [`tokens`] are
//!   the likeliest ones of each output.
//! - [`output`]: what is kept of each circuit; [`steps`]: who watches; [`error`]: what can go wrong.

pub mod ablation;
pub mod batch;
pub mod circuits;
pub mod error;
pub mod found;
pub mod input;
pub mod kept;
pub mod masks;
pub mod measuring;
pub mod metrics;
pub mod output;
pub mod patch;
pub mod plan;
pub mod stacking;
pub mod steps;
pub mod tokens;
pub mod unpatched;

pub use ablation::SrcActivations;
pub use batch::Batches;
pub use circuits::{Sweep, run_circuits};
pub use error::RunError;
pub use found::RunOutput;
pub use input::{RunInput, graph_config};
pub use metrics::Logits;
pub use output::CircuitOutput;
pub use plan::Plan;
pub use stacking::Stacking;
pub use steps::Observer;
pub use tokens::{TOP_TOKENS, TopTokens};
pub use unpatched::{AtHand, Unpatched};
