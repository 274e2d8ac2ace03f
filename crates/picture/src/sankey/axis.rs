//! The axis: a tick for every layer, every second block tinted, and as many numbers as there is room for.

use super::layout::{Axis, AxisBlock, AxisBreak, SubTick};
use super::scene::Scene;
use super::text::text_width;
use crate::drawn::{LayerPart, Nodes};
use crate::geometry::{Point, TextAlign, TextSpot};

/// A block this wide has the names of its layers, and `Layer 3` rather than `3`.
const ROOMY_BLOCK: f64 = 64.0;
/// The baselines below the axis: the names of layers or the numbers of blocks, and the second row.
const FIRST_ROW: f64 = 15.0;
const SUB_ROW: f64 = 13.0;
const SECOND_ROW: f64 = 26.0;
/// Between two numbers.
const GAP: f64 = 2.5;
/// The axis' ends, beyond the first and the last column's middle.
const OVERHANG: f64 = 10.0;
/// Two rows of 10-pixel type are at least so far apart, when vertical.
const LINE: f64 = 11.0;

pub(super) fn axis(scene: &Scene) -> Axis {
    let span = [scene.frame.along[0] - OVERHANG, scene.frame.along[1] + OVERHANG];
    if scene.frame.is_vertical() { vertical(scene, span) } else { horizontal(scene, span) }
}

fn horizontal(scene: &Scene, span: [f64; 2]) -> Axis {
    let Scene { frame, columns, nodes, token_wise, .. } = scene;
    let roomy = columns.blocks.iter().all(|block| block.span[1] - block.span[0] >= ROOMY_BLOCK);
    let at = |x: f64, row: f64| TextSpot { at: Point { x, y: frame.axis_at + row }, align: TextAlign::Middle };
    let mut last_end = f64::NEG_INFINITY;
    let mut fits = |x: f64, text: &str| {
        let half = text_width(text) / 2.0;
        let fits = x - half > last_end + GAP && x + half <= frame.width;
        if fits {
            last_end = x + half;
        }
        fits
    };
    let blocks = columns.blocks.iter().map(|block| {
        let text = if roomy { format!("Layer {}", block.block) } else { block.block.to_string() };
        let x = (block.span[0] + block.span[1]) / 2.0;
        let label = fits(x, &text).then(|| (text, at(x, if roomy { SECOND_ROW } else { FIRST_ROW })));
        AxisBlock { block: block.block, span: block.span, is_tinted: block.block.is_multiple_of(2), label }
    });
    let blocks = blocks.collect();
    let mut last_end = f64::NEG_INFINITY;
    let breaks = columns.breaks.iter().map(|run| {
        let text = range_text(run.first, run.last);
        let half = text_width(&text) / 2.0;
        let fits = !roomy && run.at - half > last_end + GAP;
        if fits {
            last_end = run.at + half;
        }
        AxisBreak { at: run.at, label: fits.then(|| (text, at(run.at, SECOND_ROW))) }
    });
    let breaks = breaks.collect();
    // Where the names of the embedding and the end are not in their boxes, they are at the axis; so are those of a window's sides.
    let is_side = |layer: usize| matches!(nodes.layers[layer].part, LayerPart::Earlier | LayerPart::Later);
    let name = |layer| layer_name(nodes, layer).or(end_name(nodes, layer).filter(|_| *token_wise || is_side(layer)));
    let named = columns.layers.iter().zip(&columns.centres).filter(|&(&layer, _)| roomy || is_side(layer));
    let tick = |layer, x| SubTick { at: x, label: name(layer).map(|name| (name, None, at(x, SUB_ROW))) };
    let sub_ticks = named.map(|(&layer, &x)| tick(layer, x));
    Axis { at: frame.axis_at, span, across: [0.0, frame.axis_at], blocks, breaks, sub_ticks: sub_ticks.collect() }
}

fn vertical(scene: &Scene, span: [f64; 2]) -> Axis {
    let Scene { frame, columns, nodes, .. } = scene;
    let block = |block: &super::columns::BlockSpan| AxisBlock {
        block: block.block,
        span: block.span,
        is_tinted: block.block.is_multiple_of(2),
        label: None,
    };
    let mut last = f64::NEG_INFINITY;
    let sub_ticks = columns.layers.iter().zip(&columns.centres).map(|(&layer, &y)| {
        let fits = y - last >= LINE;
        if fits {
            last = y;
        }
        let spot = TextSpot { at: Point { x: frame.axis_at - 5.0, y: y + 3.5 }, align: TextAlign::End };
        let name = end_name(nodes, layer).or(layer_name(nodes, layer)).unwrap_or_default();
        SubTick { at: y, label: fits.then_some((name, nodes.layers[layer].block, spot)) }
    });
    Axis {
        at: frame.axis_at,
        span,
        across: [frame.axis_at, frame.width],
        blocks: columns.blocks.iter().map(block).collect(),
        breaks: Vec::new(),
        sub_ticks: sub_ticks.collect(),
    }
}

/// What a layer of a block is called at the axis.
fn layer_name(nodes: &Nodes, layer: usize) -> Option<&'static str> {
    match nodes.layers[layer].part {
        LayerPart::Attn => Some("attn"),
        LayerPart::Mlp => Some("MLP"),
        LayerPart::Resid => Some("resid"),
        LayerPart::Embed | LayerPart::Unembed | LayerPart::Earlier | LayerPart::Later => None,
    }
}

/// What the embedding's and the end's columns are called at the axis.
fn end_name(nodes: &Nodes, layer: usize) -> Option<&'static str> {
    match nodes.layers[layer].part {
        LayerPart::Embed => Some("embed"),
        LayerPart::Unembed => Some("out"),
        LayerPart::Earlier => Some("earlier"),
        LayerPart::Later => Some("later"),
        _ => None,
    }
}

fn range_text(first: usize, last: usize) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}
