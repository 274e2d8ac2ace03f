//! The marks of an axis and their labels.

use super::request::Scale;
use super::scale::{AxisRange, ZERO_COUNT, nice_step};
use crate::strip::text::fixed_text;

/// A mark at a value; a small one has no label.
pub(crate) struct Mark {
    pub value: f64,
    pub label: Option<String>,
}

/// The marks of an axis on which there is room for about `room` labels.
pub(crate) fn marks(range: AxisRange, room: f64) -> Vec<Mark> {
    match range.scale {
        Scale::Linear => linear_marks(range, room),
        Scale::Log { least } => {
            let mut marks = log_marks(range, room);
            let floor = marks.iter_mut().filter(|mark| mark.value <= least).filter_map(|mark| mark.label.as_mut());
            floor.for_each(|label| label.insert_str(0, "≤ "));
            marks
        }
        Scale::LogCounts => {
            let zero = (range.low <= ZERO_COUNT).then(|| Mark { value: 0.0, label: Some("0".to_owned()) });
            let counts = AxisRange { low: range.low.max(1.0), ..range };
            zero.into_iter().chain(log_marks(counts, room)).collect()
        }
    }
}

fn linear_marks(AxisRange { low, high, .. }: AxisRange, room: f64) -> Vec<Mark> {
    let step = nice_step((high - low) / room.clamp(2.0, 6.0));
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    let values = (first..=last).map(|i| i as f64 * step);
    values.map(|value| Mark { value, label: Some(fixed_text(value, decimals)) }).collect()
}

/// Powers of ten; between them 2 and 5 where there is room for their labels, and small marks.
fn log_marks(AxisRange { low, high, .. }: AxisRange, room: f64) -> Vec<Mark> {
    let n_decades = (high / low).log10();
    let (first, last) = ((low.log10() - 1e-9).floor() as i32, (high.log10() + 1e-9).floor() as i32);
    let stride = (n_decades / room.max(1.0)).ceil().max(1.0) as i32;
    let digits_labelled = n_decades * 3.0 <= room;
    let small_marks = stride == 1 && n_decades <= 8.0;
    let mut marks = Vec::new();
    for (power, digit) in (first..=last).flat_map(|power| (1..10).map(move |digit| (power, digit))) {
        let value = f64::from(digit) * 10f64.powi(power);
        let on_axis = value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
        let labelled = match digit {
            1 => (power - first) % stride == 0,
            2 | 5 => digits_labelled,
            _ => false,
        };
        if on_axis && (labelled || small_marks || digit == 1) {
            marks.push(Mark { value, label: labelled.then(|| power_text(value)) });
        }
    }
    marks
}

/// A round number: in digits where it has few, else as a power of ten.
fn power_text(value: f64) -> String {
    let power = value.log10().floor() as i32;
    match power {
        -3..=-1 => format!("{value:.*}", power.unsigned_abs() as usize),
        0..=2 => format!("{value:.0}"),
        3..=5 => format!("{:.0},{:03.0}", (value / 1000.0).floor(), value % 1000.0),
        _ => {
            let digit = (value / 10f64.powi(power)).round();
            let times = if digit == 1.0 { String::new() } else { format!("{digit:.0}·") };
            format!("{times}10{}", superscript(power))
        }
    }
}

fn superscript(n: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32(0x2070 + c.to_digit(10).unwrap_or(0)).unwrap_or(c),
    };
    n.to_string().chars().map(raised).collect()
}
