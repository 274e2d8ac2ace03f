//! Questions about one prompt of a run: how heads attend, and what src nodes add to the logits of the answers.
//!
//! In reading order:
//! - [`passes`]: the prompt's passes, unpatched on the clean and on the corrupt prompt, and patched.
//! - [`attention`]: the attention patterns of heads in each; [`attribution`]: direct logit attribution, and the outputs of src
//!   nodes.

pub mod attention;
pub mod attribution;
pub mod passes;

pub use attention::{Patterns, patterns};
pub use attribution::{Attribution, FIRST_VALUES, PassAttribution, attribution};
pub use passes::{InspectInput, Pass, Passes};
