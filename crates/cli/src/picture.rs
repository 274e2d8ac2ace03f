//! A circuit as a picture: in which look, how large, as what kind of file.

use std::path::Path;
use std::rc::Rc;

use circuitscope_core::{AttentionDir, Circuit, Graph, PruneScores};
use circuitscope_picture::drawn::Drawn;
use circuitscope_picture::pdf::pdf;
use circuitscope_picture::sankey;
use circuitscope_picture::sankey::svg::About;
use circuitscope_picture::view::{self, Edits, Heads, ViewOptions, ViewRequest};
use circuitscope_picture::{
    DrawOptions, LayoutRequest, Orientation, SeqPositions, Size, Theme, layout, matrix, placed_nodes, svg_string,
};
use clap::{Args, ValueEnum};

use crate::error::CliError;

/// The size of a picture where none is asked for: ten inches wide, at 96 pixels to the inch.
const SIZE: Size = Size { width: 960.0, height: 560.0 };

/// How a circuit is drawn.
#[derive(Debug, Clone, Default, Args)]
pub struct PictureOptions {
    /// In which manner a circuit is drawn
    #[arg(long, value_enum, default_value_t)]
    pub look: Look,
    /// How wide the picture is, in CSS pixels, 96 to the inch [default: 960; auto-circuit's look has a size of its own]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(120..=20_000))]
    pub width: Option<u32>,
    /// How high it is, without its legend [default: 560]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(120..=20_000))]
    pub height: Option<u32>,
    /// The colours of its ground and text
    #[arg(long, value_enum, default_value_t)]
    pub theme: Ground,
    /// As which kind of file [default: that of the name of --out, else svg]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Whether a layer's heads are apart or in one box; not in auto-circuit's look
    #[arg(long, value_enum, default_value_t)]
    pub heads: HeadBoxes,
    /// Leave out edges that lie on no path from the embedding to the end; not in auto-circuit's look
    #[arg(long)]
    pub path_only: bool,
    /// Which way the flow goes
    #[arg(long, value_enum, default_value_t)]
    pub orientation: Direction,
    /// Give every layer a column, also those without a drawn edge
    #[arg(long)]
    pub layer_spacing: bool,
    /// Which token positions of a token-wise circuit are drawn
    #[arg(long, value_enum, default_value_t)]
    pub positions: Positions,
}

/// In which manner a circuit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Look {
    /// Boxes by layer and ribbons between them, as wide as their scores are large
    #[default]
    Flow,
    /// Sources by destinations: for more than about 100 edges
    Matrix,
    /// The diagram of auto-circuit's draw_seq_graph
    AutoCircuit,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Ground {
    #[default]
    Light,
    Dark,
}

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Svg,
    Pdf,
}

/// Whether heads are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum HeadBoxes {
    /// By layer above 300 edges
    #[default]
    Auto,
    /// A box each; at most 2000 edges are drawn
    Apart,
    /// A layer's heads in one box
    ByLayer,
}

/// Which way the flow goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Direction {
    /// From left to right; token positions below each other
    #[default]
    Horizontal,
    /// From top to bottom; token positions beside each other
    Vertical,
}

/// Which token positions are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Positions {
    /// Those with a drawn edge
    #[default]
    Drawn,
    /// Those with an edge above the threshold, as auto-circuit has it; in its look alone
    AboveThreshold,
    /// All of them
    All,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    pub graph: &'a Graph,
    pub scores: &'a PruneScores,
    pub circuit: Circuit,
    pub dir: AttentionDir,
    /// A label for each token position.
    pub seq_labels: Option<&'a [String]>,
}

/// A picture as a file, and what is to be said of it.
pub struct Picture {
    pub bytes: Vec<u8>,
    /// How many edges are drawn, and how many of the circuit are in a grey stream or left out.
    pub n_drawn: usize,
    pub n_rest: usize,
}

/// The edges whose absolute score is at least a threshold.
pub fn at_least(scores: &PruneScores, threshold: f32) -> Circuit {
    let n_edges = scores.ranking().n_at_least(threshold);
    Circuit { requested: n_edges, n_edges, threshold }
}

