//! The x axis: edge counts on a logarithmic scale, with a place of its own for 0 before a break.

use super::stops::Stops;

/// Where an edge count lies, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountAxis {
    /// Where 0 lies.
    pub zero: f64,
    /// Where 1 lies; of a single edge, where the break ends.
    pub one: f64,
    /// Where all edges lie.
    pub end: f64,
    pub n_edges: usize,
}

impl CountAxis {
    /// The position of a count. Counts above the number of edges lie with it.
    pub fn x_of(&self, k: usize) -> f64 {
        match k.min(self.n_edges) {
            0 => self.zero,
            k if k == self.n_edges => self.end,
            k => self.one + (self.end - self.one) * (k as f64).ln() / (self.n_edges as f64).ln(),
        }
    }

    /// The stop that lies nearest to a position; of two as near, the smaller.
    pub fn k_at(&self, x: f64, stops: &Stops) -> usize {
        let count = self.count_at(x);
        let (below, above) = (stops.at_most(count.floor() as usize), stops.at_least(count.ceil() as usize));
        if (self.x_of(above) - x).abs() < (x - self.x_of(below)).abs() { above } else { below }
    }

    /// Where the axis is broken.
    pub fn axis_break(&self) -> f64 {
        (self.zero + self.one) / 2.0
    }

    /// The count at a position as a real number, between 0 and the number of edges.
    pub(super) fn count_at(&self, x: f64) -> f64 {
        let share = ((x - self.one) / (self.end - self.one)).clamp(0.0, 1.0);
        let before_one = ((x - self.zero) / (self.one - self.zero)).clamp(0.0, 1.0);
        let count = (self.n_edges.max(1) as f64).powf(share);
        // A single edge lies at the end of the axis, so that the whole of it is before 1.
        if share > 0.0 { count.min(self.n_edges as f64) } else { before_one.min(self.n_edges as f64) }
    }
}
