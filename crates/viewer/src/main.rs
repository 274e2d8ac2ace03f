//! The viewer: one figure in anybody's page, without forms and without burn. `www/element.js` fetches it and mounts it in a shadow
//! root; it draws what a figure file holds, and what a live run of the page's engine adds to it.
//!
//! `figure` is the opened file, `state` what a reader did with it, `show` what is seen of both, `app` draws, and `api` is what the
//! element calls.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "natively the viewer is only tested"))]

#[cfg(target_arch = "wasm32")]
mod api;
mod app;
mod figure;
mod live;
mod show;
mod state;
#[cfg(test)]
mod tests;

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
