//! The drawing: laws of its geometry, its order, how often ribbons cross, and its SVG.

mod files;
mod laws;
mod order;
mod support;
