//! Ribbons: blue or orange, solid or hatched, wide as their scores.

use super::pen::Pen;
use super::tones::{CONTROL, GROUND, ONLY_A, ONLY_B, Tone, ribbon_tones};
use super::{HATCHED_FROM, MAX_HIT_PATHS};
use crate::auto_circuit::score_text;
use crate::drawn::{Link, Side};
use crate::sankey::layout::{Layout, Ribbon};
use crate::sankey::tags::TAG_RADIUS;

/// A finger or a pointer finds a ribbon within this width.
const HIT_WIDTH: f64 = 9.0;
/// Wide ribbons are lighter than thin ones, so that ink is about even: `0.48 + 0.3 exp(-width / 5)`. Where there are many,
/// thin ones lie on each other as it is.
const OPACITY: f64 = 0.48;
const THIN_OPACITY: f64 = 0.3;
const OPACITY_WIDTH: f64 = 5.0;
const NEGATIVE_OPACITY: f64 = 0.9;
const SHARED_OPACITY: f64 = 0.62;
const SINGLE_OPACITY: f64 = 0.85;
/// Of edges on no path from the embedding to the end.
const OFF_PATH: f64 = 0.3;
/// What is missing of an edge that is in the circuit in part.
const MISSING_OPACITY: f64 = 0.2;
/// The line of an edge that was taken out.
const GHOST_WIDTH: f64 = 1.1;
const GHOST_OPACITY: f64 = 0.75;
/// So many neighbours are merged at a time: ribbons that lie above others stay above them, but for a few.
const MERGED_AT_A_TIME: usize = 100;

pub(super) fn ribbons(pen: &mut Pen, layout: &Layout) {
    let has_hits = !pen.is_file() && layout.ribbons.len() <= MAX_HIT_PATHS;
    if pen.look.merges && !has_hits {
        return merged(pen, layout);
    }
    pen.raw("<g class=\"ribbons\" fill=\"none\">");
    let crowd = Crowd::of(layout);
    for ribbon in &layout.ribbons {
        draw(pen, (layout, crowd), ribbon, has_hits);
    }
    pen.raw("</g>");
}

/// What the stroke of a ribbon depends on beside itself.
#[derive(Clone, Copy)]
struct Crowd {
    n_ribbons: usize,
    /// Whether edges on no path are faded: not where all are on none, as there would be nothing to see.
    fades: bool,
}

impl Crowd {
    fn of(layout: &Layout) -> Self {
        let fades = layout.ribbons.iter().any(|ribbon| layout.link(ribbon).on_path);
        Self { n_ribbons: layout.ribbons.len(), fades }
    }
}

/// Neighbours of one stroke as one path.
fn merged(pen: &mut Pen, layout: &Layout) {
    let crowd = Crowd::of(layout);
    pen.raw("<g class=\"ribbons merged\" fill=\"none\">");
    for ribbons in layout.ribbons.chunks(MERGED_AT_A_TIME) {
        let stroke = |ribbon| (layout.link(ribbon).side, stroke(layout.link(ribbon), ribbon.width, crowd));
        let mut left: Vec<_> = ribbons.iter().map(|ribbon| (ribbon, stroke(ribbon))).collect();
        while let Some((_, (side, first))) = left.first() {
            let (side, first) = (*side, *first);
            pen.raw("<path class=\"e").raw(first.classes).raw("\" d=\"");
            left.retain(|(ribbon, stroke)| {
                let same = *stroke == (side, first);
                if same {
                    pen.line(layout.line(ribbon));
                }
                !same
            });
            pen.raw("\"");
            paint(pen, &first, side);
            pen.raw("/>");
        }
    }
    pen.raw("</g>");
}

/// How a ribbon is stroked.
#[derive(Clone, Copy, PartialEq)]
struct Stroke {
    classes: &'static str,
    width: f64,
    tone: Tone,
    soft: Tone,
    opacity: f64,
    hatched: bool,
    dash: Option<&'static str>,
}

fn stroke(link: &Link, width: f64, crowd: Crowd) -> Stroke {
    let (tone, soft) = ribbon_tones(link.side, link.score);
    let fading = if link.on_path || !crowd.fades { 1.0 } else { OFF_PATH };
    if link.mask == 0.0 {
        let (opacity, dash) = (GHOST_OPACITY * fading, Some("2 3"));
        return Stroke { classes: " ghost", width: GHOST_WIDTH, tone: CONTROL, soft, opacity, hatched: false, dash };
    }
    let negative = link.score < 0.0;
    let (hatched, dashed) = (negative && width >= HATCHED_FROM, negative && width < HATCHED_FROM);
    let opacity = match link.side {
        Side::Both => SHARED_OPACITY,
        Side::OnlyA | Side::OnlyB => SINGLE_OPACITY,
        Side::One if negative => NEGATIVE_OPACITY,
        Side::One if crowd.n_ribbons > MAX_HIT_PATHS => OPACITY,
        Side::One => OPACITY + THIN_OPACITY * (-width / OPACITY_WIDTH).exp(),
    };
    let classes = match (link.side, hatched) {
        (_, true) => " hatched",
        (Side::Both, _) => " both",
        (Side::OnlyA, _) => " a",
        (Side::OnlyB, _) => " b",
        (Side::One, _) if negative => " neg",
        (Side::One, _) if link.score == 0.0 => " zero",
        (Side::One, _) => " pos",
    };
    let width = (width * f64::from(link.mask.clamp(0.0, 1.0))).max(0.8);
    Stroke { classes, width, tone, soft, opacity: opacity * fading, hatched, dash: dashed.then_some("5 2.5") }
}

