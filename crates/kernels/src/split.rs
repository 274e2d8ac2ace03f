//! Work shared out among threads, where it is worth it.

use std::mem::MaybeUninit;
use std::ops::Range;

#[cfg(not(target_arch = "wasm32"))]
use crate::pool::Pool;

/// How many multiplications and additions are worth a thread: some 5 microseconds of work.
#[cfg(not(target_arch = "wasm32"))]
const WORTH_A_THREAD: usize = 500_000;

/// Calls `f` with parts of `0..n` that follow each other. `work` is what all of it takes, in multiplications and additions: it decides how many
/// threads take part. What is computed must not depend on how the range is cut.
#[cfg(not(target_arch = "wasm32"))]
pub fn split(n: usize, work: usize, f: impl Fn(Range<usize>) + Sync) {
    use std::sync::atomic::{AtomicUsize, Ordering};

    if n == 0 {
        return;
    }
    let wanted = n.min(work / WORTH_A_THREAD);
    let Some(others) = others().filter(|_| wanted > 1) else { return f(0..n) };
    let n_threads = wanted.min(others.n_threads() + 1);
    // More parts than threads, so that one that is held up does not hold up all.
    let n_parts = n.min(2 * n_threads);
    let (start, next) = (|part: usize| part * n / n_parts, AtomicUsize::new(0));
    let take_parts = || {
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= n_parts {
                return;
            }
            f(start(part)..start(part + 1));
        }
    };
    others.run(n_threads - 1, &take_parts);
}

/// The threads beside the one that asks; `None` where that is alone. They are one less than rayon has (`RAYON_NUM_THREADS`): one more would
/// look for work on a core that has some.
#[cfg(not(target_arch = "wasm32"))]
fn others() -> Option<&'static Pool> {
    static OTHERS: std::sync::OnceLock<Option<Pool>> = std::sync::OnceLock::new();
    let start = || Pool::new(rayon::current_num_threads().checked_sub(1)?);
    OTHERS.get_or_init(start).as_ref()
}

/// Calls `f` with `0..n`: a module of WebAssembly has one thread.
#[cfg(target_arch = "wasm32")]
pub fn split(n: usize, _: usize, f: impl Fn(Range<usize>) + Sync) {
    if n == 0 {
        return;
    }
    f(0..n);
}

/// Where threads write parts of one output that do not overlap.
#[derive(Debug, Clone, Copy)]
pub struct Shared(*mut f32);

// SAFETY: whoever writes through the pointer sees to it that no two threads write the same numbers.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub fn new(out: &mut [f32]) -> Self {
        Self(out.as_mut_ptr())
    }

    /// An output that holds nothing yet.
    pub fn uninit(out: &mut [MaybeUninit<f32>]) -> Self {
        Self(out.as_mut_ptr().cast())
    }

    /// The address of a number.
    ///
    /// # Safety
    /// The output has at least so many numbers.
    pub unsafe fn at(self, index: usize) -> *mut f32 {
        // SAFETY: within the output, as the caller says.
        unsafe { self.0.add(index) }
    }

    /// Writes zeros.
    ///
    /// # Safety
    /// The output has at least so many numbers, and no one else uses them meanwhile.
    pub unsafe fn clear(self, len: usize) {
        // SAFETY: as the caller says.
        unsafe { self.0.write_bytes(0, len) };
    }

    /// Some numbers of the output, which have been written.
    ///
    /// # Safety
    /// They are within the output, and no one else uses them meanwhile.
    pub unsafe fn slice<'a>(self, start: usize, len: usize) -> &'a mut [f32] {
        // SAFETY: as the caller says.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(start), len) }
    }
}

/// `n` numbers that `f` writes: they are not cleared first.
///
/// # Safety
/// `f` writes all of them, and reads none that it has not written.
pub unsafe fn written(n: usize, f: impl FnOnce(Shared)) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(n);
    f(Shared::uninit(numbers.spare_capacity_mut()));
    // SAFETY: all are written, as the caller says.
    unsafe { numbers.set_len(n) };
    numbers
}