/// Draws a circuit; the kind of file follows from `out` where none is asked for.
///
/// # Errors
/// When options do not go together.
pub fn picture(drawing: &Drawing, options: &PictureOptions, out: Option<&Path>) -> Result<Picture, CliError> {
    options.check()?;
    let (svg, n_drawn, n_rest) = match options.look {
        Look::AutoCircuit => as_auto_circuit(drawing, options),
        Look::Flow | Look::Matrix => {
            let drawn = drawn(drawing, options);
            (svg(&drawn, options), drawn.n_edges(), drawn.rest.n_in_circuit)
        }
    };
    let bytes = match options.format(out) {
        Format::Svg => svg.into_bytes(),
        Format::Pdf => {
            let pdf = pdf(&svg)?;
            if pdf.n_missing > 0 {
                eprintln!("warning: {} characters are not in the fonts of PDF readers; SVG keeps them", pdf.n_missing);
            }
            pdf.bytes
        }
    };
    Ok(Picture { bytes, n_drawn, n_rest })
}

impl PictureOptions {
    /// What only one of the looks has.
    fn check(&self) -> Result<(), CliError> {
        let own = self.look == Look::AutoCircuit;
        let wrong = [
            (own && (self.width.or(self.height)).is_some(), "--width and --height are not for --look auto-circuit"),
            (own && self.heads != HeadBoxes::Auto, "--heads is not for --look auto-circuit"),
            (own && self.path_only, "--path-only is not for --look auto-circuit"),
            (
                !own && self.positions == Positions::AboveThreshold,
                "--positions above-threshold is for --look auto-circuit alone",
            ),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, message)) => Err(CliError::Usage(message.to_owned())),
            None => Ok(()),
        }
    }

    fn format(&self, out: Option<&Path>) -> Format {
        let is_pdf = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
        self.format.unwrap_or(if out.is_some_and(is_pdf) { Format::Pdf } else { Format::Svg })
    }

    fn size(&self) -> Size {
        let [width, height] =
            [(self.width, SIZE.width), (self.height, SIZE.height)].map(|(asked, usual)| asked.map_or(usual, f64::from));
        Size { width, height }
    }

    fn theme(&self) -> Theme {
        match self.theme {
            Ground::Light => Theme::Light,
            Ground::Dark => Theme::Dark,
        }
    }

    fn orientation(&self) -> Orientation {
        match self.orientation {
            Direction::Horizontal => Orientation::Horizontal,
            Direction::Vertical => Orientation::Vertical,
        }
    }
}

fn as_auto_circuit(drawing: &Drawing, options: &PictureOptions) -> (String, usize, usize) {
    let Drawing { graph, scores, circuit, seq_labels, .. } = drawing;
    let draw_options = DrawOptions {
        orientation: options.orientation(),
        layer_spacing: options.layer_spacing,
        seq_positions: match options.positions {
            Positions::Drawn => SeqPositions::Drawn,
            Positions::AboveThreshold => SeqPositions::AboveThreshold,
            Positions::All => SeqPositions::All,
        },
    };
    let request = LayoutRequest::for_circuit(graph, scores, circuit, *seq_labels, draw_options);
    (svg_string(&layout(&request), options.theme()), request.n_links(), 0)
}

/// What is drawn, its boxes ordered by the scores of all edges as on the page.
fn drawn(drawing: &Drawing, options: &PictureOptions) -> Rc<Drawn> {
    let Drawing { graph, scores, circuit, dir, seq_labels } = *drawing;
    let nodes = Rc::new(placed_nodes(graph, scores.values()));
    let view_options = ViewOptions {
        on_path_only: options.path_only,
        heads: match options.heads {
            HeadBoxes::Auto => Heads::Auto,
            HeadBoxes::Apart => Heads::Apart,
            HeadBoxes::ByLayer => Heads::ByLayer,
        },
        all_positions: options.positions == Positions::All,
        ..ViewOptions::default()
    };
    Rc::new(view::view(&ViewRequest {
        graph,
        nodes: &nodes,
        shown: &view::shown(scores, &view::edges_in_circuit(scores, &circuit), &Edits::default()),
        dir,
        seq_labels: seq_labels.unwrap_or_default(),
        options: &view_options,
    }))
}

fn svg(drawn: &Rc<Drawn>, options: &PictureOptions) -> String {
    if options.look == Look::Matrix {
        let request = matrix::Request { drawn, size: options.size(), steps: matrix::STEPS };
        return matrix::svg::svg_string(&matrix::layout(&request), options.theme());
    }
    let request = sankey::Request {
        orientation: options.orientation(),
        options: sankey::Options { layer_spacing: options.layer_spacing, merge_ports: false },
        ..sankey::Request::new(drawn.clone(), options.size())
    };
    let about = About { legend: true, ..About::default() };
    sankey::svg::svg_string(&sankey::layout(&request), options.theme(), &about)
}
