//! The drawing: laws of its geometry, its order, how often ribbons cross, and its SVG.

mod files;
mod laws;
mod merged;
mod order;
mod support;
