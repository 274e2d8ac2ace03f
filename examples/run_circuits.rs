//! Runs circuits from a terminal, as auto-circuit's `run_circuits` does.
//!
//! ```text
//! cargo run --release --example run_circuits -- --model DIR --prompts FILE --scores FILE --edge-counts 0,1,10
//! ```
//!
//! A table of every metric against the edge count goes to stdout with the areas under the curves, a progress bar to stderr.

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use circuitscope_core::FormatId;
use circuitscope_core::measure::measures::{to_csv, to_json};
use circuitscope_core::{
    AblationType, Areas, EdgeCounts, Graph, MeasuredCircuits, Metric, OutputSlice, PatchType, PromptSettings, Prompts,
    PruneScores, RunSettings, describe_graph,
};
use circuitscope_engine::device::{self, Opened};
use circuitscope_engine::model::{Model, ModelFolder, Transformer, load_shards};
use circuitscope_engine::run::{
    CircuitOutput, Logits, Observer, RunInput, RunOutput, Stacking, graph_config, run_circuits,
};
use circuitscope_formats::reader;
use circuitscope_formats::{Wanted, read_scores};
use circuitscope_picture::svg_string;
use circuitscope_picture::{DrawOptions, LayoutRequest, layout};
use circuitscope_wire::engine::{DeviceChoice, DeviceKind};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

// Large activations come and go with every layer: glibc would give their pages back to the system each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// About how many bytes the activations of a forward pass may take.
const BUDGET_BYTES: u64 = 1 << 30;
/// auto-circuit's batch size; a file with fewer prompts is one batch.
const BATCH_SIZE: usize = 32;

/// Runs circuits of a model on pairs of clean and corrupt prompts.
#[derive(Parser)]
#[command(name = "run_circuits")]
struct Args {
    /// A folder with model.safetensors, or its shards, and config.json (Hugging Face) or tl_config.json (TransformerLens)
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Prompts in auto-circuit's dataset format, as texts or token ids
    #[arg(long, value_name = "FILE")]
    prompts: PathBuf,
    /// A tokenizer.json for text prompts, with a tokenizer_config.json beside it or not [default: the model folder's]
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Text prompts do not begin with the BOS token
    #[arg(long)]
    no_bos: bool,
    /// Text prompts of fewer tokens are not filled up on the left
    #[arg(long)]
    no_pad: bool,
    /// Prune scores or a circuit: safetensors or a torch file of dest module name -> [seq?, head?, n_src], an EAP-IG / MIB
    /// circuit, or a list of edges
    #[arg(long, value_name = "FILE")]
    scores: PathBuf,
    /// Which scores, where the file holds several: TASK/ALGO, or scores or circuit of an EAP-IG / MIB circuit
    #[arg(long, value_name = "NAME")]
    pick: Option<String>,
    /// Prompts a batch; a short last batch is dropped [default: 32, or all where there are fewer]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// 0,1,10 or all, logarithmic, groups, default, mib (the MIB benchmark's shares of all edges)
    #[arg(long, default_value = "default", value_parser = EdgeCounts::parse)]
    edge_counts: EdgeCounts,
    /// edge: patch the circuit's edges; tree: patch all others
    #[arg(long, default_value = "edge", value_parser = named::<PatchType>)]
    patch_type: PatchType,
    /// resample, zero, tokenwise_mean_clean, tokenwise_mean_corrupt, tokenwise_mean_clean_and_corrupt,
    /// batch_tokenwise_mean or batch_all_tok_mean
    #[arg(long, default_value = "resample", value_parser = named::<AblationType>)]
    ablation: AblationType,
    /// Swap clean and corrupt
    #[arg(long)]
    reverse: bool,
    /// Patch nodes instead of edges
    #[arg(long)]
    unfactorized: bool,
    /// One input for q, k and v of a head
    #[arg(long)]
    joint_qkv: bool,
    /// An edge at every token position
    #[arg(long)]
    token_wise: bool,
    /// Which positions of the output: none (all), last_seq or not_first_seq
    #[arg(long, default_value = "last_seq", value_parser = named::<OutputSlice>)]
    slice: OutputSlice,
    /// cpu, or gpu (build with --features gpu)
    #[arg(long, default_value = "cpu", value_parser = device_choice)]
    device: DeviceChoice,
    /// Where to write the logits: clean, corrupt, and edgesN for every realised edge count N
    #[arg(long, value_name = "FILE.safetensors")]
    out: Option<PathBuf>,
    /// Where to write every metric of every circuit with its spread over prompts: .csv or .json
    #[arg(long, value_name = "FILE.csv|FILE.json", value_parser = metrics_file)]
    metrics: Option<PathBuf>,
    /// Where to draw the edges whose absolute score is at least --score-threshold
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// auto-circuit's default
    #[arg(long, value_name = "X", default_value_t = 1e-2)]
    score_threshold: f32,
}

