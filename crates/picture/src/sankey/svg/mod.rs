//! The picture of a [`Layout`]: for a page ([`root`] and [`markup`]), and as a file ([`svg_string`]), from one code.
//!
//! Every element has literal colours as attributes, which any program reads. In a page [`style`] goes before them and takes the
//! colours from custom properties ([`TONES`]), so that light and dark change without a redraw. The pointer and the selection change
//! classes only: `hot` (under the pointer), `lit` (linked to it) and `sel` on boxes and ribbons, `dim` on the drawing or above it.
//!
//! Names that scripts and tests rely on: `data-figure="circuit"` on the root, `data-node` (and `data-seq`) on boxes, `data-port` on
//! cells, `data-edge`, `data-src` and `data-dest` on ribbons.

mod boxes;
mod furniture;
mod legend;
mod pen;
mod ribbons;
mod tones;

pub use boxes::group_dashes;
pub use legend::{LegendItem, legend_items};
pub use tones::{
    ACCENT, BAND, CONTROL, EMBED, GROUND, HEAD, INK, MLP, MUTED, NEGATIVE, NEGATIVE_SOFT, ON_KIND, ONLY_A, ONLY_A_SOFT,
    ONLY_B, ONLY_B_SOFT, POSITIVE, POSITIVE_SOFT, RESID, SHARED, SHARED_SOFT, TONES, Tone, UNEMBED, kind_tone,
    ribbon_tones,
};

use std::collections::BTreeSet;

use self::pen::Pen;
use super::layout::Layout;
use crate::svg::{Element, FONTS, px};
use crate::theme::Theme;

/// Negative ribbons are hatched from this width on, and dashed below: stripes need room.
pub const HATCHED_FROM: f64 = 4.5;
/// With more ribbons none has a wider path for the pointer: the page's tree stays small.
pub const MAX_HIT_PATHS: usize = 300;

/// How a drawing is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look<'a> {
    pub theme: Theme,
    /// The start of ids, which differs between the drawings of a page.
    pub id: &'a str,
    medium: Medium,
    merges: bool,
}

/// Where a drawing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    Page,
    File,
}

impl<'a> Look<'a> {
    /// In a page, whose style sets the theme's colours.
    pub fn in_page(id: &'a str) -> Self {
        Self { theme: Theme::Light, id, medium: Medium::Page, merges: false }
    }

    /// With neighbouring ribbons of one stroke as one path without names, where no ribbon has a wider path for the pointer.
    /// It looks the same but for a shade where such ribbons cross, and a browser takes less than half of the time for it.
    pub fn merged(self) -> Self {
        Self { merges: true, ..self }
    }
}

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct About<'a> {
    /// Shown by viewers: `Circuit of 31 edges` and the like where it is empty.
    pub title: &'a str,
    /// What was run, with which settings; left out where it is empty.
    pub description: &'a str,
    pub legend: bool,
    pub ground: Ground,
}

/// What a file has below its drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// The theme's own colour.
    #[default]
    Own,
    /// Nothing: that of the page which shows it.
    Page,
    /// Nothing, and the colours of a light theme become dark ones where the reader's colour scheme is dark.
    EitherPage,
}

