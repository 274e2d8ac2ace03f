//! What a file is, from its name and its content.

use std::rc::Rc;

use serde_json::Value;

use super::files::Content;
use super::load::Shared;
use circuitscope_core::files::shards;
use circuitscope_core::prompts::has_texts;
use circuitscope_core::{CircuitError, ModelConfig, Prompts, ShardIndex, TensorFile};

/// What a file's first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Safetensors,
    /// Something else; what is known about it, as advice.
    Foreign(&'static str),
}

/// Why a file is not read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Unread {
    /// It is JSON, but of none of the kinds that the page reads. In a folder there are many such.
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

/// Whether a JSON file is a tokenizer, by its name and its start: it is large, and read by the reader.
pub fn is_tokenizer(name: &str, start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(start);
    name.to_lowercase().ends_with("tokenizer.json")
        || (start.contains("\"version\"") && start.contains("\"truncation\""))
}

/// Reads a JSON file: prompts where it has a field of that name, else a config of a tokenizer or of a model.
///
/// # Errors
/// When it is not JSON or is wrong in itself.
pub fn read_json(name: &str, text: &str) -> Result<Content, Unread> {
    let text = text.trim_start_matches('\u{feff}');
    let json: Value = match serde_json::from_str(text) {
        Ok(json) => json,
        // Python writes infinite scores as no JSON has them.
        Err(_) if text.contains("Infinity") || text.contains("NaN") => return Ok(Content::ForeignScores),
        Err(error) => return Err(CircuitError::json(name, &error).into()),
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
        let error = CircuitError::Json { file: name.to_owned(), reason: format!("it is neither {expected}") };
        return Err(Unread::Unknown(error.to_string()));
    }
    Ok(Content::Config(Shared::new(ModelConfig::from_json(name, text)?)))
}

/// Whether JSON holds scores or a circuit in another program's format.
pub fn names_edges(json: &Value) -> bool {
    let is_edge = |name: &str| name.contains("->");
    match json {
        Value::Object(fields) => fields.contains_key("edges") || fields.keys().take(10).any(|name| is_edge(name)),
        Value::Array(items) => items.iter().take(10).any(|item| {
            item.as_str().or_else(|| item["edge"].as_str()).or_else(|| item["name"].as_str()).is_some_and(is_edge)
        }),
        _ => false,
    }
}

/// Whether the start of a file is that of scores in another program's format: a zip archive, or a text of edges.
pub fn starts_as_scores(start: &[u8]) -> bool {
    let is_text = !start.contains(&0);
    start.starts_with(b"PK\x03\x04") || is_text && String::from_utf8_lossy(start).contains("->")
}

/// Whether tensors are prune scores: named after dest modules, auto-circuit's hooks.
pub fn are_scores(file: &TensorFile) -> bool {
    file.tensors.iter().any(|tensor| tensor.name.contains(".hook_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::files::Role;

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
        let other = read_json("package.json", r#"{"name": "x"}"#).unwrap_err();
        assert!(matches!(&other, Unread::Unknown(text) if text.contains("it is neither prompts")), "{other}");
        assert!(matches!(read_json("cut.json", r#"{"prompts": ["#), Err(Unread::Wrong(_))));
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
    fn scores_are_told_from_other_files() {
        assert!(names_edges(&serde_json::json!({"cfg": {}, "nodes": {}, "edges": {}})));
        assert!(names_edges(&serde_json::json!({"A0.1->MLP 1": 0.5})));
        assert!(names_edges(&serde_json::json!(["A0.1->MLP 1"])));
        assert!(names_edges(&serde_json::json!([{"edge": "A0.1->MLP 1", "score": 1}])));
        assert!(!names_edges(&serde_json::json!({"prompts": [{"clean": "a -> b"}]})));
        assert!(!names_edges(&serde_json::json!([1, 2])));
        assert!(starts_as_scores(b"PK\x03\x04..."));
        assert!(starts_as_scores(b"edge,score\nA0.1->MLP 1,2"));
        assert!(!starts_as_scores(b"\x89PNG\r\n\x1a\n\0->"));
        assert!(!starts_as_scores(b"hello"));
    }
}
