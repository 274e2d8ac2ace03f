//! The reader, and the tokenizer that its worker has open.
//!
//! The reader keeps one tokenizer. Every request is posted right behind the one that opens its tokenizer, if that is not the
//! open one, so that no text is ever read with another.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;

use super::handles::FileHandles;
use crate::state::texts::TokenizerKey;
use crate::workers::{self, Fault, ReaderClient};
use circuitscope_wire::reader::{Event, Request};

/// The reader, and the tokenizer that its worker has open.
pub struct TextReader {
    client: ReaderClient,
    /// The worker's number, and what it was last asked to open.
    opened: Rc<Cell<Option<(u32, TokenizerKey)>>>,
}

/// The reader's answer.
pub type Asked = Result<Event, Fault>;

impl Default for TextReader {
    fn default() -> Self {
        Self { client: workers::reader(), opened: Rc::default() }
    }
}

impl TextReader {
    /// Posts a request at once; the answer is waited for.
    pub fn call(
        &self,
        request: Request,
        attachments: &Array,
    ) -> impl Future<Output = Result<(Event, Array), Fault>> + use<> {
        let called = self.client.call(request, attachments, |_| {});
        async { called.await.map_err(stopped) }
    }

    /// Posts a request, behind the one that opens the tokenizer if need be.
    ///
    /// # Errors
    /// When the tokenizer cannot be opened, or the request fails.
    pub async fn ask(&self, files: &FileHandles, key: TokenizerKey, request: Request, attachments: &Array) -> Asked {
        let is_open = self.opened.get() == Some((self.client.generation(), key));
        let opening = (!is_open).then(|| self.open(files, key));
        let answer = self.call(request, attachments);
        if let Some(opening) = opening {
            opening.await?;
        }
        answer.await.map(|(event, _)| event)
    }

    /// Posts the request that opens a tokenizer at once; the answer is waited for.
    pub fn open(&self, files: &FileHandles, key: TokenizerKey) -> impl Future<Output = Asked> + use<> {
        let attachments = Array::new();
        let sources = files.attach(key.tokenizer, &attachments).and_then(|tokenizer| {
            let config = key.config.map(|id| files.attach(id, &attachments)).transpose()?;
            Ok(Request::OpenTokenizer { tokenizer, config })
        });
        let answer = sources.map(|request| self.call(request, &attachments));
        self.opened.set(Some((self.client.generation(), key)));
        let opened = self.opened.clone();
        async move {
            let answer = match answer {
                Ok(answer) => answer.await,
                Err(fault) => Err(fault),
            };
            if answer.is_err() {
                opened.set(None);
            }
            answer.map(|(event, _)| event)
        }
    }
}

/// A reader that died is started again with the next call.
fn stopped(fault: Fault) -> Fault {
    match fault {
        Fault::Died(reason) => Fault::Failed(format!("the reader stopped: {reason}")),
        fault => fault,
    }
}

/// An answer of another kind than the request's: page and reader are of different builds.
pub fn not_understood(event: &Event) -> String {
    format!("the reader's answer was not understood (reload the page): {event:?}")
}
