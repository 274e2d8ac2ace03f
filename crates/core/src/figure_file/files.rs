//! The files that a figure was made from: where each is, and what it must be.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base64;
use super::inline_json::InlineJson;
use super::limited::list;
use super::url;
use crate::error::CircuitError;

/// The most shards of weights: those of the largest models with open weights are fewer than 200.
pub(super) const MAX_SHARDS: usize = 1_000;

/// The files of a figure. Only the config is needed to draw it; weights, prompts and scores are needed to run it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FigureFiles {
    /// The model's config (`config.json` or `tl_config.json`). Inlined, the figure is drawn without any other file.
    pub config: FigureRef,
    /// A safetensors file, or the shards of a model in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "list::<_, _, MAX_SHARDS>")]
    pub weights: Vec<FigureRef>,
    /// `model.safetensors.index.json`, where the shards come with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<FigureRef>,
    /// `tokenizer.json`, for prompts that are texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<FigureRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer_config: Option<FigureRef>,
    /// Pairs of prompts in auto-circuit's format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<FigureRef>,
    /// Prune scores, or a mask in the same layout, as safetensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<FigureRef>,
}

/// A file: a URL with the size and the hash of what it gives, or the content itself, or both (the content then counts).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FigureRef {
    /// Relative to the figure's own URL, or `https://…` or `http://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The size of the file at the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The SHA-256 of the file at the URL: 64 digits, 0 to 9 and a to f.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<Inline>,
}

/// A file's content in the figure itself: `{"json": {…}}` or `{"base64": "…"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inline {
    /// The JSON of a file; its white space is not kept.
    Json(InlineJson),
    /// The bytes of a file.
    Base64(InlineBytes),
}

/// Bytes, as base64 in the figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineBytes(pub Vec<u8>);

impl FigureFiles {
    /// Every file with its field's path, in the order of the fields.
    pub fn all(&self) -> impl Iterator<Item = (String, &FigureRef)> {
        let weights = self.weights.iter().enumerate().map(|(i, shard)| (format!("files.weights[{i}]"), shard));
        let others = [
            ("files.index", &self.index),
            ("files.tokenizer", &self.tokenizer),
            ("files.tokenizerConfig", &self.tokenizer_config),
            ("files.prompts", &self.prompts),
            ("files.scores", &self.scores),
        ];
        let others = others.into_iter().filter_map(|(field, file)| Some((field.to_owned(), file.as_ref()?)));
        [("files.config".to_owned(), &self.config)].into_iter().chain(weights).chain(others)
    }
}

impl FigureRef {
    /// A file whose JSON is in the figure.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn inline_json(text: &str) -> serde_json::Result<Self> {
        Ok(Self { inline: Some(Inline::Json(InlineJson::new(text)?)), ..Self::default() })
    }

    /// A file whose bytes are in the figure.
    pub fn inline_bytes(bytes: Vec<u8>) -> Self {
        Self { inline: Some(Inline::Base64(InlineBytes(bytes))), ..Self::default() }
    }

    /// A file at a URL.
    pub fn at(url: &str, bytes: u64, sha256: &str) -> Self {
        Self { url: Some(url.to_owned()), bytes: Some(bytes), sha256: Some(sha256.to_owned()), inline: None }
    }

    /// The content, where the figure has it.
    pub fn content(&self) -> Option<&[u8]> {
        Some(match self.inline.as_ref()? {
            Inline::Json(json) => json.text().as_bytes(),
            Inline::Base64(InlineBytes(bytes)) => bytes,
        })
    }

    /// What the file is called: the last part of its URL's path.
    pub fn name(&self) -> Option<&str> {
        self.url.as_deref().map(url::file_name)
    }

    /// The host that is asked for the file, with its port; none where the file is inlined or the URL is relative.
    pub fn host(&self) -> Option<String> {
        if self.inline.is_some() { None } else { url::host_of(self.url.as_deref()?) }
    }

    /// Checks what was fetched from the URL: `n_bytes` of them, whose SHA-256 is `sha256` in hexadecimal digits.
    ///
    /// # Errors
    /// When the size or the hash is another one; the file's name is in it.
    pub fn check_fetched(&self, n_bytes: u64, sha256: &str) -> Result<(), CircuitError> {
        let file = self.name().unwrap_or("file");
        if let Some(expected) = self.bytes.filter(|&bytes| bytes != n_bytes) {
            let expected = format!("{expected} bytes, by what the figure says");
            return Err(CircuitError::field(file, "size", expected, n_bytes.to_string()));
        }
        match &self.sha256 {
            Some(expected) if !expected.eq_ignore_ascii_case(sha256) => {
                let expected = format!("{expected}, by what the figure says (the file may have changed since)");
                Err(CircuitError::field(file, "sha256", expected, sha256))
            }
            _ => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for InlineBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        base64::deserialize(from, |bytes| Ok(Self(bytes.to_vec())))
    }
}

impl Serialize for InlineBytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64::encode(&self.0))
    }
}
