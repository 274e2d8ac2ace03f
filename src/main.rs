//! The page: a Yew app. It links neither burn nor tokenizers.

mod app;
mod select;
mod state;
mod tasks;
mod update;
mod view;
mod workers;

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
    app::mount();
}
