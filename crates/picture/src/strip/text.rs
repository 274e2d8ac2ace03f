//! Counts and values in words, and the sentence above the strip that reads the cursor's place.

use super::request::ValueScale;

/// A minus sign, as wide as a plus.
const MINUS: char = '\u{2212}';

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub tone: Tone,
}

/// How a part of a sentence is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    /// Strong, and grey: a value between measured ones.
    Between,
}

/// What is known of the circuit at the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub k: usize,
    /// The least |score| of the circuit's edges; infinite for the empty circuit.
    pub threshold: Option<f64>,
    /// The measures, by a short name and in words: `KL`, `0.12`.
    pub values: Vec<(String, String)>,
    /// Whether the circuit was changed by hand, so that no threshold tells its edges.
    pub edited: bool,
    /// Whether the values lie between measured ones, and are still to be measured.
    pub pending: bool,
    /// Whether there is room for the short form only.
    pub short: bool,
}

impl Span {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    pub fn emphasised(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Strong }
    }
}

/// `k = 31 edges · |score| ≥ 0.11 · KL 0.12 · logit diff 94 %`, with the numbers emphasised.
pub fn reading(reading: &Reading) -> Vec<Span> {
    let edges = if reading.k == 1 { " edge" } else { " edges" };
    let lead = (!reading.short).then(|| Span::plain("k = "));
    let mut spans: Vec<Span> = lead.into_iter().collect();
    spans.extend([Span::emphasised(count_text(reading.k)), Span::plain(edges)]);
    if reading.edited {
        spans.push(Span::plain(" · edited"));
    } else if let Some(threshold) = reading.threshold.filter(|_| !reading.short) {
        spans.extend([Span::plain(" · |score| ≥ "), Span::emphasised(decimal_text(threshold))]);
    }
    let tone = if reading.pending { Tone::Between } else { Tone::Strong };
    for (name, value) in &reading.values {
        spans.extend([Span::plain(format!(" · {name} ")), Span { text: value.clone(), tone }]);
    }
    spans
}

/// Spans as one text.
pub fn plain_text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// A count with a comma before every three digits: `1,519`.
pub fn count_text(n: usize) -> String {
    grouped(&n.to_string())
}

/// A value of a measure: `94 %`, `−0.31`, `0.0042`.
pub fn value_text(scale: ValueScale, value: f64) -> String {
    match scale {
        ValueScale::Percent if value.is_finite() => format!("{} %", fixed_text(value, 0)),
        ValueScale::Percent | ValueScale::Linear | ValueScale::Log { .. } => decimal_text(value),
    }
}

/// A probability in percent: `78.1 %`; one that would round to nothing is `< 0.1 %`.
pub fn probability_text(probability: f64) -> String {
    let percent = 100.0 * probability;
    if percent > 0.0 && percent < 0.05 { "< 0.1 %".to_owned() } else { fixed_text(percent, 1) + " %" }
}

/// A number with two decimals, or with the two digits that a small one needs.
pub fn decimal_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "not a number".to_owned()
    } else if size.is_infinite() {
        signed(value < 0.0, "∞")
    } else if size >= 1e6 || (size > 0.0 && size < 5e-5) {
        signed(value < 0.0, &format!("{size:.1e}").replace('-', "\u{2212}"))
    } else if size > 0.0 && size < 0.095 {
        // The first two digits that are not 0.
        fixed_text(value, (1.0 - size.log10().floor()) as usize)
    } else {
        fixed_text(value, 2)
    }
}

/// A number with as many decimals, a minus sign and a comma before every three digits. There is no minus before a zero.
pub fn fixed_text(value: f64, decimals: usize) -> String {
    let size = format!("{:.decimals$}", value.abs());
    let is_zero = size.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let (whole, rest) = size.split_at(size.find('.').unwrap_or(size.len()));
    signed(value < 0.0 && !is_zero, &format!("{}{rest}", grouped(whole)))
}

fn signed(negative: bool, size: &str) -> String {
    if negative { format!("{MINUS}{size}") } else { size.to_owned() }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
