//! A tokenizer: `tokenizer.json`, read by the tokenizers library, and how its tokens are shown.
//!
//! A prompt begins with the BOS token once, if it is asked for, and never if not:
//!
//! - A tokenizer that adds none of its own (GPT-2, Pythia) is given `bos_token + text`, as auto-circuit gives it (`data.py`).
//! - One that adds its own (Llama) adds it here too. auto-circuit would put a second one before it; we do not.
//! - No other special token is added. auto-circuit leaves them in the answers too, where they make no sense.
//!
//! The names of the special tokens are those of `tokenizer_config.json`, where it is given; a BOS or pad token that it leaves
//! out is the EOS token, as TransformerLens has it. Else BOS is what the tokenizer itself begins a text with, or the first of
//! the usual names that it knows.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::ReaderError;
use super::session::File;
use circuitscope_core::CircuitError;
use circuitscope_wire::reader::{SpecialToken, TokenizerInfo};

/// An id above this is a mistake: the largest vocabularies have a quarter of a million tokens.
const MAX_ID: u32 = 4_000_000;
/// What families call their BOS token, where no config says. Their EOS tokens follow: GPT-2 begins with its own.
const BOS_NAMES: [&str; 7] =
    ["<|begin_of_text|>", "<s>", "<bos>", "<|startoftext|>", "[BOS]", "<|endoftext|>", "<|im_start|>"];
/// What families call their pad token, where no config says.
const PAD_NAMES: [&str; 5] = ["<pad>", "<|pad|>", "[PAD]", "<|finetune_right_pad_id|>", "<|endoftext|>"];

/// An open tokenizer.
pub struct Tokenizer {
    file: String,
    inner: tokenizers::Tokenizer,
    spelling: Spelling,
    /// Added tokens, which are written as they are.
    added: HashMap<u32, String>,
    adds_bos: bool,
    info: TokenizerInfo,
}

/// How the vocabulary spells text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// A character for each byte (GPT-2).
    Bytes,
    /// `▁` for a space, and `<0x0A>` for a byte (sentencepiece).
    Metaspace,
}

/// The parts of a tokenizer.json that are looked at here.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    decoder: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
}

/// The parts of a tokenizer_config.json that are looked at here.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    bos_token: Value,
    #[serde(default)]
    eos_token: Value,
    #[serde(default)]
    pad_token: Value,
}

impl Tokenizer {
    /// Reads a tokenizer and, where it is there, its config.
    ///
    /// # Errors
    /// When the library cannot read it, or the config names a token that it does not have.
    pub fn open(file: &File, config: Option<&File>) -> Result<Self, ReaderError> {
        let parts: Parts = serde_json::from_str(file.text()?).map_err(|e| CircuitError::json(&file.name, &e))?;
        let refused = |e: tokenizers::Error| ReaderError::Tokenizer {
            file: file.name.clone(),
            doing: "not a tokenizer that can be read".to_owned(),
            reason: e.to_string(),
        };
        let mut inner: tokenizers::Tokenizer = file.text()?.parse().map_err(refused)?;
        // Texts are neither cut nor filled up, whatever the file was last used for.
        inner.with_truncation(None).map_err(refused)?;
        inner.with_padding(None);
        let mut tokenizer = Self {
            file: file.name.clone(),
            spelling: parts.spelling(),
            added: parts.added_tokens.into_iter().map(|added| (added.id, added.content)).collect(),
            adds_bos: false,
            info: TokenizerInfo { n_tokens: n_tokens(&file.name, &inner)?, bos: None, pad: None },
            inner,
        };
        tokenizer.name_special_tokens(config)?;
        Ok(tokenizer)
    }

    /// Its size and its special tokens.
    pub fn info(&self) -> &TokenizerInfo {
        &self.info
    }

