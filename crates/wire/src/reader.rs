//! What the page and the reader's worker tell each other: plain serde data, a [`Call`] one way and a [`Reply`] the other.
//!
//! A message posted to the worker is `[call, attachments]`, one posted back `[reply, attachments]`. Attachments are what
//! serde has no words for: `File`s, `Blob`s and byte arrays on the way in (named by [`Source::Attached`]), `Uint8Array`s of
//! files that were written on the way out. Every call is answered by exactly one event of the same `id`, in the order of the
//! calls; [`Event::Failed`] where it could not be done.
//!
//! To add a request: a variant of [`Request`] with its files as [`Source`]s, which [`Request::sources`] lists; a variant of
//! [`Event`] that answers it; and an arm of `Session::answer`, which is given the files' bytes in the order of `sources`
//! and leaves the work to a file of its own.

use serde::{Deserialize, Serialize};

use circuitscope_core::{Extent, FormatId, GraphConfig, ModelConfig, PromptSettings, ScoresInfo, Source};

/// A request with the number that its reply will carry, counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: u32,
    pub request: Request,
}

/// An event with the number of the call that it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub id: u32,
    pub event: Event,
}

/// What the reader can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Request {
    /// Reads a `tokenizer.json`, in place of the tokenizer before, also where it cannot be read. Answered by [`Event::Tokenizer`].
    OpenTokenizer {
        tokenizer: Source,
        /// Its `tokenizer_config.json`, which names the BOS and the pad token.
        config: Option<Source>,
    },
    /// Reads prompts in auto-circuit's dataset format, texts among them. Answered by [`Event::Prompts`].
    ReadPrompts { prompts: Source, settings: PromptSettings },
    /// Turns texts into token ids. Answered by [`Event::Encoded`].
    Encode {
        texts: Vec<String>,
        /// Whether each text begins with the BOS token, once.
        prepend_bos: bool,
    },
    /// Reads prune scores or a circuit in any format. Answered by [`Event::Scores`].
    ReadScores {
        scores: Source,
        model: ModelConfig,
        /// The graph that is set at present.
        graph: GraphConfig,
        /// The prompts' length, where they have one.
        seq_len: Option<usize>,
        /// Which of several in the file, by its name; the first where nothing is asked for.
        pick: Option<String>,
    },
    /// Writes prune scores in a format. Answered by [`Event::Written`].
    WriteScores {
        /// As safetensors.
        scores: Source,
        model: ModelConfig,
        graph: GraphConfig,
        format: FormatId,
        /// The edge count of the circuit that is marked, or written alone.
        edge_count: usize,
        extent: Extent,
        /// Where the scores' own file does not say it.
        algorithm: Option<String>,
        /// `2026-11-23`.
        date: Option<String>,
    },
}

/// What the reader tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type", try_from = "EventFields")]
pub enum Event {
    Tokenizer {
        tokenizer: TokenizerInfo,
        /// How the tokens are shown, a line for each id from 0 on; see `reader::tokenizer`.
        pieces: String,
    },
    /// A prompts file of token ids only, as `circuitscope_core::Prompts` reads it.
    Prompts {
        json: String,
        /// What a user should know of the prompts, each a sentence or two.
        #[serde(default)]
        notes: Vec<String>,
    },
    /// The ids of each text.
    Encoded {
        ids: Vec<Vec<u32>>,
    },
    /// One attachment: the scores as safetensors.
    Scores {
        found: ScoresFound,
    },
    /// One attachment: the file.
    Written,
    Failed {
        message: String,
    },
}

/// The fields of all events, through which they are read, for the page to be small.
#[derive(Deserialize)]
struct EventFields {
    r#type: String,
    tokenizer: Option<TokenizerInfo>,
    pieces: Option<String>,
    json: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
    ids: Option<Vec<Vec<u32>>>,
    found: Option<ScoresFound>,
    message: Option<String>,
}

impl TryFrom<EventFields> for Event {
    type Error = String;

    fn try_from(fields: EventFields) -> Result<Self, String> {
        let EventFields { r#type: name, tokenizer, pieces, json, notes, ids, found, message } = fields;
        let event = || {
            Some(match name.as_str() {
                "tokenizer" => Self::Tokenizer { tokenizer: tokenizer?, pieces: pieces? },
                "prompts" => Self::Prompts { json: json?, notes },
                "encoded" => Self::Encoded { ids: ids? },
                "scores" => Self::Scores { found: found? },
                "written" => Self::Written,
                "failed" => Self::Failed { message: message? },
                _ => return None,
            })
        };
        event().ok_or_else(|| format!("expected an event with its fields, found one of type `{name}`"))
    }
}

/// What was found in a file of scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoresFound {
    pub format: FormatId,
    /// The graph that the scores are of.
    pub graph: GraphConfig,
    /// The names of the scores that the file holds, where there are several.
    pub choices: Vec<String>,
    /// Which of them these are.
    pub chosen: usize,
    /// How many edges the circuit has that the file marks, or that it is.
    pub n_circuit: Option<usize>,
    /// What is to be known of the scores, each a sentence or two.
    pub notes: Vec<String>,
    /// What the file says of itself.
    pub info: ScoresInfo,
}

/// A tokenizer that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenizerInfo {
    /// One more than the largest id.
    pub n_tokens: usize,
    /// The token that prompts begin with.
    pub bos: Option<SpecialToken>,
    /// The token that short prompts are filled up with on the left.
    pub pad: Option<SpecialToken>,
}

/// A token with a meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialToken {
    pub id: u32,
    /// As it is written in text.
    pub text: String,
}

impl Request {
    /// The files of a request, in the order in which its answer is given their bytes.
    pub fn sources(&self) -> Vec<&Source> {
        match self {
            Self::OpenTokenizer { tokenizer, config } => {
                [Some(tokenizer), config.as_ref()].into_iter().flatten().collect()
            }
            Self::ReadPrompts { prompts, .. } => vec![prompts],
            Self::Encode { .. } => Vec::new(),
            Self::ReadScores { scores, .. } | Self::WriteScores { scores, .. } => vec![scores],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_they_are_written() {
        let bos = Some(SpecialToken { id: 1, text: "<s>".to_owned() });
        let events = [
            Event::Tokenizer { tokenizer: TokenizerInfo { n_tokens: 2, bos, pad: None }, pieces: "a\nb".to_owned() },
            Event::Prompts { json: "{}".to_owned(), notes: vec!["a note".to_owned()] },
            Event::Encoded { ids: vec![vec![1, 2], vec![]] },
            Event::Written,
            Event::Failed { message: "m".to_owned() },
        ];
        for event in events {
            let written = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), event);
        }
        assert!(serde_json::from_str::<Event>(r#"{"type":"encoded"}"#).is_err());
    }
}