fn main() {
    if let Err(error) = pollster::block_on(run(&Args::parse())) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let Opened { device, info } = device::open(args.device, |trouble| eprintln!("error: {trouble:?}")).await?;
    eprintln!("device: {} ({})", info.name, info.reason);
    let model = open_model(&args.model, &device).await?;
    let prompts = open_prompts(args)?;
    let settings = settings(args, &prompts);
    let graph = Graph::new(model.config(), graph_config(&settings, &prompts)?);
    let scores = open_scores(args, &model, &graph)?;
    let input = RunInput {
        model: &model,
        prompts: &prompts,
        graph: &graph,
        scores: &scores,
        settings: &settings,
        stacking: if info.kind == DeviceKind::Cpu { Stacking::cpu(BUDGET_BYTES) } else { Stacking::gpu(BUDGET_BYTES) },
        unpatched: None,
        keep_logits: args.out.is_some(),
    };
    let mut bar = Bar::new();
    let output = run_circuits(&input, &mut bar).await?;
    bar.bar.finish_and_clear();
    let measured = MeasuredCircuits {
        name: name(&args.scores),
        n_edges: graph.n_edges(),
        circuits: output.circuits.iter().map(|c| (c.circuit, c.measurement.clone())).collect(),
        unpatched: Some([output.baseline.clean.clone(), output.baseline.corrupt.clone()]),
        reverse: settings.reverse,
    };
    print_tables(&measured);
    if let Some(path) = &args.metrics {
        let is_json = path.extension().is_some_and(|e| e == "json");
        let text = if is_json { to_json(&[measured]).to_string() } else { to_csv(&[measured]) };
        std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if let Some(path) = &args.out {
        write_logits(path, &output, &bar.logits)?;
    }
    if let Some(path) = &args.svg {
        let labels = prompts.seq_labels.as_deref().filter(|_| settings.token_wise);
        let request = LayoutRequest::new(&graph, &scores, args.score_threshold, labels, DrawOptions::default());
        std::fs::write(path, svg_string(&layout(&request))).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// The scores of a file in any format, for the graph that the arguments choose.
fn open_scores(args: &Args, model: &Transformer, graph: &Graph) -> Result<PruneScores, Box<dyn Error>> {
    let (file, pick, config) = (name(&args.scores), args.pick.as_deref(), graph.config);
    let wanted = Wanted { model: model.config(), graph: config, seq_len: config.seq_len, pick };
    let found = read_scores(&file, &read(&args.scores)?, &wanted)?;
    if found.format == FormatId::Torch && found.choices.len() > 1 && pick.is_none() {
        return Err(format!("{file}: choose one of its scores with --pick: {}", found.choices.join(", ")).into());
    }
    if found.graph != *graph {
        let [found, graph] = [found.graph.config, config].map(|config| describe_graph(&config));
        let hint = "choose the graph with --unfactorized, --joint-qkv and --token-wise";
        return Err(format!("{file}: these are scores of {found}, not of {graph}; {hint}").into());
    }
    let info = found.info.line();
    for line in info.iter().chain(&found.notes) {
        eprintln!("{file}: {line}");
    }
    if let Some(n) = found.n_circuit {
        eprintln!("{file}: its circuit has {n} edges (--edge-counts {n})");
    }
    Ok(found.scores)
}

fn settings(args: &Args, prompts: &Prompts) -> RunSettings {
    RunSettings {
        factorized: !args.unfactorized,
        separate_qkv: !args.joint_qkv,
        token_wise: args.token_wise,
        slice: args.slice,
        patch_type: args.patch_type,
        ablation: args.ablation,
        reverse: args.reverse,
        batch_size: args.batch_size.unwrap_or(prompts.pairs.len().min(BATCH_SIZE)),
        edge_counts: args.edge_counts.clone(),
    }
}

/// Prompts, with the tokenizer where there is one.
fn open_prompts(args: &Args) -> Result<Prompts, Box<dyn Error>> {
    let file = |path: &Path| Ok::<_, Box<dyn Error>>(reader::File { name: name(path), bytes: read(path)? });
    let beside_model = || Some(args.model.join("tokenizer.json")).filter(|path| path.is_file());
    let tokenizer = match args.tokenizer.clone().or_else(beside_model) {
        None => None,
        Some(path) => {
            let config = path.with_file_name("tokenizer_config.json");
            let config = if config.is_file() { Some(file(&config)?) } else { None };
            Some(reader::Tokenizer::open(&file(&path)?, config.as_ref())?)
        }
    };
    let settings = PromptSettings { prepend_bos: !args.no_bos, pad: !args.no_pad };
    Ok(reader::read_prompts(&file(&args.prompts)?, tokenizer.as_ref(), settings)?)
}

async fn open_model(dir: &Path, device: &burn::tensor::Device) -> Result<Transformer, Box<dyn Error>> {
    let ModelFolder { config, weights, index } = ModelFolder::open(dir)?;
    let config = circuitscope_core::ModelConfig::from_json(&name(&config), &read_text(&config)?)?;
    Ok(load_shards(config, &weights, index.as_ref(), device, async |_, _| true).await?)
}

/// How many metrics stand side by side.
const METRICS_A_TABLE: usize = 5;

/// Every metric of every circuit, and the areas under the curves.
fn print_tables(measured: &MeasuredCircuits) {
    let number = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.6}"));
    for metrics in Metric::ALL.chunks(METRICS_A_TABLE) {
        let row = |asked: &str, edges: &str, values: &dyn Fn(Metric) -> Option<f64>| {
            print!("{asked:>9} {edges:>9}");
            metrics.iter().for_each(|&metric| print!(" {:>20}", number(values(metric))));
            println!();
        };
        print!("{:>9} {:>9}", "asked", "edges");
        metrics.iter().for_each(|metric| print!(" {:>20}", short_key(*metric)));
        println!();
        for (name, side) in ["clean", "corrupt"].into_iter().zip(measured.unpatched.iter().flatten()) {
            row(name, "", &|metric| side.mean(metric));
        }
        for (circuit, measurement) in &measured.circuits {
            let (asked, edges) = (circuit.requested.to_string(), circuit.n_edges.to_string());
            row(&asked, &edges, &|metric| measurement.mean(metric));
        }
        for (name, area) in [("AUC", 0), ("CPR", 1), ("CMD", 2)] {
            row(name, "", &|metric| {
                let Areas { auc, cpr, cmd } = measured.areas(metric);
                [auc, cpr, cmd][area]
            });
        }
        println!();
    }
}

/// The reference's name of a metric, short enough for a column.
fn short_key(metric: Metric) -> &'static str {
    match metric {
        Metric::CorrectOverIncorrectPercent => "Correct > Incorrect",
        Metric::CorrectAnswerPercent => "Correct Answer",
        other => other.key(),
    }
}

fn metrics_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv" | "json") => Ok(path),
        _ => Err("expected a name that ends in .csv or .json".to_owned()),
    }
}

