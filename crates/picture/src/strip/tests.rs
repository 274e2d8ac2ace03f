//! Laws of the strip: its axes, its labels, its keys, and values that cannot be drawn.

use std::rc::Rc;

use super::keys::{KeyEffect, press};
use super::text::{
    Reading, Span, Tone, count_text, decimal_text, fixed_text, plain_text, probability_text, reading, value_text,
};
use super::*;
use crate::geometry::{Rect, Size, TextAlign};
use crate::plot::{Level, TickLabel};
use crate::theme::Theme;

const N_EDGES: [usize; 7] = [0, 1, 2, 77, 1519, 123_211, 416_000];

fn series(points: &[(usize, f64)]) -> StripSeries {
    let point = |&(k, mean): &(usize, f64)| StripPoint { k, mean, middle_half: Some((mean - 1.0, mean + 1.0)) };
    StripSeries { name: "EAP".to_owned(), style: 0, points: points.iter().map(point).collect(), partial: false }
}

fn request(n_edges: usize, width: f64) -> StripRequest {
    StripRequest {
        size: Size { width, height: 142.0 },
        stops: Stops::every(n_edges),
        measure: Measure { name: "Logit difference recovered".to_owned(), scale: ValueScale::Percent },
        chosen: Some(series(&[(0, 0.0), (n_edges, 100.0)])),
        pinned: Vec::new(),
        random: None,
        levels: Vec::new(),
        distribution: None,
        stale: false,
    }
}

/// Widths from a small phone to a wide screen, with every size of graph.
fn all_sizes() -> impl Iterator<Item = StripLayout> {
    let widths = (0..=26).map(|i| 320.0 + 30.0 * f64::from(i));
    widths.flat_map(|width| N_EDGES.map(|n_edges| layout(&request(n_edges, width))))
}

/// The room of a label of the x axis in DejaVu Sans at 11 pixels: a digit is 7.0 wide, a comma or a space 3.5, a letter of the
/// labels 6.2 in the mean.
fn extent(label: &TickLabel) -> (f64, f64) {
    let width = |c: char| match c {
        '0'..='9' => 7.0,
        ',' | ' ' => 3.5,
        _ => 6.2,
    };
    let width: f64 = label.text.chars().map(width).sum();
    let x = label.spot.at.x;
    match label.spot.align {
        TextAlign::Start => (x, x + width),
        TextAlign::Middle => (x - width / 2.0, x + width / 2.0),
        TextAlign::End => (x - width, x),
    }
}

#[test]
fn a_larger_count_lies_further_right_and_inside_the_strip() {
    for layout in all_sizes() {
        let counts: Vec<usize> =
            (0..2000).chain((2..620).map(|i| i * i)).filter(|&k| k <= layout.counts.n_edges).collect();
        let mut counts = counts;
        counts.sort_unstable();
        counts.dedup();
        for pair in counts.windows(2) {
            assert!(layout.x_of(pair[0]) < layout.x_of(pair[1]), "{pair:?} of {}", layout.counts.n_edges);
        }
        assert!(layout.x_of(0) > layout.frame.x && layout.x_of(layout.counts.n_edges) < layout.size.width);
    }
}

#[test]
fn the_count_at_the_position_of_a_stop_is_that_stop() {
    for layout in all_sizes() {
        let n_edges = layout.counts.n_edges;
        for k in (0..n_edges.min(500)).chain((0..=n_edges).step_by(997)).chain([n_edges]) {
            assert_eq!(layout.k_at(layout.x_of(k)), k, "of {n_edges}");
        }
    }
}

#[test]
fn the_pointer_reaches_the_nearest_stop_from_anywhere() {
    let mut request = request(1519, 600.0);
    request.stops = Stops::from_counts(1519, [5, 6, 40, 400, 9999]);
    let layout = layout(&request);
    let stops = [0, 5, 6, 40, 400, 1519];
    for x in (-50..700).map(f64::from) {
        let nearest =
            stops.into_iter().min_by(|&a, &b| (layout.x_of(a) - x).abs().total_cmp(&(layout.x_of(b) - x).abs()));
        assert_eq!(Some(layout.k_at(x)), nearest, "at {x}");
    }
}

