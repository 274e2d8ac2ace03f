//! Answers the reader's calls: opens the files of a request and has the session read them.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;

use circuitscope_formats::reader::session::{Answer, File, Session};
use circuitscope_wire::browser::OpenSource;
use circuitscope_wire::reader::{Event, Request};
use circuitscope_wire::{ByteSource, Caller, Handler, Reader, Refusal, Source};

/// The session, and the way to it.
#[derive(Default)]
pub struct ReaderHandler {
    session: Session,
}

impl Handler for ReaderHandler {
    type Protocol = Reader;
    type Attachments = Array;

    async fn answer(
        &mut self,
        request: Request,
        attachments: Array,
        _caller: &Caller<'_, Reader, Array>,
    ) -> Result<(Event, Array), Refusal> {
        let mut files = Vec::new();
        for source in request.sources() {
            files.push(read(source, &attachments).await?);
        }
        let answer = self.session.answer(&request, &files);
        let Answer { event, attachments } = answer.map_err(|error| Refusal::Failed(error.to_string()))?;
        let attachments = attachments.iter().map(|bytes| JsValue::from(Uint8Array::from(bytes.as_slice())));
        Ok((event, attachments.collect()))
    }
}

async fn read(source: &Source, attachments: &Array) -> Result<File, Refusal> {
    let source = OpenSource::open_whole(source, attachments).await?;
    Ok(File { name: source.name().to_owned(), bytes: source.read_all().await? })
}
