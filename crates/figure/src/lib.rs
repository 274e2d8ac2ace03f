//! A circuit as a figure that any page can mount: the drawing, the strip that sets the circuit's size, a caption and tokens.
//!
//! Data in, events out: no component here knows where its data come from, or what follows from an event.
//!
//! - [`room`]: how much room an element has.
//! - [`scene`]: a drawn circuit, as [`Drawing`] takes it; [`walk`]: the way through it by keys; [`zoom`]: the part that is seen.

pub mod drawing;
mod marks;
pub mod room;
pub mod scene;
pub mod walk;
pub mod zoom;

pub use drawing::{Drawing, ZOOM_STEP};
pub use room::use_room;
pub use scene::{Scene, SceneParts, Stop, StopLink};
pub use walk::Target;
pub use zoom::Zoom;
