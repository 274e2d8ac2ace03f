//! Labels and scores as text, and about how much room they need, as nothing here can measure a font.

/// The height that a label takes with the gap to the next, at the view's 12-pixel type.
pub(super) const LABEL_PITCH: f64 = 15.0;

/// A character's width at 12 pixels in DejaVu Sans, a wide face: digits have 7.6 pixels, most letters no more.
const CHAR_WIDTH: f64 = 7.6;
/// `m` and `w` are about square, as are most characters beyond the alphabets.
const WIDE_CHAR_WIDTH: f64 = 12.0;
/// Longer labels are cut: room for two words.
const LABEL_CHARS: usize = 18;

/// About how wide a label is, in pixels.
pub(super) fn label_width(label: &str) -> f64 {
    let wide = |c: char| matches!(c, 'm' | 'w' | 'M' | 'W' | '\u{1100}'..);
    label.chars().map(|c| if wide(c) { WIDE_CHAR_WIDTH } else { CHAR_WIDTH }).sum()
}

/// A label as it is drawn: cut to a length that fits, with control characters (a token may be a line break) made visible.
pub(super) fn shown_label(label: &str) -> String {
    let mut shown: String = label.chars().take(LABEL_CHARS).map(visible).collect();
    if label.chars().nth(LABEL_CHARS).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// The picture of a control character, which Unicode has for each from U+2400 on.
fn visible(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(c),
        '\u{7f}' => '\u{2421}',
        _ => c,
    }
}

/// A score in words: two decimals as the reference writes it, or as many digits as a very small or large one needs.
pub fn score_text(score: f32) -> String {
    let size = score.abs();
    if score == 0.0 {
        "0".to_owned()
    } else if size.is_finite() && !(0.01..1e6).contains(&size) {
        format!("{score:.2e}")
    } else {
        format!("{score:.2}")
    }
}
