//! A tokenizer: `tokenizer.json`, read by the tokenizers library.
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

use super::error::TextError;
use super::pieces::Spelling;
use crate::file::File;
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
    pub(super) inner: tokenizers::Tokenizer,
    pub(super) spelling: Spelling,
    /// Added tokens, which the vocabulary spells as they are.
    pub(super) added: HashMap<u32, String>,
    adds_bos: bool,
    pub(super) info: TokenizerInfo,
}

/// The fields of a tokenizer.json that are read here.
#[derive(Deserialize)]
struct Fields {
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

/// The fields of a tokenizer_config.json that are read here.
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
    /// Reads a tokenizer and, where there is one, its config.
    ///
    /// # Errors
    /// When the library cannot read it, or the config names a token that it does not have.
    pub fn open(file: &File, config: Option<&File>) -> Result<Self, TextError> {
        let fields: Fields = serde_json::from_str(file.text()?).map_err(|e| CircuitError::json(&file.name, &e))?;
        let refused = |e: tokenizers::Error| TextError::Tokenizer { file: file.name.clone(), reason: e.to_string() };
        let mut inner: tokenizers::Tokenizer = file.text()?.parse().map_err(refused)?;
        // Texts are neither cut nor filled up, whatever the file was last used for.
        inner.with_truncation(None).map_err(refused)?;
        inner.with_padding(None);
        let mut tokenizer = Self {
            file: file.name.clone(),
            spelling: fields.spelling(),
            added: fields.added_tokens.into_iter().map(|added| (added.id, added.content)).collect(),
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
    pub fn encode(&self, text: &str, prepend_bos: bool) -> Result<Vec<u32>, TextError> {
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

    fn encode_plain(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let encoded = self.inner.encode_fast(text, false).map_err(|e| TextError::Encode {
            file: self.file.clone(),
            text: text.to_owned(),
            reason: e.to_string(),
        })?;
        Ok(encoded.get_ids().to_vec())
    }

    fn name_special_tokens(&mut self, config: Option<&File>) -> Result<(), TextError> {
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
    fn configured(&self, config: &File) -> Result<[Option<SpecialToken>; 2], TextError> {
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

impl Fields {
    fn spelling(&self) -> Spelling {
        let step = if self.decoder.is_null() { &self.pre_tokenizer } else { &self.decoder };
        if has_type(step, "ByteLevel") { Spelling::Bytes } else { Spelling::Metaspace }
    }
}

/// Whether a decoder or a pre-tokenizer is of a type, or one of the sequence that it is.
fn has_type(step: &Value, name: &str) -> bool {
    let steps = ["decoders", "pretokenizers"].iter().filter_map(|list| step[list].as_array()).flatten();
    step["type"] == name || steps.into_iter().any(|step| has_type(step, name))
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
