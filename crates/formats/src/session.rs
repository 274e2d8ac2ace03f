//! What the reader's program keeps between requests, and how it answers them. Nothing here depends on a browser.

use circuitscope_core::{Graph, ModelSize, PruneScores, ScoresInfo, TensorFile};
use circuitscope_wire::reader::{Event, Request, ScoresFound};

use crate::error::ReaderError;
use crate::file::File;
use crate::scores::{FoundScores, Wanted, WriteRequest, read_scores, write_scores};
use crate::text::{ReadPrompts, TextError, Tokenizer, read_prompts};

/// The reader's state.
#[derive(Default)]
pub struct Session {
    tokenizer: Option<Tokenizer>,
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
    /// When a file is not of the kind that the request says.
    pub fn answer(&mut self, request: &Request, files: &[File]) -> Result<Answer, ReaderError> {
        match request {
            Request::OpenTokenizer { .. } => self.open_tokenizer(files),
            Request::ReadPrompts { settings, .. } => {
                let file = only("prompts", files)?;
                let ReadPrompts { prompts, notes } = read_prompts(file, self.tokenizer.as_ref(), *settings)?;
                Ok(Event::Prompts { json: prompts.to_json(), notes }.into())
            }
            Request::Encode { texts, prepend_bos } => self.encode(texts, *prepend_bos),
            Request::ReadScores { model, graph, seq_len, pick, .. } => {
                let wanted = Wanted { model, graph: *graph, seq_len: *seq_len, pick: pick.as_deref() };
                read(only("scores", files)?, &wanted)
            }
            Request::WriteScores { .. } => write(only("scores", files)?, request),
        }
    }

    fn open_tokenizer(&mut self, files: &[File]) -> Result<Answer, ReaderError> {
        // The requests that follow are meant for this tokenizer: where it cannot be opened, there is none.
        self.tokenizer = None;
        let file = only("tokenizer.json", files)?;
        let tokenizer = Tokenizer::open(file, files.get(1))?;
        let event = Event::Tokenizer { tokenizer: tokenizer.info().clone(), pieces: tokenizer.pieces() };
        self.tokenizer = Some(tokenizer);
        Ok(event.into())
    }

    fn encode(&self, texts: &[String], prepend_bos: bool) -> Result<Answer, ReaderError> {
        let tokenizer = self.tokenizer.as_ref().ok_or(TextError::NoTokenizer)?;
        let ids = texts.iter().map(|text| tokenizer.encode(text, prepend_bos)).collect::<Result<_, _>>()?;
        Ok(Event::Encoded { ids }.into())
    }
}

impl From<Event> for Answer {
    fn from(event: Event) -> Self {
        Self { event, attachments: Vec::new() }
    }
}

/// Reads scores in any format; they are handed out as safetensors with metadata.
fn read(file: &File, wanted: &Wanted) -> Result<Answer, ReaderError> {
    let FoundScores { format, graph, scores, choices, chosen, n_circuit, notes, info } =
        read_scores(&file.name, &file.bytes, wanted)?;
    let (model, config) = (Some(ModelSize::of(wanted.model)), Some(graph.config));
    let bytes = scores.to_bytes(&graph, &ScoresInfo { model, graph: config, ..info.clone() });
    let found = ScoresFound { format, graph: graph.config, choices, chosen, n_circuit, notes, info };
    Ok(Answer { event: Event::Scores { found }, attachments: vec![bytes] })
}

/// Writes the scores of a safetensors file in another format.
fn write(file: &File, request: &Request) -> Result<Answer, ReaderError> {
    let Request::WriteScores { model, graph, format, edge_count, extent, algorithm, date, .. } = request else {
        unreachable!("only requests to write scores are passed on to this function")
    };
    let graph = Graph::try_new(model, *graph)?;
    let scores = PruneScores::from_bytes(&file.name, &file.bytes, &graph)?;
    let metadata = TensorFile::from_bytes(&file.name, &file.bytes)?.metadata;
    let algorithm = ScoresInfo::from_metadata(&file.name, &metadata)?.algorithm.or_else(|| algorithm.clone());
    let bytes = write_scores(&WriteRequest {
        format: *format,
        model,
        graph: &graph,
        scores: &scores,
        edge_count: *edge_count,
        extent: *extent,
        algorithm: algorithm.as_deref(),
        date: date.as_deref(),
    })?;
    Ok(Answer { event: Event::Written, attachments: vec![bytes] })
}

/// The first file of a request; `what` it should be is said where there is none.
fn only<'a>(what: &str, files: &'a [File]) -> Result<&'a File, ReaderError> {
    let reason = "no file came with the request".to_owned();
    files.first().ok_or(ReaderError::Read { file: what.to_owned(), reason })
}
