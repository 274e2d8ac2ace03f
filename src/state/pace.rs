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
    /// Adds a tick. One of other work, as of a run after its model was read, begins anew; not the first whose total is known.
    pub fn add(&mut self, tick: Tick) {
        let is_other = |last: Tick| last.total > 0 && (last.total != tick.total || last.done > tick.done);
        if self.last().is_some_and(is_other) {
            self.ticks.clear();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(ticks: &[(f64, usize, usize)]) -> Pace {
        let mut pace = Pace::default();
        ticks.iter().for_each(|&(at, done, total)| pace.add(Tick { at, done, total, loss: None }));
        pace
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_was_done() {
        let pace = pace(&[(0.0, 0, 10), (500.0, 1, 10), (700.0, 3, 10)]);
        assert_eq!((pace.ms_a_step(), pace.ms_left(), pace.ms_taken()), (Some(100.0), Some(700.0), Some(700.0)));
    }

    #[test]
    fn reading_a_model_says_nothing_of_the_passes_after_it() {
        let reading = [(0.0, 0, 3_600), (10.0, 3_600, 3_600)];
        assert_eq!(pace(&[reading[0], reading[1], (100.0, 1, 20)]).ms_left(), None);
        let passes = [(100.0, 1, 20), (200.0, 2, 20), (300.0, 4, 20)];
        assert_eq!(pace(&[&reading[..], &passes[..]].concat()).ms_left(), Some(800.0));
    }
}
