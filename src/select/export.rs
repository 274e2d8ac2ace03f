//! What is taken away from the page: pictures and edges as files, named after model, task and size.

use std::rc::Rc;

use super::caption::caption;
use super::carried;
use super::figure::{DrawnRequest, PlacedNodes};
use super::insight;
use super::rail;
use super::scene::{DrawnRc, SceneRequest};
use super::strip::{self, ScoreStops, StripValues};
use crate::state::State;
use crate::state::files::{Role, in_use};
use crate::state::picture::Look;
use crate::words::{counted, measure};
use circuitscope_core::scores::edge_list::{EdgeRow, edge_rows, edges_to_csv, edges_to_json};
use circuitscope_picture::auto_circuit::Activations;
use circuitscope_picture::pdf::SvgError;
use circuitscope_picture::sankey::AttentionArc;
use circuitscope_picture::sheet::{Sheet, sheet};
use circuitscope_picture::strip::{Cursor, layout, svg as strip_svg};
use circuitscope_picture::{Size, Theme};

/// The least height of a picture; what is below it takes no more of the chosen height than it leaves.
const LEAST_HEIGHT: f64 = 120.0;
/// The least and the most that a side may have, in pixels: less has no room for boxes, and a browser's canvas ends at 16,384.
pub const SIDES: (usize, usize) = (160, 4000);

/// How a picture is to be saved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportOptions {
    pub what: What,
    pub format: Format,
    /// Of the whole, in pixels: 96 to the inch.
    pub size: Size,
    /// The pixels of a PNG for each pixel of `size`.
    pub scale: u32,
    pub theme: Theme,
    /// Whether it says below what was run.
    pub caption: bool,
    pub legend: bool,
}

/// Which picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Drawing,
    Curve,
}

/// As which kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Svg,
    Png,
    Pdf,
}

/// A size that is often wanted.
pub struct Preset {
    pub label: &'static str,
    pub about: &'static str,
    /// In pixels.
    pub size: [f64; 2],
}

/// A column of a paper is 3.5 inches wide, its page 7 (IEEE and ACM, within a tenth of an inch), a slide 13.33 by 7.5 (16:9).
pub const PRESETS: [Preset; 3] = [
    Preset { label: "Paper column", about: "3.5 in", size: [336.0, 260.0] },
    Preset { label: "Paper page", about: "7 in", size: [672.0, 420.0] },
    Preset { label: "Slide", about: "13.33 in", size: [1280.0, 720.0] },
];

impl What {
    pub const ALL: [Self; 2] = [Self::Drawing, Self::Curve];

    pub fn label(self) -> &'static str {
        match self {
            Self::Drawing => "Drawing",
            Self::Curve => "Curve",
        }
    }
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Svg, Self::Png, Self::Pdf];

    pub fn label(self) -> &'static str {
        match self {
            Self::Svg => "SVG",
            Self::Png => "PNG",
            Self::Pdf => "PDF",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

impl ExportOptions {
    /// As wide as a page of a paper.
    pub fn new(theme: Theme) -> Self {
        let [width, height] = PRESETS[1].size;
        let size = Size { width, height };
        Self { what: What::Drawing, format: Format::Svg, size, scale: 2, theme, caption: true, legend: true }
    }
}

/// Everything that a saved picture depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    content: Content,
    pub options: ExportOptions,
    title: String,
    /// What was run, with which settings, by which version.
    details: String,
    /// Without an ending.
    name: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Drawing(DrawnRequest, Rc<[AttentionArc]>, Option<Rc<Activations>>),
    Curve(StripValues, ScoreStops, Cursor),
}

impl ExportRequest {
    /// The picture on the screen, where there is one.
    pub fn new(state: &State, nodes: Option<PlacedNodes>, options: ExportOptions) -> Option<Self> {
        let content = match options.what {
            What::Drawing => {
                let activations = state.picture.view.by_mask.then(|| carried::activations(state)).flatten();
                Content::Drawing(DrawnRequest::new(state, nodes)?, insight::arcs(state), activations)
            }
            What::Curve => {
                let stops = ScoreStops::new(&state.inputs.scored)?;
                Content::Curve(StripValues::new(state, options.size), stops, strip::cursor(state))
            }
        };
        let curve = if options.what == What::Curve { "-curve" } else { "" };
        let name = format!("{}{curve}", file_name(state));
        Some(Self { content, options, title: caption(state), details: details(state), name })
    }

