//! A run as Python: auto-circuit code that runs the same circuit on the same files and prints the same measure.
//!
//! The versions are those with which the reference's numbers were made. With edits the masks are set edge by edge, as
//! `run_circuits` of auto-circuit cuts circuits from scores alone (`auto_circuit/prune.py`).

mod model;

use thiserror::Error;

use self::model::{Source, config_fields};
use crate::config::ModelConfig;
use crate::labels::count_label;
use crate::measure::metric::Metric;
use crate::prompts::PromptSettings;
use crate::settings::run::{AblationType, OutputSlice, PatchType, RunSettings};

/// What runs the script: the versions that the reference's numbers were made with.
const INSTALL: &str = "\
#   pip install \"torch==2.5.1\" \"transformer-lens==2.11.0\" \"transformers==4.46.3\" \"numpy<2\" \\
#       \"datasets==2.21.0\" \"pyarrow==17.0.0\" \"plotly==5.24.1\" \"kaleido==0.2.1\" ordered-set \\
#       blobfile attrs safetensors ipython word2word vscode-tqdm tracr-pypi
#   pip install --no-deps \"auto-circuit==1.0.1\"
";

/// A run of one circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct PythonRun<'a> {
    pub model: &'a ModelConfig,
    /// The folder of the model's files, or its name on the hub.
    pub model_path: &'a str,
    pub prompts_file: &'a str,
    pub n_prompts: usize,
    /// How the prompts' texts are read; `None` where they are token ids.
    pub texts: Option<PromptSettings>,
    /// A safetensors file.
    pub scores_file: &'a str,
    pub settings: &'a RunSettings,
    /// The length of the prompts, where the graph has an edge at every position.
    pub seq_len: Option<usize>,
    pub n_edges: usize,
    /// Names of edges and their masks.
    pub edits: &'a [(String, f32)],
    pub metric: Metric,
    /// The value on the screen.
    pub value: Option<f64>,
    /// The version of this program.
    pub version: &'a str,
}

/// Why auto-circuit cannot run it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PythonError(pub String);

/// The code.
///
/// # Errors
/// When the versions of TransformerLens and auto-circuit that it is for cannot do the same.
pub fn script(run: &PythonRun) -> Result<String, PythonError> {
    let source = Source::of(run.model)?;
    let fields = match source {
        Source::StateDict => Vec::new(),
        Source::HuggingFace(_) => config_fields(run.model)?,
    };
    let parts = [
        head(run),
        imports(run, &source),
        constants(run, &source),
        load_model(run, &source, &fields),
        load_prompts(run),
        patchable(run),
        run_circuit(run),
        measure(),
    ];
    Ok(parts.join("\n"))
}

fn head(run: &PythonRun) -> String {
    let edits = if run.edits.is_empty() { "" } else { ", with changed masks" };
    let edges = count_label(run.n_edges, "edge", "edges");
    let value = match run.value {
        Some(value) => format!("# On the screen: {} = {value:.6}\n", run.metric.key()),
        None => String::new(),
    };
    format!(
        "# A circuit of {edges}{edits}, as Circuitscope {} runs it, with auto-circuit 1.0.1 in Python 3.10 or 3.11:\n#\n\
         {INSTALL}#\n# Run it where the files are that are named below.\n{value}",
        run.version
    )
}

fn imports(run: &PythonRun, source: &Source) -> String {
    let mut lines = vec!["import json"];
    lines.extend(run.texts.map(|_| "from pathlib import Path"));
    lines.extend(["", "import torch as t", "from safetensors.torch import load_file"]);
    lines.push("from transformer_lens import HookedTransformer, HookedTransformerConfig");
    if let Source::HuggingFace(_) = source {
        lines.push("from transformer_lens.pretrained import weight_conversions");
        let tokenizer = "from transformers import AutoModelForCausalLM, AutoTokenizer";
        lines.push(if run.texts.is_some() { tokenizer } else { "from transformers import AutoModelForCausalLM" });
    } else if run.texts.is_some() {
        lines.push("from transformers import AutoTokenizer");
    }
    lines.push("");
    let loader = "from auto_circuit.data import PromptDataLoader, PromptDataset";
    lines.push(if run.texts.is_some() { "from auto_circuit.data import load_datasets_from_json" } else { loader });
    lines.push("from auto_circuit.metrics.prune_metrics.prune_metrics import PRUNE_METRICS");
    if run.edits.is_empty() {
        lines.push("from auto_circuit.prune import run_circuits");
    }
    lines.push("from auto_circuit.types import AblationType, PatchType");
    if run.edits.is_empty() {
        lines.push("from auto_circuit.utils.graph_utils import patchable_model");
    } else {
        lines.push("from auto_circuit.utils.ablation_activations import src_ablations");
        lines.push("from auto_circuit.utils.graph_utils import patch_mode, patchable_model");
        lines.push("from auto_circuit.utils.misc import module_by_name");
        lines.push("from auto_circuit.utils.tensor_ops import desc_prune_scores, prune_scores_threshold");
    }
    // Where prompts are texts and the config is written out, nothing is read as JSON.
    let needs_json = run.texts.is_none() || matches!(source, Source::StateDict);
    lines.into_iter().filter(|line| needs_json || *line != "import json").map(|line| format!("{line}\n")).collect()
}

