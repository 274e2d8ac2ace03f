//! How time and memory grow with edges, prompts, tokens and circuits: four plots.
//!
//! ```text
//! cargo bench --bench growth              # writes growth-*.svg below the target directory (`tmp`)
//! cargo bench --bench growth -- write     # and in benches/growth
//! ```
//!
//! A sweep is of 20 circuits, of 1 edge to all, and runs the unpatched model too; edge attribution patching is of the same prompts. Memory
//! is what was allocated at most above what was before. The model is GPT-2's kind with random weights: d_model 128, 8 heads,
//! 4 layers, 8 prompts of 16 tokens, of which one is varied. Each point is the middle of three.

mod support;

use std::alloc::{GlobalAlloc, Layout};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use circuitscope_core::settings::discovery::MaskGradient;
use circuitscope_core::{Algorithm, DiscoverSettings, Graph, GraphConfig, ModelConfig, OutputSlice, PruneScores};
use circuitscope_engine::discover::{DiscoverInput, discover};
use circuitscope_engine::model::{Model, Transformer, load};
use circuitscope_engine::run::Stacking;
use circuitscope_memory::{MiMalloc, keep_freed_pages};
use circuitscope_picture::geometry::Size;
use circuitscope_picture::plot::{Axis, PlotRequest, PlotValue, Scale, Series, plot, plot_string};
use circuitscope_picture::theme::Theme;

use support::model::{log_spaced, random_model, random_prompts, run_sweep};
use support::{Task, in_turns, random};

/// As in `cost`, and counts what is allocated.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(unsafe_code, reason = "an allocator is")]
// SAFETY: all is left to mimalloc.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { MiMalloc.dealloc(at, layout) }
    }
}

const REPEATS: usize = 3;

/// What is run.
#[derive(Clone, Copy)]
struct Load {
    n_layers: usize,
    prompts: usize,
    tokens: usize,
    circuits: usize,
}

const USUAL: Load = Load { n_layers: 4, prompts: 8, tokens: 16, circuits: 20 };

/// What it costs: milliseconds, and MiB.
struct Cost {
    n_edges: usize,
    sweep_ms: f64,
    eap_ms: f64,
    sweep_mib: f64,
    eap_mib: f64,
}

fn main() {
    keep_freed_pages();
    let write = std::env::args().any(|arg| arg == "write");
    let grow = |name: &str, label: &str, loads: &[Load], x: fn(&Load, &Cost) -> usize| {
        let costs: Vec<(usize, Cost)> = loads
            .iter()
            .map(|load| {
                let cost = measure(*load);
                (x(load, &cost), cost)
            })
            .collect();
        println!("\n{label:>20} {:>12} {:>12} {:>12} {:>12}", "sweep, ms", "EAP, ms", "sweep, MiB", "EAP, MiB");
        for (x, Cost { sweep_ms, eap_ms, sweep_mib, eap_mib, .. }) in &costs {
            println!("{x:>20} {sweep_ms:>12.1} {eap_ms:>12.1} {sweep_mib:>12.1} {eap_mib:>12.1}");
        }
        draw(name, label, &costs, write);
    };
    let layers = [1, 2, 4, 8, 16, 24].map(|n_layers| Load { n_layers, ..USUAL });
    grow("edges", "edges", &layers, |_, cost| cost.n_edges);
    let prompts = [1, 2, 4, 8, 16, 32, 64].map(|prompts| Load { prompts, ..USUAL });
    grow("prompts", "prompts in a batch", &prompts, |load, _| load.prompts);
    let tokens = [4, 8, 16, 32, 64, 128].map(|tokens| Load { tokens, ..USUAL });
    grow("tokens", "tokens in a prompt", &tokens, |load, _| load.tokens);
    let circuits = [1, 5, 10, 20, 40, 80].map(|circuits| Load { circuits, ..USUAL });
    grow("circuits", "circuits in a sweep", &circuits, |load, _| load.circuits);
}

fn measure(Load { n_layers, prompts, tokens, circuits }: Load) -> Cost {
    let config = format!(
        r#"{{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": {n_layers}, "n_head": 8, "n_embd": 128,
            "n_positions": 128, "vocab_size": 1000, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}}"#
    );
    let weights = random_model(&format!("growth-{n_layers}"), &config).join("model.safetensors");
    let config = ModelConfig::from_json("config.json", &config).unwrap();
    let model: Transformer = pollster::block_on(load(config, &weights, &Device::flex(), async |_, _| true)).unwrap();
    let graph = Graph::new(model.config(), GraphConfig::default());
    let n_edges = graph.n_edges();
    let scores = PruneScores::new(random(1, n_edges));
    let of = random_prompts(prompts, tokens, model.config().d_vocab);
    let counts = if circuits == 1 { vec![n_edges / 2] } else { log_spaced(n_edges, circuits) };
    let sweep = || drop(run_sweep(&model, &graph, &scores, &of, &counts, None));
    let settings = DiscoverSettings {
        slice: OutputSlice::LastSeq,
        batch_size: prompts,
        algorithm: Algorithm::MaskGradient(MaskGradient::default()),
        ..DiscoverSettings::default()
    };
    let eap = || {
        let (settings, stacking) = (&settings, Stacking::cpu(1 << 30));
        let input = DiscoverInput { model: &model, prompts: &of, graph: &graph, settings, stacking };
        drop(pollster::block_on(discover(&input, &(), &mut ())).unwrap());
    };
    let [sweep_mib, eap_mib] = [most_mib(&sweep), most_mib(&eap)];
    let times = in_turns(vec![Task::new("sweep", REPEATS, sweep), Task::new("eap", REPEATS, eap)]);
    let ms = |name| times.seconds(name).median * 1e3;
    Cost { n_edges, sweep_ms: ms("sweep"), eap_ms: ms("eap"), sweep_mib, eap_mib }
}

/// What is allocated at most above what is allocated now.
fn most_mib(run: &dyn Fn()) -> f64 {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    run();
    (MOST.load(Ordering::Relaxed) - before) as f64 / f64::from(1 << 20)
}

fn draw(name: &str, label: &str, costs: &[(usize, Cost)], write: bool) {
    let series = |name: &str, style: usize, y: fn(&Cost) -> f64| {
        let value =
            |(x, cost): &(usize, Cost)| PlotValue { x: *x as f64, y: y(cost), band: None, hover: String::new() };
        Series { name: name.to_owned(), style, values: costs.iter().map(value).collect() }
    };
    let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Log { least: 1.0 }, range: None };
    let request = PlotRequest {
        size: Size { width: 460.0, height: 320.0 },
        x: axis(label),
        y: axis("milliseconds, MiB"),
        series: vec![
            series("a sweep, ms", 0, |cost| cost.sweep_ms),
            series("EAP, ms", 1, |cost| cost.eap_ms),
            series("a sweep, MiB", 2, |cost| cost.sweep_mib),
            series("EAP, MiB", 3, |cost| cost.eap_mib),
        ],
        levels: Vec::new(),
        diagonal: false,
        legend: true,
    };
    let svg = plot_string(&plot(&request), Theme::Light);
    let file = format!("growth-{name}.svg");
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(&file), &svg).unwrap();
    if write {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/growth");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(file), svg).unwrap();
    }
}
