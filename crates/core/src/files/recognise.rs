//! What a file is, recognised from its bytes and never from its name.
//!
//! 1. Binary formats by their first bytes: safetensors, a zip archive, and some that are only named in an error.
//! 2. JSON by the keys of its outermost object, or by the first items of its list.
//! 3. Other text by whether one of its first lines names an edge.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::figure_file::FORMAT;
use crate::files::python_json::quote_infinities;
use crate::files::tensor_file::TensorFile;

/// How many of a file's first bytes are enough to recognise a binary format, a tokenizer or a list of edges as text.
pub const START_BYTES: u64 = 4_096;
/// How many lines of a text, and how many items of a JSON list, are searched for an edge.
const N_LINES: usize = 50;
const N_ITEMS: usize = 10;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Weights, or prune scores: [`TensorsKind`] tells which.
    Safetensors,
    /// A zip archive, which is what `torch.save` writes.
    Zip,
    /// auto-circuit's dataset format, with token ids or texts.
    Prompts,
    ModelConfig,
    /// Which file holds each tensor of a model (`model.safetensors.index.json`).
    ShardIndex,
    Tokenizer,
    TokenizerConfig,
    MibJson,
    EdgeListJson,
    EdgeListCsv,
    /// A circuit with all that shows it ([`crate::figure_file`]), of whatever version.
    Figure,
    /// JSON of another kind, or cut off before its kind shows; `error` where it could not be read to its end.
    OtherJson {
        error: Option<String>,
    },
    /// Text that names no edge.
    OtherText,
    /// A bare pickle, or a torch file from before torch 1.6.
    Pickle,
    /// llama.cpp's format of models.
    Gguf,
    Empty,
    OtherBytes,
}

/// A clause that says what the file is and, where such a file is not read, what to do: `it is a file of prompts`.
impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "it is a safetensors file",
            Self::Zip => "it is a zip archive",
            Self::Prompts => "it is a file of prompts",
            Self::ModelConfig => "it is a model's config",
            Self::ShardIndex => "it is the index of a model's shards",
            Self::Tokenizer => "it is a tokenizer",
            Self::TokenizerConfig => "it is a tokenizer's config",
            Self::MibJson => "it is an EAP-IG / MIB circuit",
            Self::EdgeListJson | Self::EdgeListCsv => "it is a list of edges",
            Self::Figure => "it is a figure",
            Self::OtherJson { error: Some(error) } => return write!(f, "it begins as JSON, but cannot be read: {error}"),
            Self::OtherJson { error: None } => {
                "it is JSON without prompts, a model's config, `edges`, or names of edges such as `A0.1->MLP 1`"
            }
            Self::OtherText => "it is text that names no edge, such as `A0.1->MLP 1`",
            Self::Pickle => {
                "it is a bare pickle or a torch file from before torch 1.6: load it in Python (only if you trust it, for \
                 loading runs its code) and save it again with torch.save or safetensors.torch.save_file"
            }
            Self::Gguf => "it is GGUF: use the model's safetensors file",
            Self::Empty => "the file is empty",
            Self::OtherBytes => "its first bytes are of no format that is read here",
        })
    }
}

/// Recognises a file from its bytes.
///
/// The first [`START_BYTES`] are enough, except for JSON other than a tokenizer: a later key may decide its kind, so that
/// the whole text is needed.
pub fn recognise(bytes: &[u8]) -> FileKind {
    match bytes {
        [] => FileKind::Empty,
        // A safetensors file begins with the length of its header, 64 bits little-endian and at most 100 MB, and the header
        // with `{`. This comes first: a length may begin with the bytes that other formats begin with.
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => FileKind::Safetensors,
        [b'P', b'K', 3, 4, ..] => FileKind::Zip,
        [b'G', b'G', b'U', b'F', ..] => FileKind::Gguf,
        // The opcode PROTO and a protocol that torch has written.
        [0x80, 2..=5, ..] => FileKind::Pickle,
        // Neither text nor a format above has a zero here: this is a damaged safetensors file, and its reader says what is
        // wrong.
        [_, _, _, _, _, _, _, 0, ..] => FileKind::Safetensors,
        _ => text_of(bytes).map_or(FileKind::OtherBytes, recognise_text),
    }
}

