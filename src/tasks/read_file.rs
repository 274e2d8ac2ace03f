//! Reads what shows the role of a file: the header of weights, the whole of anything else.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::state::files::Content;
use crate::state::load::Shared;
use crate::state::recognise::{Unread, not_read, read_json};
use crate::workers::js_text;
use circuitscope_core::files::recognise::{START_BYTES, TensorsKind};
use circuitscope_core::files::tensor_file::{SIZE_BYTES, header_bytes};
use circuitscope_core::{FileKind, TensorFile, recognise};

/// Prompts and configs are far smaller; a larger text would hold up the page while it is parsed.
const MAX_JSON_BYTES: u64 = 20_000_000;
/// The largest vocabularies, of a quarter of a million tokens, take 33 MB.
const MAX_TOKENIZER_BYTES: u64 = 100_000_000;
/// Scores of GPT-2 small at 64 token positions are 8 MB; more is likely a model with odd names.
const MAX_SCORES_BYTES: u64 = 200_000_000;

/// Reads a file.
///
/// # Errors
/// When it cannot be read or is nothing that is known; the message names the file.
pub async fn read(file: &File) -> Result<Content, Unread> {
    let (name, n_bytes) = (file.name(), file.size() as u64);
    let start = slice(file, 0, START_BYTES).await?;
    match recognise(&start) {
        FileKind::Safetensors => read_tensors(file, &name, n_bytes, &start).await,
        FileKind::Zip | FileKind::EdgeListCsv | FileKind::EdgeListJson | FileKind::MibJson => {
            Ok(Content::ForeignScores)
        }
        FileKind::Tokenizer => {
            at_most(MAX_TOKENIZER_BYTES, "a tokenizer", &name, n_bytes)?;
            Ok(Content::Tokenizer)
        }
        // A key that comes later may say what it is.
        FileKind::Prompts
        | FileKind::ModelConfig
        | FileKind::ShardIndex
        | FileKind::TokenizerConfig
        | FileKind::OtherJson { .. } => {
            at_most(MAX_JSON_BYTES, "a JSON file", &name, n_bytes)?;
            let bytes = slice(file, 0, n_bytes).await?;
            let text = String::from_utf8(bytes).map_err(|_| format!("{name}: expected JSON in UTF-8"))?;
            read_json(&name, &text)
        }
        FileKind::Figure => {
            Err(Unread::Unknown(format!("{name}: only one figure is opened at a time: drop it by itself")))
        }
        kind @ (FileKind::OtherText | FileKind::Pickle | FileKind::Gguf | FileKind::Empty | FileKind::OtherBytes) => {
            Err(not_read(&name, &kind).into())
        }
    }
}

/// Whether a file is a figure: most begin with what they are.
pub async fn is_figure(file: &File) -> bool {
    let is_json = file.name().to_lowercase().ends_with(".json");
    let start = slice(file, 0, START_BYTES).await.unwrap_or_default();
    match recognise(&start) {
        FileKind::Figure => true,
        FileKind::OtherJson { error: Some(_) } if is_json && file.size() <= MAX_JSON_BYTES as f64 => {
            let all = slice(file, 0, file.size() as u64).await.unwrap_or_default();
            recognise(&all) == FileKind::Figure
        }
        _ => false,
    }
}

/// Refuses a file that is too large for what it is.
fn at_most(most: u64, what: &str, name: &str, n_bytes: u64) -> Result<(), String> {
    if n_bytes <= most {
        return Ok(());
    }
    Err(format!("{name}: {what} should be at most {} MB, found {:.0} MB", most / 1_000_000, n_bytes as f64 / 1e6))
}

/// Weights or scores, as the header says.
async fn read_tensors(file: &File, name: &str, n_bytes: u64, start: &[u8]) -> Result<Content, Unread> {
    let size =
        header_bytes(name, &start[..start.len().min(SIZE_BYTES as usize)], n_bytes).map_err(|e| e.to_string())?;
    let header = slice(file, SIZE_BYTES, SIZE_BYTES + size).await?;
    let tensors = TensorFile::parse(name, &header, n_bytes).map_err(|e| e.to_string())?;
    match TensorsKind::of(&tensors) {
        TensorsKind::Weights => Ok(Content::Weights(Shared::new(tensors))),
        TensorsKind::PruneScores => {
            at_most(MAX_SCORES_BYTES, "a file of prune scores", name, n_bytes)?;
            Ok(Content::Scores(Shared(Rc::from(slice(file, 0, n_bytes).await?))))
        }
        TensorsKind::Other => Err(Unread::Unknown(neither(name, &tensors))),
    }
}

/// Says that tensors are of no use here.
fn neither(name: &str, tensors: &TensorFile) -> String {
    let found = tensors.tensors.first().map_or("no tensors".to_owned(), |tensor| format!("`{}`", tensor.name));
    format!(
        "{name}: expected a model's weights (`h.0.ln_1.weight`) or prune scores (`blocks.0.hook_mlp_in`), found {found}"
    )
}

/// The bytes of a range, or fewer where the file ends.
async fn slice(file: &File, start: u64, end: u64) -> Result<Vec<u8>, String> {
    let unreadable = |e| format!("{}: the browser could not read it: {}", file.name(), js_text(&e));
    let blob = file.slice_with_f64_and_f64(start as f64, end as f64).map_err(unreadable)?;
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(unreadable)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