#[test]
fn no_two_labels_of_the_count_axis_overlap() {
    for layout in all_sizes() {
        let ticks = layout.count_ticks.iter().filter_map(|tick| tick.label.as_ref());
        let mut extents: Vec<_> = ticks.chain(&layout.notes).map(extent).collect();
        extents.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in extents.windows(2) {
            let context = (layout.size.width, layout.counts.n_edges);
            assert!(pair[0].1 < pair[1].0, "{pair:?} in {context:?}");
        }
        assert!(extents.first().is_none_or(|first| first.0 >= 0.0));
        assert!(extents.last().is_none_or(|last| last.1 <= layout.size.width));
    }
}

#[test]
fn the_ends_of_the_axis_are_named_and_a_wide_one_says_what_it_holds() {
    let texts = |layout: &StripLayout| layout.notes.iter().map(|note| note.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&layout(&request(1519, 770.0))), ["0", "all", "edges kept, log scale"]);
    assert_eq!(texts(&layout(&request(416_000, 320.0))), ["0", "all"]);
    assert_eq!(texts(&layout(&request(0, 770.0)))[0], "0");
}

#[test]
fn a_value_between_two_measured_ones_lies_on_the_line_between_them() {
    let mut request = request(10_000, 800.0);
    request.chosen = Some(series(&[(1, 0.0), (100, 50.0), (10_000, 100.0)]));
    let linear = layout(&request);
    // 10 is half-way from 1 to 100 on a logarithmic axis.
    assert!((linear.value_at(10).unwrap() - 25.0).abs() < 1e-9);
    assert_eq!(linear.value_at(100), Some(50.0));
    // Nothing is measured left of 1.
    assert_eq!(linear.value_at(0), None);
    request.measure.scale = ValueScale::Log { least: 0.01 };
    request.chosen = Some(series(&[(1, 0.0), (100, 1.0)]));
    // 0 is drawn at 0.01, half-way to 1 is 0.1.
    assert!((layout(&request).value_at(10).unwrap() - 0.1).abs() < 1e-9);
}

#[test]
fn the_mark_says_whether_the_value_was_measured() {
    let layout = layout(&request(1519, 800.0));
    let shape = |cursor| layout.cursor(&cursor).mark.map(|(_, shape)| shape);
    assert_eq!(shape(Cursor::at(1519)), Some(CursorShape::Measured));
    assert_eq!(shape(Cursor::at(31)), Some(CursorShape::Interpolated));
    let edited = Cursor { k: 31, edited: Edited::Yes(Some(12.0)) };
    assert_eq!(shape(edited), Some(CursorShape::Edited));
    assert_eq!(layout.cursor(&edited).mark.map(|(at, _)| at.y), Some(layout.values.y_of(12.0)));
}

#[test]
fn the_order_of_points_does_not_matter() {
    let mut shuffled = request(1519, 800.0);
    shuffled.chosen = Some(series(&[(31, 94.0), (0, 0.0), (1519, 100.0), (5, 6.0)]));
    let mut sorted = shuffled.clone();
    sorted.chosen = Some(series(&[(0, 0.0), (5, 6.0), (31, 94.0), (1519, 100.0)]));
    assert_eq!(layout(&shuffled), layout(&sorted));
}

#[test]
fn values_that_cannot_be_drawn_leave_no_trace() {
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for scale in [ValueScale::Linear, ValueScale::Percent, ValueScale::Log { least: 0.01 }] {
        for width in [0.0, 30.0, 400.0] {
            let mut request = request(77, width);
            request.measure.scale = scale;
            request.chosen = Some(series(&[(1, bad[0]), (2, bad[1]), (3, bad[2]), (4, 3.0), (99, 1.0)]));
            request.random = Some(series(&[(1, bad[0])]));
            request.levels = bad.map(|y| Level { name: "clean".to_owned(), y }).to_vec();
            let layout = layout(&request);
            let text = svg::svg_string(&layout, &Cursor { k: 4, edited: Edited::Yes(Some(f64::NAN)) }, Theme::Dark);
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            assert_eq!(layout.chosen.map(|curve| curve.dots.len()), Some(1));
        }
    }
}