/// What the tensors of a safetensors file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorsKind {
    /// A model's, or a shard of them.
    Weights,
    PruneScores,
    /// Neither, such as recorded activations or logits.
    Other,
}

impl TensorsKind {
    /// Tells weights from prune scores by the names of the tensors.
    pub fn of(file: &TensorFile) -> Self {
        let any = |is_named: fn(&str) -> bool| file.tensors.iter().any(|tensor| is_named(&tensor.name));
        if any(is_module_name) {
            Self::PruneScores
        } else if any(is_parameter_name) {
            Self::Weights
        } else {
            Self::Other
        }
    }
}

/// Whether a tensor has the name of a dest module of a graph, as prune scores have them: `blocks.0.hook_q_input`.
fn is_module_name(tensor: &str) -> bool {
    let block = tensor.strip_prefix("blocks.").and_then(|rest| rest.split_once(".hook_"));
    block.is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a tensor has the name of a parameter: `h.0.ln_1.weight` in PyTorch, `blocks.0.attn.W_Q` in TransformerLens.
fn is_parameter_name(tensor: &str) -> bool {
    let name = tensor.rsplit('.').next().unwrap_or(tensor);
    matches!(name, "weight" | "bias") || name.starts_with("W_") || name.starts_with("b_")
}

/// Bytes as text without its byte order mark, also where the last character is cut off.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    (!text.contains('\0')).then(|| text.trim_start_matches('\u{feff}'))
}

fn recognise_text(text: &str) -> FileKind {
    if text.trim().is_empty() {
        return FileKind::Empty;
    }
    if text.trim_start().starts_with(['{', '[']) {
        return recognise_json(&quote_infinities(text));
    }
    let names_edge = text.lines().take(N_LINES).any(names_edge);
    if names_edge { FileKind::EdgeListCsv } else { FileKind::OtherText }
}

/// Whether a text names an edge: `A0.1->MLP 1`.
fn names_edge(text: &str) -> bool {
    text.contains("->")
}

fn recognise_json(text: &str) -> FileKind {
    let mut outline = Outline::default();
    let end = outline.deserialize(&mut serde_json::Deserializer::from_str(text));
    outline.kind.take().or_else(|| outline.kind_of_keys()).unwrap_or_else(|| {
        let error = end.err().map(|error| error.to_string());
        FileKind::OtherJson { error }
    })
}

/// What the outermost level of a JSON text shows, as far as it could be read.
#[derive(Default)]
struct Outline {
    keys: Vec<String>,
    /// The kind, once a key or an item has decided it; nothing is read after that.
    kind: Option<FileKind>,
}

impl Outline {
    /// The kind that the keys show together, where no single one did.
    fn kind_of_keys(&self) -> Option<FileKind> {
        let has = |key: &str| self.keys.iter().any(|k| k == key);
        // `version` and `truncation` are the first keys that the tokenizers library writes.
        if has("truncation") && has("version") || has("added_tokens") && has("model") {
            return Some(FileKind::Tokenizer);
        }
        let names_tokens = ["tokenizer_class", "bos_token", "eos_token"].into_iter().any(has);
        if names_tokens && !has("model_type") {
            return Some(FileKind::TokenizerConfig);
        }
        (has("model_type") || has("n_layers")).then_some(FileKind::ModelConfig)
    }
}

