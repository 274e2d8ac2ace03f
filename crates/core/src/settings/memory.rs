//! How much memory a model takes, computed from its config before its weights are read, and how much a device has.
//!
//! The maths is in `f32`, whatever the file stores. On the CPU weights live in the program's own heap; on a GPU the heap
//! holds one tensor at a time. A program of 32-bit WebAssembly can address 4 GiB.

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::config::family;
use crate::error::CircuitError;
use crate::graph::Graph;
use crate::labels::count_label;
pub use crate::labels::size_label;
use crate::prompts::Prompts;
use crate::settings::activations::ActivationSize;
use crate::settings::run::RunSettings;

/// What 32-bit WebAssembly can address.
pub const WASM_HEAP_BYTES: u64 = 1 << 32;
/// What the heap needs besides tensors: the program itself, slices of files while they are read, and fragmentation. The
/// heap may also grow by this much beyond the tensors (measured in `benches/browser.mjs`).
pub const SLACK_BYTES: u64 = 64 << 20;

/// What a program needs for the activations of a run, beside a model in its heap.
const ACTIVATION_BYTES: u64 = 256 << 20;

/// The advice where activations do not fit.
const SMALLER: &str = "choose a smaller batch size or shorter prompts";

const F32_BYTES: u64 = size_of::<f32>() as u64;

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

/// What a run needs memory for, besides the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSize {
    /// The src nodes of the graph.
    pub n_srcs: usize,
    pub batch_size: usize,
    /// The positions of the longest prompt.
    pub seq: usize,
    /// How many prompts are run: those of whole batches.
    pub n_prompts: usize,
    /// The positions of which logits are kept.
    pub n_positions: usize,
    /// Whether whole logits of each circuit are asked for, rather than its metrics and likeliest tokens alone.
    pub keep_logits: bool,
}

impl RunSize {
    /// The size of a run that keeps no circuit's whole logits.
    pub fn of(graph: &Graph, settings: &RunSettings, prompts: &Prompts) -> Self {
        let batch_size = settings.batch_size;
        let seq = prompts.pairs.iter().map(|p| p.clean.len().max(p.corrupt.len())).max().unwrap_or(1);
        let n_positions = settings.slice.positions(seq).len();
        let n_prompts = prompts.pairs.len() / batch_size.max(1) * batch_size;
        Self { n_srcs: graph.srcs.len(), batch_size, seq, n_prompts, n_positions, keep_logits: false }
    }

