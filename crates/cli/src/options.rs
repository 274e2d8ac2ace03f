//! Options that several subcommands share, each with one name and one meaning.

use std::path::{Path, PathBuf};

use circuitscope_core::{
    AblationType, EdgeCounts, EdgeValues, MaskEdit, OutputSlice, PatchType, PromptSettings, RunSettings,
};
use circuitscope_wire::engine::DeviceChoice;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Prompts a batch where nothing is said; a file with fewer prompts is one batch.
const BATCH_SIZE: usize = 8;

/// The model, the prompts and how they are run: what `run` and `discover` compute with.
#[derive(Debug, Args)]
pub struct ComputeOptions {
    /// A folder with model.safetensors, or its shards, and config.json (Hugging Face) or tl_config.json (TransformerLens)
    ///
    /// `circuitscope models` lists the families that are supported. Weights may be f32, f16 or bf16; all computation is in f32.
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Prompts in auto-circuit's dataset format, as texts or token ids
    ///
    /// {"prompts": [{"clean": …, "corrupt": …, "answers": […], "wrong_answers": […]}, …]}, with "seq_labels" and "word_idxs" if
    /// there are any. Every answer is one token.
    #[arg(long, value_name = "FILE")]
    pub prompts: PathBuf,
    #[command(flatten)]
    pub text: TextOptions,
    /// Prompts a batch; a short last batch is dropped [default: 8, or all where there are fewer]
    ///
    /// It matters beyond speed where an ablation is a mean over the batch, and where ACDC looks at the first batch only.
    #[arg(long, value_name = "N")]
    pub batch_size: Option<usize>,
    #[command(flatten)]
    pub graph: GraphOptions,
    /// Which positions of the output are compared
    #[arg(long, value_name = "POSITIONS", default_value = "last_seq", value_parser = setting(&OutputSlice::ALL, OutputSlice::label))]
    pub slice: OutputSlice,
    /// What computes: the CPU, or the machine's GPU (built with --features gpu)
    #[arg(long, default_value = "cpu", value_parser = device_choice())]
    pub device: DeviceChoice,
}

/// Which circuits are run, and how: what `run` and `figure write` have in common.
#[derive(Debug, Args)]
pub struct PatchingOptions {
    /// 0,1,10 or all, logarithmic, groups, default, mib (the MIB benchmark's shares of all edges)
    ///
    /// all: every count. logarithmic: 0 to 10, 20 to 100, … groups: where the sorted scores change. default: groups where there are
    /// few different scores, else logarithmic above 200 edges, else all.
    #[arg(long, value_name = "COUNTS", default_value = "default", value_parser = EdgeCounts::parse)]
    pub edge_counts: EdgeCounts,
    /// Which edges are patched
    #[arg(long, value_name = "TYPE", default_value = "edge", value_parser = setting(&PatchType::ALL, PatchType::about))]
    pub patch_type: PatchType,
    /// What an edge is patched with
    #[arg(long, value_name = "TYPE", default_value = "resample", value_parser = setting(&AblationType::ALL, AblationType::about))]
    pub ablation: AblationType,
    /// Swap clean and corrupt
    #[arg(long)]
    pub reverse: bool,
}

impl PatchingOptions {
    /// The settings of a run of so many prompts.
    pub fn settings(&self, compute: &ComputeOptions, n_prompts: usize) -> RunSettings {
        RunSettings {
            factorized: compute.graph.kind.factorized(),
            separate_qkv: compute.graph.kind.separate_qkv(),
            token_wise: compute.graph.token_wise,
            slice: compute.slice,
            patch_type: self.patch_type,
            ablation: self.ablation,
            reverse: self.reverse,
            batch_size: compute.batch_size(n_prompts),
            edge_counts: self.edge_counts.clone(),
        }
    }
}

/// How texts become prompts.
#[derive(Debug, Args)]
pub struct TextOptions {
    /// A tokenizer.json for text prompts, with a tokenizer_config.json beside it or not [default: the model folder's]
    #[arg(long, value_name = "FILE")]
    pub tokenizer: Option<PathBuf>,
    /// Text prompts do not begin with the BOS token (auto-circuit's prepend_bos=False)
    #[arg(long, visible_alias = "no-prepend-bos")]
    no_bos: bool,
    /// Text prompts of fewer tokens are not filled up on the left (auto-circuit's pad=False)
    #[arg(long)]
    no_pad: bool,
}

/// Which graph of the model is meant.
#[derive(Debug, Clone, Copy, Args)]
pub struct GraphOptions {
    #[command(flatten)]
    pub kind: GraphKind,
    /// An edge at every token position; the prompts must have one length
    #[arg(long)]
    pub token_wise: bool,
}

/// Which nodes the graph has.
#[derive(Debug, Clone, Copy, Args)]
pub struct GraphKind {
    /// Nodes instead of edges: what a node adds to the residual stream is patched for all later nodes at once
    #[arg(long)]
    unfactorized: bool,
    /// One input for q, k and v of a head
    #[arg(long)]
    joint_qkv: bool,
}