fn constants(run: &PythonRun, source: &Source) -> String {
    let about = match source {
        Source::StateDict => "a folder with model.safetensors and tl_config.json",
        Source::HuggingFace(_) => "a folder with model.safetensors and config.json, or a name on the Hugging Face hub",
    };
    let PythonRun { settings, edits, .. } = run;
    let mut text = format!(
        "MODEL = {}  # {about}\nPROMPTS = {}\nSCORES = {}\nN_EDGES = {}\nMETRIC = {}\n\
         PATCH_TYPE = PatchType.{}\nABLATION = AblationType.{}\nREVERSE = {}  # swaps clean and corrupt\nBATCH_SIZE = {}\n",
        literal(run.model_path),
        literal(run.prompts_file),
        literal(run.scores_file),
        run.n_edges,
        literal(run.metric.key()),
        patch_type(settings.patch_type),
        ablation(settings.ablation),
        boolean(settings.reverse),
        settings.batch_size,
    );
    if !edits.is_empty() {
        text += "# How much of an edge is in the circuit, whatever its score: 1 all of it, 0 none.\nEDITS = {\n";
        for (name, mask) in *edits {
            text += &format!("    {}: {mask:?},\n", literal(name));
        }
        text += "}\n";
    }
    text
}

fn load_model(run: &PythonRun, source: &Source, fields: &[(&str, String)]) -> String {
    let qkv = run.settings.separate_qkv;
    let mut hooks = vec![
        ("device", "\"cpu\"".to_owned()),
        ("use_attn_result", "True".to_owned()),
        ("use_split_qkv_input", boolean(qkv).to_owned()),
        ("use_attn_in", boolean(!qkv).to_owned()),
        ("use_hook_mlp_in", boolean(!run.model.attn_only()).to_owned()),
    ];
    if run.texts.is_some_and(|texts| !texts.prepend_bos) {
        // Otherwise TransformerLens takes the last pad token for a BOS, and attends to it.
        hooks.push(("default_prepend_bos", "False".to_owned()));
    }
    let arguments = |fields: &[(&str, String)]| -> String {
        fields.iter().map(|(name, value)| format!("    {name}={value},\n")).collect()
    };
    let (config, state) = match source {
        Source::StateDict => (
            format!(
                "fields = HookedTransformerConfig.__dataclass_fields__.keys() - {{\"dtype\"}}\n\
                 with open(f\"{{MODEL}}/tl_config.json\") as file:\n    \
                 config = {{name: value for name, value in json.load(file).items() if name in fields}}\n\
                 config.update(\n{})\n",
                arguments(&hooks)
            ),
            "load_file(f\"{MODEL}/model.safetensors\")".to_owned(),
        ),
        Source::HuggingFace(convert) => (
            format!(
                "config = dict(\n{}{})\nloaded = AutoModelForCausalLM.from_pretrained(MODEL)\n",
                arguments(fields),
                arguments(&hooks)
            ),
            format!("weight_conversions.{convert}(loaded.float(), model.cfg)"),
        ),
    };
    let tokenizer =
        if run.texts.is_some() { "model.set_tokenizer(AutoTokenizer.from_pretrained(MODEL))\n" } else { "" };
    format!(
        "{config}model = HookedTransformer(HookedTransformerConfig(**config))\n\
         model.load_state_dict({state}, strict=False)\n\
         {tokenizer}for parameter in model.parameters():\n    parameter.requires_grad = False\nmodel.eval()\n"
    )
}

fn load_prompts(run: &PythonRun) -> String {
    let seq_len = run.seq_len.map_or("None".to_owned(), |seq_len| seq_len.to_string());
    match run.texts {
        None => format!(
            "with open(PROMPTS) as file:\n    rows = json.load(file)[\"prompts\"]\n\
             columns = [[t.tensor(row[key]) for row in rows] for key in (\"clean\", \"corrupt\", \"answers\", \"wrong_answers\")]\n\
             loader = PromptDataLoader(\n    PromptDataset(*columns), seq_len={seq_len}, diverge_idx=0, \
             batch_size=BATCH_SIZE, shuffle=False\n)\n"
        ),
        Some(PromptSettings { prepend_bos, pad }) => format!(
            "loader, _ = load_datasets_from_json(\n    model,\n    Path(PROMPTS),\n    t.device(\"cpu\"),\n    prepend_bos={},\n    \
             batch_size=BATCH_SIZE,\n    train_test_size=({}, 0),\n    return_seq_length={},\n    shuffle=False,\n    pad={},\n)\n",
            boolean(prepend_bos),
            run.n_prompts,
            boolean(run.seq_len.is_some()),
            boolean(pad && run.seq_len.is_none()),
        ),
    }
}

