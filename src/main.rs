//! The page: a Yew app. It links neither burn nor tokenizers.
//!
//! `state` is plain data, `update` says how it changes, `select` computes what is shown of it, `tasks` does what takes time by
//! means of `workers`, `view` draws, and `app` wires them together.

mod app;
mod select;
mod state;
mod tasks;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod words;
mod workers;

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
    mount();
}

/// Shows the page in the document's `#app`.
///
/// # Panics
/// When there is no such element.
fn mount() {
    let document = web_sys::window().and_then(|window| window.document());
    let root = document.and_then(|document| document.get_element_by_id("app"));
    let root = root.expect("the document has an element with the id `app`");
    // What stands in the document stays until there is a figure to show.
    wasm_bindgen_futures::spawn_local(async move {
        let first = tasks::figure::first().await;
        yew::Renderer::<app::App>::with_root_and_props(root, app::AppProps { first }).render();
    });
}
