//! The reader's program: tokenizers and other programs' formats, in a Web Worker. Links neither burn nor Yew.

#[cfg(target_arch = "wasm32")]
mod source;
#[cfg(target_arch = "wasm32")]
mod worker;

fn main() {
    #[cfg(target_arch = "wasm32")]
    worker::start();
}
