//! The engine, for browsers that have relaxed SIMD: the same program, whose products and sums are fused.

fn main() {
    #[cfg(target_arch = "wasm32")]
    circuitscope_engine_worker::start();
}
