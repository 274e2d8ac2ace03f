//! Looks for the edges that matter, from a terminal, as auto-circuit's `prune_algos` do.
//!
//! ```text
//! cargo run --release --example discover -- --model DIR --prompts FILE --algorithm eap --out scores.safetensors
//! cargo run --release --example discover -- --model DIR --prompts FILE --algorithm acdc --set thresholds=[0.01,0.1] --out S
//! ```
//!
//! The scores go to a safetensors file, which says where they come from and `run_circuits` reads; the largest of them to
//! stdout, a progress bar to stderr.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use circuitscope_core::settings::discovery::Keep;
use circuitscope_core::{
    Algorithm, DiscoverSettings, Graph, ModelConfig, OutputSlice, Prompts, PruneScores, Selection,
};
use circuitscope_engine::device::{self, Opened};
use circuitscope_engine::discover::{DiscoverInput, discover, discover_graph};
use circuitscope_engine::model::{Model, ModelFolder, Transformer, load_shards};
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, Stacking};
use circuitscope_wire::engine::{DeviceChoice, DeviceKind};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

// Large activations come and go with every layer: glibc would give their pages back to the system each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// About how many bytes the activations of stacked circuits may take.
const BUDGET_BYTES: u64 = 1 << 30;
/// auto-circuit's batch size; a file with fewer prompts is one batch.
const BATCH_SIZE: usize = 32;
/// How many of the largest scores are shown.
const N_SHOWN: usize = 20;

/// Scores the edges of a model on pairs of clean and corrupt prompts.
#[derive(Parser)]
#[command(name = "discover", after_help = SETTINGS)]
struct Args {
    /// A folder with model.safetensors, or its shards, and config.json (Hugging Face) or tl_config.json (TransformerLens)
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Prompts in auto-circuit's dataset format, as token ids
    #[arg(long, value_name = "FILE")]
    prompts: PathBuf,
    /// eap, mask_gradient, eap_ig, acdc, exact, subnetwork_probing, activation_magnitude, random or official
    #[arg(long, default_value = "eap", value_name = "NAME")]
    algorithm: String,
    /// A setting of the algorithm, several times where there are several; see below
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, Value)>,
    /// Prompts a batch; a short last batch is dropped [default: 32, or all where there are fewer]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Score nodes instead of edges
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
    /// Keep the scores of --edge-count edges, set the others' to 0: top, connected or greedy
    #[arg(long, value_parser = named::<Selection>, requires = "edge_count")]
    selection: Option<Selection>,
    /// How many edges --selection chooses among
    #[arg(long, value_name = "N", requires = "selection")]
    edge_count: Option<usize>,
    /// cpu, or gpu (build with --features gpu)
    #[arg(long, default_value = "cpu", value_parser = device_choice)]
    device: DeviceChoice,
    /// Where to write the scores
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,
}

const SETTINGS: &str = "Settings, by auto-circuit's names:
  eap, mask_gradient  grad_function=logit|prob|logprob|logit_exp, answer_function=avg_diff|avg_val|mse, mask_value=X,
                      integrated_grad_samples=N, ablation=resample|zero|..., ablation_prompts=corrupt|clean
  eap_ig              grad_function, answer_function, steps=N, ablation
  acdc                faithfulness_target=kl_div|mse, thresholds=[X,...]
  exact               grad_function, answer_function, ablation
  subnetwork_probing  faithfulness_target, learning_rate=X, epochs=N, regularize_lambda=X, circuit_size=N,
                      tree_optimisation=true|false, ablation, seed=N
  random              seed=N
  official            circuit=tracr_reverse|tracr_reverse_acdc|tracr_xproportion|tracr_xproportion_acdc|ioi|docstring|greaterthan";

