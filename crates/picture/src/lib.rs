//! Pictures: the geometry of drawn circuits and of plots, and their SVG. Pure: the same request gives the same picture.

mod plot;
mod plot_svg;
pub mod sankey;
pub mod svg;

pub use plot::{
    Axis, AxisLayout, DrawnPoint, DrawnSeries, LegendItem, Level, PlotLayout, PlotRequest, PlotValue, SAMPLE, Scale,
    Series, Tick, plot,
};
pub use plot_svg::{SERIES, cursor, plot_picture, plot_string};
pub use sankey::*;
pub use svg::{NODE_COLOURS, svg_string};
