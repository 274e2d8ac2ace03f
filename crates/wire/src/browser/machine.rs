//! What a worker is told of the machine.

use js_sys::Reflect;
use wasm_bindgen::JsCast;
use web_sys::{WorkerGlobalScope, WorkerNavigator};

/// Where a browser does not tell how much memory the machine has, it has about as much as most phones.
const UNTOLD_BYTES: u64 = 4 << 30;

/// The number of cores, as far as the browser tells; at least one.
pub fn n_cores() -> usize {
    (navigator().hardware_concurrency() as usize).max(1)
}

/// The machine's memory. Chromium tells it, rounded and at most a few gibibytes; others do not.
pub fn memory_bytes() -> u64 {
    let gib = Reflect::get(&navigator(), &"deviceMemory".into()).ok().and_then(|gib| gib.as_f64());
    gib.map_or(UNTOLD_BYTES, |gib| (gib * (1_u64 << 30) as f64) as u64)
}

fn navigator() -> WorkerNavigator {
    js_sys::global().unchecked_into::<WorkerGlobalScope>().navigator()
}
