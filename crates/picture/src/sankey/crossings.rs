//! How often the ribbons of a drawing cross, by their middle lines: for tests that compare layouts.

use crate::auto_circuit::Orientation;
use crate::geometry::{Curve, Point};

/// Lines are compared at points so far apart along the flow.
const STEP: f64 = 2.0;
/// Lines nearer than this touch and do not cross.
const TOUCH: f64 = 0.25;
/// Points of a curve between which it is taken as straight.
const N_POINTS: usize = 16;

/// How often lines cross that each go along the flow without turning back.
pub fn n_crossings<'a>(lines: impl Iterator<Item = &'a [Curve]>, orientation: Orientation) -> usize {
    let sampled: Vec<Sampled> = lines.filter(|line| !line.is_empty()).map(|line| sample(line, orientation)).collect();
    let pairs = sampled.iter().enumerate().flat_map(|(i, a)| sampled[i + 1..].iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| crossings(a, b)).sum()
}

/// A line's distances across the flow, one for each step along it.
struct Sampled {
    first: usize,
    across: Vec<f64>,
}

fn sample(line: &[Curve], orientation: Orientation) -> Sampled {
    let flow = |point: Point| match orientation {
        Orientation::Horizontal => (point.x, point.y),
        Orientation::Vertical => (point.y, point.x),
    };
    let points = line.iter().flat_map(|curve| (0..=N_POINTS).map(|i| flow(curve.at(i as f64 / N_POINTS as f64))));
    let points: Vec<_> = points.collect();
    let first = (points[0].0 / STEP).ceil() as usize;
    let last = (points[points.len() - 1].0 / STEP).floor() as usize;
    let mut next = 0;
    let across = (first..=last).map(|step| {
        let along = step as f64 * STEP;
        while next + 1 < points.len() && points[next + 1].0 < along {
            next += 1;
        }
        let (from, to) = (points[next], points[(next + 1).min(points.len() - 1)]);
        let way = if to.0 > from.0 { (along - from.0) / (to.0 - from.0) } else { 0.0 };
        from.1 + way.clamp(0.0, 1.0) * (to.1 - from.1)
    });
    Sampled { first, across: across.collect() }
}

/// How often one line changes from one side of the other to the other.
fn crossings(a: &Sampled, b: &Sampled) -> usize {
    let first = a.first.max(b.first);
    let last = (a.first + a.across.len()).min(b.first + b.across.len());
    let (mut n, mut side) = (0, 0.0_f64);
    for step in first..last {
        let apart = a.across[step - a.first] - b.across[step - b.first];
        if apart.abs() > TOUCH {
            n += usize::from(side * apart < 0.0);
            side = apart;
        }
    }
    n
}
