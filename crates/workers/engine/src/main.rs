//! The engine, for every browser.

fn main() {
    #[cfg(target_arch = "wasm32")]
    circuitscope_engine_worker::start();
}