#[test]
fn scores_are_shown_until_something_is_measured() {
    let scores = [f32::INFINITY, 2.0, 0.5, 0.5, 0.0, f32::NAN];
    let mut request = request(scores.len(), 600.0);
    request.distribution = Some(Rc::from(scores));
    assert!(layout(&request).distribution.is_empty());
    request.chosen = None;
    let layout = layout(&request);
    assert_eq!(layout.value_at(2), Some(2.0));
    assert_eq!(layout.value_at(0), None);
    let ys: Vec<f64> = layout.distribution.iter().map(|point| point.y).collect();
    assert!(ys.windows(2).all(|pair| pair[0] <= pair[1]), "{ys:?}");
    assert!(ys.iter().all(|&y| y >= layout.frame.y && y <= layout.frame.y + layout.frame.height), "{ys:?}");
    assert!(svg::markup(&layout).contains("distribution"));
}

#[test]
fn a_distribution_of_many_edges_is_no_more_than_a_point_a_pixel() {
    let mut request = request(416_000, 1000.0);
    request.chosen = None;
    request.distribution = Some((0..416_000).map(|i| 1.0 / (i as f32 + 1.0)).collect());
    let n_points = layout(&request).distribution.len();
    assert!((200..1000).contains(&n_points), "{n_points}");
}

#[test]
fn names_stand_inside_the_frame_and_off_the_other_lines() {
    for width in [400.0, 770.0] {
        let mut request = request(1519, width);
        request.chosen = Some(series(&[(0, 0.0), (5, 6.0), (20, 74.0), (31, 94.0), (1519, 100.0)]));
        request.random = Some(series(&[(0, 0.0), (300, 1.0), (900, 19.0), (1519, 100.0)]));
        request.levels = vec![Level { name: "corrupt".to_owned(), y: 40.0 }];
        let layout = layout(&request);
        let Rect { x, y, width, height } = layout.frame;
        let level = layout.levels[0].spot.expect("there is room for a level's name").at;
        let random = layout.names[0].spot.at;
        for at in [level, random] {
            assert!(at.x > x && at.x < x + width && at.y > y && at.y < y + height);
        }
        assert!((level.y - random.y).abs() > 12.0 || (level.x - random.x).abs() > 60.0);
    }
}

#[test]
fn stops_are_the_ends_of_ties() {
    let stops = Stops::from_descending(&[3.0, 2.0, 2.0, 1.0, 1.0]);
    assert_eq!(stops, Stops::from_counts(5, [1, 3]));
    assert_eq!([0, 1, 2, 3, 4, 9].map(|k| stops.at_least(k)), [0, 1, 3, 3, 5, 5]);
    assert_eq!([0, 1, 2, 3, 4, 9].map(|k| stops.at_most(k)), [0, 1, 1, 3, 3, 5]);
    assert_eq!(Stops::from_descending(&[3.0, 2.0, 1.0]), Stops::every(3));
    assert_eq!(Stops::from_descending(&[]), Stops::every(0));
    assert_eq!([(0, 1), (1, 2), (2, 1), (5, 1), (9, 3)].map(|(k, n)| stops.after(k, n)), [1, 5, 3, 5, 5]);
    assert_eq!([(5, 1), (3, 2), (2, 1), (0, 1), (9, 3)].map(|(k, n)| stops.before(k, n)), [3, 0, 1, 0, 1]);
    assert_eq!([stops.after(2, 0), stops.before(2, 0), Stops::every(5).before(3, 0)], [2, 2, 3]);
}

#[test]
fn keys_move_from_stop_to_stop() {
    let stops = Stops::from_counts(1519, [1, 3, 4, 8, 20, 21, 22, 23, 24, 25, 26, 27, 28, 100]);
    let go = |k, key, shift| press(&stops, k, "", key, shift);
    assert_eq!(go(4, "ArrowRight", false), KeyEffect::Move(8));
    assert_eq!(go(4, "ArrowUp", false), KeyEffect::Move(8));
    assert_eq!(go(4, "ArrowLeft", false), KeyEffect::Move(3));
    assert_eq!(go(0, "ArrowLeft", false), KeyEffect::Move(0));
    assert_eq!(go(1519, "ArrowRight", false), KeyEffect::Move(1519));
    assert_eq!(go(8, "ArrowRight", true), KeyEffect::Move(100));
    assert_eq!(go(100, "ArrowDown", true), KeyEffect::Move(8));
    assert_eq!(go(3, "ArrowDown", true), KeyEffect::Move(0));
    // 8 * 1.5 = 12 is in no circuit before 20; 20 / 1.5 = 13 lets 8 be the last.
    assert_eq!(go(8, "PageUp", false), KeyEffect::Move(20));
    assert_eq!(go(20, "PageDown", false), KeyEffect::Move(8));
    assert_eq!(go(0, "PageUp", false), KeyEffect::Move(1));
    assert_eq!(go(1, "PageDown", false), KeyEffect::Move(0));
    assert_eq!(go(20, "Home", false), KeyEffect::Move(0));
    assert_eq!(go(20, "End", false), KeyEffect::Move(1519));
    assert_eq!(go(20, "Tab", false), KeyEffect::Pass);
    assert_eq!(go(20, "Enter", false), KeyEffect::Pass);
    assert_eq!(go(20, "Escape", false), KeyEffect::Pass);
}

