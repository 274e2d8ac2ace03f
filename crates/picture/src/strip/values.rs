//! The y axis: values of the measure, or of |score| where the distribution of scores is shown.

use super::request::{StripPoint, ValueScale};
use crate::plot::Scale;
use crate::plot::layout::AxisLine;
use crate::plot::scale::AxisRange;

/// Free shares of the range below the least and above the largest value, so that no curve runs along the frame.
const FREE_BELOW: f64 = 0.05;
const FREE_ABOVE: f64 = 0.08;
/// A logarithmic axis has at least a decade.
const LEAST_DECADE: f64 = 10.0;
/// The distribution of scores shows at most six decades: below a millionth of the strongest edge nothing is told apart.
const MOST_DECADES: f64 = 1e6;

/// Where a value lies, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueAxis {
    pub scale: ValueScale,
    pub(super) line: AxisLine,
}

impl ValueAxis {
    /// An axis that shows all finite values, from `bottom` up to `top`.
    pub(super) fn new(scale: ValueScale, values: impl Iterator<Item = f64>, bottom: f64, top: f64) -> Self {
        let (low, high) = ends(scale, values);
        let on_plot = match scale {
            ValueScale::Linear | ValueScale::Percent => Scale::Linear,
            ValueScale::Log { least } => Scale::Log { least },
        };
        let range = AxisRange { scale: on_plot, low, high };
        Self { scale, line: AxisLine { range, start: bottom, length: top - bottom } }
    }

    /// The axis of a distribution of absolute scores, largest first.
    pub(super) fn of_scores(scores: &[f32], bottom: f64, top: f64) -> Self {
        let is_size = |score: &f32| score.is_finite() && *score > 0.0;
        let high = scores.iter().copied().find(is_size).map_or(0.0, f64::from);
        let low = scores.iter().rev().copied().find(is_size).map_or(high, f64::from);
        let least = if high > 0.0 { low.min(high / LEAST_DECADE).max(high / MOST_DECADES) } else { 1.0 };
        Self::new(ValueScale::Log { least }, std::iter::once(high), bottom, top)
    }

    /// The position of a value; values beyond the axis lie at its ends.
    pub fn y_of(&self, value: f64) -> f64 {
        self.line.px(value)
    }

    /// The value a share `t` of the way from one value to another, along a straight line in the drawing.
    pub(super) fn between(&self, from: f64, to: f64, t: f64) -> f64 {
        match self.scale {
            ValueScale::Linear | ValueScale::Percent => from + (to - from) * t,
            ValueScale::Log { least } => {
                let (from, to) = (from.max(least).ln(), to.max(least).ln());
                (from + (to - from) * t).exp()
            }
        }
    }
}

/// The means and bands of points.
pub(super) fn values_of(points: &[StripPoint]) -> impl Iterator<Item = f64> {
    points.iter().flat_map(|point| {
        let band = point.middle_half.map(|(low, high)| [low, high]);
        band.into_iter().flatten().chain([point.mean])
    })
}

/// The values at the ends of the axis.
fn ends(scale: ValueScale, values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = match scale {
        ValueScale::Percent => (0.0, 100.0),
        ValueScale::Linear | ValueScale::Log { .. } => (f64::INFINITY, f64::NEG_INFINITY),
    };
    values.filter(|value| value.is_finite()).for_each(|value| (low, high) = (low.min(value), high.max(value)));
    match scale {
        ValueScale::Log { least } => {
            let high = high.max(least * LEAST_DECADE);
            let decades = (high / least).ln();
            (least * (-FREE_BELOW * decades).exp(), high * (FREE_ABOVE * decades).exp())
        }
        ValueScale::Linear | ValueScale::Percent => {
            // Equal values, or none, get room on both sides.
            let (low, high) = match high - low {
                ..0.0 => (0.0, 1.0),
                0.0 => (low - 0.5, high + 0.5),
                _ => (low, high),
            };
            (low - FREE_BELOW * (high - low), high + FREE_ABOVE * (high - low))
        }
    }
}
