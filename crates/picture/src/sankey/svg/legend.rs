//! What the colours, the textures and the widths mean, for files; a page writes its own from [`legend_items`].

use super::boxes::outline;
use super::pen::Pen;
use super::tones::{CONTROL, MUTED, NEGATIVE_SOFT, ONLY_A, ONLY_B, POSITIVE, SHARED, SHARED_SOFT, Tone, kind_tone};
use crate::drawn::{NodeKind, Side};
use crate::geometry::{Point, Rect, TextAlign, TextSpot};
use crate::sankey::layout::Layout;
use crate::sankey::text::text_width;

/// The height of a legend's row.
pub(super) const ROW: f64 = 22.0;
const LEFT: f64 = 14.0;
const GAP: f64 = 14.0;
/// A sample of a kind, and of a ribbon.
const KIND: [f64; 2] = [9.0, 11.0];
const SAMPLE: [f64; 2] = [22.0, 9.0];

/// What a legend names.
#[derive(Debug, Clone, PartialEq)]
pub enum LegendItem {
    Kind(NodeKind),
    Positive,
    /// Hatched, or dashed where it is thin.
    Negative,
    Zero,
    Shared,
    OnlyA,
    OnlyB,
    /// A score, and the width of its ribbon in pixels.
    Scale {
        score: f64,
        width: f64,
    },
    Attention,
    /// An edge on no path from the embedding to the end.
    OffPath,
    /// An edge that a reader took out of the circuit.
    TakenOut,
    /// A reader's group of nodes: its index, and its name.
    Group(usize, String),
}

impl LegendItem {
    /// In words.
    pub fn label(&self) -> String {
        match self {
            Self::Kind(kind) => kind.label().to_owned(),
            Self::Positive => "positive, helps".to_owned(),
            Self::Negative => "negative, hurts".to_owned(),
            Self::Zero => "score 0".to_owned(),
            Self::Shared => "in both".to_owned(),
            Self::OnlyA => "only in A".to_owned(),
            Self::OnlyB => "only in B".to_owned(),
            Self::Scale { score, .. } => format!("|score| {score}"),
            Self::Attention => "looks back at".to_owned(),
            Self::OffPath => "on no path".to_owned(),
            Self::TakenOut => "taken out".to_owned(),
            Self::Group(_, name) => name.clone(),
        }
    }
}

/// What is in a drawing, in the order of a legend.
pub fn legend_items(layout: &Layout) -> Vec<LegendItem> {
    let kinds = [NodeKind::Embed, NodeKind::Head, NodeKind::Mlp, NodeKind::Resid, NodeKind::Unembed];
    let has_kind = |kind: &NodeKind| layout.boxes.iter().any(|b| b.kind == *kind);
    let mut items: Vec<_> = kinds.into_iter().filter(has_kind).map(LegendItem::Kind).collect();
    let all = || layout.ribbons.iter().map(|ribbon| layout.link(ribbon));
    // One that was taken out has neither the colour of its sign nor the width of its score.
    let links = || all().filter(|link| link.is_in_circuit());
    let compared = links().any(|link| link.side != Side::One);
    let one = |has: fn(f32) -> bool| links().any(|link| link.side == Side::One && has(link.score));
    let side = |side: Side| links().any(|link| link.side == side);
    let found = [
        (one(|score| score > 0.0), LegendItem::Positive),
        (side(Side::Both), LegendItem::Shared),
        (side(Side::OnlyA), LegendItem::OnlyA),
        (side(Side::OnlyB), LegendItem::OnlyB),
        (one(|score| score < 0.0) || compared && links().any(|link| link.score < 0.0), LegendItem::Negative),
        (one(|score| score == 0.0), LegendItem::Zero),
        (!layout.arcs.is_empty(), LegendItem::Attention),
        (links().any(|link| !link.on_path) && links().any(|link| link.on_path), LegendItem::OffPath),
        (all().any(|link| !link.is_in_circuit()), LegendItem::TakenOut),
    ];
    let groups = layout.drawn.nodes.groups.iter().enumerate();
    let has_group = |group: usize| layout.boxes.iter().any(|b| layout.node(b).group == Some(group));
    items.extend(groups.filter(|&(i, _)| has_group(i)).map(|(i, name)| LegendItem::Group(i, name.clone())));
    items.extend(found.into_iter().filter(|(is_there, _)| *is_there).map(|(_, item)| item));
    items.extend(scale(layout));
    items
}