    /// What the file is called.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.name, self.options.format.extension())
    }

    /// The text of the SVG file, and its size in pixels.
    ///
    /// # Errors
    /// When a picture is not what a sheet takes, which is a fault of this program.
    pub fn svg(&self) -> Result<(String, Size), SvgError> {
        let ExportOptions { size, .. } = self.options;
        let first = self.sheet(size)?;
        // Legend and caption take their room from the picture.
        let height = (2.0 * size.height - first.1.height).max(LEAST_HEIGHT);
        if (height - size.height).abs() < 0.5 { Ok(first) } else { self.sheet(Size { height, ..size }) }
    }

    fn sheet(&self, size: Size) -> Result<(String, Size), SvgError> {
        let ExportOptions { theme, caption, format, scale, .. } = self.options;
        let lines = [self.title.clone(), self.details.clone()];
        let about = Sheet {
            width: size.width,
            scale: if format == Format::Png { scale.into() } else { 1.0 },
            title: &self.title,
            description: &self.details,
            caption: if caption { &lines } else { &[] },
            theme,
        };
        sheet(&self.picture(size), &about)
    }

    fn picture(&self, size: Size) -> String {
        let ExportOptions { theme, legend, .. } = self.options;
        match &self.content {
            Content::Drawing(request, arcs, activations) => match request.drawn() {
                Some(drawn) => {
                    let (request, drawn) = (request.clone(), DrawnRc(drawn));
                    let (arcs, activations) = (arcs.clone(), activations.clone());
                    SceneRequest { request, drawn, size, arcs, activations }.file(theme, legend)
                }
                None => String::new(),
            },
            Content::Curve(values, stops, cursor) => {
                let layout = layout(&values.sized(size).request(stops));
                strip_svg::svg_string(&layout, cursor, theme)
            }
        }
    }
}

/// Whether a look has a legend that can be left out.
pub fn has_legend(state: &State, what: What) -> bool {
    what == What::Drawing && state.picture.view.look != Look::AutoCircuit
}

/// What was run, with which settings, by which version.
pub fn details(state: &State) -> String {
    let inputs = rail::lines(state).map(|line| format!("{} {}", line.label, line.value)).join(", ");
    let edges = state.circuit().map_or(String::new(), |circuit| format!("{}. ", counted(circuit.n_edges, "edge")));
    let metric = state.measures.metric;
    let value = state.row().and_then(|row| row.result.measurement.mean(metric));
    let value = value.map_or(String::new(), |value| format!("{} {}. ", metric.name(), measure(metric, value)));
    let version = env!("CARGO_PKG_VERSION");
    format!("{inputs}. {edges}{}. {value}Circuitscope {version}.", rail::settings_sentence(state))
}

/// `tracr-reverse-prompts-2-edges`, without an ending.
pub fn file_name(state: &State) -> String {
    let model = if state.is_demo() {
        "tracr"
    } else {
        state.inputs.model.as_ref().map_or("model", |model| model.family.as_str())
    };
    let task = match in_use(&state.files, Role::Prompts) {
        Some(file) if file.demo && state.figure().is_none() => "reverse",
        Some(file) => file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem),
        None => "scores",
    };
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    let edited = if state.picture.edits.is_empty() { "" } else { "-changed" };
    let name = format!("{model}-{task}-{n_edges}-edges{edited}");
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

/// The circuit's edges as CSV.
pub fn csv(state: &State) -> Option<String> {
    Some(edges_to_csv(&rows(state)?))
}

/// The circuit's edges as JSON.
pub fn json(state: &State) -> Option<String> {
    Some(edges_to_json(&rows(state)?))
}

fn rows(state: &State) -> Option<Vec<EdgeRow>> {
    let (scored, shown) = (state.scored()?, super::edges::in_circuit(state)?);
    Some(edge_rows(&scored.graph, &scored.scores, shown.iter().map(|shown| (shown.edge_idx, shown.mask))))
}
