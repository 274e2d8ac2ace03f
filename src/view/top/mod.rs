//! The bar over everything: the model, the device, what can be saved and shared, the theme.

mod export_dialog;
mod figure_dialog;
pub mod panel;
mod share;
mod theme;
