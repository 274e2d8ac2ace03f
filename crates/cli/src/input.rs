//! Opening what the options name: files, the model, prompts, scores and the device. Errors name the file.

use std::path::{Path, PathBuf};

use circuitscope_core::{FormatId, Graph, GraphConfig, ModelConfig, Prompts, PruneScores, count_label, describe_graph};
use circuitscope_engine::device::{self, Opened, Trouble};
use circuitscope_engine::model::{ModelFolder, Transformer, load_shards};
use circuitscope_engine::run::Stacking;
use circuitscope_engine::session::Session;
use circuitscope_formats::{File, ReadPrompts, Tokenizer, read_prompts};
use circuitscope_formats::{FoundScores, Wanted, read_scores};
use circuitscope_wire::engine::{DeviceChoice, DeviceKind};

use crate::error::CliError;
use crate::options::{ComputeOptions, GraphKind, TextOptions};
use crate::progress::loading_bar;

/// About how many bytes the activations of a forward pass may take.
const BUDGET_BYTES: u64 = 1 << 30;

/// A device that is ready, with how many circuits it takes at once.
pub struct Computer {
    opened: Opened,
    pub stacking: Stacking,
}

impl Computer {
    /// Opens the device and says on stderr which it is.
    ///
    /// # Errors
    /// When a GPU was asked for and does not work.
    pub async fn open(choice: DeviceChoice) -> Result<Self, CliError> {
        let on_trouble = |trouble| match trouble {
            Trouble::Lost(reason) => eprintln!("warning: the GPU is lost: {reason}"),
            Trouble::Error(reason) => eprintln!("warning: the GPU refused an operation: {reason}"),
        };
        let opened = device::open(choice, on_trouble).await.map_err(CliError::Device)?;
        eprintln!("device: {} ({})", opened.info.name, opened.info.reason);
        let is_cpu = opened.info.kind == DeviceKind::Cpu;
        let stacking = if is_cpu { Stacking::cpu(BUDGET_BYTES) } else { Stacking::gpu(BUDGET_BYTES) };
        Ok(Self { opened, stacking })
    }

    /// A session on the device, without a model.
    pub fn session(&self) -> Session {
        Session::new(self.opened.device.clone(), self.stacking)
    }

    /// What computes, in a word.
    pub fn kind(&self) -> &'static str {
        match self.opened.info.kind {
            DeviceKind::Cpu => "CPU",
            DeviceKind::Webgpu => "GPU",
        }
    }

    /// Loads the weights of a folder for its config.
    ///
    /// # Errors
    /// When a file is missing, or not what the config says.
    pub async fn load_model(&self, dir: &Path, config: ModelConfig) -> Result<Transformer, CliError> {
        let ModelFolder { weights, index, .. } = ModelFolder::open(dir)?;
        let bar = loading_bar();
        let progress = async |done, total| {
            bar.set_length(total);
            bar.set_position(done);
            true
        };
        let model = load_shards(config, &weights, index.as_ref(), &self.opened.device, progress).await?;
        bar.finish_and_clear();
        Ok(model)
    }
}

/// The prompts of a run or a search. Says on stderr how many are left out.
///
/// # Errors
/// See [`open_prompts`].
pub fn compute_prompts(options: &ComputeOptions) -> Result<Prompts, CliError> {
    let prompts = open_prompts(&options.prompts, &options.text, &options.model)?;
    let (n, batch_size) = (prompts.pairs.len(), options.batch_size(prompts.pairs.len()));
    let n_dropped = n.checked_rem(batch_size).unwrap_or(0);
    if n_dropped > 0 && batch_size < n {
        eprintln!("{}: the last {n_dropped} of {n} prompts are left out: --batch-size is {batch_size}", prompts.file);
    }
    Ok(prompts)
}