/// Prune scores, or a circuit.
#[derive(Debug, Args)]
pub struct ScoresOptions {
    /// Prune scores or a circuit, in any format: a safetensors or torch file, an EAP-IG / MIB circuit, a list of edges
    ///
    /// The format is recognised by what the file holds; `circuitscope models` lists them. A list of edges without scores is a
    /// circuit: its edges have score 1, all others 0.
    #[arg(long, value_name = "FILE")]
    pub scores: PathBuf,
    /// Which scores, where the file holds several: TASK/ALGO, or scores or circuit of an EAP-IG / MIB circuit
    #[arg(long, value_name = "NAME")]
    pub pick: Option<String>,
}

/// The circuits that are run: cut from scores, or one by its mask.
#[derive(Debug, Args)]
pub struct CircuitOptions {
    /// Prune scores or a circuit, in any format: a safetensors or torch file, an EAP-IG / MIB circuit, a list of edges
    ///
    /// The format is recognised by what the file holds; `circuitscope models` lists them. A list of edges without scores is a
    /// circuit: its edges have score 1, all others 0.
    #[arg(long, value_name = "FILE", required_unless_present = "mask")]
    pub scores: Option<PathBuf>,
    /// In place of --scores, how much of each edge is in the one circuit that is run: 1 all of it, 0 none
    ///
    /// Any format of scores, whose numbers are taken as they are: 0.5 gives an edge the mean of its activations in the circuit and
    /// out of it. A list of edges has the others at 0.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scores", "edge_counts"])]
    pub mask: Option<PathBuf>,
    /// Which scores, where the file holds several: TASK/ALGO, or scores or circuit of an EAP-IG / MIB circuit
    #[arg(long, value_name = "NAME")]
    pub pick: Option<String>,
    /// How much of one edge is in every circuit, whatever its score: A0.1->MLP 1=0.5; may be given again
    ///
    /// With --token-wise the position is in front: 3:A0.1->MLP 1=0.5.
    #[arg(long, value_name = "EDGE=MASK", value_parser = MaskEdit::parse)]
    pub edit: Vec<MaskEdit>,
}

impl CircuitOptions {
    /// The file with a number for every edge, and what the numbers are.
    pub fn file(&self) -> (&Path, EdgeValues) {
        match (&self.mask, &self.scores) {
            (Some(mask), _) => (mask, EdgeValues::Mask),
            (None, scores) => (scores.as_deref().unwrap_or(Path::new("")), EdgeValues::Scores),
        }
    }
}

impl ComputeOptions {
    /// The batch size for this many prompts.
    pub fn batch_size(&self, n_prompts: usize) -> usize {
        self.batch_size.unwrap_or(n_prompts.min(BATCH_SIZE))
    }
}

impl TextOptions {
    pub fn settings(&self) -> PromptSettings {
        PromptSettings { prepend_bos: !self.no_bos, pad: !self.no_pad }
    }
}

impl GraphKind {
    pub fn factorized(self) -> bool {
        !self.unfactorized
    }

    pub fn separate_qkv(self) -> bool {
        !self.joint_qkv
    }
}

/// Reads a setting by the name that it has in JSON: one of `all`, of each of which `about` says what it means.
pub fn setting<T>(all: &[T], about: fn(T) -> &'static str) -> impl TypedValueParser<Value = T> + use<T>
where
    T: Serialize + DeserializeOwned + Copy + Send + Sync + 'static,
{
    let values = all.iter().map(|&one| {
        let json = serde_json::to_value(one).expect("a setting can be written as JSON");
        PossibleValue::new(json.as_str().expect("a choice is a name").to_owned()).help(about(one))
    });
    PossibleValuesParser::new(values)
        .map(|name| serde_json::from_value(name.into()).expect("a name in the list is a setting's"))
}

/// Reads a device.
pub fn device_choice() -> impl TypedValueParser<Value = DeviceChoice> {
    PossibleValuesParser::new(["cpu", "gpu"])
        .map(|name| if name == "gpu" { DeviceChoice::Webgpu } else { DeviceChoice::Cpu })
}

#[cfg(test)]
mod tests {
    use circuitscope_core::AblationType;
    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn every_ablation_has_a_name_on_the_command_line() {
        let read = |name: &str| {
            let arg = Arg::new("ablation").value_parser(setting(&AblationType::ALL, AblationType::about));
            let matches = Command::new("run").arg(arg).try_get_matches_from(["run", name]).ok()?;
            matches.get_one::<AblationType>("ablation").copied()
        };
        for ablation in AblationType::ALL {
            let name = serde_json::to_value(ablation).unwrap();
            assert_eq!(read(name.as_str().unwrap()), Some(ablation));
        }
        assert_eq!(read("ones"), None);
    }
}
