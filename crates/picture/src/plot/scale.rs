//! The ends of an axis, and the share of its length at which a value lies.

use super::request::{Axis, PlotRequest, Scale, Series};

/// An edge count of 0 is drawn where this would be (`measure_prune_metrics.py`).
pub(super) const ZERO_COUNT: f64 = 0.5;

/// The values at the ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AxisRange {
    pub scale: Scale,
    pub low: f64,
    pub high: f64,
}

/// The range of the x axis.
pub(super) fn x_range(request: &PlotRequest) -> AxisRange {
    let points = request.series.iter().flat_map(Series::finite);
    AxisRange::new(&request.x, points.map(|value| value.x))
}

/// The range of the y axis, which shows bands and levels too.
pub(super) fn y_range(request: &PlotRequest) -> AxisRange {
    let points = request.series.iter().flat_map(Series::finite);
    let ys = points.flat_map(|value| {
        let band = value.band.map(|(low, high)| [low, high]);
        band.into_iter().flatten().chain([value.y])
    });
    AxisRange::new(&request.y, ys.chain(request.levels.iter().map(|level| level.y)))
}

impl AxisRange {
    fn new(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = axis.range.unwrap_or_else(|| round_range(axis.scale, values));
        Self { scale: axis.scale, low, high }
    }

    /// The share of the axis below a value: 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        let Self { scale, low, high } = *self;
        let share = match scale {
            Scale::Linear => (value - low) / (high - low),
            Scale::Log { least } => (value.max(least) / low).ln() / (high / low).ln(),
            Scale::LogCounts => (value.max(ZERO_COUNT) / low).ln() / (high / low).ln(),
        };
        share.clamp(0.0, 1.0)
    }

    /// Whether the axis has a position for 0 apart from its logarithmic part.
    pub fn has_zero_count(&self) -> bool {
        self.scale == Scale::LogCounts && self.low <= ZERO_COUNT
    }
}

/// Round ends of an axis that shows all values.
fn round_range(scale: Scale, values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    values.filter(|v| v.is_finite()).for_each(|v| (low, high) = (low.min(v), high.max(v)));
    match scale {
        Scale::LogCounts => {
            let low = if low < 1.0 { ZERO_COUNT } else { low };
            (low.min(1.0), high.max(10.0))
        }
        Scale::Log { least } => (least, round_up(high.max(least * 10.0))),
        Scale::Linear if low > high => (0.0, 1.0),
        Scale::Linear if low == high => (low - 0.5, high + 0.5),
        Scale::Linear => {
            let step = nice_step((high - low) / 5.0);
            // A curve that only just passes a tick needs no further one.
            let slack = step * 1e-6;
            (((low + slack) / step).floor() * step, ((high - slack) / step).ceil() * step)
        }
    }
}

/// The next number of the form 1, 2 or 5 times a power of ten.
fn round_up(x: f64) -> f64 {
    let power = 10f64.powf(x.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&n| n >= x * (1.0 - 1e-9)).unwrap_or(x)
}

/// The number of that form nearest to a wanted step.
pub(super) fn nice_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.log10().floor());
    let digit = match wanted / power {
        ..1.5 => 1.0,
        1.5..3.5 => 2.0,
        3.5..7.5 => 5.0,
        _ => 10.0,
    };
    digit * power
}
