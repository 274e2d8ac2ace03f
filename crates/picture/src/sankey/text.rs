//! How wide text is, about: layouts are computed without fonts.

/// The size of labels' type.
pub(super) const FONT_SIZE: f64 = 11.0;
/// The height that a label takes, halo included, and its baseline within that.
pub(super) const LABEL_HEIGHT: f64 = 12.0;
pub(super) const BASELINE: f64 = 10.0;

/// The width of a text of [`FONT_SIZE`], on the wide side: DejaVu Sans, the widest of the fonts that drawings name, has its
/// digits at 0.64 of the size, capitals up to 0.86, points at 0.32.
pub(crate) fn text_width(text: &str) -> f64 {
    let width = |c: char| match c {
        'M' | 'W' | 'm' | 'w' => 0.92,
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | '|' | '\'' | ' ' => 0.33,
        'A'..='Z' => 0.7,
        c if c.is_ascii() => 0.63,
        // Wide scripts take a square.
        c if c > '\u{1100}' => 1.0,
        _ => 0.65,
    };
    FONT_SIZE * text.chars().map(width).sum::<f64>()
}

/// As much of a text as fits in a width, with line breaks and tabs made visible.
pub(super) fn fitted(text: &str, width: f64) -> String {
    let visible = |c: char| match c {
        '\n' => '␊',
        '\t' => '␉',
        c => c,
    };
    let shown: String = text.chars().take(64).map(visible).collect();
    if text_width(&shown) <= width && text.chars().nth(64).is_none() {
        return shown;
    }
    let mut cut = String::new();
    for c in shown.chars() {
        if text_width(&cut) + text_width("…") + FONT_SIZE * 0.8 > width {
            break;
        }
        cut.push(c);
    }
    cut + "…"
}

/// A count with commas between thousands.
pub(super) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
