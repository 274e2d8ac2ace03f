//! What the benchmarks share: how things are timed, and random numbers.

use std::time::Instant;

/// The middle time of each task in seconds. Tasks take turns, so that a busy machine slows them alike.
#[allow(clippy::disallowed_methods, reason = "a native program that takes the time")]
pub fn interleaved(repeats: usize, tasks: &[&dyn Fn()]) -> Vec<f64> {
    let mut times = vec![Vec::new(); tasks.len()];
    for repeat in 0..=repeats {
        for (task, times) in tasks.iter().zip(&mut times) {
            let start = Instant::now();
            task();
            // The first turn warms up.
            if repeat > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(middle).collect()
}

/// Numbers between -1 and 1: Marsaglia's xorshift64.
pub fn random(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}
