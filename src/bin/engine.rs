//! The engine's program: owns the device and the model, in a Web Worker. Links no Yew.

fn main() {
    #[cfg(target_arch = "wasm32")]
    circuitscope::engine::worker::start();
}