fn draw(pen: &mut Pen, (layout, crowd): (&Layout, Crowd), ribbon: &Ribbon, has_hits: bool) {
    let link = layout.link(ribbon);
    let stroke = stroke(link, ribbon.width, crowd);
    let is_part = link.mask > 0.0 && link.mask < 1.0;
    let is_group = has_hits || is_part || pen.is_file();
    pen.raw(if is_group { "<g class=\"rb" } else { "<path class=\"rb e" }).raw(stroke.classes);
    if !link.on_path {
        pen.raw(" off");
    }
    pen.raw("\"").attribute("data-edge", &link.name);
    pen.attribute("data-src", &layout.drawn.nodes.nodes[link.src].name);
    pen.attribute("data-dest", &layout.drawn.nodes.nodes[link.dest].name);
    if !is_group {
        pen.raw(" d=\"").line(layout.line(ribbon)).raw("\"");
        paint(pen, &stroke, link.side);
        pen.raw("/>");
        return;
    }
    if has_hits {
        pen.raw(" style=\"--w:").number(ribbon.width).raw("px\"");
    }
    pen.raw(">");
    if pen.is_file() {
        pen.raw("<title>").text(&link.name).raw("\nscore ").raw(&score_text(link.score)).raw("</title>");
    }
    if has_hits {
        pen.raw("<path class=\"hit\" d=\"").line(layout.line(ribbon)).raw("\"");
        pen.length("stroke-width", ribbon.width.max(HIT_WIDTH)).raw("/>");
    }
    if is_part {
        let missing = Stroke { width: ribbon.width, opacity: MISSING_OPACITY, hatched: false, dash: None, ..stroke };
        path(pen, layout, ribbon, "missing", &missing);
    }
    if pen.is_file() && stroke.hatched {
        // Below the stripes, for programs that know no patterns.
        path(pen, layout, ribbon, "soft", &Stroke { tone: stroke.soft, hatched: false, ..stroke });
    }
    path(pen, layout, ribbon, "e", &stroke);
    pen.raw("</g>");
}

fn path(pen: &mut Pen, layout: &Layout, ribbon: &Ribbon, class: &str, stroke: &Stroke) {
    pen.raw("<path class=\"").raw(class).raw("\" d=\"").line(layout.line(ribbon)).raw("\"");
    paint(pen, stroke, layout.link(ribbon).side);
    pen.raw("/>");
}

fn paint(pen: &mut Pen, stroke: &Stroke, side: Side) {
    if stroke.hatched {
        let id = pen.look.id;
        pen.raw(" stroke=\"url(#").raw(id).raw(hatch_suffix(side)).raw(")\"");
    } else {
        pen.paint("stroke", stroke.tone);
    }
    pen.raw(" stroke-opacity=\"").share(stroke.opacity).raw("\"").length("stroke-width", stroke.width);
    if let Some(dash) = stroke.dash {
        pen.raw(" stroke-dasharray=\"").raw(dash).raw("\"");
    }
}

fn hatch_suffix(side: Side) -> &'static str {
    match side {
        Side::One => "-neg",
        Side::Both => "-both",
        Side::OnlyA => "-a",
        Side::OnlyB => "-b",
    }
}

/// The stripes of negative ribbons. In a page the ground between them is part of the pattern.
pub(super) fn hatching(pen: &mut Pen, layout: &Layout) {
    let mut sides: Vec<Side> = vec![Side::One];
    let is_there = |side: &Side| layout.drawn.links().any(|link| link.side == *side);
    sides.extend([Side::Both, Side::OnlyA, Side::OnlyB].into_iter().filter(is_there));
    pen.raw("<defs>");
    for side in sides {
        let (tone, soft) = ribbon_tones(side, -1.0);
        let id = pen.look.id;
        pen.raw("<pattern id=\"").raw(id).raw(hatch_suffix(side)).raw("\" width=\"5\" height=\"5\" ");
        pen.raw("patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">");
        if !pen.is_file() {
            pen.raw("<rect width=\"5\" height=\"5\"").paint("fill", soft);
            pen.raw(" style=\"fill:").raw(&soft.css()).raw("\"/>");
        }
        pen.raw("<rect width=\"2\" height=\"5\"").paint("fill", tone);
        if !pen.is_file() {
            pen.raw(" style=\"fill:").raw(&tone.css()).raw("\"");
        }
        pen.raw("/></pattern>");
    }
    pen.raw("</defs>");
}

/// The letters of compared circuits.
pub(super) fn tags(pen: &mut Pen, layout: &Layout) {
    for tag in &layout.tags {
        let (letter, tone) = if tag.side == Side::OnlyA { ("A", ONLY_A) } else { ("B", ONLY_B) };
        let class = if tag.side == Side::OnlyA { "a" } else { "b" };
        pen.raw("<g class=\"tag ").raw(class).raw("\"><circle").length("cx", tag.at.x).length("cy", tag.at.y);
        pen.length("r", TAG_RADIUS).paint("fill", tone).paint("stroke", GROUND).raw(" stroke-width=\"1.5\"/><text");
        pen.length("x", tag.at.x).length("y", tag.at.y + 3.4).paint("fill", GROUND);
        pen.raw(" font-size=\"9.5\" font-weight=\"700\" text-anchor=\"middle\">").raw(letter).raw("</text></g>");
    }
}
