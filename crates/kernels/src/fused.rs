//! Products and sums in one, where a vector unit has them: natively always, in WebAssembly with relaxed SIMD.
//!
//! In WebAssembly a loop that multiplies and adds has to be a function of that feature (it says so where it stands), or each operation
//! would be a call.

use rten_simd::Isa;
#[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
use rten_simd::ops::NumOps;

/// `a · b + c`
#[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
#[inline(always)]
pub fn mul_add<I: Isa>(isa: I, a: I::F32, b: I::F32, c: I::F32) -> I::F32 {
    isa.f32().mul_add(a, b, c)
}

/// `a · b + c`, rounded once where the processor can.
#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
#[inline(always)]
pub fn mul_add<I: Isa>(_: I, a: I::F32, b: I::F32, c: I::F32) -> I::F32 {
    use std::arch::wasm32::{f32x4_relaxed_madd, v128};
    use std::mem::{size_of, transmute_copy};

    const { assert!(size_of::<I::F32>() == size_of::<v128>(), "WebAssembly has vectors of one size") };
    // SAFETY: both are vectors of 128 bits.
    unsafe {
        let [a, b, c]: [v128; 3] = [transmute_copy(&a), transmute_copy(&b), transmute_copy(&c)];
        transmute_copy(&f32x4_relaxed_madd(a, b, c))
    }
}
