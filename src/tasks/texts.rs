//! What the reader is asked for: opening tokenizers and turning text into token ids.
//!
//! The reader holds one tokenizer. Every request is posted right behind the one that opens the tokenizer that it is meant for,
//! if that is not the one held, so that no text is ever read with another.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::state::files::{FileId, Load, Shared};
use crate::state::texts::{OpenTokenizer, PromptsKey, ReadPrompts, TokenizerKey};
use crate::state::{Action, Failure};
use crate::tasks::Tasks;
use crate::workers::engine::{Fault, js_text};
use crate::workers::reader::Reader;
use circuitscope_core::{Prompts, Source};
use circuitscope_wire::reader::{Event, Request};

/// The reader, and the tokenizer that its worker holds.
#[derive(Default)]
pub struct TextReader {
    pub reader: Rc<Reader>,
    /// The worker's number, and what it was last told to open.
    held: Cell<Option<(u32, TokenizerKey)>>,
}

type Asked = Result<Event, Fault>;

impl Tasks {
    /// Opens a tokenizer, so that tokens are shown as text.
    pub fn open_tokenizer(self: &Rc<Self>, key: TokenizerKey) {
        self.dispatch.dispatch(Action::TokenizerTold(key, Load::Loading));
        let tasks = self.clone();
        spawn_local(async move {
            let told = match tasks.post_open(key).await {
                Ok(Event::Tokenizer { tokenizer, pieces }) => {
                    Load::Ready(Shared::new(OpenTokenizer::new(tokenizer, pieces)))
                }
                Ok(other) => Load::Failed(not_understood(&other)),
                Err(fault) => Load::Failed(Failure::from(fault).message),
            };
            tasks.dispatch.dispatch(Action::TokenizerTold(key, told));
        });
    }

    /// Makes token ids of text prompts.
    pub fn read_prompts(self: &Rc<Self>, key: PromptsKey) {
        self.dispatch.dispatch(Action::PromptsTold(key, Load::Loading));
        let tasks = self.clone();
        spawn_local(async move {
            let told = tasks.prompt_ids(key).await;
            let told = told.map_or_else(|fault| Load::Failed(Failure::from(fault).message), Load::Ready);
            tasks.dispatch.dispatch(Action::PromptsTold(key, told));
        });
    }

    /// The token ids of texts.
    ///
    /// # Errors
    /// When the tokenizer cannot be opened or refuses a text.
    pub async fn encode(
        self: Rc<Self>,
        key: TokenizerKey,
        texts: Vec<String>,
        prepend_bos: bool,
    ) -> Result<Vec<Vec<u32>>, String> {
        let request = Request::Encode { texts, prepend_bos };
        match self.ask(key, request, &Array::new()).await {
            Ok(Event::Encoded { ids }) => Ok(ids),
            Ok(other) => Err(not_understood(&other)),
            Err(fault) => Err(Failure::from(fault).message),
        }
    }

    /// Adds a file that was made on the page, as if it had been dropped.
    pub fn add_text(self: &Rc<Self>, name: &str, text: &str) {
        match File::new_with_str_sequence(&Array::of1(&text.into()), name) {
            Ok(file) => self.add_files(vec![file]),
            Err(error) => self.dispatch.dispatch(Action::Failed(Failure::plain(js_text(&error)))),
        }
    }

    async fn prompt_ids(self: &Rc<Self>, key: PromptsKey) -> Result<ReadPrompts, Fault> {
        let attachments = Array::new();
        let prompts = self.attach_file(key.prompts, &attachments)?;
        let Source::Attached { name, .. } = &prompts else { return Err(Fault::Cancelled) };
        let name = name.clone();
        let request = Request::ReadPrompts { prompts, settings: key.settings };
        match self.ask(key.tokenizer, request, &attachments).await? {
            Event::Prompts { json } => {
                let prompts = Prompts::from_json(&name, &json).map_err(|e| Fault::Failed(e.to_string()))?;
                let bytes = JsValue::from(Uint8Array::from(json.as_bytes()));
                Ok(ReadPrompts { file: self.keep(name, bytes), prompts: Shared::new(prompts) })
            }
            other => Err(Fault::Failed(not_understood(&other))),
        }
    }

    /// Posts a request to the reader, behind the one that opens the tokenizer if need be.
    async fn ask(self: &Rc<Self>, key: TokenizerKey, request: Request, attachments: &Array) -> Asked {
        let TextReader { reader, held } = &self.text;
        let holds = held.get() == Some((reader.generation(), key));
        let opening = (!holds).then(|| self.post_open(key));
        let answer = reader.call(request, attachments);
        if let Some(opening) = opening {
            opening.await?;
        }
        answer.await.map(|(event, _)| event)
    }

    /// Posts the request that opens a tokenizer at once; the answer is waited for.
    fn post_open(self: &Rc<Self>, key: TokenizerKey) -> impl Future<Output = Asked> + use<> {
        let attachments = Array::new();
        let sources = self.attach_file(key.tokenizer, &attachments).and_then(|tokenizer| {
            let config = key.config.map(|id| self.attach_file(id, &attachments)).transpose()?;
            Ok(Request::OpenTokenizer { tokenizer, config })
        });
        let TextReader { reader, held } = &self.text;
        let answer = sources.map(|request| reader.call(request, &attachments));
        held.set(Some((reader.generation(), key)));
        let tasks = self.clone();
        async move {
            let answer = match answer {
                Ok(answer) => answer.await,
                Err(fault) => Err(fault),
            };
            if answer.is_err() {
                tasks.text.held.set(None);
            }
            answer.map(|(event, _)| event)
        }
    }

    /// A file as the source of a message, added to its attachments.
    pub fn attach_file(&self, id: FileId, attachments: &Array) -> Result<Source, Fault> {
        let handles = self.handles.borrow();
        let (name, handle) = handles.get(&id).ok_or_else(|| Fault::Failed("the file is gone".to_owned()))?;
        let index = attachments.push(handle) as usize - 1;
        Ok(Source::Attached { index, name: name.clone() })
    }
}

/// An answer of another kind than the request's: page and reader are of different builds.
pub fn not_understood(event: &Event) -> String {
    format!("the reader's answer was not understood (reload the page): {event:?}")
}
