//! How much memory a run or a search may take: how many circuits go into a forward pass, and whether the activations that
//! edges are patched with are kept. What a circuit's activations take, [`ActivationSize`] says: the estimate that a page shows and
//! checks as well. Sizes in bytes are `u64`: a `usize` of 32-bit WebAssembly ends at 4 GiB.
//!
//! [`ActivationSize`]: circuitscope_core::settings::activations::ActivationSize

/// How many circuits one forward pass may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stacking {
    /// About how many bytes the activations and logits of a forward pass may take. At least one circuit is run at a time,
    /// whatever it takes.
    pub budget_bytes: u64,
    /// The number of rows (circuits times prompts times positions) beyond which more circuits gain nothing.
    pub max_rows: usize,
    /// For how many rows of a last residual stream passes share a product with the unembedding: it takes about as long for so many as for
    /// one where it has to be read from memory.
    pub unembedded_rows: usize,
    /// From how many numbers on an unembedding has to be.
    pub large_unembedding: usize,
}

impl Stacking {
    /// For the CPU: more rows do not make the products more efficient, and no longer fit the caches. On 2 cores, at GPT-2
    /// small's shape, 512 rows took 1.4 times as long a circuit as 128.
    pub const fn cpu(budget_bytes: u64) -> Self {
        Self { budget_bytes, max_rows: 128, unembedded_rows: 32, large_unembedding: 1 << 22 }
    }

    /// For a GPU, where an operation of up to so many rows costs about the same whatever its size.
    pub const fn gpu(budget_bytes: u64) -> Self {
        Self { budget_bytes, max_rows: 512, unembedded_rows: 0, large_unembedding: usize::MAX }
    }

    /// How many circuits a pass takes, each of `rows` (prompts times positions) and `circuit_bytes`; at least 1.
    pub fn n_stacked(&self, rows: usize, circuit_bytes: u64) -> usize {
        let fit = self.budget_bytes / circuit_bytes.max(1);
        let gain = self.max_rows / rows.max(1);
        usize::try_from(fit).unwrap_or(usize::MAX).min(gain).max(1)
    }

    /// How many passes, each with so many rows of a last residual stream, share a product with an unembedding of so many numbers.
    pub fn n_unembedded(&self, rows: usize, unembedding: usize) -> usize {
        if unembedding >= self.large_unembedding { (self.unembedded_rows / rows.max(1)).max(1) } else { 1 }
    }

    /// Whether what edges are patched with, `patch_bytes` a batch, is kept for all batches rather than recorded anew for
    /// every group of circuits.
    pub fn keeps_patches(&self, n_batches: usize, patch_bytes: u64) -> bool {
        patch_bytes.saturating_mul(n_batches as u64) <= self.budget_bytes
    }
}

#[cfg(test)]
mod tests {
    use circuitscope_core::ModelConfig;
    use circuitscope_core::config::Sizes;
    use circuitscope_core::settings::activations::ActivationSize;

    use super::*;

    /// GPT-2 small's shape, of which one block is enough here.
    fn gpt2_small() -> ModelConfig {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (768, 64, Some(3072), 1024, 50_257);
        ModelConfig::decoder("gpt2", Sizes { n_layers: 1, n_heads: 12, d_model, d_head, d_mlp, n_ctx, d_vocab })
    }

    /// GPT-2 small on 8 prompts of 16 tokens: 157 src nodes and the residual stream of 128 rows of 768 numbers are
    /// 62,128,128 bytes a batch, and from 70 batches on more than 2^32, which would wrap around in 32 bits.
    #[test]
    fn patches_of_gigabytes_are_not_kept() {
        let patch_bytes = ActivationSize::new(&gpt2_small(), 157, 8, 16).src_outputs();
        assert_eq!(patch_bytes, 158 * 8 * 16 * 768 * 4);
        let browser = Stacking::gpu(512 << 20);
        for n_batches in 70..=77 {
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
        let stacking = Stacking::cpu(1000);
        assert_eq!(stacking.n_stacked(16, 100), 8);
        assert_eq!(stacking.n_stacked(16, 300), 3);
        assert_eq!(stacking.n_stacked(16, 1001), 1);
        assert_eq!(stacking.n_stacked(129, 1), 1);
        // 5 GB do not fit a budget of 4 GiB, though their lowest 32 bits would.
        assert_eq!(Stacking::gpu(1 << 32).n_stacked(1, 5_000_000_000), 1);
    }

    #[test]
    fn passes_share_a_large_unembedding_on_a_cpu() {
        let (gpt2, small) = (768 * 50_257, 128 * 512);
        let cpu = Stacking::cpu(1000);
        assert_eq!([1, 8, 32, 33, 128].map(|rows| cpu.n_unembedded(rows, gpt2)), [32, 4, 1, 1, 1]);
        assert_eq!(cpu.n_unembedded(8, small), 1);
        assert_eq!(Stacking::gpu(1000).n_unembedded(8, gpt2), 1);
    }

    /// The same number of rows takes more the longer the prompts are: attention scores grow with the square of the length.
    #[test]
    fn fewer_circuits_of_long_prompts_are_stacked() {
        let stacking =
            Stacking { max_rows: 4096, ..Stacking::gpu(4 * ActivationSize::new(&gpt2_small(), 157, 32, 16).pass()) };
        let n_stacked =
            |batch, seq| stacking.n_stacked(512, ActivationSize::new(&gpt2_small(), 157, batch, seq).pass());
        assert_eq!((n_stacked(32, 16), n_stacked(1, 512)), (4, 3));
    }
}
