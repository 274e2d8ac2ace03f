//! `convert`: scores and circuits from any format to any that is written, and what is in a file.

use std::path::{Path, PathBuf};

use circuitscope_core::{Extent, FORMATS, Format, FormatId, ModelConfig, ModelSize, ScoresInfo};
use circuitscope_formats::{FoundScores, Wanted, WriteRequest, write_scores};
use clap::Args;

use crate::contents::Contents;
use crate::error::CliError;
use crate::input::{self, format_name};
use crate::options::{GraphKind, setting};
use crate::output::{self, print};

/// Convert scores and circuits between formats, or say what is in a file
///
/// Without --to and --out: the format, which model, graph and algorithm the file names, how many edges it has, and which scores can
/// be picked from it. Give --model to have it checked against a model.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ConvertCommand {
    /// Scores or a circuit, in any format; which one is recognised by what the file holds
    file: PathBuf,
    /// The model's folder, or its config.json or tl_config.json; its weights are not read
    #[arg(long, value_name = "DIR|CONFIG")]
    model: Option<PathBuf>,
    /// Which scores, where the file holds several: TASK/ALGO, or scores or circuit of an EAP-IG / MIB circuit
    #[arg(long, value_name = "NAME", requires = "model")]
    pick: Option<String>,
    /// The format to write [default: the one that the name in --out ends in]
    #[arg(long, value_name = "FORMAT", value_parser = writable_format, requires = "model")]
    to: Option<FormatId>,
    /// Where to write [default: stdout]
    #[arg(long, value_name = "FILE", requires = "model")]
    out: Option<PathBuf>,
    /// How many edges the circuit has that is marked or written alone [default: the circuit that the file marks, else all edges]
    #[arg(long, value_name = "N", requires = "model")]
    edge_count: Option<usize>,
    /// Which edges are written, where the format can leave some out
    #[arg(long, default_value = "all", value_parser = setting(&Extent::ALL, Extent::about))]
    extent: Extent,
    /// How many token positions the graph has, for lists of edges with positions [default: up to the last one listed]
    #[arg(long, value_name = "N", requires = "model")]
    seq_len: Option<usize>,
    #[command(flatten)]
    graph: GraphKind,
    /// Say what is in the file as JSON, for other programs
    #[arg(long, conflicts_with_all = ["to", "out"])]
    json: bool,
}

const EXAMPLES: &str = "\
Formats (--to): safetensors, mib-json, edge-list-json, edge-list-csv. torch and mib-torch files are read only; torch reads
safetensors as well. `circuitscope models` says what each of them holds.

Examples:
  circuitscope convert scores.safetensors
  circuitscope convert task-prune-scores.pkl --model gpt2 --json
  circuitscope convert task-prune-scores.pkl --model gpt2 --pick 'IOI/EAP' --out eap.safetensors
  circuitscope convert eap.safetensors --model gpt2 --to mib-json --edge-count 500 --out circuit.json
  circuitscope convert eap.safetensors --model gpt2 --to edge-list-csv --edge-count 20 --extent circuit";

impl ConvertCommand {
    /// # Errors
    /// When the file cannot be read, is not of the model, or the format cannot hold what is in it.
    pub fn run(self) -> Result<(), CliError> {
        let format = self.target()?;
        let model = self.model.as_deref().map(input::open_config).transpose()?;
        match (format, &model) {
            (Some(format), Some(model)) => self.convert(format, model),
            _ => self.describe(model.as_ref()),
        }
    }

    /// The format to write; none where nothing is written.
    fn target(&self) -> Result<Option<FormatId>, CliError> {
        match (self.to, self.out.as_deref()) {
            (Some(format), _) => Ok(Some(format)),
            (None, Some(out)) => format_of_name(out).map(Some).map_err(CliError::Usage),
            (None, None) => Ok(None),
        }
    }

    fn wanted<'a>(&'a self, model: &'a ModelConfig) -> Wanted<'a> {
        let graph = input::graph_config(self.graph, None);
        Wanted { model, graph, seq_len: self.seq_len, pick: self.pick.as_deref() }
    }

    fn convert(&self, format: FormatId, model: &ModelConfig) -> Result<(), CliError> {
        let found = input::find_scores(&self.file, &self.wanted(model))?;
        let edge_count = self.edge_count.or(found.n_circuit);
        if self.extent == Extent::Circuit && edge_count.is_none() {
            let need = "--extent circuit needs --edge-count: the file marks no circuit";
            return Err(CliError::Usage(need.to_owned()));
        }
        let edge_count = edge_count.unwrap_or_else(|| found.graph.n_edges());
        let bytes = self.bytes(format, model, &found, edge_count)?;
        output::write(self.out.as_deref(), &bytes)
    }

    fn bytes(
        &self,
        format: FormatId,
        model: &ModelConfig,
        found: &FoundScores,
        edge_count: usize,
    ) -> Result<Vec<u8>, CliError> {
        let FoundScores { graph, scores, info, .. } = found;
        if format == FormatId::Safetensors {
            // Everything that is known of the scores goes along.
            let (model, graph_config) = (Some(ModelSize::of(model)), Some(graph.config));
            return Ok(scores.to_bytes(graph, &ScoresInfo { model, graph: graph_config, ..info.clone() }));
        }
        let (algorithm, date) = (info.algorithm.as_deref(), info.date.as_deref());
        let extent = self.extent;
        Ok(write_scores(&WriteRequest { format, model, graph, scores, edge_count, extent, algorithm, date })?)
    }

    fn describe(&self, model: Option<&ModelConfig>) -> Result<(), CliError> {
        let (file, bytes) = (input::name(&self.file), input::read(&self.file)?);
        let contents = match model {
            None => Contents::of_file(&file, &bytes)?,
            Some(model) => Contents::of_scores(&file, &bytes, &self.wanted(model))?,
        };
        let text = if self.json { contents.json() } else { contents.text() };
        print(text.as_bytes())
    }
}

/// A format by its name, if it is written.
fn writable_format(text: &str) -> Result<FormatId, String> {
    let format: Result<FormatId, _> = serde_json::from_value(text.into());
    match format {
        Ok(format) if format.format().written => Ok(format),
        Ok(_) => Err(format!("it is only read; expected one of {}", writable().join(", "))),
        Err(_) => Err(format!("expected one of {}", writable().join(", "))),
    }
}

fn writable() -> Vec<String> {
    FORMATS.iter().filter(|format| format.written).map(|format| format_name(format.id)).collect()
}

/// The format whose files are called like this, where there is one.
fn format_of_name(path: &Path) -> Result<FormatId, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    let named = FORMATS.iter().filter(|format| format.extensions.contains(&extension.as_str()));
    let (written, read): (Vec<&Format>, Vec<&Format>) = named.partition(|format| format.written);
    let file = input::name(path);
    match (written.as_slice(), read.as_slice()) {
        ([format], _) => Ok(format.id),
        ([], []) => {
            Err(format!("{file}: its name ends as no format's; choose one with --to: {}", writable().join(", ")))
        }
        ([], _) => {
            Err(format!("{file}: such files are only read; choose a format with --to: {}", writable().join(", ")))
        }
        (several, _) => {
            let names: Vec<_> = several.iter().map(|format| format_name(format.id)).collect();
            Err(format!("{file}: several formats have such names; choose one with --to: {}", names.join(", ")))
        }
    }
}
