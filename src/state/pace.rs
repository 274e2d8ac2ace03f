//! How fast work goes on, and so how long it still takes.

/// How far a piece of work was at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// In milliseconds, from some moment.
    pub at: f64,
    pub done: usize,
    pub total: usize,
    pub loss: Option<f64>,
}

/// The ticks that a pace is reckoned from: the first two and the last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pace {
    ticks: Vec<Tick>,
}

impl Pace {
    pub fn add(&mut self, tick: Tick) {
        if self.ticks.len() > 2 {
            self.ticks.pop();
        }
        self.ticks.push(tick);
    }

    /// How far the work is.
    pub fn last(&self) -> Option<Tick> {
        self.ticks.last().copied()
    }

    /// Milliseconds a step. The time to the first one, in which programs are compiled, is left out where it can be.
    pub fn ms_a_step(&self) -> Option<f64> {
        let (first, last) = match *self.ticks.as_slice() {
            [posted, first] => (posted, first),
            [_, first, last] => (first, last),
            _ => return None,
        };
        (last.done > first.done).then(|| (last.at - first.at) / (last.done - first.done) as f64)
    }

    /// Milliseconds that are left, once there is a pace.
    pub fn ms_left(&self) -> Option<f64> {
        let last = self.ticks.last().filter(|_| self.ticks.len() > 2)?;
        Some(self.ms_a_step()? * last.total.saturating_sub(last.done) as f64)
    }

    /// Milliseconds from the first tick to the last.
    pub fn ms_taken(&self) -> Option<f64> {
        Some(self.ticks.last()?.at - self.ticks.first()?.at)
    }
}
