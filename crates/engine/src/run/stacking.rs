//! How much memory a run or a search may take: how many circuits go into a forward pass, and whether the activations that
//! edges are patched with are kept. Sizes in bytes are `u64`: a `usize` of 32-bit WebAssembly ends at 4 GiB.

use circuitscope_core::{Graph, ModelConfig};

/// How many circuits one forward pass may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stacking {
    /// About how many bytes the activations of a forward pass may take on the device. At least one circuit is run at a time,
    /// whatever it takes.
    pub budget_bytes: u64,
    /// The number of rows (circuits times prompts times positions) that more circuits gain nothing beyond.
    pub max_rows: usize,
}

impl Stacking {
    /// For the CPU: more rows than these fill the products no better, and fall out of the caches. On 2 cores, at GPT-2 small's
    /// shape, 512 rows took 1.4 times as long a circuit as 128.
    pub const fn cpu(budget_bytes: u64) -> Self {
        Self { budget_bytes, max_rows: 128 }
    }

    /// For a GPU, where each operation costs about as much whatever its size up to there.
    pub const fn gpu(budget_bytes: u64) -> Self {
        Self { budget_bytes, max_rows: 512 }
    }

    /// How many circuits a pass takes, each of `rows` (prompts times positions) and `circuit_bytes`; at least 1.
    pub fn n_stacked(&self, rows: usize, circuit_bytes: u64) -> usize {
        let fit = self.budget_bytes / circuit_bytes.max(1);
        let gain = self.max_rows / rows.max(1);
        usize::try_from(fit).unwrap_or(usize::MAX).min(gain).max(1)
    }

    /// Whether what edges are patched with, `patch_bytes` a batch, is kept for all batches rather than recorded anew for
    /// every group of circuits.
    pub fn keeps_patches(&self, n_batches: usize, patch_bytes: u64) -> bool {
        patch_bytes.saturating_mul(n_batches as u64) <= self.budget_bytes
    }
}

const F32_BYTES: u64 = size_of::<f32>() as u64;

/// About how many bytes the activations of one circuit take: the rows that masks are multiplied with, the inputs of a
/// block's heads before and after their norm, the MLP's hidden layer, and the projections.
pub fn pass_bytes(config: &ModelConfig, graph: &Graph, rows: usize) -> u64 {
    let per_row = (2 + graph.srcs.len()) * config.d_model
        + 2 * 3 * config.n_heads * config.d_model
        + 3 * config.d_mlp.unwrap_or(0)
        + 4 * config.n_heads * config.d_head;
    (rows as u64).saturating_mul(per_row as u64).saturating_mul(F32_BYTES)
}

/// How many bytes the residual stream and the outputs of all src nodes take on a batch of `rows` (prompts times positions):
/// what edges are patched with, or what masks are multiplied with.
pub fn src_bytes(config: &ModelConfig, graph: &Graph, rows: usize) -> u64 {
    [1 + graph.srcs.len(), rows, config.d_model].iter().fold(F32_BYTES, |bytes, &n| bytes.saturating_mul(n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GPT-2 small on 8 prompts of 16 tokens: 157 src nodes of 128 rows of 768 numbers are 61,734,912 bytes a batch, and from
    /// 70 batches on more than 2^32, which was little in 32 bits.
    #[test]
    fn patches_of_gigabytes_are_not_kept() {
        let patch_bytes = 157 * 8 * 16 * 768 * F32_BYTES;
        assert_eq!(patch_bytes, 61_734_912);
        let browser = Stacking::gpu(512 << 20);
        for n_batches in 70..=78 {
            let in_32_bits = (patch_bytes as u32).wrapping_mul(n_batches);
            assert!(u64::from(in_32_bits) <= browser.budget_bytes, "{n_batches} batches wrap");
            assert!(!browser.keeps_patches(n_batches as usize, patch_bytes), "{n_batches} batches");
        }
        assert!(browser.keeps_patches(8, patch_bytes));
        assert!(!browser.keeps_patches(9, patch_bytes));
        assert!(!browser.keeps_patches(usize::MAX, u64::MAX));
    }

    #[test]
    fn circuits_are_stacked_as_rows_and_bytes_allow() {
        let stacking = Stacking { budget_bytes: 1000, max_rows: 128 };
        assert_eq!(stacking.n_stacked(16, 100), 8);
        assert_eq!(stacking.n_stacked(16, 300), 3);
        assert_eq!(stacking.n_stacked(16, 1001), 1);
        assert_eq!(stacking.n_stacked(129, 1), 1);
        // 5 GB fit 4 GiB of budget not once, though its lowest 32 bits would.
        assert_eq!(Stacking::gpu(1 << 32).n_stacked(1, 5_000_000_000), 1);
    }
}
