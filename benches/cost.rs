//! What circuits cost, to run and to find: a sweep's time per circuit, edge attribution patching and ACDC against a plain
//! forward pass of the same batch, in one run.
//!
//! ```text
//! cargo bench --bench cost                           # all models, natively     on the CPU
//! CIRCUITSCOPE_PYTHON=venv/bin/python cargo bench    # beside Hugging Face's plain pass and auto-circuit's circuits
//! cargo bench --bench cost -- gpt2-case few-shot     # some of the rows
//! cargo bench --bench cost -- gpt2-small profile=eap # one thing over and over, for a profiler: plain, circuit, sweep or eap
//! ```
//!
//! Times are taken in turns, and ratios are of pairs of one round: the middle one, and in brackets the middles of both halves. All of it is
//! written as JSON too, beside the models.
//!
//! The models are a reference case, and some of random weights that are written below the target directory once.
//! `benches/README.md` has what was measured and how the Python environment is made.

mod support;

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use burn::tensor::Device;
use circuitscope_core::settings::discovery::{Acdc, MaskGradient};
use circuitscope_core::{Algorithm, Graph, GraphConfig, PruneScores};
use circuitscope_engine::model::{Model, Transformer};
use circuitscope_memory::{MiMalloc, keep_freed_pages};
use serde_json::{Value, json};

use support::model::{
    FOUR_LAYERS, GPT2_SMALL, find, log_spaced, memory_mib, plain_pass, random_model, random_prompts, reset_peak_memory,
    run_sweep,
};
use support::{Spread, Task, Times, in_turns, random};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A model to measure with.
struct Shape {
    name: &'static str,
    batch: usize,
    seq: usize,
    /// A Hugging Face config to fill with random weights; `None` for the reference case.
    config: Option<&'static str>,
    /// How often each thing is timed; the middle time counts.
    repeats: usize,
    /// Whether the Python script can load it.
    beside_python: bool,
}

const SHAPES: [Shape; 4] = [
    Shape { name: "gpt2-case", batch: 2, seq: 6, config: None, repeats: 41, beside_python: true },
    Shape { name: "4-layer", batch: 8, seq: 16, config: Some(FOUR_LAYERS), repeats: 15, beside_python: true },
    Shape { name: "gpt2-small", batch: 8, seq: 16, config: Some(GPT2_SMALL), repeats: 5, beside_python: true },
    // SmolLM2's: 30 layers whose 9 heads share 3 keys and values.
    Shape {
        name: "smollm2",
        batch: 16,
        seq: 15,
        config: Some(
            r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 30, "num_attention_heads": 9,
                "num_key_value_heads": 3, "hidden_size": 576, "intermediate_size": 1536, "max_position_embeddings": 2048,
                "vocab_size": 49152, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 100000, "tie_word_embeddings": true}"#,
        ),
        repeats: 5,
        beside_python: false,
    },
];

/// Prompts that begin alike, as few-shot prompts do: so many tokens, and then so many of their own.
const FEW_SHOT: Shape = Shape {
    name: "few-shot",
    batch: 8,
    seq: FEW_SHOT_SHARED + 16,
    config: Some(
        r#"{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": 4, "n_head": 8, "n_embd": 128,
            "n_positions": 128, "vocab_size": 1000, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}"#,
    ),
    repeats: 9,
    beside_python: false,
};
const FEW_SHOT_SHARED: usize = 64;

/// The number of circuits in a sweep.
const N_CIRCUITS: usize = 20;

