//! Reads what shows the role of a file: the header of weights, the whole of anything else.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::state::files::Content;
use crate::state::load::Shared;
use crate::state::recognise::{Format, Unread, are_scores, foreign, format, is_tokenizer, read_json, starts_as_scores};
use crate::workers::js_text;
use circuitscope_core::TensorFile;
use circuitscope_core::files::tensor_file::{SIZE_BYTES, header_bytes};

/// Prompts and configs are far smaller; a larger text would hold up the page while it is parsed.
const MAX_JSON_BYTES: u64 = 20_000_000;
/// The largest vocabularies, of a quarter of a million tokens, take 33 MB.
const MAX_TOKENIZER_BYTES: u64 = 100_000_000;
/// A tokenizer names its version and its truncation before anything else.
const TOKENIZER_START_BYTES: u64 = 400;
/// A list of edges names one in its first lines.
const SCORES_START_BYTES: u64 = 4_000;
/// Scores of GPT-2 small at 64 token positions are 8 MB; more is likely a model with odd names.
const MAX_SCORES_BYTES: u64 = 200_000_000;

/// Reads a file.
///
/// # Errors
/// When it cannot be read or is nothing that is known; the message names the file.
pub async fn read(file: &File) -> Result<Content, Unread> {
    let (name, n_bytes) = (file.name(), file.size() as u64);
    let start = slice(file, 0, SIZE_BYTES).await?;
    match format(&start) {
        Format::Foreign(_) if starts_as_scores(&slice(file, 0, SCORES_START_BYTES).await?) => {
            Ok(Content::ForeignScores)
        }
        Format::Foreign(advice) => Err(foreign(&name, advice).into()),
        Format::Json if is_tokenizer(&name, &slice(file, 0, TOKENIZER_START_BYTES).await?) => {
            if n_bytes > MAX_TOKENIZER_BYTES {
                return Err(format!(
                    "{name}: a tokenizer should be at most 100 MB, found {:.0} MB",
                    n_bytes as f64 / 1e6
                )
                .into());
            }
            Ok(Content::Tokenizer)
        }
        Format::Json if n_bytes > MAX_JSON_BYTES => {
            Err(format!("{name}: a JSON file should be at most 20 MB, found {:.0} MB", n_bytes as f64 / 1e6).into())
        }
        Format::Json => {
            let bytes = slice(file, 0, n_bytes).await?;
            let text = String::from_utf8(bytes).map_err(|_| format!("{name}: expected JSON in UTF-8"))?;
            read_json(&name, &text)
        }
        Format::Safetensors => Ok(read_tensors(file, &name, n_bytes, &start).await?),
    }
}

/// Weights or scores, as the header says.
async fn read_tensors(file: &File, name: &str, n_bytes: u64, start: &[u8]) -> Result<Content, String> {
    let size = header_bytes(name, start, n_bytes).map_err(|e| e.to_string())?;
    let header = slice(file, SIZE_BYTES, SIZE_BYTES + size).await?;
    let tensors = TensorFile::parse(name, &header, n_bytes).map_err(|e| e.to_string())?;
    if !are_scores(&tensors) {
        return Ok(Content::Weights(Shared::new(tensors)));
    }
    if n_bytes > MAX_SCORES_BYTES {
        return Err(format!("{name}: prune scores should be at most 200 MB, found {:.0} MB", n_bytes as f64 / 1e6));
    }
    Ok(Content::Scores(Shared(Rc::from(slice(file, 0, n_bytes).await?))))
}

/// The bytes of a range, or fewer where the file ends.
async fn slice(file: &File, start: u64, end: u64) -> Result<Vec<u8>, String> {
    let unreadable = |e| format!("{}: the browser could not read it: {}", file.name(), js_text(&e));
    let blob = file.slice_with_f64_and_f64(start as f64, end as f64).map_err(unreadable)?;
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(unreadable)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
