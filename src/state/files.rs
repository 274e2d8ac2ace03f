//! A person's files: what each one is, told from its content, and what became of it.

use std::ops::Deref;
use std::rc::Rc;

use serde_json::Value;

use crate::state::imports::names_edges;
use circuitscope_core::files::shards;
use circuitscope_core::prompts::has_texts;
pub use circuitscope_core::settings::memory::size_label;
use circuitscope_core::{CircuitError, ModelConfig, Prompts, ShardIndex, TensorFile};

/// A number for a file, unique in a session.
pub type FileId = u32;

/// A heavy value, compared by identity.
#[derive(Debug)]
pub struct Shared<T: ?Sized>(pub Rc<T>);

/// Something that takes time.
#[derive(Debug, Clone, PartialEq)]
pub enum Load<T> {
    Loading,
    Ready(T),
    Failed(String),
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Weights,
    Config,
    Prompts,
    Scores,
    Tokenizer,
    TokenizerConfig,
}

/// What was read of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The header only; the numbers are read by the engine.
    Weights(Shared<TensorFile>),
    /// Which shard holds each tensor.
    Index(Shared<ShardIndex>),
    Config(Shared<ModelConfig>),
    Prompts(Shared<Prompts>),
    /// Prompts with texts, as JSON: the reader makes ids of them.
    TextPrompts(Shared<str>),
    /// The whole file: it is read anew for each graph.
    Scores(Shared<[u8]>),
    /// Scores or a circuit in another program's format, read by the reader.
    ForeignScores,
    /// Read by the reader.
    Tokenizer,
    TokenizerConfig,
}

/// A file in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEntry {
    pub id: FileId,
    pub name: String,
    pub n_bytes: u64,
    /// Whether it is part of the demo.
    pub demo: bool,
    pub content: Load<Content>,
}

/// What a file's first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Safetensors,
    /// Something else; what is known about it, as advice.
    Foreign(&'static str),
}

impl Role {
    /// Those that a run needs, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Weights, Self::Config, Self::Prompts, Self::Scores];
    /// Those that turn text into tokens and tokens into text.
    pub const TEXT: [Self; 2] = [Self::Tokenizer, Self::TokenizerConfig];

    /// What the file is called in the list.
    pub fn label(self) -> &'static str {
        match self {
            Self::Weights => "Weights",
            Self::Config => "Config",
            Self::Prompts => "Prompts",
            Self::Scores => "Scores",
            Self::Tokenizer => "Tokenizer",
            Self::TokenizerConfig => "its config",
        }
    }

    /// What to drop where it is missing.
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Weights => "model.safetensors",
            Self::Config => "config.json or tl_config.json",
            Self::Prompts => "JSON with a list of prompts",
            Self::Scores => "scores or a circuit",
            Self::Tokenizer => "tokenizer.json",
            Self::TokenizerConfig => "tokenizer_config.json",
        }
    }
}

impl Content {
    /// What the file is for.
    pub fn role(&self) -> Role {
        match self {
            Self::Weights(_) | Self::Index(_) => Role::Weights,
            Self::Config(_) => Role::Config,
            Self::Prompts(_) | Self::TextPrompts(_) => Role::Prompts,
            Self::Scores(_) | Self::ForeignScores => Role::Scores,
            Self::Tokenizer => Role::Tokenizer,
            Self::TokenizerConfig => Role::TokenizerConfig,
        }
    }
}

impl FileEntry {
    /// What the file is for, once it has been read.
    pub fn role(&self) -> Option<Role> {
        match &self.content {
            Load::Ready(content) => Some(content.role()),
            _ => None,
        }
    }
}

/// Tells a format from the first 8 bytes of a file, or fewer where it has no more.
///
/// A safetensors file starts with a 64-bit little-endian size that is far below 2^56, so its eighth byte is 0: no byte of
/// a JSON text is.
pub fn format(start: &[u8]) -> Format {
    match start {
        [] => Format::Foreign("the file is empty"),
        [0x80, 2..=5, ..] => {
            Format::Foreign("it looks like a pickle or a torch file of before torch 1.6: save it anew with torch.save")
        }
        [b'G', b'G', b'U', b'F', ..] => Format::Foreign("it looks like GGUF: use the model's safetensors file"),
        [_, _, _, _, _, _, _, 0, ..] => Format::Safetensors,
        _ if matches!(start.trim_ascii_start(), [b'{' | b'[', ..] | []) => Format::Json,
        [0xef, 0xbb, 0xbf, ..] => Format::Json,
        _ => Format::Foreign("its first bytes are of neither"),
    }
}

/// The error of a file of another format.
pub fn foreign(name: &str, advice: &str) -> String {
    format!("{name}: expected a JSON or a safetensors file; {advice}")
}

/// Whether a JSON file is a tokenizer, told from its name and its start: it is large, and read by the reader.
pub fn is_tokenizer(name: &str, start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(start);
    name.to_lowercase().ends_with("tokenizer.json")
        || (start.contains("\"version\"") && start.contains("\"truncation\""))
}

