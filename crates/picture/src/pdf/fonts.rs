//! The fonts that every PDF reader has: Helvetica for text, Symbol for arrows and signs that Helvetica lacks.
//!
//! Widths are those of Adobe's metrics of the core fonts (`Helvetica.afm`, `Helvetica-Bold.afm`, `Symbol.afm`), in thousandths of
//! the size.

/// A font of a PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    Helvetica,
    HelveticaBold,
    Symbol,
}

impl Font {
    pub const ALL: [Self; 3] = [Self::Helvetica, Self::HelveticaBold, Self::Symbol];

    /// As PDF names it.
    pub fn base_name(self) -> &'static [u8] {
        match self {
            Self::Helvetica => b"Helvetica",
            Self::HelveticaBold => b"Helvetica-Bold",
            Self::Symbol => b"Symbol",
        }
    }

    /// As the page names it.
    pub fn key(self) -> &'static [u8] {
        match self {
            Self::Helvetica => b"F0",
            Self::HelveticaBold => b"F1",
            Self::Symbol => b"F2",
        }
    }
}

/// Text as fonts write it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Encoded {
    /// Pieces of one font each.
    pub runs: Vec<(Font, Vec<u8>)>,
    /// In thousandths of the size.
    pub width: f64,
    /// How many characters no font has. Each is written as a question mark.
    pub n_missing: usize,
}

/// Encodes a text.
pub(super) fn encode(text: &str, is_bold: bool) -> Encoded {
    let plain = if is_bold { Font::HelveticaBold } else { Font::Helvetica };
    let mut encoded = Encoded::default();
    for c in text.chars() {
        if let Some((byte, width)) = symbol(c) {
            encoded.push(Font::Symbol, byte, width);
        } else if let Some(spelled) = spelled(c) {
            spelled.bytes().for_each(|byte| encoded.push(plain, byte, width(byte.into(), is_bold)));
        } else if let Some(byte) = win_ansi(c) {
            encoded.push(plain, byte, width(c, is_bold));
        } else {
            encoded.n_missing += 1;
            encoded.push(plain, b'?', width('?', is_bold));
        }
    }
    encoded
}

impl Encoded {
    fn push(&mut self, font: Font, byte: u8, width: u16) {
        self.width += f64::from(width);
        match self.runs.last_mut() {
            Some((last, bytes)) if *last == font => bytes.push(byte),
            _ => self.runs.push((font, vec![byte])),
        }
    }
}

/// The code and the width in Symbol, for what Helvetica lacks and pictures write.
fn symbol(c: char) -> Option<(u8, u16)> {
    Some(match c {
        '\u{2212}' => (0x2d, 549),
        '≤' => (0xa3, 549),
        '∞' => (0xa5, 713),
        '←' => (0xac, 987),
        '↑' => (0xad, 603),
        '→' => (0xae, 987),
        '↓' => (0xaf, 603),
        '≥' => (0xb3, 549),
        '≠' => (0xb9, 549),
        '≈' => (0xbb, 549),
        _ => return None,
    })
}

/// What is written in other characters: spaces of other widths, and the signs that stand for line breaks, tabs and spaces in
/// tokens.
fn spelled(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2007}' | '\u{2009}' | '\u{202f}' | '\n' | '\t' => " ",
        '␊' | '⏎' | '↵' => "\\n",
        '␉' => "\\t",
        '␣' => "_",
        _ => return None,
    })
}

/// The code in the encoding WinAnsi (PDF 32000-1:2008, annex D).
fn win_ansi(c: char) -> Option<u8> {
    const FROM_80: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match c {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(c)).ok(),
        '\u{80}'..='\u{9f}' => None,
        _ => FROM_80.chars().position(|known| known == c).map(|i| 0x80 + i as u8),
    }
}

/// From the space to the tilde.
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
];

/// The width of a character of Helvetica.
fn width(c: char, is_bold: bool) -> u16 {
    let table = if is_bold { &BOLD } else { &REGULAR };
    match c {
        ' '..='~' => table[usize::from(c as u8 - b' ')],
        '·' | '\u{a0}' | 'ì'..='ï' | 'Ì'..='Ï' | '‘' | '’' => 278,
        '×' | '÷' | '±' => 584,
        '…' | '—' | '‰' | 'Æ' | 'Œ' | '™' => 1000,
        '“' | '”' | '°' => 400,
        '•' => 350,
        // Capitals and small letters with accents, about: they only shift what is centred or ends somewhere.
        'À'..='Þ' => 710,
        _ => 556,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_its_letters() {
        // A 667, 0 and 1 556 each, the point 278.
        assert_eq!(encode("A0.1", false).width, 667.0 + 2.0 * 556.0 + 278.0);
        assert_eq!(encode("A0.1", true).width, 722.0 + 2.0 * 556.0 + 278.0);
    }

    #[test]
    fn what_helvetica_lacks_is_written_in_symbol() {
        let encoded = encode("a → b ≥ −1 × …", false);
        let runs: Vec<_> = encoded.runs.iter().map(|(font, bytes)| (*font, bytes.as_slice())).collect();
        let (text, sign) = (Font::Helvetica, Font::Symbol);
        let expected: [(Font, &[u8]); 6] =
            [(text, b"a "), (sign, b"\xae"), (text, b" b "), (sign, b"\xb3"), (text, b" "), (sign, b"-")];
        assert_eq!(runs[..6], expected);
        assert_eq!(runs[6], (text, &b"1 \xd7 \x85"[..]));
        assert_eq!(encoded.n_missing, 0);
    }

    #[test]
    fn other_scripts_are_counted() {
        let encoded = encode("東京␊", false);
        assert_eq!((encoded.n_missing, encoded.runs), (2, vec![(Font::Helvetica, b"??\\n".to_vec())]));
    }
}
