//! The requests to the reader, the program that opens tokenizers and other programs' files, and its replies.
//!
//! Every call is answered by exactly one event of the same number, in the order of the calls; [`Event::Failed`] where it
//! could not be done. None is cancelled: each takes seconds at most. Attachments are `File`s, `Blob`s and byte arrays on
//! the way in (named by [`Source::Attached`]), `Uint8Array`s of files that were written on the way out.

use serde::{Deserialize, Serialize};

use crate::message::{Meaning, Protocol};
use circuitscope_core::{Extent, FormatId, GraphConfig, ModelConfig, PromptSettings, ScoresInfo, Source};

/// The reader's protocol.
pub struct Reader;

/// What the reader can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(rename = "ReaderRequest"))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Request {
    /// Reads a `tokenizer.json`. The previous tokenizer is dropped, even where this one cannot be read. Answered by
    /// [`Event::Tokenizer`].
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
        /// The graph that is chosen at present.
        graph: GraphConfig,
        /// The prompts' length, where they have one.
        seq_len: Option<usize>,
        /// Which of several scores in the file, by name; by default the first.
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
        /// The algorithm, where the scores' own file does not name it.
        algorithm: Option<String>,
        /// `2026-11-23`.
        date: Option<String>,
    },
}

/// What the reader replies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(rename = "ReaderEvent"))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
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

/// What was found in a file of scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
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
    /// The metadata of the file.
    pub info: ScoresInfo,
}

/// A tokenizer that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TokenizerInfo {
    /// One more than the largest id.
    pub n_tokens: usize,
    /// The token that prompts begin with.
    pub bos: Option<SpecialToken>,
    /// The token that short prompts are padded with on the left.
    pub pad: Option<SpecialToken>,
}

/// A token with a meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
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

impl Protocol for Reader {
    const NAME: &'static str = "reader";
    type Request = Request;
    type Event = Event;

    fn failed(message: String) -> Event {
        Event::Failed { message }
    }

    fn meaning(event: &Event) -> Meaning {
        match event {
            Event::Tokenizer { .. }
            | Event::Prompts { .. }
            | Event::Encoded { .. }
            | Event::Scores { .. }
            | Event::Written => Meaning::Answer,
            Event::Failed { message } => Meaning::Failed(message.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> ScoresFound {
        ScoresFound {
            format: FormatId::Safetensors,
            graph: GraphConfig { factorized: true, separate_qkv: false, seq_len: Some(3) },
            choices: vec!["a".to_owned()],
            chosen: 0,
            n_circuit: None,
            notes: Vec::new(),
            info: ScoresInfo::default(),
        }
    }

    #[test]
    fn events_are_read_as_they_are_written() {
        let bos = Some(SpecialToken { id: 1, text: "<s>".to_owned() });
        let events = [
            Event::Tokenizer { tokenizer: TokenizerInfo { n_tokens: 2, bos, pad: None }, pieces: "a\nb".to_owned() },
            Event::Prompts { json: "{}".to_owned(), notes: vec!["a note".to_owned()] },
            Event::Encoded { ids: vec![vec![1, 2], vec![]] },
            Event::Scores { found: found() },
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
