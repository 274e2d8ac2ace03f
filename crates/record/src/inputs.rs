//! The files that a figure is made of: the model's folder, prompts, scores.

use std::path::{Path, PathBuf};

use circuitscope_core::{FormatId, Graph, GraphConfig, ModelConfig, PromptSettings, Prompts, PruneScores, RunSettings};
use circuitscope_engine::model::ModelFolder;
use circuitscope_engine::run::graph_config;
use circuitscope_formats::{File, FoundScores, ReadPrompts, Tokenizer, Wanted, read_prompts, read_scores};

use crate::error::RecordError;

/// Where the files are.
#[derive(Debug, Clone)]
pub struct InputPaths {
    /// A folder with a config and weights.
    pub model: PathBuf,
    pub prompts: PathBuf,
    /// For prompts that are texts, and to write tokens as texts; the model folder's where there is none.
    pub tokenizer: Option<PathBuf>,
    pub scores: PathBuf,
    /// Which scores, where the file holds several.
    pub pick: Option<String>,
}

/// The files, read.
pub struct Inputs {
    pub folder: ModelFolder,
    pub config: ModelConfig,
    pub config_file: File,
    pub prompts: Prompts,
    pub tokenizer: Option<Tokenizer>,
    /// The paths of `tokenizer.json` and `tokenizer_config.json`.
    pub tokenizer_paths: [Option<PathBuf>; 2],
    pub scores: FoundScores,
    /// What a user should know, each a sentence or two.
    pub notes: Vec<String>,
}

impl Inputs {
    /// Reads all but the weights.
    ///
    /// # Errors
    /// When a file is missing, or is not what it should be.
    pub fn open(paths: &InputPaths, settings: &RunSettings, texts: PromptSettings) -> Result<Self, RecordError> {
        let folder = ModelFolder::open(&paths.model)?;
        let config_file = open(&folder.config)?;
        let config = ModelConfig::from_json(&config_file.name, config_file.text()?)?;
        let tokenizer_paths = tokenizer_paths(paths);
        let tokenizer = open_tokenizer(&tokenizer_paths)?;
        let ReadPrompts { prompts, mut notes } = read_prompts(&open(&paths.prompts)?, tokenizer.as_ref(), texts)?;
        let graph = graph_config(settings, &prompts)?;
        let wanted = Wanted { model: &config, graph, seq_len: graph.seq_len, pick: paths.pick.as_deref() };
        let file = open(&paths.scores)?;
        let scores = read_scores(&file.name, &file.bytes, &wanted)?;
        notes.extend(scores.notes.iter().cloned());
        Ok(Self { folder, config, config_file, prompts, tokenizer, tokenizer_paths, scores, notes })
    }

    /// Whether the file of scores is one that a figure can name.
    pub fn has_safetensors(&self) -> bool {
        self.scores.format == FormatId::Safetensors
    }

    pub fn graph(&self) -> &Graph {
        &self.scores.graph
    }

    pub fn graph_config(&self) -> GraphConfig {
        self.scores.graph.config
    }

    /// The path of the index of the shards, where there is one.
    pub(crate) fn index_path(&self) -> PathBuf {
        self.folder.config.with_file_name("model.safetensors.index.json")
    }

    pub fn values(&self) -> &PruneScores {
        &self.scores.scores
    }
}

/// A file, read whole.
pub(crate) fn open(path: &Path) -> Result<File, RecordError> {
    let bytes = std::fs::read(path).map_err(|reason| RecordError::read(path, reason))?;
    Ok(File { name: path.display().to_string(), bytes })
}

/// The named tokenizer, or that of the model's folder, with the config beside it.
fn tokenizer_paths(paths: &InputPaths) -> [Option<PathBuf>; 2] {
    let beside_model = || Some(paths.model.join("tokenizer.json")).filter(|path| path.is_file());
    let tokenizer = paths.tokenizer.clone().or_else(beside_model);
    let config = tokenizer.as_ref().map(|path| path.with_file_name("tokenizer_config.json"));
    [tokenizer, config.filter(|path| path.is_file())]
}

pub(crate) fn open_tokenizer([tokenizer, config]: &[Option<PathBuf>; 2]) -> Result<Option<Tokenizer>, RecordError> {
    let Some(tokenizer) = tokenizer else { return Ok(None) };
    let config = config.as_ref().map(|path| open(path)).transpose()?;
    Ok(Some(Tokenizer::open(&open(tokenizer)?, config.as_ref())?))
}