/// The picture as a file: a standalone SVG document with literal colours.
pub fn svg_string(layout: &Layout, theme: Theme, about: &About) -> String {
    let look = Look { theme, id: "circuit", medium: Medium::File, merges: false };
    let mut pen = Pen::new(&look, 1024 + 640 * layout.ribbons.len());
    inner(&mut pen, layout);
    let legend_height = if about.legend { legend::legend(&mut pen, layout, layout.size.height) } else { 0.0 };
    let (width, height) = (px(layout.size.width), px(layout.size.height + legend_height));
    let mut document = Pen::new(&look, pen.out.len() + 1024);
    document.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" data-figure=\"circuit\" role=\"img\"");
    // Where the file stands in a page, its style is for it alone.
    document.raw(if about.ground == Ground::EitherPage { " data-poster=\"\"" } else { "" });
    document.attribute("aria-label", &description(layout)).raw(" viewBox=\"0 0 ").raw(&width).raw(" ").raw(&height);
    document.raw("\" width=\"").raw(&width).raw("\" height=\"").raw(&height).raw("\"").attribute("font-family", FONTS);
    document.raw(" font-size=\"11\"").paint("fill", INK).raw("><title>");
    let described = description(layout);
    document.text(if about.title.is_empty() { &described } else { about.title }).raw("</title>");
    if !about.description.is_empty() {
        document.raw("<desc>").text(about.description).raw("</desc>");
    }
    match about.ground {
        Ground::Own => document
            .raw("<rect class=\"background\" width=\"")
            .raw(&width)
            .raw("\" height=\"")
            .raw(&height)
            .raw("\"")
            .paint("fill", GROUND)
            .raw("/>"),
        Ground::Page => &mut document,
        Ground::EitherPage => document.raw(&dark_scheme(&pen.out)),
    };
    document.raw(&pen.out).raw("</svg>");
    document.out
}

/// A style with the dark colours in place of the light ones that the elements of a file have as attributes: a rule goes before an
/// attribute.
fn dark_scheme(markup: &str) -> String {
    // Of two tones of one light colour, such as letters on boxes and the ground, the first counts: they are as good as one in dark.
    let mut seen = BTreeSet::new();
    let tones = TONES.iter().filter(|tone| markup.contains(tone.light) && seen.insert(tone.light));
    let root = format!("[data-poster]{{fill:{}}}", INK.dark);
    let rules = tones.fold(root, |rules, Tone { light, dark, .. }| {
        let rule = |name: &str| format!("[data-poster] [{name}=\"{light}\"]{{{name}:{dark}}}");
        rules + &rule("fill") + &rule("stroke")
    });
    format!("<style>@media(prefers-color-scheme:dark){{{rules}}}</style>")
}

/// For a page: the `<svg>` element, without what is in it.
pub fn root(layout: &Layout) -> Element {
    let (width, height) = (px(layout.size.width), px(layout.size.height));
    Element::new("svg")
        .with("class", "circuit-flow")
        .with("data-figure", "circuit")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("width", width)
        .with("height", height)
        .with("role", "group")
        .with("aria-label", description(layout))
}

/// For a page: what is in the `<svg>` element.
pub fn markup(layout: &Layout, look: &Look) -> String {
    let mut pen =
        Pen::new(look, 4096 + 420 * layout.ribbons.len() + 32 * layout.curves.len() + 512 * layout.boxes.len());
    inner(&mut pen, layout);
    pen.out
}

fn inner(pen: &mut Pen, layout: &Layout) {
    ribbons::hatching(pen, layout);
    furniture::ground(pen, layout);
    furniture::positions(pen, layout);
    furniture::rest(pen, layout);
    ribbons::ribbons(pen, layout);
    furniture::arcs(pen, layout);
    boxes::boxes(pen, layout);
    ribbons::tags(pen, layout);
    furniture::axis(pen, layout);
    furniture::no_edges(pen, layout);
}

/// The picture in a sentence, for readers who do not see it.
pub fn description(layout: &Layout) -> String {
    let count = |n: usize, noun: &str| if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") };
    if layout.ribbons.is_empty() {
        return "Circuit with no edges".to_owned();
    }
    let in_circuit = layout.ribbons.iter().map(|ribbon| layout.link(ribbon)).filter(|link| link.is_in_circuit());
    let n_edges: usize = in_circuit.map(|link| link.n_edges).sum();
    let mut nodes: Vec<_> = layout.boxes.iter().map(|b| b.node_idx).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let positions = match layout.bands.len() {
        0 | 1 => String::new(),
        n => format!(", at {n} token positions"),
    };
    format!("Circuit of {} between {}{positions}", count(n_edges, "edge"), count(nodes.len(), "node"))
}

/// A page's style: colours as custom properties, and what the pointer and the selection change.
pub fn style() -> String {
    let style = include_str!("circuit.css").replace('\n', "");
    TONES.iter().fold(style, |style, tone| style.replace(&format!("var({})", tone.property), &tone.css()))
}
