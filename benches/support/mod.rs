//! What the benchmarks share: how things are timed, and random numbers.

#![allow(dead_code, reason = "each benchmark uses a part")]

pub mod model;

use std::time::{Duration, Instant};

/// What takes less is done over and over for so long, in each round.
const AT_LEAST: Duration = Duration::from_millis(30);

/// Something that is timed.
pub struct Task<'a> {
    pub name: &'static str,
    /// In how many of the rounds; those after are without it.
    pub rounds: usize,
    /// The time in seconds that it takes.
    run: Box<dyn FnMut() -> f64 + 'a>,
}

impl<'a> Task<'a> {
    /// Something of this program, as many times as it takes to tell its time.
    #[allow(clippy::disallowed_methods, reason = "a native program that takes the time")]
    pub fn new(name: &'static str, rounds: usize, mut run: impl FnMut() + 'a) -> Self {
        let timed = move || {
            let (start, mut n) = (Instant::now(), 0);
            while n == 0 || start.elapsed() < AT_LEAST {
                run();
                n += 1;
            }
            start.elapsed().as_secs_f64() / f64::from(n)
        };
        Self { name, rounds, run: Box::new(timed) }
    }

    /// One of several things that are done at once.
    pub fn one_of(name: &'static str, rounds: usize, n: usize, run: impl FnMut() + 'a) -> Self {
        let mut all = Self::new(name, rounds, run);
        Self { name, rounds, run: Box::new(move || (all.run)() / n as f64) }
    }

    /// Something that takes its own time.
    pub fn timed(name: &'static str, rounds: usize, run: impl FnMut() -> f64 + 'a) -> Self {
        Self { name, rounds, run: Box::new(run) }
    }
}

/// The times of tasks, in the order of the rounds.
pub struct Times(Vec<(&'static str, Vec<f64>)>);

/// The middle of several numbers, and the middles of both halves.
#[derive(Clone, Copy, serde::Serialize)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// Times tasks in turns, so that a busy machine slows them alike. A first round warms up.
pub fn in_turns(mut tasks: Vec<Task<'_>>) -> Times {
    let rounds = tasks.iter().map(|task| task.rounds).max().unwrap_or(0);
    let mut times: Vec<_> = tasks.iter().map(|task| (task.name, Vec::new())).collect();
    for round in 0..=rounds {
        for (task, (_, times)) in tasks.iter_mut().zip(&mut times) {
            if round > task.rounds {
                continue;
            }
            let time = (task.run)();
            if round > 0 {
                times.push(time);
            }
        }
    }
    Times(times)
}

impl Times {
    fn of(&self, name: &str) -> &[f64] {
        self.0.iter().find(|(of, _)| *of == name).map_or(&[], |(_, times)| times)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The time of a task in seconds.
    pub fn seconds(&self, name: &str) -> Spread {
        Spread::of(self.of(name).to_vec())
    }

    /// How many times as long as another a task took, each pair of a round compared.
    pub fn ratio(&self, name: &str, other: &str) -> Spread {
        Spread::of(self.of(name).iter().zip(self.of(other)).map(|(a, b)| a / b).collect())
    }
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let at = |part: f64| numbers[((numbers.len() - 1) as f64 * part).round() as usize];
        Self { low: at(0.25), median: at(0.5), high: at(0.75) }
    }

    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, median: self.median * factor, high: self.high * factor }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = if self.median < 10.0 {
            2
        } else if self.median < 100.0 {
            1
        } else {
            0
        };
        write!(f, "{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.low, self.high)
    }
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
