//! The page: mounts the Yew app. Links no burn.

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
    circuitscope::app::mount();
}
