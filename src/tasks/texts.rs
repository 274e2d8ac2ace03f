//! Opening tokenizers, and making token ids of text.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::reader::not_understood;
use crate::state::load::{Load, Shared};
use crate::state::runs::Failure;
use crate::state::texts::{OpenTokenizer, PromptsKey, ReadPrompts, TokenizerKey};
use crate::update::Action;
use crate::workers::Fault;
use circuitscope_core::Prompts;
use circuitscope_wire::reader::{Event, Request};

/// Opens a tokenizer, so that tokens are shown as text.
pub fn open_tokenizer(tasks: &Rc<Tasks>, key: TokenizerKey) {
    tasks.dispatch(Action::TokenizerChanged(key, Load::Loading));
    let tasks = tasks.clone();
    spawn_local(async move {
        let tokenizer = match tasks.reader.open(&tasks.files, key).await {
            Ok(Event::Tokenizer { tokenizer, pieces }) => {
                Load::Ready(Shared::new(OpenTokenizer::new(tokenizer, pieces)))
            }
            Ok(other) => Load::Failed(not_understood(&other)),
            Err(fault) => Load::Failed(Failure::from(fault).message),
        };
        tasks.dispatch(Action::TokenizerChanged(key, tokenizer));
    });
}

/// Makes token ids of text prompts.
pub fn read_prompts(tasks: &Rc<Tasks>, key: PromptsKey) {
    tasks.dispatch(Action::PromptsChanged(key, Load::Loading));
    let tasks = tasks.clone();
    spawn_local(async move {
        let prompts = prompt_ids(&tasks, key).await;
        let prompts = prompts.map_or_else(|fault| Load::Failed(Failure::from(fault).message), Load::Ready);
        tasks.dispatch(Action::PromptsChanged(key, prompts));
    });
}

/// The token ids of texts.
///
/// # Errors
/// When the tokenizer cannot be opened or refuses a text.
pub async fn encode(
    tasks: &Tasks,
    key: TokenizerKey,
    texts: Vec<String>,
    prepend_bos: bool,
) -> Result<Vec<Vec<u32>>, String> {
    let request = Request::Encode { texts, prepend_bos };
    match tasks.reader.ask(&tasks.files, key, request, &Array::new()).await {
        Ok(Event::Encoded { ids }) => Ok(ids),
        Ok(other) => Err(not_understood(&other)),
        Err(fault) => Err(Failure::from(fault).message),
    }
}

async fn prompt_ids(tasks: &Tasks, key: PromptsKey) -> Result<ReadPrompts, Fault> {
    let attachments = Array::new();
    let prompts = tasks.files.attach(key.prompts, &attachments)?;
    let name = tasks.files.name(key.prompts);
    let request = Request::ReadPrompts { prompts, settings: key.settings };
    match tasks.reader.ask(&tasks.files, key.tokenizer, request, &attachments).await? {
        Event::Prompts { json, notes, .. } => {
            let prompts = Prompts::from_json(&name, &json).map_err(|e| Fault::Failed(e.to_string()))?;
            let bytes = JsValue::from(Uint8Array::from(json.as_bytes()));
            Ok(ReadPrompts { file: tasks.files.add(name, bytes), prompts: Shared::new(prompts), notes })
        }
        other => Err(Fault::Failed(not_understood(&other))),
    }
}
