//! Numbers and durations in words: a function for each kind of number, so that the same number reads the same wherever it
//! is shown. Scores are in [`signed`](circuitscope_figure::names::signed), probabilities in the picture crate's `probability_text`,
//! which the lists of tokens share. Files have their own numbers, in full.

use circuitscope_core::{Metric, Unit};
use circuitscope_picture::strip::Measure;
use circuitscope_picture::strip::text::{count_text, decimal_text, fixed_text, value_text};

/// What stands where a number is not known or does not apply.
pub const NO_NUMBER: &str = "–";

/// A value of a measure, on the scale that its curve has: `94 %`, `−0.31`, `0.0042`.
pub fn measure(metric: Metric, value: f64) -> String {
    value_text(Measure::of(metric).scale, value)
}

/// The same, or a dash where there is no value.
pub fn measure_or_none(metric: Metric, value: Option<f64>) -> String {
    value.map_or_else(|| NO_NUMBER.to_owned(), |value| measure(metric, value))
}

/// How much a value of a measure became larger, with its sign: `+0.27`, `−3.5 %`. Percentages have a decimal more than values
/// have, as changes are small.
pub fn change(metric: Metric, by: f64) -> String {
    let size = match metric.unit() {
        Unit::Percent if by.is_finite() => format!("{} %", fixed_text(by.abs(), 1)),
        _ => decimal_text(by.abs()),
    };
    match by {
        0.0 => "0".to_owned(),
        by if by < 0.0 => format!("\u{2212}{size}"),
        by if by > 0.0 => format!("+{size}"),
        // Not a number.
        _ => size,
    }
}

/// Any other number, such as a threshold, a norm, a loss or an area: two decimals, or the two digits that a small one needs.
pub fn short(x: f64) -> String {
    decimal_text(x)
}

/// `12,345`
pub fn grouped(n: usize) -> String {
    count_text(n)
}

/// `1 edge`, `12,345 edges`; `noun` is the word for one.
pub fn counted(n: usize, noun: &str) -> String {
    let ending = match noun {
        _ if n == 1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", grouped(n))
}

/// `Stopped after 12 of 40 passes.`
pub fn stopped_after(done: usize, total: usize, noun: &str) -> String {
    format!("Stopped after {} of {}.", grouped(done), counted(total, noun))
}

/// A duration in milliseconds, roughly.
pub fn duration(ms: f64) -> String {
    let s = ms / 1000.0;
    match s {
        _ if s < 1.0 => "less than a second".to_owned(),
        _ if s < 10.0 => format!("{s:.1} s"),
        _ if s < 90.0 => format!("{s:.0} s"),
        _ if s < 5400.0 => format!("{:.0} min", s / 60.0),
        _ => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 1.0, -0.0123, 12.351, 1e-7, 3.2e6].map(short),
            ["0.00", "1.00", "−0.012", "12.35", "1.0e−7", "3.2e6"]
        );
    }

    #[test]
    fn measures_have_their_scale_and_changes_their_sign() {
        let values = [(Metric::LogitDiff, -0.7333), (Metric::CleanKlDiv, 0.0), (Metric::CorrectAnswerPercent, 93.75)];
        assert_eq!(values.map(|(metric, x)| measure(metric, x)), ["−0.73", "0.00", "94 %"]);
        assert_eq!([0.2671, -1.5, 0.0].map(|by| change(Metric::CleanKlDiv, by)), ["+0.27", "−1.50", "0"]);
        assert_eq!([0.26, -3.0].map(|by| change(Metric::CorrectAnswerPercent, by)), ["+0.3 %", "−3.0 %"]);
        assert_eq!(measure_or_none(Metric::LogitDiff, None), "–");
    }

    #[test]
    fn one_of_a_thing_is_not_several() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "head")), ["0 heads", "1 head", "2 heads"]);
        assert_eq!([1, 12_345].map(|n| counted(n, "forward pass")), ["1 forward pass", "12,345 forward passes"]);
    }

    #[test]
    fn durations_are_rough() {
        assert_eq!(
            [20.0, 2_340.0, 40_000.0, 200_000.0, 7_200_000.0].map(duration),
            ["less than a second", "2.3 s", "40 s", "3 min", "2.0 h"]
        );
    }
}