/// A round score whose ribbon is 6 to 15 pixels wide.
fn scale(layout: &Layout) -> Option<LegendItem> {
    if layout.ribbons.is_empty() || !(layout.unit.is_finite() && layout.unit > 0.0) {
        return None;
    }
    let wanted = 15.0 / layout.unit;
    let exponent = wanted.log10().floor() as i32;
    // Powers of ten are exact from 1 to 1e22 and not below 1, where 0.1 + 0.2 and the like would be written out.
    let power = 10_f64.powi(exponent.abs());
    let scaled = |digit: f64| if exponent < 0 { digit / power } else { digit * power };
    let score = [5.0, 2.5, 1.0].into_iter().map(scaled).find(|&score| score <= wanted)?;
    Some(LegendItem::Scale { score, width: score * layout.unit })
}

/// Writes the legend of a file, in as many rows as it needs, from a height on. Gives the height that it takes.
pub(super) fn legend(pen: &mut Pen, layout: &Layout, top: f64) -> f64 {
    let compared = layout.drawn.links().any(|link| link.side != Side::One);
    let (mut x, mut y) = (LEFT, top);
    pen.raw("<g class=\"legend\" font-size=\"11\"").paint("fill", MUTED).raw(">");
    for item in legend_items(layout) {
        let label = item.label();
        let width = if matches!(item, LegendItem::Kind(_) | LegendItem::Group(..)) { KIND[0] } else { SAMPLE[0] };
        if x > LEFT && x + width + 5.0 + text_width(&label) > layout.size.width {
            (x, y) = (LEFT, y + ROW);
        }
        sample(pen, &item, Point { x, y: y + ROW / 2.0 }, compared);
        x += width + 5.0;
        let spot = TextSpot { at: Point { x, y: y + ROW / 2.0 + 4.0 }, align: TextAlign::Start };
        pen.label("", &label, spot);
        x += text_width(&label) + GAP;
    }
    pen.raw("</g>");
    y + ROW - top
}

fn sample(pen: &mut Pen, item: &LegendItem, at: Point, compared: bool) {
    let block = |[width, height]: [f64; 2]| Rect { x: at.x, y: at.y - height / 2.0, width, height };
    let mut fill = |rect: Rect, tone: Tone, opacity: &str, radius: &str| {
        pen.raw("<rect").rect(rect).raw(" rx=\"").raw(radius).raw("\"").paint("fill", tone);
        pen.raw(" fill-opacity=\"").raw(opacity).raw("\"/>");
    };
    match *item {
        LegendItem::Kind(kind @ (NodeKind::Mlp | NodeKind::Resid)) => fill(block(KIND), kind_tone(kind), "1", "4"),
        LegendItem::Kind(kind) => fill(block(KIND), kind_tone(kind), "1", "2"),
        LegendItem::Positive => fill(block(SAMPLE), POSITIVE, "0.5", "0"),
        LegendItem::OffPath => fill(block(SAMPLE), POSITIVE, "0.15", "0"),
        LegendItem::Zero => fill(block(SAMPLE), CONTROL, "0.6", "0"),
        LegendItem::Shared => fill(block(SAMPLE), SHARED, "0.62", "0"),
        LegendItem::OnlyA => fill(block(SAMPLE), ONLY_A, "0.85", "0"),
        LegendItem::OnlyB => fill(block(SAMPLE), ONLY_B, "0.85", "0"),
        LegendItem::Scale { width, .. } => fill(block([SAMPLE[0], width]), CONTROL, "0.45", "0"),
        LegendItem::Negative => {
            let soft = if compared { SHARED_SOFT } else { NEGATIVE_SOFT };
            fill(block(SAMPLE), soft, "0.9", "0");
            let (id, side) = (pen.look.id, if compared { "-both" } else { "-neg" });
            pen.raw("<path fill=\"none\" stroke=\"url(#")
                .raw(id)
                .raw(side)
                .raw(")\"")
                .length("stroke-width", SAMPLE[1]);
            pen.raw(" d=\"M").number(at.x).raw(" ").number(at.y).raw("h").number(SAMPLE[0]).raw("\"/>");
        }
        LegendItem::Group(group, _) => outline(pen, group, block(KIND), 2.0),
        LegendItem::TakenOut => {
            pen.raw("<path fill=\"none\" stroke-width=\"1.1\" stroke-dasharray=\"2 3\"").paint("stroke", CONTROL);
            pen.raw(" d=\"M").number(at.x).raw(" ").number(at.y).raw("h").number(SAMPLE[0]).raw("\"/>");
        }
        LegendItem::Attention => {
            pen.raw("<path fill=\"none\" stroke-width=\"1.4\"").paint("stroke", CONTROL).raw(" d=\"M");
            pen.number(at.x + 1.0).raw(" ").number(at.y - 4.0).raw("q18 0 4 8\"/>");
        }
    }
}
