//! The numbers of a caption, as the page writes them.

use crate::measure::metric::Unit;

/// No line is broken between a number and its unit.
const NO_BREAK: char = '\u{a0}';

/// `1,519`
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let comma = |i: usize| if i > 0 && (digits.len() - i).is_multiple_of(3) { "," } else { "" };
    digits.char_indices().map(|(i, digit)| format!("{}{digit}", comma(i))).collect()
}

/// A metric's value: `94 %`, `−0.31`, `0.0042`.
pub fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Percent => percent(value),
        Unit::Nats | Unit::Logit | Unit::Probability => decimal(value),
    }
}

/// A percentage without decimals; with one below 10, and beside 100, so that `99.7 %` does not become all.
pub fn percent(percent: f64) -> String {
    let is_near_all = (percent - 100.0).abs() < 1.0;
    let decimals = usize::from(percent.abs() < 9.95 || is_near_all);
    let text = format!("{:.decimals$}", percent.abs());
    let text = text.strip_suffix(".0").unwrap_or(&text);
    format!("{}{text}{NO_BREAK}%", sign(percent, text))
}

/// Two decimals, or the two digits that a small number needs.
fn decimal(value: f64) -> String {
    let size = value.abs();
    let text = if size == 0.0 || size >= 0.1 {
        format!("{size:.2}")
    } else {
        // The first digit of 0.0042 is the third decimal.
        let first = (-size.log10()).ceil().clamp(1.0, 300.0) as usize;
        format!("{size:.0$}", first + 1)
    };
    format!("{}{text}", sign(value, &text))
}

/// A minus, but not before a zero.
fn sign(value: f64, text: &str) -> &'static str {
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { "\u{2212}" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_519, 1_234_567].map(grouped), ["0", "999", "1,519", "1,234,567"]);
        let percents = [94.6, 100.0, 99.7, 99.96, 100.4, 9.94, 9.96, 0.0, -0.01, -12.5, 250.0].map(percent);
        let expected = ["95", "100", "99.7", "100", "100.4", "9.9", "10", "0", "0", "\u{2212}12", "250"];
        assert_eq!(percents, expected.map(|number| format!("{number}\u{a0}%")));
        let values = [3.214, -0.314, 0.0, 0.1, 0.042, 0.001, 0.000_042, -1234.5].map(|x| value(Unit::Logit, x));
        let expected = ["3.21", "\u{2212}0.31", "0.00", "0.10", "0.042", "0.0010", "0.000042", "\u{2212}1234.50"];
        assert_eq!(values, expected);
    }
}