    /// The token ids of a text. With `prepend_bos` the first is the BOS token; see the module.
    ///
    /// # Errors
    /// When a BOS token is asked for and there is none, or the library refuses the text.
    pub fn encode(&self, text: &str, prepend_bos: bool) -> Result<Vec<u32>, ReaderError> {
        if !prepend_bos {
            return self.encode_plain(text);
        }
        let bos = self.info.bos.as_ref().ok_or_else(|| {
            let expected = "named in tokenizer_config.json, or prompts that begin with none";
            CircuitError::field(&self.file, "bos_token", expected, "none")
        })?;
        if self.adds_bos {
            let mut ids = vec![bos.id];
            ids.extend(self.encode_plain(text)?);
            return Ok(ids);
        }
        self.encode_plain(&format!("{}{text}", bos.text))
    }

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

    fn encode_plain(&self, text: &str) -> Result<Vec<u32>, ReaderError> {
        let encoded = self.inner.encode_fast(text, false).map_err(|e| ReaderError::Tokenizer {
            file: self.file.clone(),
            doing: format!("{text:?} cannot be tokenized"),
            reason: e.to_string(),
        })?;
        Ok(encoded.get_ids().to_vec())
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

    fn name_special_tokens(&mut self, config: Option<&File>) -> Result<(), ReaderError> {
        let first = |special| Some(self.inner.encode_fast("a", special).ok()?.get_ids().first().copied());
        let own = first(true).filter(|own| first(false) != Some(*own)).flatten();
        let [bos, pad] = match config {
            Some(config) => self.configured(config)?,
            None => {
                let named = |names: &[&str]| names.iter().find_map(|name| self.special(name));
                let own = own.and_then(|id| Some(SpecialToken { id, text: self.inner.id_to_token(id)? }));
                [own.or_else(|| named(&BOS_NAMES)), named(&PAD_NAMES)]
            }
        };
        self.adds_bos = bos.is_some() && own == bos.as_ref().map(|bos| bos.id);
        let pad = pad.or_else(|| bos.clone());
        self.info = TokenizerInfo { bos, pad, ..self.info };
        Ok(())
    }

    /// The BOS and the pad token that a config names; where it does not, the EOS token.
    fn configured(&self, config: &File) -> Result<[Option<SpecialToken>; 2], ReaderError> {
        let named: Config = serde_json::from_str(config.text()?).map_err(|e| CircuitError::json(&config.name, &e))?;
        let token = |field: &str, value: &Value| {
            // Older configs write a token with its settings.
            let Some(text) = value.as_str().or_else(|| value["content"].as_str()) else { return Ok(None) };
            let unknown = || CircuitError::field(&config.name, field, format!("a token of {}", self.file), text);
            self.special(text).map(Some).ok_or_else(unknown)
        };
        let eos = token("eos_token", &named.eos_token)?;
        let bos = token("bos_token", &named.bos_token)?.or_else(|| eos.clone());
        let pad = token("pad_token", &named.pad_token)?.or(eos);
        Ok([bos, pad])
    }

    fn special(&self, text: &str) -> Option<SpecialToken> {
        Some(SpecialToken { id: self.inner.token_to_id(text)?, text: text.to_owned() })
    }
}

impl Parts {
    fn spelling(&self) -> Spelling {
        let part = if self.decoder.is_null() { &self.pre_tokenizer } else { &self.decoder };
        if has_type(part, "ByteLevel") { Spelling::Bytes } else { Spelling::Metaspace }
    }
}

/// Whether a part, or a part of a sequence of parts, is of a type.
fn has_type(part: &Value, name: &str) -> bool {
    let within = ["decoders", "pretokenizers"].iter().filter_map(|list| part[list].as_array()).flatten();
    part["type"] == name || within.into_iter().any(|part| has_type(part, name))
}

/// One more than the largest id.
fn n_tokens(file: &str, inner: &tokenizers::Tokenizer) -> Result<usize, CircuitError> {
    let largest = inner.get_vocab(true).into_values().max();
    match largest {
        Some(id) if id <= MAX_ID => Ok(id as usize + 1),
        Some(id) => Err(CircuitError::field(file, "model.vocab", format!("ids up to {MAX_ID}"), id.to_string())),
        None => Err(CircuitError::field(file, "model.vocab", "at least one token", "none")),
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