fn main() {
    keep_freed_pages();
    let (profiled, wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).filter(|a| !a.starts_with('-')).partition(|a| a.starts_with(PROFILE));
    if let Some(what) = profiled.first() {
        let shape = SHAPES.iter().find(|s| wanted.iter().any(|w| w == s.name)).expect("the name of a model");
        return profile(shape, &what[PROFILE.len()..]);
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let mut models: Vec<Value> = SHAPES.iter().filter(|s| is_wanted(s.name)).map(measure).collect();
    if is_wanted(FEW_SHOT.name) {
        models.push(measure_few_shot());
    }
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let json = json!({"cpu": cpu, "threads": threads, "optimised": !cfg!(debug_assertions), "models": models});
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cost.json");
    fs::write(&path, serde_json::to_string_pretty(&json).unwrap()).unwrap();
    println!("\nwritten to {}", path.display());
}

/// What an argument begins with that asks for one thing over and over, for a profiler to look at.
const PROFILE: &str = "profile=";

/// Does one thing over and over for ten seconds: `plain`, `circuit` (of half of all edges), `sweep` or `eap`.
#[allow(clippy::disallowed_methods, reason = "a native program that takes the time")]
fn profile(shape: &Shape, what: &str) {
    let model = open(shape);
    let graph = Graph::new(model.config(), GraphConfig::default());
    let scores = PruneScores::new(random(1, graph.n_edges()));
    let prompts = random_prompts(shape.batch, shape.seq, model.config().d_vocab);
    let (half, all) = ([graph.n_edges() / 2], log_spaced(graph.n_edges(), N_CIRCUITS));
    let unpatched = run_sweep(&model, &graph, &scores, &prompts, &half, None);
    let (start, mut n) = (std::time::Instant::now(), 0);
    while start.elapsed().as_secs() < 10 {
        match what {
            "plain" => plain_pass(&model, &prompts, shape.seq - 1..shape.seq),
            "circuit" => drop(run_sweep(&model, &graph, &scores, &prompts, &half, Some(unpatched.clone()))),
            "sweep" => drop(run_sweep(&model, &graph, &scores, &prompts, &all, None)),
            _ => find(&model, &graph, &prompts, Algorithm::MaskGradient(MaskGradient::default())),
        }
        n += 1;
    }
    println!("{:.3} ms each", start.elapsed().as_secs_f64() * 1e3 / f64::from(n));
}

/// Prints what positions that both prompts of a pair begin with save a sweep.
fn measure_few_shot() -> Value {
    let shape = &FEW_SHOT;
    let model = open(shape);
    let graph = Graph::new(model.config(), GraphConfig::default());
    let scores = PruneScores::new(random(1, graph.n_edges()));
    let counts = log_spaced(graph.n_edges(), N_CIRCUITS);
    let unlike = random_prompts(shape.batch, shape.seq, model.config().d_vocab);
    let mut alike = unlike.clone();
    for pair in &mut alike.pairs {
        pair.corrupt[..FEW_SHOT_SHARED].copy_from_slice(&pair.clean[..FEW_SHOT_SHARED]);
    }
    let sweep = |prompts| drop(run_sweep(&model, &graph, &scores, prompts, &counts, None));
    let (apart, together) = ("prompts that differ from the first token on", "prompts that begin with the same tokens");
    let times = in_turns(vec![
        Task::new(apart, shape.repeats, || sweep(&unlike)),
        Task::new(together, shape.repeats, || sweep(&alike)),
    ]);
    let (batch, seq, n_edges) = (shape.batch, shape.seq, graph.n_edges());
    println!("\n{}: 4 layers, {n_edges} edges, batch {batch} x {seq} tokens, {N_CIRCUITS} circuits", shape.name);
    let mut report = Report::new(shape, n_edges);
    report.rows(&times, apart);
    report.ratio("differing from the first token on / sharing 64", times.ratio(apart, together));
    report.json
}

/// A model that is measured with.
fn open(shape: &Shape) -> Transformer {
    support::model::open(&model_dir(shape), &Device::flex())
}

/// What is measured of a model, printed and kept.
struct Report {
    json: Value,
}

impl Report {
    fn new(shape: &Shape, n_edges: usize) -> Self {
        let Shape { name, batch, seq, .. } = shape;
        Self {
            json: json!({"model": name, "edges": n_edges, "batch": batch, "seq": seq, "ms": {}, "passes": {}, "ratios": {}}),
        }
    }

    /// The times, in milliseconds and beside one of them.
    fn rows(&mut self, times: &Times, beside: &str) {
        for name in times.names() {
            let (ms, passes) = (times.seconds(name).times(1e3), times.ratio(name, beside));
            println!("  {name:<58} {:>10.3} ms  {passes}", ms.median);
            self.json["ms"][name] = json!(ms);
            self.json["passes"][name] = json!(passes);
        }
    }

    fn ratio(&mut self, name: &str, ratio: Spread) {
        println!("  {name}: {ratio}");
        self.json["ratios"][name] = json!(ratio);
    }

    fn mib(&mut self, name: &str, mib: usize) {
        println!("  {name}: {mib} MiB");
        self.json["mib"][name] = json!(mib);
    }
}

const PLAIN: &str = "plain pass, logits at the last position";
const PLAIN_ALL: &str = "plain pass, logits at all positions";
const CIRCUIT: &str = "circuit in a sweep of 20, 1 to all edges";
const HALF: &str = "circuit of half of all edges, run alone afterwards";
const EAP: &str = "edge attribution patching";
const ACDC: &str = "ACDC with 4 thresholds";
const HF_PLAIN: &str = "Hugging Face's plain pass";
const THEIR_CIRCUIT: &str = "auto-circuit's circuit";
const THEIR_EAP: &str = "auto-circuit's edge attribution patching";
const THEIR_ACDC: &str = "auto-circuit's ACDC";

/// Prints what one model costs.
fn measure(shape: &Shape) -> Value {
    let (dir, model) = (model_dir(shape), open(shape));
    let graph = Graph::new(model.config(), GraphConfig::default());
    let scores = PruneScores::new(random(1, graph.n_edges()));
    let prompts = random_prompts(shape.batch, shape.seq, model.config().d_vocab);
    let counts = log_spaced(graph.n_edges(), N_CIRCUITS);
    println!("\n{}: {} edges, batch {} x {} tokens", shape.name, graph.n_edges(), shape.batch, shape.seq);
    let mut report = Report::new(shape, graph.n_edges());

    let plain = |positions| plain_pass(&model, &prompts, positions);
    let sweep = |counts: &[usize], unpatched| run_sweep(&model, &graph, &scores, &prompts, counts, unpatched);
    let half = [graph.n_edges() / 2];
    let unpatched = Some(sweep(&half, None));
    let search = |algorithm: Algorithm| find(&model, &graph, &prompts, algorithm);
    let eap = || search(Algorithm::MaskGradient(MaskGradient::default()));
    let acdc = || search(Algorithm::Acdc(Acdc { thresholds: ACDC_THRESHOLDS.to_vec(), ..Acdc::default() }));
    let held = memory_mib("VmRSS:");
    reset_peak_memory();
    eap();
    report.mib("memory of edge attribution patching beside the model", memory_mib("VmHWM:").saturating_sub(held));

    let python = std::env::var_os("CIRCUITSCOPE_PYTHON").filter(|_| shape.beside_python);
    let reference = python.map(|python| RefCell::new(Reference::start(Path::new(&python), shape, &dir, &counts)));
    let Shape { repeats, .. } = *shape;
    let last = shape.seq - 1..shape.seq;
    let mut tasks = vec![
        Task::new(PLAIN, repeats, || plain(last.clone())),
        Task::new(PLAIN_ALL, repeats, || plain(0..shape.seq)),
        Task::one_of(CIRCUIT, repeats, N_CIRCUITS, || drop(sweep(&counts, None))),
        Task::new(HALF, repeats, || drop(sweep(&half, unpatched.clone()))),
        Task::new(EAP, repeats, eap),
    ];
    // ACDC takes a pass an edge.
    if shape.config.is_none() {
        tasks.push(Task::new(ACDC, repeats.min(5), acdc));
    }
    if let Some(reference) = &reference {
        let ask = |what: &'static str| move || reference.borrow_mut().time(what);
        // Theirs take up to half a minute at the larger shape.
        let few = if repeats > 5 { 5 } else { 2 };
        tasks.push(Task::timed(HF_PLAIN, repeats, ask("plain")));
        tasks.push(Task::timed(THEIR_CIRCUIT, few, ask("circuit")));
        tasks.push(Task::timed(THEIR_EAP, few, ask("eap")));
        if shape.config.is_none() {
            tasks.push(Task::timed(THEIR_ACDC, 1, ask("acdc")));
        }
    }
    let times = in_turns(tasks);
    report.rows(&times, PLAIN);
    if reference.is_some() {
        report.ratio("our plain pass / Hugging Face's", times.ratio(PLAIN, HF_PLAIN));
        report.ratio("auto-circuit's circuit / ours", times.ratio(THEIR_CIRCUIT, CIRCUIT));
        report.ratio("auto-circuit's edge attribution patching / ours", times.ratio(THEIR_EAP, EAP));
        if shape.config.is_none() {
            report.ratio("auto-circuit's ACDC / ours", times.ratio(THEIR_ACDC, ACDC));
        }
    }
    report.mib("peak memory of this process since attribution began", memory_mib("VmHWM:"));
    report.json
}

/// As in the reference case `gpt2`.
const ACDC_THRESHOLDS: [f64; 4] = [0.001, 0.005, 0.01, 0.05];

/// Hugging Face's model and auto-circuit in Python, which do what they are asked for one thing at a time.
struct Reference {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    /// Starts the Python script on the same model.
    fn start(python: &Path, shape: &Shape, dir: &Path, counts: &[usize]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/reference.py");
        let list: Vec<String> = counts.iter().map(usize::to_string).collect();
        let mut command = Command::new(python);
        command.arg(script).arg(dir).arg(shape.batch.to_string()).arg(shape.seq.to_string());
        command.arg(list.join(",")).arg(ACDC_THRESHOLDS.map(|t| t.to_string()).join(","));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    /// Has something done; its time in seconds.
    #[allow(clippy::disallowed_methods, reason = "a native program that waits")]
    fn time(&mut self, what: &str) -> f64 {
        writeln!(self.child.stdin.as_mut().unwrap(), "{what}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        // Its threads go on waiting for work for a fifth of a second, at full speed.
        std::thread::sleep(std::time::Duration::from_millis(300));
        line.trim().parse().unwrap_or_else(|_| panic!("Python answered {line:?}"))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The model's folder, written if it is not there.
fn model_dir(shape: &Shape) -> PathBuf {
    match shape.config {
        Some(config) => random_model(shape.name, config),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases/gpt2"),
    }
}
