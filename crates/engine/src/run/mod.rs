//! Patching: what edges are patched with, how a forward pass is patched, and the sweep over circuits.

pub mod ablation;
pub mod circuits;
pub mod error;
pub mod masks;
pub mod metrics;
pub mod patch;

pub use ablation::{SrcActivations, src_ablations};
pub use circuits::{CircuitOutput, Observer, RunInput, RunOutput, Stacking, Unpatched, run_circuits};
pub use error::RunError;
pub use metrics::{Logits, Target, measure, top_tokens};
