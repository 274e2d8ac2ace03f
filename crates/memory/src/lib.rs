//! How the native programs get their memory: large activations come and go with every layer, and glibc would give their pages back to the
//! system each time, which clears them before it lends them again.

use libmimalloc_sys::mi_option_t;
pub use mimalloc::MiMalloc;

/// The number of `mi_option_purge_delay`, which the bindings do not name.
const PURGE_DELAY: mi_option_t = 15;

/// Has mimalloc keep the pages that were freed until the program ends, unless `MIMALLOC_PURGE_DELAY` says otherwise. By itself it gives them
/// back after a second, which is less than one pass of a larger model takes. To be called before there are other threads.
#[allow(unsafe_code, reason = "options are set by a C function")]
pub fn keep_freed_pages() {
    // SAFETY: the option is there, and no other thread sets it.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, -1) };
}

#[cfg(test)]
#[allow(unsafe_code, reason = "options are read by a C function")]
mod tests {
    use super::*;

    fn purge_delay() -> std::ffi::c_long {
        // SAFETY: any thread may read the option at any time.
        unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
    }

    #[test]
    fn freed_pages_are_kept() {
        if std::env::var_os("MIMALLOC_PURGE_DELAY").is_some() {
            return;
        }
        // No other option has this default, so the number is the right one.
        assert_eq!(purge_delay(), 1000);
        keep_freed_pages();
        assert_eq!(purge_delay(), -1);
    }
}