fn write_logits(path: &Path, output: &RunOutput, circuits: &[(usize, Rc<Logits>)]) -> Result<(), Box<dyn Error>> {
    let unpatched = [
        ("clean".to_owned(), &output.unpatched.clean.logits),
        ("corrupt".to_owned(), &output.unpatched.corrupt.logits),
    ];
    let circuits = circuits.iter().map(|(n_edges, logits)| (format!("edges{n_edges}"), &**logits));
    let bytes = |logits: &Logits| logits.values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let tensors: HashMap<String, Vec<u8>> =
        unpatched.into_iter().chain(circuits).map(|(name, logits)| (name, bytes(logits))).collect();
    let shape = &output.baseline.shape;
    let views: Result<HashMap<_, _>, _> = tensors
        .iter()
        .map(|(name, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<_, safetensors::SafeTensorError>>();
    safetensors::serialize_to_file(views?, None, path).map_err(|e| format!("{}: {e}", path.display()).into())
}

/// A bar on stderr, and the logits of each circuit with its number of edges.
struct Bar {
    bar: ProgressBar,
    logits: Vec<(usize, Rc<Logits>)>,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} passes, {elapsed}, {eta} left: {msg}");
        bar.set_style(style.expect("the template is well-formed"));
        Self { bar, logits: Vec::new() }
    }
}

impl Observer for Bar {
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(label.to_owned());
        true
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        self.logits.extend(logits.map(|logits| (output.circuit.n_edges, logits)));
    }
}

/// A setting from its name in JSON.
fn named<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    // serde's message lists the names that there are.
    serde_json::from_value(text.into()).map_err(|e| e.to_string())
}

fn device_choice(text: &str) -> Result<DeviceChoice, String> {
    match text {
        "cpu" => Ok(DeviceChoice::Cpu),
        "gpu" => Ok(DeviceChoice::Webgpu),
        _ => Err("expected cpu or gpu".to_owned()),
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}