#[test]
fn digits_and_enter_set_the_count() {
    let stops = Stops::from_counts(1519, [20, 40]);
    let typed = |text: &str| KeyEffect::Type(text.to_owned());
    assert_eq!(press(&stops, 20, "", "3", false), typed("3"));
    assert_eq!(press(&stops, 20, "3", "1", false), typed("31"));
    assert_eq!(press(&stops, 20, "3100", "1", false), typed("3100"));
    assert_eq!(press(&stops, 20, "31", "Backspace", false), typed("3"));
    assert_eq!(press(&stops, 20, "31", "Escape", false), typed(""));
    // Between two stops: what is made of it is said where the count is read.
    assert_eq!(press(&stops, 20, "31", "Enter", false), KeyEffect::Move(31));
    assert_eq!(press(&stops, 31, "", "ArrowRight", false), KeyEffect::Move(40));
    assert_eq!(press(&stops, 31, "", "ArrowLeft", false), KeyEffect::Move(20));
    assert_eq!(press(&stops, 20, "9999", "Enter", false), KeyEffect::Move(1519));
}

#[test]
fn numbers_are_written_as_people_write_them() {
    assert_eq!([0, 999, 1519, 416_000, 1_000_000].map(count_text), ["0", "999", "1,519", "416,000", "1,000,000"]);
    assert_eq!(
        [0.0, 0.123, 1.0, -0.314, 0.0042, -1234.5].map(decimal_text),
        ["0.00", "0.12", "1.00", "−0.31", "0.0042", "−1,234.50"]
    );
    assert_eq!([0.094, 0.0996, 1e-7, 2e9].map(decimal_text), ["0.094", "0.10", "1.0e−7", "2.0e9"]);
    assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(decimal_text), ["not a number", "∞", "−∞"]);
    assert_eq!([-0.4, -0.6, 94.4].map(|value| value_text(ValueScale::Percent, value)), ["0 %", "−1 %", "94 %"]);
    assert_eq!(fixed_text(-12345.678, 1), "−12,345.7");
    assert_eq!([0.781, 0.0, 0.0004, 1.0].map(probability_text), ["78.1 %", "0.0 %", "< 0.1 %", "100.0 %"]);
}

#[test]
fn the_reading_says_where_the_cursor_is() {
    let values = vec![("KL".to_owned(), "0.12".to_owned()), ("logit diff".to_owned(), "94 %".to_owned())];
    let mut at = Reading { k: 31, threshold: Some(0.112), values, edited: false, pending: false, short: false };
    assert_eq!(plain_text(&reading(&at)), "k = 31 edges · |score| ≥ 0.11 · KL 0.12 · logit diff 94 %");
    let tones = |reading: &[Span]| reading.iter().map(|span| span.tone).collect::<Vec<_>>();
    at.pending = true;
    // The count and the threshold are known before anything is measured; `edges` is a part of its own.
    let (known, between) = ([Tone::Plain, Tone::Strong], [Tone::Plain, Tone::Between]);
    assert_eq!(tones(&reading(&at)), [&known[..], &[Tone::Plain], &known, &between, &between].concat());
    at.pending = false;
    at.short = true;
    assert_eq!(plain_text(&reading(&at)), "31 edges · KL 0.12 · logit diff 94 %");
    let edited = Reading { edited: true, k: 1, ..at };
    assert_eq!(plain_text(&reading(&edited)), "1 edge · edited · KL 0.12 · logit diff 94 %");
    let empty = Reading {
        k: 0,
        threshold: Some(f64::INFINITY),
        values: Vec::new(),
        edited: false,
        pending: false,
        short: false,
    };
    assert_eq!(plain_text(&reading(&empty)), "k = 0 edges · |score| ≥ ∞");
}
