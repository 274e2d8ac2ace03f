//! Pictures of circuits and plots: their geometry, and their SVG. Pure: the same request gives the same picture.
//!
//! All are made in the same three steps:
//!
//! ```text
//! sankey::Request ─► layout() ─► sankey::Layout ─► text of a file, markup of a page
//! LayoutRequest ───► layout() ─► Layout ─────┬─► Element ─► text of a file
//! PlotRequest ─────► plot() ───► PlotLayout ─┘         └──► nodes of a page
//! ```
//!
//! - [`geometry`]: points, rectangles and curves, in pixels.
//! - [`theme`]: light or dark.
//! - [`svg`]: elements, and how they are written.
//! - [`drawn`]: what is drawn of a circuit, and [`view`](mod@view): how it is chosen.
//! - [`sankey`]: the drawing, which fits its room and keeps the order of its boxes.
//! - [`auto_circuit`]: a circuit as auto-circuit draws it.
//! - [`matrix`]: a circuit as a matrix of its sources and destinations.
//! - [`plot`](mod@plot): curves over two axes.
//! - [`strip`]: the faithfulness curve that sets the size of a circuit.
//! - [`figure_view`]: what a figure file asks to be drawn, and [`poster`](mod@poster): its drawing as a file.
//! - [`sheet`](mod@sheet): a picture as a file with a caption, and [`pdf`](mod@pdf): as a page for a paper.

pub mod auto_circuit;
pub mod drawn;
pub mod figure_view;
pub mod geometry;
pub mod matrix;
pub mod pdf;
mod placed;
pub mod plot;
pub mod poster;
pub mod sankey;
pub mod sheet;
pub mod strip;
pub mod svg;
pub mod theme;
pub mod view;

pub use auto_circuit::svg::{NODE_COLOURS, svg_string};
pub use auto_circuit::{
    DrawOptions, DrawnNode, Layout, LayoutRequest, Link, NodeBox, Orientation, PositionLabel, Ribbon, SeqPositions,
    SubDiagram, layout, score_text,
};
pub use geometry::{Curve, Point, Rect, Size, TextAlign, TextSpot};
pub use placed::placed_nodes;
pub use plot::{
    Axis, AxisLayout, Cursor, DrawnLevel, DrawnPoint, DrawnSeries, LegendItem, Level, PlotLayout, PlotRequest,
    PlotValue, SAMPLE, SERIES, Scale, Series, SeriesStyle, Tick, TickLabel, cursor, plot, plot_picture, plot_string,
};
pub use poster::poster;
pub use svg::Element;
pub use theme::Theme;