    fn activations(&self, config: &ModelConfig) -> ActivationSize {
        ActivationSize::new(config, self.n_srcs, self.batch_size, self.seq)
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

    /// How many programs, each with a copy of the model, may compute on a machine with so many bytes of memory, of which half is left to
    /// others; at least one.
    pub fn n_copies(&self, machine_bytes: u64) -> usize {
        let copy = self.weights.saturating_add(ACTIVATION_BYTES + SLACK_BYTES);
        usize::try_from(machine_bytes / 2 / copy).unwrap_or(usize::MAX).max(1)
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
        let Self { weights, .. } = *self;
        let refuse = |need: String, room: String, advice| {
            Err(CircuitError::Memory { file: "run".to_owned(), need, room, advice })
        };
        check_src_outputs("run", &run.activations(config), limits)?;
        let Some(heap) = limits.heap else { return Ok(()) };
        let room = heap.saturating_sub(SLACK_BYTES);
        let end = format!("the engine's memory in a browser ends at {}", size_label(heap));
        let logits = logit_bytes(config, run);
        if logits > room {
            let prompts = count_label(run.n_prompts, "prompt", "prompts");
            let need = format!("the logits of {prompts} take {}", size_label(logits));
            return refuse(need, end, "choose fewer prompts, or the last position only");
        }
        let activations = activation_bytes(config, run);
        if limits.computes_in_heap && weights.saturating_add(activations) > room {
            let need = format!("weights of {} and activations of {}", size_label(weights), size_label(activations));
            return refuse(need, end, SMALLER);
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
        Err(CircuitError::Memory { file: "search".to_owned(), need, room, advice: SMALLER })
    }
}

/// Whether a GPU takes the largest tensor of a run or a search, the outputs of all src nodes on a batch. `what` names the
/// run or search in the error.
///
/// # Errors
/// When it does not; the message has the numbers.
pub fn check_src_outputs(what: &str, size: &ActivationSize, limits: &Limits) -> Result<(), CircuitError> {
    let bytes = size.src_outputs();
    let Some(room) = limits.tensor.filter(|&room| bytes > room) else { return Ok(()) };
    let nodes = count_label(size.n_srcs(), "src node", "src nodes");
    let need = format!("the outputs of {nodes} take {}", size_label(bytes));
    let room = format!("this GPU takes tensors of at most {}", size_label(room));
    Err(CircuitError::Memory { file: what.to_owned(), need, room, advice: SMALLER })
}

/// About how many bytes a run of one circuit at a time takes beside the weights: a pass of it, the src nodes' outputs that it
/// is patched with, and logits, clean, corrupt and its own.
pub fn activation_bytes(config: &ModelConfig, run: &RunSize) -> u64 {
    let size = run.activations(config);
    size.pass().saturating_add(size.src_outputs()).saturating_add(logit_bytes(config, run))
}

/// What logits take while a circuit is measured. They are in the program's heap, whatever the device:
///
/// - The unpatched model's on all prompts, clean and corrupt, each beside the probabilities of its tokens, which KL divergences
///   are taken from.
/// - The circuit's on one batch, twice while they are read back ([`ActivationSize::read_back`]). They are measured and dropped.
/// - The circuit's on all prompts, where whole logits are asked for.
///
/// What is kept of each row beyond that, a sum over the vocabulary and the likeliest tokens, is not counted.
fn logit_bytes(config: &ModelConfig, run: &RunSize) -> u64 {
    let size = run.activations(config);
    let n_kept = 2 * 2 + u64::from(run.keep_logits);
    let kept = size.logits(run.n_prompts, run.n_positions).saturating_mul(n_kept);
    kept.saturating_add(size.read_back(run.n_positions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sizes;

    fn gpt2_small() -> ModelConfig {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (768, 64, Some(3072), 1024, 50_257);
        ModelConfig::decoder("gpt2", Sizes { n_layers: 12, n_heads: 12, d_model, d_head, d_mlp, n_ctx, d_vocab })
    }

    #[test]
    fn logits_are_counted_as_they_are_held() {
        let (n_srcs, batch_size, seq, n_prompts, n_positions) = (157, 8, 16, 800, 15);
        let run = RunSize { n_srcs, batch_size, seq, n_prompts, n_positions, keep_logits: false };
        let all = 4 * 800 * 15 * 50_257;
        let batch = 4 * 8 * 15 * 50_257;
        assert_eq!(logit_bytes(&gpt2_small(), &run), 4 * all + 2 * batch);
        let keeping = RunSize { keep_logits: true, ..run };
        assert_eq!(logit_bytes(&gpt2_small(), &keeping), 5 * all + 2 * batch);
        let size = run.activations(&gpt2_small());
        let expected = size.pass() + size.src_outputs() + logit_bytes(&gpt2_small(), &run);
        assert_eq!(activation_bytes(&gpt2_small(), &run), expected);
    }

    #[test]
    fn a_run_is_refused_where_its_logits_do_not_fit() {
        let (n_srcs, batch_size, seq, n_positions) = (157, 8, 16, 15);
        let check = |n_prompts, keep_logits| {
            let run = RunSize { n_srcs, batch_size, seq, n_prompts, n_positions, keep_logits };
            ModelMemory::of(&gpt2_small()).check_run(&gpt2_small(), &run, &Limits::wasm_gpu(1 << 30))
        };
        // 3.02 MB a prompt: those of 344 take 4.15 GB four times, a batch's 24 MB twice, and a browser's heap has 4.23 GB.
        assert_eq!(check(344, false), Ok(()));
        let refused = |n_prompts, keep_logits| check(n_prompts, keep_logits).unwrap_err().to_string();
        assert!(refused(344, true).contains("the logits of 344 prompts take 5.23 GB"));
        assert!(refused(352, false).contains("the logits of 352 prompts take 4.29 GB"));
    }
}