/// Reads a JSON file: prompts where it has a field of that name, else a config of a tokenizer or of a model.
///
/// # Errors
/// When it is not JSON or is wrong in itself.
pub fn read_json(name: &str, text: &str) -> Result<Content, CircuitError> {
    let text = text.trim_start_matches('\u{feff}');
    let json: Value = match serde_json::from_str(text) {
        Ok(json) => json,
        // Python writes infinite scores as no JSON has them.
        Err(_) if text.contains("Infinity") || text.contains("NaN") => return Ok(Content::ForeignScores),
        Err(error) => return Err(CircuitError::json(name, &error)),
    };
    if json.get("prompts").is_some() {
        if has_texts(&json) {
            return Ok(Content::TextPrompts(Shared(Rc::from(text))));
        }
        return Ok(Content::Prompts(Shared::new(Prompts::from_json(name, text)?)));
    }
    if names_edges(&json) {
        return Ok(Content::ForeignScores);
    }
    let names_tokens = ["tokenizer_class", "bos_token", "eos_token"].iter().any(|field| json.get(field).is_some());
    if names_tokens && json.get("model_type").is_none() {
        return Ok(Content::TokenizerConfig);
    }
    if shards::is_index(&json) {
        return Ok(Content::Index(Shared::new(ShardIndex::from_json(name, text)?)));
    }
    if json.get("model_type").is_none() && json.get("n_layers").is_none() {
        let expected = "prompts (an object with a list `prompts`) nor a model's config (with `model_type` or `n_layers`) nor \
                        scores (with `edges` or names such as `A0.1->MLP 1`)";
        return Err(CircuitError::Json { file: name.to_owned(), reason: format!("it is neither {expected}") });
    }
    Ok(Content::Config(Shared::new(ModelConfig::from_json(name, text)?)))
}

/// Whether tensors are prune scores: named after dest modules, auto-circuit's hooks.
pub fn are_scores(file: &TensorFile) -> bool {
    file.tensors.iter().any(|tensor| tensor.name.contains(".hook_"))
}

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_from_the_first_bytes() {
        assert_eq!(format(b"{\"promp"), Format::Json);
        assert_eq!(format(b"{}"), Format::Json);
        assert_eq!(format(b"\n  {\"a\":"), Format::Json);
        assert_eq!(format(b"\xef\xbb\xbf{\"a\":"), Format::Json);
        // A header of 123 bytes starts with the byte of `{`.
        assert_eq!(format(&[b'{', 0, 0, 0, 0, 0, 0, 0]), Format::Safetensors);
        assert_eq!(format(&[0x40, 1, 0, 0, 0, 0, 0, 0]), Format::Safetensors);
        for foreign in [&b""[..], b"PK\x03\x04....", b"GGUF....", b"\x89PNG\r\n\x1a\n", b"hello wo"] {
            assert!(matches!(format(foreign), Format::Foreign(_)), "{foreign:?}");
        }
    }

    #[test]
    fn json_is_prompts_or_a_config() {
        let prompts = r#"{"prompts": [{"clean": [1], "corrupt": [2]}]}"#;
        assert_eq!(read_json("p.json", prompts).unwrap().role(), Role::Prompts);
        let config = include_str!("../../www/demo/tracr-reverse/tl_config.json");
        assert_eq!(read_json("c.json", config).unwrap().role(), Role::Config);
        let texts = r#"{"prompts": [{"clean": "a", "corrupt": "b"}]}"#;
        assert!(matches!(read_json("p.json", texts), Ok(Content::TextPrompts(_))));
        let config = include_str!("../../tests/fixtures/tokenizers/gpt2/tokenizer_config.json");
        assert_eq!(read_json("t.json", config).unwrap().role(), Role::TokenizerConfig);
        let other = read_json("package.json", r#"{"name": "x"}"#).unwrap_err().to_string();
        assert!(other.starts_with("package.json: not the JSON that was expected: it is neither prompts"), "{other}");
        assert!(read_json("cut.json", r#"{"prompts": ["#).is_err());
    }

    #[test]
    fn a_tokenizer_is_told_from_its_name_or_its_start() {
        let tokenizer = include_bytes!("../../tests/fixtures/tokenizers/gpt2/tokenizer.json");
        assert!(is_tokenizer("gpt2.json", &tokenizer[..200]));
        assert!(is_tokenizer("my-tokenizer.json", b"{"));
        assert!(!is_tokenizer("tokenizer_config.json", b"{\"bos_token\": \"<s>\"}"));
    }

    #[test]
    fn tensors_named_after_hooks_are_scores() {
        let file = |bytes: &[u8]| TensorFile::from_bytes("f", bytes).unwrap();
        assert!(are_scores(&file(include_bytes!("../../www/demo/tracr-reverse/scores.safetensors"))));
        assert!(!are_scores(&file(include_bytes!("../../www/demo/tracr-reverse/model.safetensors"))));
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [999, 1_500, 79_692, 548_105_171, 1_200_000_000].map(size_label),
            ["999 B", "1.5 kB", "79.7 kB", "548.1 MB", "1.20 GB"]
        );
    }
}