fn patchable(run: &PythonRun) -> String {
    let RunSettings { factorized, separate_qkv, slice, .. } = run.settings;
    let slice = match slice {
        OutputSlice::None => "None",
        OutputSlice::LastSeq => "\"last_seq\"",
        OutputSlice::NotFirstSeq => "\"not_first_seq\"",
    };
    let seq_len = if run.seq_len.is_some() { "loader.seq_len" } else { "None" };
    format!(
        "model = patchable_model(\n    model, factorized={}, slice_output={slice}, seq_len={seq_len}, separate_qkv={}\n)\n\
         scores = load_file(SCORES)\n",
        boolean(*factorized),
        boolean(*separate_qkv)
    )
}

fn run_circuit(run: &PythonRun) -> String {
    if run.edits.is_empty() {
        return "outputs = run_circuits(\n    model, loader, [N_EDGES], scores, patch_type=PATCH_TYPE, ablation_type=ABLATION, \
                reverse_clean_corrupt=REVERSE\n)\n"
            .to_owned();
    }
    let threshold = match run.n_edges {
        // An infinite score is in every circuit of auto-circuit's, even in that of no edges.
        0 => "masks = {name: t.zeros_like(score) for name, score in scores.items()}\n",
        _ => {
            "threshold = prune_scores_threshold(desc_prune_scores(scores), N_EDGES)\n\
             masks = {name: (score.abs() >= threshold).float() for name, score in scores.items()}\n"
        }
    };
    format!("{threshold}{EDITED_RUN}")
}

/// What `run_circuits` does, with masks that were set by hand.
const EDITED_RUN: &str = "\
for edge in model.edges:
    name = edge.name if edge.seq_idx is None else f\"{edge.seq_idx}:{edge.name}\"
    if name in EDITS:
        masks[edge.dest.module_name][edge.patch_idx] = EDITS[name]
n_edges = sum(int((mask != 0).sum()) for mask in masks.values())

gives_clean = (PATCH_TYPE == PatchType.TREE_PATCH) != REVERSE
outputs = {n_edges: {}}
patches = src_ablations(model, loader, ABLATION) if ABLATION.mean_over_dataset else None
for batch in loader:
    given, other = (batch.clean, batch.corrupt) if gives_clean else (batch.corrupt, batch.clean)
    if not ABLATION.mean_over_dataset:
        patches = src_ablations(model, other, ABLATION)
    with patch_mode(model, patches), t.inference_mode():
        for name, mask in masks.items():
            patched = mask if PATCH_TYPE == PatchType.EDGE_PATCH else 1 - mask
            module_by_name(model, name).patch_mask.data = patched
        outputs[n_edges][batch.key] = model(given)[model.out_slice].clone()
";

fn measure() -> String {
    "metric = next(metric for metric in PRUNE_METRICS if metric.key == METRIC)\n\
     for n_edges, value in metric.metric_func(model, loader, outputs):\n    \
     print(f\"{n_edges} edges: {METRIC} = {value:.6f}\")\n"
        .to_owned()
}

fn patch_type(patch_type: PatchType) -> &'static str {
    match patch_type {
        PatchType::Edge => "EDGE_PATCH",
        PatchType::Tree => "TREE_PATCH",
    }
}

fn ablation(ablation: AblationType) -> &'static str {
    match ablation {
        AblationType::Resample => "RESAMPLE",
        AblationType::Zero => "ZERO",
        AblationType::TokenwiseMeanClean => "TOKENWISE_MEAN_CLEAN",
        AblationType::TokenwiseMeanCorrupt => "TOKENWISE_MEAN_CORRUPT",
        AblationType::TokenwiseMeanCleanAndCorrupt => "TOKENWISE_MEAN_CLEAN_AND_CORRUPT",
        AblationType::BatchTokenwiseMean => "BATCH_TOKENWISE_MEAN",
        AblationType::BatchAllTokMean => "BATCH_ALL_TOK_MEAN",
    }
}

fn boolean(is_set: bool) -> &'static str {
    if is_set { "True" } else { "False" }
}

/// A string of Python: JSON's are.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