/// A file of prompts, texts by the tokenizer that is named or the model folder's.
///
/// # Errors
/// When a file cannot be read, is not in the format, or has texts and there is no tokenizer.
pub fn open_prompts(path: &Path, text: &TextOptions, model: &Path) -> Result<Prompts, CliError> {
    let folder = if model.is_dir() { Some(model) } else { model.parent() };
    let beside_model = || folder.map(|folder| folder.join("tokenizer.json")).filter(|path| path.is_file());
    let tokenizer = text.tokenizer.clone().or_else(beside_model).map(|path| open_tokenizer(&path)).transpose()?;
    let ReadPrompts { prompts, notes } = read_prompts(&open_file(path)?, tokenizer.as_ref(), text.settings())?;
    for note in notes {
        eprintln!("note: {note}");
    }
    Ok(prompts)
}

fn open_tokenizer(path: &Path) -> Result<Tokenizer, CliError> {
    let config = Some(path.with_file_name("tokenizer_config.json")).filter(|path| path.is_file());
    let config = config.map(|path| open_file(&path)).transpose()?;
    Ok(Tokenizer::open(&open_file(path)?, config.as_ref())?)
}

/// The scores of a file for the graph of a run; `pick` says which, where it holds several.
///
/// # Errors
/// When the file cannot be read, holds several and none is chosen, or they are of another graph.
pub fn open_scores(
    path: &Path,
    pick: Option<&str>,
    model: &ModelConfig,
    graph: &Graph,
) -> Result<PruneScores, CliError> {
    let wanted = Wanted { model, graph: graph.config, seq_len: graph.config.seq_len, pick };
    let found = find_scores(path, &wanted)?;
    if found.graph != *graph {
        let [found, expected] = [&found.graph, graph].map(|graph| describe_graph(&graph.config));
        return Err(CliError::OtherGraph { file: name(path), expected, found });
    }
    Ok(found.scores)
}

/// The scores of a file, for the graph that they are of. What the file says of itself goes to stderr.
///
/// # Errors
/// When the file cannot be read, is not of the model, or holds several and none is chosen.
pub fn find_scores(path: &Path, wanted: &Wanted) -> Result<FoundScores, CliError> {
    let file = name(path);
    let found = read_scores(&file, &read(path)?, wanted)?;
    if found.format == FormatId::Torch && found.choices.len() > 1 && wanted.pick.is_none() {
        return Err(CliError::Choose { file, choices: found.choices });
    }
    for line in found.info.line().iter().chain(&found.notes) {
        eprintln!("{file}: {line}");
    }
    if let Some(n) = found.n_circuit {
        eprintln!("{file}: its circuit has {}", count_label(n, "edge", "edges"));
    }
    Ok(found)
}

/// The graph of these settings at any length of prompts: what scores are tried on first.
pub fn graph_config(kind: GraphKind, seq_len: Option<usize>) -> GraphConfig {
    GraphConfig { factorized: kind.factorized(), separate_qkv: kind.separate_qkv(), seq_len }
}

/// The config of a model, from its file or from the folder that it lies in. No weights are needed.
///
/// # Errors
/// When there is none, or it is not of a supported model.
pub fn open_config(path: &Path) -> Result<ModelConfig, CliError> {
    if !path.is_dir() {
        return read_config(path);
    }
    let files: [PathBuf; 2] = ["config.json", "tl_config.json"].map(|file| path.join(file));
    let found = files.iter().find(|file| file.is_file());
    let missing = || CliError::NoConfig { dir: name(path) };
    read_config(found.ok_or_else(missing)?)
}

fn read_config(path: &Path) -> Result<ModelConfig, CliError> {
    let file = open_file(path)?;
    Ok(ModelConfig::from_json(&file.name, file.text()?)?)
}

fn open_file(path: &Path) -> Result<File, CliError> {
    Ok(File { name: name(path), bytes: read(path)? })
}

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|reason| CliError::Read { file: name(path), reason })
}

/// The name of a format on the command line: `mib-json`.
pub fn format_name(id: FormatId) -> String {
    serde_json::to_value(id).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What a file is called in messages.
pub fn name(path: &Path) -> String {
    path.display().to_string()
}
