//! The page: a Yew app. It links neither burn nor tokenizers.

mod app;
mod view;

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
    app::mount();
}