/// The kind that one key shows.
fn kind_of_key(key: &str) -> Option<FileKind> {
    match key {
        "prompts" => Some(FileKind::Prompts),
        "edges" => Some(FileKind::MibJson),
        // As `edges_to_json` writes a circuit: this key comes before its `edges`.
        "rows" => Some(FileKind::EdgeListJson),
        "weight_map" => Some(FileKind::ShardIndex),
        key => names_edge(key).then_some(FileKind::EdgeListJson),
    }
}

/// Whether an item of a list is an edge: its name, or an object that has it.
fn is_edge(item: &Value) -> bool {
    let name = item.as_str().or_else(|| item["edge"].as_str()).or_else(|| item["name"].as_str());
    name.is_some_and(names_edge)
}

impl<'de> DeserializeSeed<'de> for &mut Outline {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Outline {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.kind = kind_of_key(&key);
            if self.kind.is_some() {
                break;
            }
            if key == "format" {
                if map.next_value::<Value>()? == FORMAT {
                    self.kind = Some(FileKind::Figure);
                    break;
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            self.keys.push(key);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for _ in 0..N_ITEMS {
            let Some(item) = list.next_element::<Value>()? else { break };
            if is_edge(&item) {
                self.kind = Some(FileKind::EdgeListJson);
                return Ok(());
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::files::tensor_file::write_tensors;

    #[track_caller]
    fn check(kind: &FileKind, files: &[&[u8]]) {
        for file in files {
            assert_eq!(recognise(file), *kind, "{:?}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn binary_files_by_their_first_bytes() {
        // A header of 123 bytes begins with the byte of `{`.
        check(&FileKind::Safetensors, &[&[b'{', 0, 0, 0, 0, 0, 0, 0], &[0x40, 1, 0, 0, 0, 0, 0, 0]]);
        check(&FileKind::Zip, &[b"PK\x03\x04....", b"PK\x03\x04"]);
        // Protocol 2, and protocol 4 whose frame of 30 bytes makes all but the ninth byte look like a header's length.
        check(&FileKind::Pickle, &[b"\x80\x02}q\x00X\x01\x00\x00\x00a", b"\x80\x04\x95\x1e\0\0\0\0\0\0\0}"]);
        check(&FileKind::Gguf, &[b"GGUF\x03\0\0\0"]);
        check(&FileKind::Empty, &[b""]);
        check(&FileKind::OtherBytes, &[b"\x89PNG\r\n\x1a\n->", b"->\xff->", b"a->b\n\0more text"]);
    }

    /// The lengths 640, 896, 1,152 and 1,408 begin with the bytes 0x80 and 2 to 5, as pickles do.
    #[test]
    fn a_safetensors_file_of_any_header_length() {
        let length = |bytes: &[u8]| u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let with_note = |n: usize| {
            let metadata = BTreeMap::from([("note".to_owned(), "x".repeat(n))]);
            write_tensors([("a", vec![1], &[0.5][..])], &metadata)
        };
        let shortest = length(&with_note(0));
        for n_header in (shortest..2_000).step_by(8).chain([65_536 + 640, 65_536 + 1_408]) {
            let file = with_note(n_header - shortest);
            assert_eq!((length(&file), recognise(&file)), (n_header, FileKind::Safetensors));
        }
        // A length that spells the first bytes of a zip archive.
        check(&FileKind::Safetensors, &[b"PK\x03\x04\0\0\0\0{\"a\":"]);
    }

    #[test]
    fn json_by_its_keys() {
        check(&FileKind::Prompts, &[br#"{"seq_labels": ["a"], "prompts": []}"#, b"\xef\xbb\xbf\n {\"prompts\": ["]);
        check(&FileKind::ModelConfig, &[br#"{"model_type": "gpt2", "bos_token": 1}"#, br#"{"n_layers": 2}"#]);
        check(&FileKind::TokenizerConfig, &[br#"{"bos_token": "<s>", "model_max_length": 5}"#]);
        check(&FileKind::ShardIndex, &[br#"{"metadata": {}, "weight_map": {}}"#]);
        check(&FileKind::MibJson, &[br#"{"cfg": {"n_layers": 2}, "nodes": {"m0": {"score": NaN}}, "edges": {}}"#]);
        let lists: [&[u8]; 5] = [
            br#"["A0.1->MLP 1"]"#,
            br#"[{"edge": "A0.1->MLP 1", "score": -Infinity}]"#,
            br#"[3, {"name": "A0.1->MLP 1"}"#,
            br#"{"A0.1->MLP 1": 0.5"#,
            br#"{"A0.1->MLP 1": NaN}"#,
        ];
        check(&FileKind::EdgeListJson, &lists);
        let figures: [&[u8]; 2] = [
            br#"{"format":"circuitscope-figure","version":1,"ti"#,
            br#"{"title": "a->b", "format": "circuitscope-figure"}"#,
        ];
        check(&FileKind::Figure, &figures);
        let others: [&[u8]; 6] =
            [b"{}", b"[]", b"[1, 2]", br#"{"name": "a->b"}"#, br#"{"format": 1}"#, br#"{"format": "pt"}"#];
        check(&FileKind::OtherJson { error: None }, &others);
        let broken = recognise(br#"{"a" 1}"#).to_string();
        assert!(broken.contains("cannot be read: expected `:` at line 1"), "{broken}");
        let deep = recognise("[".repeat(100_000).as_bytes()).to_string();
        assert!(deep.contains("recursion"), "{deep}");
    }

    #[test]
    fn files_of_this_project() {
        check(&FileKind::ModelConfig, &[include_bytes!("../../../../www/demo/tracr-reverse/tl_config.json")]);
        check(&FileKind::Prompts, &[include_bytes!("../../../../www/demo/tracr-reverse/prompts.json")]);
        for tokenizer in [
            &include_bytes!("../../../../tests/fixtures/tokenizers/gpt2/tokenizer.json")[..],
            include_bytes!("../../../../tests/fixtures/tokenizers/llama/tokenizer.json"),
            include_bytes!("../../../../tests/fixtures/tokenizers/llama3/tokenizer.json"),
        ] {
            check(&FileKind::Tokenizer, &[tokenizer, &tokenizer[..200]]);
        }
        check(
            &FileKind::TokenizerConfig,
            &[include_bytes!("../../../../tests/fixtures/tokenizers/gpt2/tokenizer_config.json")],
        );
        let scores = include_bytes!("../../../../www/demo/tracr-reverse/scores.safetensors");
        let model = include_bytes!("../../../../www/demo/tracr-reverse/model.safetensors");
        check(&FileKind::Safetensors, &[scores, model]);
        let logits = include_bytes!("../../../../tests/fixtures/cases/pythia/expected.safetensors");
        let kind = |bytes: &[u8]| TensorsKind::of(&TensorFile::from_bytes("t.safetensors", bytes).unwrap());
        assert_eq!(kind(scores), TensorsKind::PruneScores);
        assert_eq!(kind(model), TensorsKind::Weights);
        // Logits, and scores under other names than a dest module's.
        assert_eq!(kind(logits), TensorsKind::Other);
    }

    #[test]
    fn text_by_its_first_lines() {
        check(&FileKind::EdgeListCsv, &[b"edge,score\nA0.1->MLP 1,2", b"A0.1->MLP 1 # \xe2\x82"]);
        check(&FileKind::OtherText, &[b"hello"]);
        check(&FileKind::Empty, &[b"", b" \n"]);
    }

    #[test]
    fn any_start_of_a_file_is_recognised_without_a_panic() {
        let file = br#"{"cfg": {"a": "\u00e9\\"}, "nodes": {"m0": NaN}, "edges": {"m0->logits": -Infinity}}"#;
        for n in 1..file.len() {
            let kind = recognise(&file[..n]);
            assert!(matches!(kind, FileKind::OtherJson { .. } | FileKind::MibJson), "{n}: {kind:?}");
        }
    }
}
