//! How much memory a model takes, reckoned from its config before anything of its weights is read, and what there is.
//!
//! Weights are computed with as `f32`, whatever the file stores. On the CPU they live in the program's own heap; on a GPU
//! the heap holds one tensor at a time. A program of 32-bit WebAssembly can address 4 GiB.

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::config::family;
use crate::error::CircuitError;
use crate::graph::Graph;
use crate::prompts::Prompts;
use crate::settings::run::RunSettings;

/// What 32-bit WebAssembly can address.
pub const WASM_HEAP_BYTES: u64 = 1 << 32;
/// What the program itself, slices of files on their way and pieces left free take beside tensors. It is also what the heap
/// may grow by beyond the tensors (measured in `benches/browser.mjs`).
pub const SLACK_BYTES: u64 = 64 << 20;

const F32_BYTES: u64 = 4;

/// What a device can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// The most bytes that the program's heap can have; `None` where only the machine limits it.
    pub heap: Option<u64>,
    /// The most bytes of one tensor on a GPU: the smaller of WebGPU's `maxBufferSize` and `maxStorageBufferBindingSize`.
    pub tensor: Option<u64>,
    /// Whether weights and activations live in the heap: so on the CPU.
    pub computes_in_heap: bool,
}

impl Limits {
    /// The CPU backend in a browser.
    pub const WASM_CPU: Self = Self { heap: Some(WASM_HEAP_BYTES), tensor: None, computes_in_heap: true };

    /// WebGPU in a browser.
    pub const fn wasm_gpu(tensor: u64) -> Self {
        Self { heap: Some(WASM_HEAP_BYTES), tensor: Some(tensor), computes_in_heap: false }
    }
}

/// What a model's weights take as `f32`, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelMemory {
    pub weights: u64,
    pub largest_tensor: u64,
    /// Its name in the file.
    pub largest_name: String,
}

/// What a run asks for beside the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSize {
    /// The src nodes of the graph.
    pub n_srcs: usize,
    pub batch_size: usize,
    /// The positions of the longest prompt.
    pub seq: usize,
    /// The positions of which logits are kept.
    pub n_positions: usize,
}

impl RunSize {
    /// The size of a run.
    pub fn of(graph: &Graph, settings: &RunSettings, prompts: &Prompts) -> Self {
        let seq = prompts.pairs.iter().map(|p| p.clean.len().max(p.corrupt.len())).max().unwrap_or(1);
        let n_positions = settings.slice.positions(seq).len();
        Self { n_srcs: graph.srcs.len(), batch_size: settings.batch_size, seq, n_positions }
    }
}

impl ModelMemory {
    /// The weights that a config asks for. Keys and values that several heads share are kept once for each.
    pub fn of(config: &ModelConfig) -> Self {
        let weights = family::by_name(&config.family).map(|f| (f.weights)(config)).unwrap_or_default();
        let bytes = |shape: &[usize]| shape.iter().fold(F32_BYTES, |n, &d| n.saturating_mul(d as u64));
        let mut memory = Self { weights: 0, largest_tensor: 0, largest_name: String::new() };
        for weight in weights {
            let n_bytes = bytes(&weight.target);
            let copies = weight.param.n_copies(config) as u64;
            memory.weights = memory.weights.saturating_add(n_bytes.saturating_mul(copies));
            if n_bytes > memory.largest_tensor {
                (memory.largest_tensor, memory.largest_name) = (n_bytes, weight.name);
            }
        }
        memory
    }

    /// Whether the weights fit.
    ///
    /// # Errors
    /// When they do not; the message has the numbers.
    pub fn check(&self, file: &str, limits: &Limits) -> Result<(), CircuitError> {
        let refuse = |need: String, room: String, advice| {
            Err(CircuitError::Memory { file: file.to_owned(), need, room, advice })
        };
        let Self { weights, largest_tensor, largest_name } = self;
        let largest = format!("its largest tensor, `{largest_name}`, takes {} as f32", size_label(*largest_tensor));
        if let Some(room) = limits.tensor.filter(|room| largest_tensor > room) {
            let room = format!("this GPU takes tensors of at most {}", size_label(room));
            return refuse(largest, room, "choose the CPU, or a smaller model");
        }
        let Some(heap) = limits.heap else { return Ok(()) };
        let room = heap.saturating_sub(SLACK_BYTES);
        let text = format!("the engine's memory in a browser ends at {}", size_label(heap));
        if !limits.computes_in_heap && *largest_tensor > room {
            return refuse(largest, text, "choose a smaller model");
        }
        if limits.computes_in_heap && weights.saturating_add(*largest_tensor) > room {
            let need = format!(
                "the weights take {} as f32, and {} more while they are read",
                size_label(*weights),
                size_label(*largest_tensor)
            );
            return refuse(need, text, "choose WebGPU, where weights are kept on the GPU, or a smaller model");
        }
        Ok(())
    }

