//! Tokens shown as the text that they stand for.

use super::tokenizer::Tokenizer;

/// How the vocabulary spells text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// A character for each byte (GPT-2).
    Bytes,
    /// `▁` for a space, and `<0x0A>` for a byte (sentencepiece).
    Metaspace,
}

impl Tokenizer {
    /// How each token is shown, a line for each id from 0 on: as the text that it stands for, with `␣` for a space, `⏎` for a
    /// line's end, `⇥` for a tab and `\xNN` for a byte that is no character by itself. The line of an id without a token is
    /// empty.
    pub fn pieces(&self) -> String {
        let mut pieces = String::new();
        for id in 0..self.info.n_tokens as u32 {
            if let Some(bytes) = self.token_bytes(id) {
                show(&bytes, &mut pieces);
            }
            pieces.push('\n');
        }
        pieces
    }

    /// How a token is shown; see [`Tokenizer::pieces`].
    pub fn piece(&self, id: u32) -> String {
        let mut piece = String::new();
        show(&self.token_bytes(id).unwrap_or_default(), &mut piece);
        piece
    }

    /// The text of a token. A character of which it has some of the bytes only is replaced.
    pub fn text_of(&self, id: u32) -> String {
        String::from_utf8_lossy(&self.token_bytes(id).unwrap_or_default()).into_owned()
    }

    /// The bytes that a token stands for.
    fn token_bytes(&self, id: u32) -> Option<Vec<u8>> {
        if let Some(content) = self.added.get(&id) {
            return Some(content.clone().into_bytes());
        }
        let token = self.inner.id_to_token(id)?;
        Some(match self.spelling {
            Spelling::Bytes => token.chars().flat_map(byte_of).collect(),
            Spelling::Metaspace => byte_token(&token).unwrap_or_else(|| token.replace('▁', " ").into_bytes()),
        })
    }
}

/// The byte that GPT-2's vocabulary writes as a character, or the character itself where it is none of its alphabet.
///
/// The alphabet (OpenAI's `bytes_to_unicode`): printable Latin-1 characters stand for their own byte, the characters from
/// U+0100 on for the other bytes in order.
fn byte_of(c: char) -> Vec<u8> {
    let printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let byte = match u32::from(c) {
        code @ 0..=0xff => u8::try_from(code).ok().filter(printable),
        code => (0..=u8::MAX).filter(|byte| !printable(byte)).nth(code as usize - 0x100),
    };
    byte.map_or_else(|| c.to_string().into_bytes(), |byte| vec![byte])
}

/// The byte of a token such as `<0x0A>`.
fn byte_token(token: &str) -> Option<Vec<u8>> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2).map(|byte| vec![byte])
}

/// Writes text so that every character of it is seen.
fn show(bytes: &[u8], shown: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                ' ' => shown.push('␣'),
                '\n' => shown.push('⏎'),
                '\t' => shown.push('⇥'),
                c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => shown.extend(c.escape_unicode()),
                c => shown.push(c),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_of_bytes_is_gpt2s() {
        // From OpenAI's vocabulary: Ġ is a space, Ċ a line's end, Ń the byte 0xAD.
        assert_eq!(
            ["Ġ", "Ċ", "!", "é", "Ń"].map(|c| byte_of(c.chars().next().unwrap())),
            [[0x20], [0x0a], [0x21], [0xe9], [0xad]]
        );
        assert_eq!(byte_of('語'), "語".as_bytes());
    }

    #[test]
    fn every_character_of_a_token_is_seen() {
        let shown = |bytes: &[u8]| {
            let mut text = String::new();
            show(bytes, &mut text);
            text
        };
        assert_eq!(shown(b" the"), "␣the");
        assert_eq!(shown(b"a\n\tb\r"), "a⏎⇥b\\u{d}");
        assert_eq!(shown(&[0xe8, 0xaa]), "\\xe8\\xaa");
        assert_eq!(shown("語 ".as_bytes()), "語␣");
    }
}
