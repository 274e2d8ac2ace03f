//! Threads that wait for work awake: a layer has many products of some 50 microseconds, and to wake a thread takes as long.

#![allow(unsafe_code, reason = "a call is lent to threads that are known to be done with it when it ends")]

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// How often a thread looks for work before it sleeps: for some hundreds of microseconds.
const LOOKS: u32 = 20_000;
/// After how many looks it lets others have its core.
const LOOKS_AT_ONCE: u32 = 64;

/// Threads beside those that ask for them. They live as long as the program.
pub struct Pool {
    shared: Arc<Shared>,
    n_threads: usize,
}

/// What the threads share.
struct Shared {
    gate: AtomicU64,
    /// The present call, which is there while the gate is open or threads are at it.
    call: UnsafeCell<Option<Call>>,
    /// Whether someone has the threads.
    is_taken: AtomicBool,
    has_panicked: AtomicBool,
    n_asleep: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
}

/// What all threads call; its lifetime is that of [`Pool::run`].
type Call = *const (dyn Fn() + Sync);

// SAFETY: `call` is written by whoever has the threads, while the gate is closed and no thread is at the call before; it is read by
// threads that have passed the gate.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// The gate: how many threads are at the call, whether it is closed, how many may pass, and the number of the call.
mod gate {
    pub const ONE: u64 = 1;
    pub const N: u64 = 0xffff;
    pub const CLOSED: u64 = 1 << 16;
    const MOST: u32 = 17;
    const CALL: u32 = 32;

    pub fn open(before: u64, most: usize) -> u64 {
        let most = (most as u64).min(0x7fff);
        call(before).wrapping_add(1) << CALL | most << MOST
    }

    pub fn call(gate: u64) -> u64 {
        gate >> CALL
    }

    pub fn lets_in(gate: u64) -> bool {
        gate & CLOSED == 0 && gate & N < gate >> MOST & 0x7fff
    }
}

impl Pool {
    /// `None` where no thread can be started.
    pub fn new(n_threads: usize) -> Option<Self> {
        let shared = Arc::new(Shared {
            gate: AtomicU64::new(gate::CLOSED),
            call: UnsafeCell::new(None),
            is_taken: AtomicBool::new(false),
            has_panicked: AtomicBool::new(false),
            n_asleep: AtomicUsize::new(0),
            sleep: Mutex::new(()),
            wake: Condvar::new(),
        });
        let start = |i: usize| {
            let shared = shared.clone();
            thread::Builder::new().name(format!("kernels {i}")).spawn(move || shared.work()).ok()
        };
        let n_threads = (0..n_threads).map_while(start).count();
        (n_threads > 0).then_some(Self { shared, n_threads })
    }

    /// How many there are.
    pub fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Calls `call` here and once on each of the threads that come before it is done here, on at most `n` at a time; returns when all are
    /// done. Here alone where the threads are at another call.
    ///
    /// # Panics
    /// When a call does.
    pub fn run(&self, n: usize, call: &(dyn Fn() + Sync)) {
        if self.shared.is_taken.swap(true, Ordering::Acquire) {
            return call();
        }
        self.shared.open(n, call);
        let own = catch_unwind(AssertUnwindSafe(call));
        let all_went_well = self.shared.close();
        self.shared.is_taken.store(false, Ordering::Release);
        match own {
            Err(panic) => resume_unwind(panic),
            Ok(()) => assert!(all_went_well, "a thread panicked"),
        }
    }
}

