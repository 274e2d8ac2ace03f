//! What the page takes a file for, as core recognises it from its content.

use std::rc::Rc;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::files::{Content, Refusal, Role};
use super::load::Shared;
use circuitscope_core::prompts::has_texts;
use circuitscope_core::{CircuitError, FileKind, ModelConfig, Prompts, ShardIndex, recognise};

/// Why a file is not read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Unread {
    /// It is JSON or safetensors, but of none of the kinds that the page reads. In a folder there are many such.
    #[error("{0}")]
    Unknown(String),
    /// What seems to be meant by it, where that shows.
    #[error("{why}")]
    Wrong { why: String, meant: Option<Role> },
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self::Wrong { why, meant: None }
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Unknown(why) => Self { why, meant: None },
            Unread::Wrong { why, meant } => Self { why, meant },
        }
    }
}

/// The error of a file of a kind that is not read.
pub fn not_read(name: &str, kind: &FileKind) -> String {
    match kind {
        FileKind::Empty => format!("{name} is empty"),
        kind => format!("{name}: expected a JSON or a safetensors file, or scores; {kind}"),
    }
}

/// Reads a JSON file of any kind but a tokenizer, which is large and read by the reader.
///
/// # Errors
/// When it is not JSON, is of no kind that is read, or is wrong in itself.
pub fn read_json(name: &str, text: &str) -> Result<Content, Unread> {
    let text = text.trim_start_matches('\u{feff}');
    let refused = |meant: Role| move |error: CircuitError| Unread::Wrong { why: error.to_string(), meant: Some(meant) };
    match recognise(text.as_bytes()) {
        FileKind::Prompts => read_prompts(name, text).map_err(refused(Role::Prompts)),
        FileKind::ModelConfig => {
            let config = ModelConfig::from_json(name, text).map_err(refused(Role::Config))?;
            Ok(Content::Config(Shared::new(config)))
        }
        FileKind::ShardIndex => {
            let index = ShardIndex::from_json(name, text).map_err(refused(Role::Weights))?;
            Ok(Content::Index(Shared::new(index)))
        }
        FileKind::MibJson | FileKind::EdgeListJson => Ok(Content::ForeignScores),
        FileKind::Tokenizer => Ok(Content::Tokenizer),
        FileKind::TokenizerConfig => Ok(Content::TokenizerConfig),
        kind @ FileKind::OtherJson { error: None } => Err(Unread::Unknown(format!("{name}: {kind}"))),
        FileKind::OtherJson { error: Some(_) } | FileKind::Empty | FileKind::OtherText => {
            Err(no_json(name, text).into())
        }
        kind => Err(format!("{name}: {kind}").into()),
    }
}

/// Why a text cannot be read as JSON.
fn no_json(name: &str, text: &str) -> String {
    let error = serde_json::from_str::<IgnoredAny>(text).err();
    error.map_or_else(|| format!("{name} is no JSON"), |error| CircuitError::json(name, &error).to_string())
}

/// Prompts of token ids, or the text of those with texts.
fn read_prompts(name: &str, text: &str) -> Result<Content, CircuitError> {
    let json: Value = serde_json::from_str(text).map_err(|error| CircuitError::json(name, &error))?;
    if has_texts(&json) {
        return Ok(Content::TextPrompts(Shared(Rc::from(text))));
    }
    Ok(Content::Prompts(Shared::new(Prompts::from_json(name, text)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn what_cannot_be_read_says_so_in_plain_words() {
        let refused = |name: &str, text: &str| match read_json(name, text) {
            Err(Unread::Wrong { why, meant }) => (why, meant),
            other => panic!("{other:?}"),
        };
        let (why, meant) = refused("cut.json", r#"{"prompts": ["#);
        assert_eq!((why.split_once(": ").unwrap().0, meant), ("cut.json is cut off", Some(Role::Prompts)));
        assert_eq!(refused("p.json", "").0, "p.json is empty");
        assert!(refused("p.json", "{\"a\" 1}").0.starts_with("p.json is no JSON: "));
        assert!(refused("p.json", "{\"a\":").0.starts_with("p.json is cut off: "));
        let (why, meant) = refused("none.json", r#"{"prompts": []}"#);
        assert!(why.starts_with("none.json: `prompts` should be at least one prompt"), "{why}");
        assert_eq!(meant, Some(Role::Prompts));
        assert_eq!(not_read("p.json", &FileKind::Empty), "p.json is empty");
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
