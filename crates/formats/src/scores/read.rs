//! Reads a file of scores in any format, for a model.

use circuitscope_core::{
    FORMATS, FileKind, FormatId, Graph, GraphConfig, ModelConfig, PruneScores, ScoresInfo, recognise,
};

use super::error::FormatError;
use super::torch::TorchFile;
use super::{edge_list, mib, tensors};

/// What scores are wanted for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub model: &'a ModelConfig,
    /// The graph that is set at present. A file that fits several graphs of the model is read for this one.
    pub graph: GraphConfig,
    /// The prompts' length, where they have one: that of a token-wise edge list.
    pub seq_len: Option<usize>,
    /// Which of several scores in the file, by its name in [`FoundScores::choices`]; `None` for the first.
    pub pick: Option<&'a str>,
}

/// The scores of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundScores {
    pub format: FormatId,
    /// The graph whose edges have the scores.
    pub graph: Graph,
    pub scores: PruneScores,
    /// The names of the scores that the file holds, where there are several.
    pub choices: Vec<String>,
    /// The index of these scores among them.
    pub chosen: usize,
    /// How many edges the file marks as its circuit, or lists without scores.
    pub n_circuit: Option<usize>,
    /// What a user should know of the scores, each a sentence or two.
    pub notes: Vec<String>,
    /// The file's own metadata.
    pub info: ScoresInfo,
}

impl FoundScores {
    /// Scores of a file that holds nothing else.
    pub fn new(format: FormatId, graph: Graph, scores: PruneScores) -> Self {
        Self {
            format,
            graph,
            scores,
            choices: Vec::new(),
            chosen: 0,
            n_circuit: None,
            notes: Vec::new(),
            info: ScoresInfo::default(),
        }
    }
}

/// Reads scores of any format.
///
/// # Errors
/// When the file is in none of the formats, cannot be read, is for another model, or has no scores of the name that is
/// picked.
pub fn read_scores(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    match recognise(bytes) {
        FileKind::Safetensors => tensors::read_safetensors(file, bytes, wanted),
        FileKind::Zip => {
            let mut torch = TorchFile::open(file, bytes)?;
            if mib::torch::is_circuit(&torch) {
                mib::torch::read(file, &mut torch, wanted)
            } else {
                tensors::read_torch(file, &mut torch, wanted)
            }
        }
        FileKind::MibJson => mib::json::read(file, bytes, wanted),
        FileKind::EdgeListJson => edge_list::json::read(file, bytes, wanted),
        FileKind::EdgeListCsv => edge_list::csv::read(file, bytes, wanted),
        other => {
            let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
            let (expected, found) = (names.join("; "), other.to_string());
            Err(FormatError::Unrecognised { file: file.to_owned(), expected, found })
        }
    }
}