    /// Whether a run fits beside the weights.
    ///
    /// # Errors
    /// When one circuit at a time does not; the message has the numbers.
    pub fn check_run(&self, config: &ModelConfig, run: &RunSize, limits: &Limits) -> Result<(), CircuitError> {
        let activations = activation_bytes(config, run);
        let refuse = |need: String, room: String| {
            let advice = "choose a smaller batch size or shorter prompts";
            Err(CircuitError::Memory { file: "run".to_owned(), need, room, advice })
        };
        let rows = src_rows_bytes(config, run);
        if let Some(room) = limits.tensor.filter(|&room| rows > room) {
            let need = format!("the outputs of {} src nodes take {}", run.n_srcs, size_label(rows));
            return refuse(need, format!("this GPU takes tensors of at most {}", size_label(room)));
        }
        let Some(heap) = limits.heap.filter(|_| limits.computes_in_heap) else { return Ok(()) };
        let all = self.weights.saturating_add(activations);
        if all > heap.saturating_sub(SLACK_BYTES) {
            let need =
                format!("weights of {} and activations of {}", size_label(self.weights), size_label(activations));
            return refuse(need, format!("the engine's memory in a browser ends at {}", size_label(heap)));
        }
        Ok(())
    }

    /// Whether a search fits beside the weights, which holds about `activations` bytes at once.
    ///
    /// # Errors
    /// When it does not; the message has the numbers.
    pub fn check_search(&self, activations: u64, limits: &Limits) -> Result<(), CircuitError> {
        let Some(heap) = limits.heap.filter(|_| limits.computes_in_heap) else { return Ok(()) };
        if self.weights.saturating_add(activations) <= heap.saturating_sub(SLACK_BYTES) {
            return Ok(());
        }
        let need = format!("weights of {} and activations of {}", size_label(self.weights), size_label(activations));
        let room = format!("the engine's memory in a browser ends at {}", size_label(heap));
        let advice = "choose a smaller batch size or shorter prompts";
        Err(CircuitError::Memory { file: "search".to_owned(), need, room, advice })
    }
}

/// About how many bytes a forward pass of one circuit takes beside the weights: the src nodes' outputs to patch with and those
/// of the pass itself, one block's inputs and hidden layers, attention scores, and logits.
pub fn activation_bytes(config: &ModelConfig, run: &RunSize) -> u64 {
    let n = |size: usize| size as u64;
    let &ModelConfig { n_heads, d_model, d_head, d_mlp, d_vocab_out, .. } = config;
    let rows = n(run.batch_size).saturating_mul(n(run.seq));
    // The inputs of a block's queries, keys and values before and after their norm, the projections, the MLP.
    let block = 2 * 3 * n(n_heads) * n(d_model) + 4 * n(n_heads) * n(d_head) + 3 * n(d_mlp.unwrap_or(0));
    let scores = 2 * n(n_heads) * n(run.seq);
    let in_block = rows.saturating_mul(block + scores).saturating_mul(F32_BYTES);
    let out_rows = n(run.batch_size).saturating_mul(n(run.n_positions));
    // The circuit's and both unpatched models'.
    let logits = out_rows.saturating_mul(3 * n(d_vocab_out)).saturating_mul(F32_BYTES);
    src_rows_bytes(config, run).saturating_mul(2).saturating_add(in_block).saturating_add(logits)
}

/// The outputs of all src nodes with the residual stream, `[1 + src, batch * position * d_model]`.
fn src_rows_bytes(config: &ModelConfig, run: &RunSize) -> u64 {
    let sizes = [1 + run.n_srcs, run.batch_size, run.seq, config.d_model];
    sizes.iter().fold(F32_BYTES, |n, &size| n.saturating_mul(size as u64))
}

/// A size as people write it.
pub fn size_label(n_bytes: u64) -> String {
    let n = n_bytes as f64;
    match n_bytes {
        0..1_000 => format!("{n_bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", n / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n / 1e6),
        _ => format!("{:.2} GB", n / 1e9),
    }
}
