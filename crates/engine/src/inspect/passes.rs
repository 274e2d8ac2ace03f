//! The passes of one prompt of a run, at all positions: a run computes the last block at the output's positions only.
//!
//! The prompt is run alone. Only a mean over its batch needs the batch's other prompts, and a mean over all prompts the mean that the
//! run took.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Dest, DestInput, Hooks, Model, TokenBatch};
use crate::run::ablation::{Recorder, SrcActivations, ablated};
use crate::run::batch::{input_side, other};
use crate::run::masks::Masks;
use crate::run::patch::Patcher;
use crate::run::steps::Steps;
use crate::run::{Batches, RunError};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{AblationType, Circuit, CircuitMasks, Graph, PromptPair, Prompts, RunSettings, SrcKind};

/// A prompt of a run, and a circuit.
pub struct InspectInput<'a> {
    pub model: &'a dyn Model,
    pub prompts: &'a Prompts,
    /// The graph of the run.
    pub graph: &'a Graph,
    pub circuits: CircuitMasks<'a>,
    /// Which of them.
    pub circuit: Circuit,
    pub settings: &'a RunSettings,
    /// The mean that the run patched edges with, where its ablation is a mean over all prompts; it is taken again where it is not here.
    pub mean: Option<&'a SrcActivations>,
    /// The index among the prompts that were run.
    pub prompt: usize,
}

/// The passes of a prompt.
pub struct Passes<'a> {
    input: &'a InspectInput<'a>,
    batches: Batches<'a>,
    /// What edges are patched with, at all positions.
    patch: SrcActivations,
}

/// Which pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// The unpatched model on the clean prompt.
    Clean,
    /// The unpatched model on the corrupt prompt.
    Corrupt,
    /// The circuit.
    Patched,
}

impl Pass {
    /// All three, in the order in which they are reported.
    pub const ALL: [Self; 3] = [Self::Clean, Self::Corrupt, Self::Patched];
}

impl<'a> Passes<'a> {
    /// Computes what edges are patched with: from every src node, or where blocks from `n_blocks` on are not looked at, from those before
    /// them.
    ///
    /// # Errors
    /// When the prompts and settings do not fit each other, or the device fails.
    ///
    /// # Panics
    /// When there is no such prompt in the run.
    pub async fn new(input: &'a InspectInput<'a>, n_blocks: Option<usize>) -> Result<Self, RunError> {
        let &InspectInput { model, prompts, graph, settings, mean, prompt, .. } = input;
        let batches = Batches::new(model, graph, prompts, settings.slice, settings.batch_size)?;
        let (batch, side) = (prompt / settings.batch_size, other(input_side(settings)));
        let everywhere = |tokens: TokenBatch| {
            // The last block that is looked at reads the src nodes of the blocks before it.
            let mut recorder =
                n_blocks.map_or_else(|| Recorder::new(graph), |n| Recorder::until(graph, n.saturating_sub(2)));
            model.resid_end(&tokens, 0..batches.seq(batch), &mut recorder);
            recorder.into_activations()
        };
        let patch = match (settings.ablation, mean) {
            (ablation, Some(mean)) if ablation.dataset_means().is_some() => mean.clone(),
            (ablation @ (AblationType::BatchTokenwiseMean | AblationType::BatchAllTokMean), _) => {
                ablated(ablation, everywhere(batches.tokens(batch, side)))
            }
            (ablation, _) => match batches.dataset_mean(ablation, &mut Steps::new(0, &mut ())).await? {
                Some(mean) => mean,
                None => ablated(ablation, everywhere(batches.prompt_tokens(prompt, side))),
            },
        };
        Ok(Self { input, batches, patch })
    }

    /// The prompt that is inspected.
    pub fn pair(&self) -> &'a PromptPair {
        &self.batches.pairs()[self.input.prompt]
    }

    /// The number of the prompt's positions, pad tokens among them.
    pub fn seq(&self) -> usize {
        self.batches.seq(self.batch())
    }

    /// The positions of the output.
    pub fn positions(&self) -> Range<usize> {
        self.batches.positions(self.batch())
    }

    /// What edges are patched with, at all positions.
    pub fn patch(&self) -> &SrcActivations {
        &self.patch
    }

    /// How many pad tokens the prompt of a pass begins with.
    pub fn n_pads(&self, pass: Pass) -> usize {
        let pair = self.pair();
        let tokens = if self.side(pass) == PromptSide::Clean { &pair.clean } else { &pair.corrupt };
        self.seq() - tokens.len()
    }

    /// How much of its patch a pass gives an edge.
    pub fn amount(&self, pass: Pass, edge_idx: usize) -> f32 {
        let &InspectInput { circuits, circuit, settings, .. } = self.input;
        if pass == Pass::Patched { settings.patch_type.amount(circuits.mask(circuit, edge_idx)) } else { 0.0 }
    }

    /// Runs a pass while `watching`, hooks that change nothing, looks on; gives the last residual stream at all positions.
    ///
    /// # Shapes
    /// - output: `[1, 1, seq, d_model]`
    pub fn run(&self, pass: Pass, watching: &mut dyn Hooks) -> Tensor<4> {
        let &InspectInput { model, graph, prompt, .. } = self.input;
        let tokens = self.batches.prompt_tokens(prompt, self.side(pass));
        if pass != Pass::Patched {
            return model.resid_end(&tokens, 0..self.seq(), watching);
        }
        let mut masks = Masks::new(graph, 1, |_, edge_idx| self.amount(pass, edge_idx), model);
        let mut patching = Patcher::new(&mut masks, &self.patch);
        model.resid_end(&tokens, 0..self.seq(), &mut Watched { patching: &mut patching, watching })
    }

    fn batch(&self) -> usize {
        self.input.prompt / self.input.settings.batch_size
    }

    /// The prompt that a pass runs on.
    fn side(&self, pass: Pass) -> PromptSide {
        match pass {
            Pass::Clean => PromptSide::Clean,
            Pass::Corrupt => PromptSide::Corrupt,
            Pass::Patched => input_side(self.input.settings),
        }
    }
}

/// Hooks that patch as some do while others look on.
struct Watched<'h> {
    patching: &'h mut dyn Hooks,
    watching: &'h mut dyn Hooks,
}

impl Hooks for Watched<'_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        self.patching.dest_input(dest, resid)
    }

    fn src_output(&mut self, src: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        if self.watching.wants(src) {
            self.watching.src_output(src, out.clone(), positions);
        }
        if self.patching.wants(src) {
            self.patching.src_output(src, out, positions);
        }
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.patching.wants(src) || self.watching.wants(src)
    }

    fn wants_attention(&self, block: usize) -> bool {
        self.watching.wants_attention(block)
    }

    fn attention(&mut self, block: usize, pattern: &Tensor<5>) {
        self.watching.attention(block, pattern);
    }

    fn is_done(&self) -> bool {
        self.watching.is_done()
    }
}
