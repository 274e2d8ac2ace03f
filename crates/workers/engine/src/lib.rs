//! The engine's program: owns the device and the model, in a Web Worker. Links no Yew.

#![cfg(target_arch = "wasm32")]

mod files;
mod handler;
mod helper;
mod report;
mod team;

/// Answers calls from now on.
pub fn start() {
    call_constructors();
    console_error_panic_hook::set_once();
    circuitscope_wire::browser::serve(handler::EngineHandler::default());
}

/// Runs the constructors of the libraries below (`inventory`, in cubecl) once.
///
/// A wasm module that does not call them itself is linked as a "command": every call into it, each allocation for JavaScript
/// included, would run them all again. That cost 5 ms a call.
#[allow(unsafe_code, reason = "the linker's function is foreign")]
fn call_constructors() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker makes this function, without arguments or a result; it is called once, before anything else.
    unsafe { __wasm_call_ctors() };
}
