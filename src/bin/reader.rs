//! The reader's program: tokenizers and other programs' formats, in a Web Worker. Links neither burn nor Yew.

fn main() {
    #[cfg(target_arch = "wasm32")]
    circuitscope::reader::worker::start();
}
