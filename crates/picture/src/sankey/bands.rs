//! The room of each token position: as high as what is in it, and what is left over shared out in the same proportion.

use super::frame::Frame;
use super::layout::{Fold, PositionBand};
use super::request::Request;
use super::text::fitted;
use crate::geometry::{Point, TextAlign, TextSpot};

/// Above and below the items of a band.
pub(super) const PAD: f64 = 3.0;
/// The least height of a band: a line of text.
const MIN_BAND: f64 = 22.0;
/// Where there are so many bands that this is not free for each, it is not kept.
const MAX_MIN_SHARE: f64 = 0.6;
/// Between bands, and where positions without edges are folded away.
const GAP: f64 = 2.0;
const FOLD_GAP: f64 = 7.0;
/// Where the name and the number of a position are, and the width that the name may take.
const NAME_LEFT: f64 = 12.0;
const NUMBER_RIGHT: f64 = 76.0;
const NAME_WIDTH: f64 = 46.0;
/// The size of positions' names, as a share of that of labels.
const NAME_SIZE: f64 = 13.0 / 11.0;

/// The gap before each band, folds included.
pub(super) fn gaps(request: &Request) -> Vec<f64> {
    let bands = &request.drawn.bands;
    let is_fold = |i: usize| folded(bands[i - 1].seq_idx, bands[i].seq_idx).is_some();
    (0..bands.len())
        .map(|i| {
            if i == 0 {
                0.0
            } else if is_fold(i) {
                FOLD_GAP
            } else {
                GAP
            }
        })
        .collect()
}

/// The least height of each of `n` bands in some room.
pub(super) fn min_band(room: f64, n: usize) -> f64 {
    MIN_BAND.min(MAX_MIN_SHARE * room / n.max(1) as f64)
}

/// The positions between two bands.
fn folded(before: Option<usize>, after: Option<usize>) -> Option<(usize, usize)> {
    let (before, after) = (before?, after?);
    (after > before + 1).then(|| (before + 1, after - 1))
}

/// By band: its start and end, across the flow.
pub(super) fn spans(frame: &Frame, gaps: &[f64], needs: &[f64]) -> Vec<[f64; 2]> {
    let [start, end] = frame.across;
    let free = end - start - gaps.iter().sum::<f64>();
    let mut heights: Vec<f64> = needs.iter().map(|need| need + 2.0 * PAD).collect();
    let mut spare = (free - heights.iter().sum::<f64>()).max(0.0);
    // First for a line of text in each band, then for all in proportion.
    let least = min_band(free, needs.len());
    let missing: f64 = heights.iter().map(|height| (least - height).max(0.0)).sum();
    let filled = if missing > 0.0 { (spare / missing).min(1.0) } else { 0.0 };
    heights.iter_mut().for_each(|height| *height += filled * (least - *height).max(0.0));
    spare -= filled * missing;
    let scale = 1.0 + spare / heights.iter().sum::<f64>().max(1.0);
    let mut at = start;
    let span = |(gap, height): (&f64, f64)| {
        let first = at + gap;
        at = first + height * scale;
        [first, at]
    };
    gaps.iter().zip(heights).map(span).collect()
}

/// The bands with their names, and the folds between them.
pub(super) fn bands(request: &Request, frame: &Frame, spans: &[[f64; 2]]) -> (Vec<PositionBand>, Vec<Fold>) {
    let bands = &request.drawn.bands;
    let all = spans.iter().enumerate().map(|(band, span)| position_band(request, frame, band, *span)).collect();
    let folds = spans.windows(2).enumerate().filter_map(|(i, pair)| {
        let (first, last) = folded(bands[i].seq_idx, bands[i + 1].seq_idx)?;
        Some(Fold { at: (pair[0][1] + pair[1][0]) / 2.0, first, last })
    });
    (all, folds.collect())
}

fn position_band(request: &Request, frame: &Frame, band: usize, span: [f64; 2]) -> PositionBand {
    let of = &request.drawn.bands[band];
    let middle = (span[0] + span[1]) / 2.0;
    let name = of.label.clone().or(of.seq_idx.map(|seq_idx| seq_idx.to_string())).unwrap_or_default();
    if frame.is_vertical() {
        let label_spot = TextSpot { at: Point { x: middle, y: 13.0 }, align: TextAlign::Middle };
        let rect = frame.rect([0.0, frame.along[1] + 10.0], span);
        return PositionBand {
            band,
            rect,
            label: fitted(&name, (span[1] - span[0]) / NAME_SIZE),
            label_spot,
            number: None,
        };
    }
    let spot = |x, align| TextSpot { at: Point { x, y: middle + 4.0 }, align };
    let number = of.seq_idx.filter(|_| of.label.is_some());
    PositionBand {
        band,
        rect: frame.rect([0.0, frame.width], span),
        label: fitted(&name, NAME_WIDTH / NAME_SIZE),
        label_spot: spot(NAME_LEFT, TextAlign::Start),
        number: number.map(|seq_idx| (seq_idx, spot(NUMBER_RIGHT, TextAlign::End))),
    }
}
