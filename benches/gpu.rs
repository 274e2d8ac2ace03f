//! What circuits cost on this machine's own GPU, by the same shaders as in a browser, beside what its arithmetic and its memory allow.
//!
//! ```text
//! cargo bench --bench gpu --features circuitscope-engine/gpu                 # the adapter that wgpu finds, by Vulkan, Metal or DirectX
//! GPU_PEAK=67,4.8 cargo bench ..                                             # TFLOP/s and TB/s of the card: its roofline
//! CIRCUITSCOPE_PYTHON=venv/bin/python cargo bench ..                         # beside PyTorch's plain pass on the card
//! ```
//!
//! Prints a table for `benches/README.md`, which says what was not measured; `benches/gpu.sh` runs all of it. Names of models choose among
//! them. Times are taken in turns; the middle one counts, with the middles of both halves. Each has its logits or scores read back.

mod support;

use std::path::Path;
use std::process::Command;

use circuitscope_core::settings::discovery::MaskGradient;
use circuitscope_core::{Algorithm, DestModule, Graph, GraphConfig, ModelConfig, PruneScores};
use circuitscope_engine::device::{Trouble, open as open_device};
use circuitscope_engine::model::Model;
use circuitscope_wire::engine::DeviceChoice;

use support::model::{
    FOUR_LAYERS, GPT2_SMALL, find, log_spaced, open, plain_pass, random_model, random_prompts, run_sweep,
};
use support::{Spread, Task, in_turns, random};

struct Shape {
    name: &'static str,
    title: &'static str,
    config: &'static str,
}

const SHAPES: [Shape; 2] = [
    Shape { name: "4-layer", title: "4 layers, d_model 128, 1,519 edges", config: FOUR_LAYERS },
    Shape { name: "gpt2-small", title: "GPT-2 small's shape, 32,491 edges", config: GPT2_SMALL },
];
const BATCH: usize = 8;
const SEQ: usize = 16;
const N_CIRCUITS: usize = 20;
const REPEATS: usize = 9;

const PLAIN: &str = "plain pass";
const CIRCUIT: &str = "circuit in a sweep of 20";
const EAP: &str = "edge attribution patching";

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let on_trouble = |trouble: Trouble| eprintln!("the GPU: {trouble:?}");
    let opened = match pollster::block_on(open_device(DeviceChoice::Webgpu, on_trouble)) {
        Ok(opened) => opened,
        Err(reason) => return println!("Not measured: {reason}."),
    };
    println!("{}, {BATCH} prompts of {SEQ} tokens:", opened.info.name);
    for shape in SHAPES.iter().filter(|shape| wanted.is_empty() || wanted.iter().any(|name| name == shape.name)) {
        let dir = random_model(shape.name, shape.config);
        let model = open(&dir, &opened.device);
        let graph = Graph::new(model.config(), GraphConfig::default());
        let scores = PruneScores::new(random(1, graph.n_edges()));
        let prompts = random_prompts(BATCH, SEQ, model.config().d_vocab);
        let counts = log_spaced(graph.n_edges(), N_CIRCUITS);
        let eap = Algorithm::MaskGradient(MaskGradient::default());
        let sweep = |counts: &[usize]| run_sweep(&model, &graph, &scores, &prompts, counts, None);
        let times = in_turns(vec![
            Task::new(PLAIN, REPEATS, || plain_pass(&model, &prompts, SEQ - 1..SEQ)),
            Task::one_of(CIRCUIT, REPEATS, N_CIRCUITS, || drop(sweep(&counts))),
            Task::new(EAP, REPEATS, || find(&model, &graph, &prompts, eap.clone())),
        ]);
        let (plain, circuit) = (Cost::of_plain_pass(model.config()), Cost::of_circuit(model.config(), &graph));
        println!("\n| {} | ms | plain passes | of the roofline |\n| --- | --- | --- | --- |", shape.title);
        for (name, cost) in [(PLAIN, Some(plain)), (CIRCUIT, Some(circuit)), (EAP, None)] {
            let (seconds, passes) = (times.seconds(name), times.ratio(name, PLAIN));
            println!("| {name} | {} | {passes} | {} |", seconds.times(1e3), share(cost, seconds));
        }
        println!("| PyTorch's plain pass on the same card | {} | | |", pytorch(&dir));
    }
}

/// What is computed and moved at the least.
#[derive(Clone, Copy)]
struct Cost {
    flop: f64,
    bytes: f64,
}

impl Cost {
    /// Products with weights, which are read once, and the logits of the last position.
    fn of_plain_pass(config: &ModelConfig) -> Self {
        let [d, d_mlp, vocab] = [config.d_model, config.d_mlp.unwrap_or(0), config.d_vocab_out].map(|n| n as f64);
        let heads = (config.n_heads * config.d_head) as f64;
        let weights = config.n_layers as f64 * d * (4.0 * heads + 2.0 * d_mlp);
        let rows = (BATCH * SEQ) as f64;
        Self { flop: 2.0 * (rows * weights + BATCH as f64 * d * vocab), bytes: 4.0 * (weights + d * vocab) }
    }

    /// The same, and dense sums of edges: what each module patches from is read once, and so are the inputs of dest nodes, once written.
    fn of_circuit(config: &ModelConfig, graph: &Graph) -> Self {
        let (plain, row) = (Self::of_plain_pass(config), (BATCH * SEQ * config.d_model) as f64);
        let n_nodes: usize = graph.dests.iter().map(DestModule::n_nodes).sum();
        let n_read: usize = graph.dests.iter().map(|module| module.n_src).sum();
        Self {
            flop: plain.flop + 2.0 * row * graph.n_edges() as f64,
            bytes: plain.bytes + 4.0 * row * (n_read + 2 * n_nodes + 2 * graph.srcs.len()) as f64,
        }
    }

    /// The least time in seconds, at so many operations and bytes a second.
    fn seconds(self, [flop, bytes]: [f64; 2]) -> f64 {
        (self.flop / flop).max(self.bytes / bytes)
    }
}

/// What a time is of the least one that the card allows, where it is said what it can do.
fn share(cost: Option<Cost>, seconds: Spread) -> String {
    let (Some(cost), Some(peak)) = (cost, peak()) else { return "not measured".to_owned() };
    let least = cost.seconds(peak);
    format!("{:.0}% of {:.2} ms", 100.0 * least / seconds.median, least * 1e3)
}

/// `GPU_PEAK`: operations and bytes a second.
fn peak() -> Option<[f64; 2]> {
    let text = std::env::var("GPU_PEAK").ok()?;
    let (flop, bytes) = text.split_once(',').expect("GPU_PEAK is TFLOP/s and TB/s, as in 67,4.8");
    Some([flop, bytes].map(|number| number.parse::<f64>().expect("GPU_PEAK has two numbers") * 1e12))
}

/// PyTorch's time for a plain pass in milliseconds, or why there is none.
fn pytorch(dir: &Path) -> String {
    let Some(python) = std::env::var_os("CIRCUITSCOPE_PYTHON") else { return "not measured".to_owned() };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/torch_plain.py");
    let out = Command::new(python).arg(script).arg(dir).args([BATCH, SEQ].map(|n| n.to_string())).output().unwrap();
    let answer = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    if out.status.success() { answer } else { format!("not measured: {answer}") }
}
