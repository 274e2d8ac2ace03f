//! What is to be plotted: series of values over two axes.

use crate::geometry::Size;

/// Everything that a plot depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotRequest {
    pub size: Size,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// Values to compare the curves with.
    pub levels: Vec<Level>,
    /// Whether a line from corner to corner is drawn: the ROC curve of chance.
    pub diagonal: bool,
    /// Whether the names of series and levels are written in the plot.
    pub legend: bool,
}

/// An axis, and how values are drawn along it.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The name of the quantity, with its unit.
    pub label: String,
    pub scale: Scale,
    /// The values at its ends; `None` to take them from the values that are drawn.
    pub range: Option<(f64, f64)>,
}

/// How values become lengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    Linear,
    /// Logarithmic; values below `least` are drawn at it.
    Log {
        least: f64,
    },
    /// Logarithmic for counts; 0 is drawn where 0.5 would be.
    LogCounts,
}

/// A curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    /// The index of its colour and dashes in [`SERIES`](super::SERIES).
    pub style: usize,
    /// Ascending in `x`. Values that are not finite are left out.
    pub values: Vec<PlotValue>,
}

/// A point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotValue {
    pub x: f64,
    pub y: f64,
    /// The ends of the band at this point.
    pub band: Option<(f64, f64)>,
    /// Shown at the pointer.
    pub hover: String,
}

/// A cursor over the first series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    /// On the x axis.
    pub x: f64,
    /// The value of the first series at `x`; `None` where it has not been measured.
    pub y: Option<f64>,
}

/// A horizontal line.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    pub name: String,
    pub y: f64,
}

impl Scale {
    /// The least value that has a position of its own; smaller ones are drawn at it.
    pub fn floor(self) -> Option<f64> {
        match self {
            Self::Log { least } => Some(least),
            Self::Linear | Self::LogCounts => None,
        }
    }
}

impl Series {
    /// The values that can be drawn.
    pub(super) fn finite(&self) -> impl Iterator<Item = &PlotValue> {
        self.values.iter().filter(|value| value.x.is_finite() && value.y.is_finite())
    }
}
