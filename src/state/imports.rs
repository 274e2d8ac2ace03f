//! Scores in other programs' formats, which the reader turns into safetensors.

use super::files::{Content, FileEntry, FileId, Role, in_use};
use super::load::{Load, Shared};
use circuitscope_core::{GraphConfig, ModelConfig, Prompts};
use circuitscope_wire::reader::ScoresFound;

/// What scores are read from, and for.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportKey {
    pub file: FileId,
    pub config: FileId,
    /// Which of several in the file.
    pub pick: Option<String>,
    /// The prompts' length, where they have one: that of a token-wise edge list.
    pub seq_len: Option<usize>,
}

/// A file that the reader is to read.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRequest {
    pub key: ImportKey,
    pub model: Shared<ModelConfig>,
    /// The graph that is set at present.
    pub graph: GraphConfig,
}

/// Scores that the reader has read.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedScores {
    /// The scores as safetensors, kept as a file of their own.
    pub file: FileId,
    pub bytes: Shared<[u8]>,
    pub found: Shared<ScoresFound>,
}

/// The file of scores, the config of their model, and which of several in the file were picked.
pub type ScoresSource = (FileId, FileId, Option<String>);

/// The scores that were asked of the reader last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imports {
    pub last: Option<(ImportKey, Load<ImportedScores>)>,
    /// Which of several in a file was picked last.
    pub picked: Option<(FileId, String)>,
    /// The scores whose graph and circuit were taken over: once, so that they may be changed afterwards.
    pub taken_over: Option<ScoresSource>,
}

impl Imports {
    /// What scores in another program's format are read from, where those in use are such.
    pub fn key(&self, files: &[FileEntry], config: FileId, prompts: Option<&Prompts>) -> Option<ImportKey> {
        let file = foreign_scores(files)?.id;
        let seq_len = prompts.and_then(|prompts| prompts.one_len(prompts.pairs.len(), "").ok());
        let pick = self.picked.clone().filter(|(of, _)| *of == file).map(|(_, pick)| pick);
        Some(ImportKey { file, config, pick, seq_len })
    }

    /// The safetensors that the reader made last.
    pub fn scores_file(&self) -> Option<FileId> {
        match &self.last {
            Some((_, Load::Ready(imported))) => Some(imported.file),
            _ => None,
        }
    }

    /// The scores of a key, where the reader was asked for them.
    pub fn get(&self, key: &ImportKey) -> Option<&Load<ImportedScores>> {
        self.last.as_ref().filter(|(last, _)| last == key).map(|(_, load)| load)
    }

    /// The scores of a file, where the reader was asked for them.
    pub fn of_file(&self, file: FileId) -> Option<&Load<ImportedScores>> {
        self.last.as_ref().filter(|(last, _)| last.file == file).map(|(_, load)| load)
    }
}

/// The scores in use, where they are in another program's format.
pub fn foreign_scores(files: &[FileEntry]) -> Option<&FileEntry> {
    in_use(files, Role::Scores).filter(|file| matches!(file.content, Load::Ready(Content::ForeignScores)))
}
