//! The reader's program: tokenizers and other programs' formats, in a Web Worker. Links neither burn nor Yew.

#[cfg(target_arch = "wasm32")]
mod handler;

fn main() {
    #[cfg(target_arch = "wasm32")]
    {
        console_error_panic_hook::set_once();
        circuitscope_wire::browser::serve(handler::ReaderHandler::default());
    }
}
