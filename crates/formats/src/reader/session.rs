//! What the reader holds between requests, and how it answers them. Knows of no browser.

use super::error::ReaderError;
use super::prompts::read_prompts;
use super::scores;
use super::tokenizer::Tokenizer;
use crate::Wanted;
use circuitscope_wire::reader::{Event, Request};

/// The reader's state.
#[derive(Default)]
pub struct Session {
    tokenizer: Option<Tokenizer>,
}

/// A file that was read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// For messages.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The event that answers a request, with the files that go beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub event: Event,
    pub attachments: Vec<Vec<u8>>,
}

impl Session {
    /// Answers a request, given the bytes of its [`Request::sources`] in their order.
    ///
    /// # Errors
    /// When a file is not what the request takes it for.
    pub fn answer(&mut self, request: &Request, files: &[File]) -> Result<Answer, ReaderError> {
        match request {
            Request::OpenTokenizer { .. } => self.open_tokenizer(files),
            Request::ReadPrompts { settings, .. } => {
                let json = read_prompts(&files[0], self.tokenizer.as_ref(), *settings)?.to_json();
                Ok(Event::Prompts { json }.into())
            }
            Request::Encode { texts, prepend_bos } => {
                let tokenizer = self.tokenizer()?;
                let ids = texts.iter().map(|text| tokenizer.encode(text, *prepend_bos));
                Ok(Event::Encoded { ids: ids.collect::<Result<_, _>>()? }.into())
            }
            Request::ReadScores { model, graph, seq_len, pick, .. } => {
                let pick = pick.as_deref();
                scores::read(files, &Wanted { model, graph: *graph, seq_len: *seq_len, pick })
            }
            Request::WriteScores { .. } => scores::write(files, request),
        }
    }

    fn open_tokenizer(&mut self, files: &[File]) -> Result<Answer, ReaderError> {
        // What is asked for next was meant for this tokenizer: where it cannot be opened, there is none.
        self.tokenizer = None;
        let [file, config @ ..] = files else { return Err(ReaderError::NoTokenizer) };
        let tokenizer = Tokenizer::open(file, config.first())?;
        let event = Event::Tokenizer { tokenizer: tokenizer.info().clone(), pieces: tokenizer.pieces() };
        self.tokenizer = Some(tokenizer);
        Ok(event.into())
    }

    fn tokenizer(&self) -> Result<&Tokenizer, ReaderError> {
        self.tokenizer.as_ref().ok_or(ReaderError::NoTokenizer)
    }
}

impl From<Event> for Answer {
    fn from(event: Event) -> Self {
        Self { event, attachments: Vec::new() }
    }
}

impl File {
    /// The contents as text, without a byte order mark.
    ///
    /// # Errors
    /// When they are not UTF-8.
    pub fn text(&self) -> Result<&str, ReaderError> {
        let wrong = |e| ReaderError::Read { file: self.name.clone(), reason: format!("expected text in UTF-8 ({e})") };
        let text = std::str::from_utf8(&self.bytes).map_err(wrong)?;
        Ok(text.trim_start_matches('\u{feff}'))
    }
}