impl Shared {
    /// Lets threads at a call, which must outlive [`Shared::close`].
    fn open(&self, n: usize, call: &(dyn Fn() + Sync)) {
        // SAFETY: the gate is closed, and no thread is at the call before. The lifetime is forgotten; the call is there until all are
        // done with it.
        unsafe { *self.call.get() = Some(std::mem::transmute::<&(dyn Fn() + Sync), &'static (dyn Fn() + Sync)>(call)) };
        let before = self.gate.load(Ordering::Relaxed);
        self.gate.store(gate::open(before, n), Ordering::SeqCst);
        if self.n_asleep.load(Ordering::SeqCst) > 0 {
            drop(self.sleep.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Lets no more threads in and waits for those that are. Whether none panicked.
    fn close(&self) -> bool {
        self.gate.fetch_or(gate::CLOSED, Ordering::AcqRel);
        let is_done = || self.gate.load(Ordering::Acquire) & gate::N == 0;
        while !look(is_done) {}
        !self.has_panicked.swap(false, Ordering::Relaxed)
    }

    /// What a thread does.
    fn work(&self) {
        let mut last = gate::call(gate::CLOSED);
        loop {
            let is_new = || gate::call(self.gate.load(Ordering::Acquire)) != last;
            if !look(is_new) {
                self.n_asleep.fetch_add(1, Ordering::SeqCst);
                let mut guard = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
                while gate::call(self.gate.load(Ordering::SeqCst)) == last {
                    guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
                }
                drop(guard);
                self.n_asleep.fetch_sub(1, Ordering::SeqCst);
            }
            let passed = self.gate.fetch_update(Ordering::AcqRel, Ordering::Acquire, |gate| {
                gate::lets_in(gate).then_some(gate + gate::ONE)
            });
            last = gate::call(passed.unwrap_or_else(|gate| gate));
            if passed.is_err() {
                continue;
            }
            // SAFETY: this thread has passed the gate, so the call is there until it leaves.
            let call = unsafe { (*self.call.get()).map(|call| &*call) };
            if call.is_some_and(|call| catch_unwind(AssertUnwindSafe(call)).is_err()) {
                self.has_panicked.store(true, Ordering::Relaxed);
            }
            self.gate.fetch_sub(gate::ONE, Ordering::AcqRel);
        }
    }
}

/// Waits for something for a while, awake. Whether it is there.
fn look(is_there: impl Fn() -> bool) -> bool {
    for i in 0..LOOKS {
        if is_there() {
            return true;
        }
        if i % LOOKS_AT_ONCE == LOOKS_AT_ONCE - 1 {
            thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(pool: &Pool, n: usize) -> usize {
        let count = AtomicUsize::new(0);
        pool.run(n, &|| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        count.into_inner()
    }

    /// Waits so long that all threads sleep.
    #[allow(clippy::disallowed_methods, reason = "a native test that takes the time")]
    fn have_all_sleep() {
        thread::sleep(std::time::Duration::from_millis(20));
    }

    #[test]
    fn a_call_is_made_here_and_once_by_each_thread_at_most() {
        let pool = Pool::new(3).unwrap();
        for i in 0..2000 {
            let n = i % 5;
            assert!((1..=if n == 0 { 1 } else { 4 }).contains(&counted(&pool, n)));
            if i % 500 == 0 {
                have_all_sleep();
            }
        }
    }

    #[test]
    fn threads_take_part() {
        let pool = Pool::new(1).unwrap();
        for sleeps in [false, true] {
            if sleeps {
                have_all_sleep();
            }
            let there = AtomicUsize::new(0);
            pool.run(1, &|| {
                there.fetch_add(1, Ordering::SeqCst);
                // Ends only once both are here.
                while there.load(Ordering::SeqCst) < 2 {
                    thread::yield_now();
                }
            });
        }
    }

    #[test]
    fn several_may_ask_at_once_and_within_a_call() {
        let pool = &Pool::new(2).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| assert!(counted(pool, 2) >= 1)));
            }
        });
        let count = AtomicUsize::new(0);
        pool.run(2, &|| {
            count.fetch_add(counted(pool, 2), Ordering::Relaxed);
        });
        assert!((1..=3).contains(&count.into_inner()));
    }

    #[test]
    fn a_panic_reaches_who_asked_and_the_threads_go_on() {
        let pool = Pool::new(2).unwrap();
        for _ in 0..20 {
            assert!(catch_unwind(AssertUnwindSafe(|| pool.run(2, &|| panic!("of a test")))).is_err());
            assert!(counted(&pool, 2) >= 1);
        }
    }
}
