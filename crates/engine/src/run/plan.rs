//! What a run will do: which circuits, how many in a forward pass, and how many passes.

use super::batch::Batches;
use super::error::RunError;
use super::input::RunInput;
use circuitscope_core::Circuit;

/// What will be run.
pub struct Plan {
    /// One for each edge count that was asked for.
    pub circuits: Vec<Circuit>,
    /// Without repetitions.
    pub distinct: Vec<Circuit>,
    /// How many circuits a forward pass takes.
    pub n_stacked: usize,
    /// Whether the edges' patches of all batches are kept on the device, or recorded anew for every group of circuits.
    pub keep_patches: bool,
    /// Whether the run on the prompts that circuits are run on is kept, so that each circuit begins at its first patched edge.
    pub keep_runs: bool,
}

impl Plan {
    /// # Errors
    /// When an edge count is above the number of edges, a mask is not finite, or the ablation needs prompts of one length and they
    /// differ.
    pub fn new(input: &RunInput, batches: &Batches) -> Result<Self, RunError> {
        let &RunInput { settings, circuits: masks, stacking, keep_logits, .. } = input;
        batches.check_ablation(settings.ablation)?;
        masks.meaning.check("run", masks.values, input.graph)?;
        let circuits = masks.circuits(&settings.edge_counts)?;
        let mut distinct: Vec<Circuit> = Vec::new();
        for circuit in &circuits {
            // Circuits of scores lie within each other and have the same edits: of one size there is one.
            if distinct.iter().all(|c| c.n_edges != circuit.n_edges) {
                distinct.push(*circuit);
            }
        }
        let seq = batches.longest_seq();
        let size = batches.activations(seq);
        let n_positions = batches.positions(0).len();
        // The whole logits of a group of circuits are handed over once all batches are run.
        let kept = if keep_logits { size.logits(batches.n_prompts(), n_positions) } else { 0 };
        let circuit_bytes = size.pass_read_back(n_positions).saturating_add(kept);
        // A mean over all prompts is one batch's.
        let is_mean = settings.ablation.dataset_means().is_some();
        let keep_patches = is_mean || stacking.keeps_patches(batches.count(), size.src_outputs());
        // The patches, the outputs of the run, and room for its residual streams and the differences of a batch.
        let keep_runs = keep_patches && stacking.keeps_patches(batches.count(), size.src_outputs().saturating_mul(3));
        let n_run = if keep_patches { batches.longest_run(settings.ablation) } else { seq };
        let n_stacked = stacking.n_stacked(settings.batch_size * n_run, circuit_bytes);
        Ok(Self { circuits, distinct, n_stacked, keep_patches, keep_runs })
    }

    /// The number of forward passes.
    pub fn n_steps(&self, input: &RunInput, n_batches: usize) -> usize {
        let n_groups = self.distinct.len().div_ceil(self.n_stacked);
        let n_means = input.settings.ablation.dataset_means().map_or(0, |(a, b)| usize::from(a) + usize::from(b));
        let n_unpatched = if input.unpatched.is_some() { 0 } else { 2 + n_means };
        let again = if self.keep_patches { 0 } else { n_groups };
        n_batches * (n_unpatched + n_groups + again)
    }
}