fn main() {
    if let Err(error) = pollster::block_on(run(&Args::parse())) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let algorithm = algorithm(args)?;
    let Opened { device, info } = device::open(args.device, |trouble| eprintln!("error: {trouble:?}")).await?;
    eprintln!("device: {} ({})", info.name, info.reason);
    let model = open_model(&args.model, &device).await?;
    let file = name(&args.prompts);
    let prompts = Prompts::from_json(&file, &read_text(&args.prompts)?)?;
    let settings = DiscoverSettings {
        factorized: !args.unfactorized,
        separate_qkv: !args.joint_qkv,
        token_wise: args.token_wise,
        slice: args.slice,
        batch_size: args.batch_size.unwrap_or(prompts.pairs.len().min(BATCH_SIZE)),
        algorithm,
        keep: args.selection.zip(args.edge_count).map(|(selection, edge_count)| Keep { selection, edge_count }),
    };
    let graph = Graph::new(model.config(), discover_graph(&settings, &prompts)?);
    let stacking = if info.kind == DeviceKind::Cpu { Stacking::cpu(BUDGET_BYTES) } else { Stacking::gpu(BUDGET_BYTES) };
    let input = DiscoverInput { model: &model, prompts: &prompts, graph: &graph, settings: &settings, stacking };
    let mut bar = Bar::new();
    let found = discover(&input, &mut bar).await?;
    bar.bar.finish_and_clear();
    if let Some(loss) = found.last_loss {
        eprintln!("loss of the last pass: {loss:.6}");
    }
    if let Some(n) = found.n_kept {
        eprintln!("{n} edges are kept");
    }
    let info = settings.info(&file, model.config(), &graph);
    std::fs::write(&args.out, found.scores.to_bytes(&graph, &info)).map_err(|e| format!("{}: {e}", name(&args.out)))?;
    print_largest(&graph, &found.scores);
    Ok(())
}

/// The algorithm with its settings.
fn algorithm(args: &Args) -> Result<Algorithm, String> {
    let mut fields: Map<String, Value> = args.set.iter().cloned().collect();
    fields.insert("name".to_owned(), args.algorithm.clone().into());
    serde_json::from_value(fields.into()).map_err(|e| format!("--algorithm {}: {e}", args.algorithm))
}

fn print_largest(graph: &Graph, scores: &PruneScores) {
    let mut edges: Vec<_> = graph.edges().collect();
    edges.sort_by(|&a, &b| scores.score(b).abs().total_cmp(&scores.score(a).abs()));
    println!("{:>14}  edge (the {} largest of {})", "score", edges.len().min(N_SHOWN), edges.len());
    for edge in edges.into_iter().take(N_SHOWN) {
        let position = edge.seq_idx.map_or(String::new(), |seq_idx| format!("{seq_idx}:"));
        println!("{:>14.6}  {position}{}", scores.score(edge), graph.edge_name(edge));
    }
}

async fn open_model(dir: &Path, device: &burn::tensor::Device) -> Result<Transformer, Box<dyn Error>> {
    let ModelFolder { config, weights, index } = ModelFolder::open(dir)?;
    let config = ModelConfig::from_json(&name(&config), &read_text(&config)?)?;
    Ok(load_shards(config, &weights, index.as_ref(), device, async |_, _| true).await?)
}

/// A bar on stderr.
struct Bar {
    bar: ProgressBar,
    loss: Option<f64>,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} passes, {elapsed}, {eta} left: {msg}");
        bar.set_style(style.expect("the template is well-formed"));
        Self { bar, loss: None }
    }
}

impl Observer for Bar {
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        let loss = self.loss.map_or(String::new(), |loss| format!(", loss {loss:.4}"));
        self.bar.set_message(format!("{label}{loss}"));
        true
    }

    fn circuit(&mut self, _: &CircuitOutput, _: Option<Rc<Logits>>) {}

    fn loss(&mut self, loss: f64) {
        self.loss = Some(loss);
    }
}

/// `mask_value=0.5` as the field `maskValue` and a number; what is no JSON is a text.
fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let field = words.fold(first, |field, word| {
        let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        field + &head.to_uppercase() + tail
    });
    Ok((field, serde_json::from_str(value).unwrap_or_else(|_| value.into())))
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

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}
