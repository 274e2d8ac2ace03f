//! `models`: what is supported, and whether a model is.

use std::path::PathBuf;

use circuitscope_core::config::family::{self, FAMILIES, REFUSED};
use circuitscope_core::graph::n_edges;
use circuitscope_core::settings::memory::size_label;
use circuitscope_core::{FORMATS, GraphConfig, Limits, ModelConfig, ModelMemory, describe_graph};
use clap::Args;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::input;
use crate::output::print;
use crate::table;

/// List the models and formats that are supported, or say whether a model is
///
/// With a model's folder or config: its family and sizes, how many edges its graphs have, and how much memory it takes. A model
/// that is not supported is an error that names the field of the config (exit code 1). Weights are not read.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ModelsCommand {
    /// A model's folder, or its config.json or tl_config.json
    #[arg(value_name = "DIR|CONFIG")]
    config: Option<PathBuf>,
    /// As JSON, for other programs
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  circuitscope models
  circuitscope models gpt2/config.json
  circuitscope models gpt2 --json";

impl ModelsCommand {
    /// # Errors
    /// When the model is not supported, or its config cannot be read.
    pub fn run(self) -> Result<(), CliError> {
        let text = match (&self.config, self.json) {
            (None, false) => supported(),
            (None, true) => supported_json().to_string() + "\n",
            (Some(path), _) => {
                let model = ModelReport::of(input::open_config(path)?);
                if self.json { model.json().to_string() + "\n" } else { model.text(&input::name(path)) }
            }
        };
        print(text.as_bytes())
    }
}

fn supported() -> String {
    let mut text = "Models, with the model_type of their config.json:\n".to_owned();
    for family in FAMILIES {
        let types =
            if family.model_types.is_empty() { "tl_config.json".to_owned() } else { family.model_types.join(", ") };
        text += &format!("\n  {} ({types})\n    {}\n    {}\n", family.title, family.models, family.summary);
    }
    text += "\nModels that are refused:\n";
    for refused in REFUSED {
        text += &format!("\n  {}\n    {}\n", refused.model_types.join(", "), refused.reason);
    }
    text += "\nScores and circuits, with the name for `convert --to`:\n";
    for format in FORMATS {
        let written = if format.written { "read and written" } else { "read only" };
        let files: Vec<_> = format.extensions.iter().map(|extension| format!(".{extension}")).collect();
        let (name, title) = (input::format_name(format.id), format.name);
        text += &format!("\n  {name}: {title} ({}; {written})\n    {}\n", files.join(" "), format.what);
    }
    text
}

fn supported_json() -> Value {
    let families = FAMILIES.iter().map(|f| {
        json!({"name": f.name, "title": f.title, "models": f.models, "modelTypes": f.model_types, "summary": f.summary})
    });
    let refused = REFUSED.iter().map(|r| json!({"modelTypes": r.model_types, "reason": r.reason}));
    let formats = FORMATS
        .iter()
        .map(|f| json!({"id": f.id, "name": f.name, "what": f.what, "extensions": f.extensions, "written": f.written}));
    json!({
        "models": families.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "formats": formats.collect::<Vec<_>>(),
    })
}

/// What is known of a model from its config alone.
struct ModelReport {
    config: ModelConfig,
    memory: ModelMemory,
    /// Each kind of graph, for one position, with its number of edges.
    graphs: Vec<(GraphConfig, u64)>,
}

impl ModelReport {
    fn of(config: ModelConfig) -> Self {
        let kinds = [(true, true), (true, false), (false, true)];
        let graphs = kinds.map(|(factorized, separate_qkv)| GraphConfig { factorized, separate_qkv, seq_len: None });
        let graphs = graphs.map(|graph| (graph, n_edges(&config, graph))).into();
        Self { memory: ModelMemory::of(&config), graphs, config }
    }

    fn title(&self) -> &str {
        family::by_name(&self.config.family).map_or(self.config.family.as_str(), |family| family.title)
    }

    fn text(&self, file: &str) -> String {
        let ModelConfig { n_layers, n_heads, n_key_value_heads, d_model, d_head, d_mlp, n_ctx, d_vocab, .. } =
            &self.config;
        let ModelMemory { weights, largest_tensor, largest_name } = &self.memory;
        let mlp = d_mlp.map_or("no MLPs".to_owned(), |d_mlp| format!("d_mlp {d_mlp}"));
        let browser = match self.memory.check(file, &Limits::WASM_CPU) {
            Ok(()) => "fits in a browser tab, on its GPU and on the CPU",
            Err(_) => "needs a GPU in a browser tab: too large for the CPU there",
        };
        let mut rows = vec![
            ("family", self.title().to_owned()),
            (
                "layers",
                format!("{n_layers}, with {n_heads} heads of d_head {d_head} ({n_key_value_heads} of keys and values)"),
            ),
            ("widths", format!("d_model {d_model}, {mlp}")),
            ("context", format!("{n_ctx} positions")),
            ("vocabulary", format!("{d_vocab} tokens")),
            ("parameters", self.config.n_params().to_string()),
            (
                "weights",
                format!(
                    "{} as f32; the largest, {largest_name}, {}",
                    size_label(*weights),
                    size_label(*largest_tensor)
                ),
            ),
            ("memory", browser.to_owned()),
        ];
        rows.extend(self.graphs.iter().map(|(graph, n)| ("edges", format!("{n} in {}", describe_graph(graph)))));
        rows.push(("", "token-wise graphs have as many at every position".to_owned()));
        format!("{file}: supported\n{}", table::fields(&rows))
    }

    fn json(&self) -> Value {
        let graphs = self.graphs.iter().map(|(graph, n_edges)| {
            json!({"factorized": graph.factorized, "separateQkv": graph.separate_qkv, "nEdges": n_edges})
        });
        let ModelMemory { weights, largest_tensor, largest_name } = &self.memory;
        json!({
            "config": self.config,
            "nParams": self.config.n_params(),
            "graphs": graphs.collect::<Vec<_>>(),
            "memory": {"weights": weights, "largestTensor": largest_tensor, "largestName": largest_name},
        })
    }
}
