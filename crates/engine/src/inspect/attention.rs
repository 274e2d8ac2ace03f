//! The attention patterns of heads.

use std::ops::Range;

use burn::tensor::Tensor;

use super::passes::{InspectInput, Pass, Passes};
use crate::model::{Dest, DestInput, Hooks};
use crate::run::RunError;
use crate::run::batch::read;
use circuitscope_core::SrcKind;
use circuitscope_wire::engine::Head;

/// The attention patterns of some heads on a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Patterns {
    /// The number of the prompt's positions, pad tokens among them.
    pub seq: usize,
    /// How many pad tokens the prompt of each pass begins with, in the order of [`Pass::ALL`].
    pub n_pads: [usize; 3],
    /// Of each pass, in the order of [`Pass::ALL`]: `[head, query, key]`. A row adds up to 1, or is 0 where the query is a pad token.
    pub passes: [Vec<f32>; 3],
}

/// The patterns of heads, which the model must have, in each pass.
///
/// # Errors
/// When the prompts and settings do not fit each other, or the device fails.
pub async fn patterns(input: &InspectInput<'_>, heads: &[Head]) -> Result<Patterns, RunError> {
    let n_blocks = heads.iter().map(|head| head.block + 1).max();
    let passes = Passes::new(input, Some(n_blocks.unwrap_or(0))).await?;
    let mut found = [const { Vec::new() }; 3];
    for (pass, found) in Pass::ALL.into_iter().zip(&mut found) {
        let mut keeper = PatternKeeper { heads, patterns: vec![None; heads.len()] };
        passes.run(pass, &mut keeper);
        let patterns: Vec<_> = keeper.patterns.into_iter().flatten().collect();
        if !patterns.is_empty() {
            *found = read(Tensor::cat(patterns, 0), "attention patterns").await?;
        }
    }
    Ok(Patterns { seq: passes.seq(), n_pads: Pass::ALL.map(|pass| passes.n_pads(pass)), passes: found })
}

/// Hooks that keep the patterns of some heads of the first circuit and prompt.
struct PatternKeeper<'a> {
    heads: &'a [Head],
    /// Of each head: `[1, query position, seq]`.
    patterns: Vec<Option<Tensor<3>>>,
}

impl Hooks for PatternKeeper<'_> {
    fn dest_input(&mut self, _: &Dest, _: &Tensor<4>) -> DestInput {
        DestInput::Resid
    }

    fn src_output(&mut self, _: SrcKind, _: Tensor<5>, _: &Range<usize>) {}

    fn wants(&self, _: SrcKind) -> bool {
        false
    }

    fn wants_attention(&self, block: usize) -> bool {
        self.heads.iter().any(|head| head.block == block)
    }

    fn attention(&mut self, block: usize, pattern: &Tensor<5>) {
        let [.., queries, seq] = pattern.dims();
        for (head, kept) in self.heads.iter().zip(&mut self.patterns).filter(|(head, _)| head.block == block) {
            let one = pattern.clone().slice([0..1, head.head_idx..head.head_idx + 1, 0..1]);
            *kept = Some(one.reshape([1, queries, seq]));
        }
    }

    fn is_done(&self) -> bool {
        self.patterns.iter().all(Option::is_some)
    }
}
