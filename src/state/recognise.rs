//! What the page takes a file for, as core recognises it from its content.

use std::rc::Rc;

use serde_json::Value;

use super::files::Content;
use super::load::Shared;
use circuitscope_core::prompts::has_texts;
use circuitscope_core::{CircuitError, FileKind, ModelConfig, Prompts, ShardIndex, recognise};

/// Why a file is not read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Unread {
    /// It is JSON or safetensors, but of none of the kinds that the page reads. In a folder there are many such.
    #[error("{0}")]
    Unknown(String),
    #[error("{0}")]
    Wrong(String),
}

impl From<CircuitError> for Unread {
    fn from(error: CircuitError) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl From<String> for Unread {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

/// The error of a file of a kind that is not read.
pub fn not_read(name: &str, kind: &FileKind) -> String {
    format!("{name}: expected a JSON or a safetensors file, or scores; {kind}")
}

/// Reads a JSON file of any kind but a tokenizer, which is large and read by the reader.
///
/// # Errors
/// When it is not JSON, is of no kind that is read, or is wrong in itself.
pub fn read_json(name: &str, text: &str) -> Result<Content, Unread> {
    let text = text.trim_start_matches('\u{feff}');
    match recognise(text.as_bytes()) {
        FileKind::Prompts => read_prompts(name, text),
        FileKind::ModelConfig => Ok(Content::Config(Shared::new(ModelConfig::from_json(name, text)?))),
        FileKind::ShardIndex => Ok(Content::Index(Shared::new(ShardIndex::from_json(name, text)?))),
        FileKind::MibJson | FileKind::EdgeListJson => Ok(Content::ForeignScores),
        FileKind::Tokenizer => Ok(Content::Tokenizer),
        FileKind::TokenizerConfig => Ok(Content::TokenizerConfig),
        kind @ FileKind::OtherJson { error: None } => Err(Unread::Unknown(format!("{name}: {kind}"))),
        kind => Err(Unread::Wrong(format!("{name}: {kind}"))),
    }
}

/// Prompts of token ids, or the text of those with texts.
fn read_prompts(name: &str, text: &str) -> Result<Content, Unread> {
    let json: Value = serde_json::from_str(text).map_err(|error| CircuitError::json(name, &error))?;
    if has_texts(&json) {
        return Ok(Content::TextPrompts(Shared(Rc::from(text))));
    }
    Ok(Content::Prompts(Shared::new(Prompts::from_json(name, text)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::files::Role;

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
        let other = read_json("package.json", r#"{"name": "x"}"#).unwrap_err();
        assert!(
            matches!(&other, Unread::Unknown(text) if text.starts_with("package.json: it is JSON without prompts")),
            "{other}"
        );
        assert!(matches!(read_json("cut.json", r#"{"prompts": ["#), Err(Unread::Wrong(_))));
    }

    #[test]
    fn scores_of_other_programs_are_left_to_the_reader() {
        for text in [r#"{"cfg": {}, "nodes": {}, "edges": {}}"#, r#"{"A0.1->MLP 1": -Infinity}"#, r#"["A0.1->MLP 1"]"#]
        {
            assert_eq!(read_json("s.json", text), Ok(Content::ForeignScores), "{text}");
        }
        let tokenizer = include_str!("../../tests/fixtures/tokenizers/gpt2/tokenizer.json");
        assert_eq!(read_json("t.json", tokenizer), Ok(Content::Tokenizer));
    }
}
