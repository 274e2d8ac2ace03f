//! How a forward pass is observed and patched.
//!
//! The pass asks its hooks for every dest node's input and shows them every src node's output. Activations carry two
//! leading axes: `circuit`, along which several circuits are run at once (1 until a patch makes them differ), and `node`.

use std::ops::Range;
use std::rc::Rc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::ops::edges::NodeSums;
use crate::ops::nodes::Nodes;
use crate::ops::own_inputs::OwnInputs;
use circuitscope_core::{DestKind, ModelConfig, SrcKind};

/// The dest nodes whose input is asked for at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dest {
    /// Modules of the same block, such as its q, k and v inputs; each has a node a head, or one node.
    pub kinds: Vec<DestKind>,
    /// The token positions for which the input is wanted: a range that ends with the sequence.
    pub positions: Range<usize>,
}

/// The inputs of dest nodes: the nodes of [`Dest::kinds`], one kind after the other. Where q, k and v have joint nodes, the
/// `n_heads` nodes that serve all three.
#[derive(Debug, Clone)]
pub enum DestInput {
    /// All get the residual stream itself.
    Resid,
    /// Each gets its own: `[circuit, node, batch, position, d_model]`.
    Each(OwnInputs),
    /// Some get their own, `[circuit, index in nodes, batch, position, d_model]`; the others the residual stream.
    Some { nodes: Rc<Nodes>, input: OwnInputs },
    /// They are still to be added up.
    Sums(Box<NodeSums>),
    /// All get this input, `[1, batch, position, d_model]`, to which each adds a zero of its own, `[1, node, batch, position, d_model]`: the
    /// gradient by a zero is that by the node's input.
    Zeros { input: Box<Tensor<4>>, zeros: Box<Tensor<5>> },
}

impl DestInput {
    /// The input of a module that has one node.
    ///
    /// # Shapes
    /// - resid, output: `[circuit, batch, position, d_model]`
    pub fn of_one_node(self, resid: &Tensor<4>) -> Tensor<4> {
        let input = match self {
            Self::Resid => return resid.clone(),
            // If some nodes get their own, it does.
            Self::Each(input) | Self::Some { input, .. } => input.added(),
            Self::Sums(sums) => sums.compute(None),
            Self::Zeros { input, zeros } => input.unsqueeze_dim(1) + *zeros,
        };
        let [circuits, _, batch, pos, d_model] = input.dims();
        input.reshape([circuits, batch, pos, d_model])
    }
}

/// What to do at each node.
pub trait Hooks {
    /// The inputs of dest nodes.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput;

    /// The outputs of the src nodes of one kind.
    ///
    /// # Shapes
    /// - out: `[circuit, node, batch, position, d_model]`, of all nodes of the kind or of [`Hooks::wanted_nodes`]
    fn src_output(&mut self, src: SrcKind, out: Tensor<5>, positions: &Range<usize>);

    /// Whether `src_output` should be called for this kind. Heads that nobody wants apart are summed by one product.
    fn wants(&self, src: SrcKind) -> bool;

    /// Which nodes of a wanted kind are wanted; `None`: all.
    fn wanted_nodes(&self, _src: SrcKind) -> Option<Vec<usize>> {
        None
    }

    /// Whether [`Hooks::attention`] should be called for this block: attention probabilities that nobody wants are not kept.
    fn wants_attention(&self, _block: usize) -> bool {
        false
    }

    /// The attention probabilities of a block's heads.
    ///
    /// # Shapes
    /// - pattern: `[circuit, head, batch, query position, seq]`
    fn attention(&mut self, _block: usize, _pattern: &Tensor<5>) {}

    /// The keys and values of a block, as its queries meet them. Most hooks do not look at them.
    ///
    /// # Shapes
    /// - keys, values: `[circuit, head | key and value head, batch, seq, d_head]`
    fn keys_values(&mut self, _block: usize, _keys: &Tensor<5>, _values: &Tensor<5>) {}

    /// Whether nothing of the blocks to come is wanted: the pass then ends, and what it returns means nothing.
    fn is_done(&self) -> bool {
        false
    }
}

/// No hooks: the unpatched model.
pub struct Plain;

impl Hooks for Plain {
    fn dest_input(&mut self, _: &Dest, _: &Tensor<4>) -> DestInput {
        DestInput::Resid
    }

    fn src_output(&mut self, _: SrcKind, _: Tensor<5>, _: &Range<usize>) {}

    fn wants(&self, _: SrcKind) -> bool {
        false
    }
}

/// Where a forward pass begins, if not with the embedding of the tokens.
#[derive(Debug, Clone)]
pub struct Start {
    /// The first block that is run.
    pub block: usize,
    /// The residual stream that it gets: `[circuit, batch, seq, d_model]`.
    pub resid: Tensor<4>,
}

/// A model that can be run under hooks.
pub trait Model {
    fn config(&self) -> &ModelConfig;

    fn device(&self) -> &Device;

    /// Whether its activations are in this program's memory, and patched and differentiated by the kernels of the CPU.
    fn uses_kernels(&self) -> bool {
        false
    }

    /// The last residual stream, before the final norm, at the positions of `last_block`: in the last block nothing is
    /// computed at the others but keys and values. With a `start`, the blocks before it are not run and the embedding is
    /// not shown to the hooks.
    ///
    /// # Shapes
    /// - output: `[circuit, batch, position, d_model]`
    fn resid_end_from(
        &self,
        start: Option<Start>,
        tokens: &TokenBatch,
        last_block: Range<usize>,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4>;

    /// [`Model::resid_end_from`] the embedding.
    fn resid_end(&self, tokens: &TokenBatch, last_block: Range<usize>, hooks: &mut dyn Hooks) -> Tensor<4> {
        self.resid_end_from(None, tokens, last_block, hooks)
    }

    /// Logits of a residual stream.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`
    /// - output: `[circuit, batch, position, d_vocab_out]`
    fn unembed(&self, resid: Tensor<4>) -> Tensor<4>;

    /// The logits at `positions`, a range that ends with the sequence.
    ///
    /// # Shapes
    /// - output: `[circuit, batch, position, d_vocab_out]`
    fn forward(&self, tokens: &TokenBatch, positions: Range<usize>, hooks: &mut dyn Hooks) -> Tensor<4> {
        let resid = self.resid_end(tokens, positions, hooks);
        self.unembed(resid)
    }

    /// What parts of a last residual stream add to the logits of some tokens, and in the last row what the model's biases add. The
    /// final norm divides each part by what it divides the whole stream by (TransformerLens's `apply_ln_to_stack`), so that the rows
    /// of all src nodes' outputs and of the biases add up to the logits.
    ///
    /// # Shapes
    /// - parts: `[part, batch, position, d_model]`
    /// - resid: `[1, batch, position, d_model]`
    /// - output: `[part + 1, batch, position, token]`
    fn part_logits(&self, parts: Tensor<4>, resid: &Tensor<4>, tokens: &[u32]) -> Tensor<4>;
}

/// Token ids as indices of a table on the device.
pub fn token_ids(tokens: &[u32], device: &Device) -> Tensor<1, Int> {
    let ids: Vec<i32> = tokens.iter().map(|&id| id as i32).collect();
    let n = ids.len();
    Tensor::from_data(TensorData::new(ids, [n]), device)
}

/// Token ids of a batch of prompts of one length, on the device. They must be below `d_vocab`: a device may read beyond
/// its tables without an error.
///
/// Shorter prompts are padded on the left. As in TransformerLens, positions are counted from the first token that is not
/// padding, no query attends to padding, and the query of a padding token attends to nothing, so that every head puts out
/// zeros there.
#[derive(Debug, Clone)]
pub struct TokenBatch {
    /// `[batch, seq]`
    pub ids: Tensor<2, Int>,
    /// How many padding tokens each prompt begins with; `None` where none does.
    pub padding: Option<Vec<usize>>,
    /// What is known of the first positions from another run: these are not run again.
    pub prefix: Option<Rc<Prefix>>,
}

/// What later positions need of the first ones, where attention looks back only: the same in every run of which the first
/// positions have the same tokens and nothing else patched into them.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// The number of positions.
    pub len: usize,
    /// The keys and values of each block: `[1, head | key and value head, batch, position, d_head]`.
    pub keys_values: Vec<[Tensor<5>; 2]>,
}

/// Hooks that keep the keys and values of the first positions, and change nothing.
pub struct PrefixKeeper(Prefix);

impl PrefixKeeper {
    /// One that keeps `len` positions.
    pub fn new(len: usize) -> Self {
        Self(Prefix { len, keys_values: Vec::new() })
    }

    /// The prefix; `None` where it has no position, or the model told no keys and values.
    pub fn into_prefix(self) -> Option<Rc<Prefix>> {
        (!self.0.keys_values.is_empty()).then(|| Rc::new(self.0))
    }
}

impl Hooks for PrefixKeeper {
    fn dest_input(&mut self, _: &Dest, _: &Tensor<4>) -> DestInput {
        DestInput::Resid
    }

    fn src_output(&mut self, _: SrcKind, _: Tensor<5>, _: &Range<usize>) {}

    fn wants(&self, _: SrcKind) -> bool {
        false
    }

    fn keys_values(&mut self, _: usize, keys: &Tensor<5>, values: &Tensor<5>) {
        let Prefix { len, keys_values } = &mut self.0;
        if *len > 0 {
            // Multiplied, so that it is a tensor of its own: a part of one holds on to all of it.
            keys_values.push([keys, values].map(|all| all.clone().narrow(3, 0, *len) * 1.0));
        }
    }
}

impl TokenBatch {
    /// Uploads prompts, which must all be as long as the first.
    pub fn new<'a>(prompts: impl Iterator<Item = &'a [u32]>, device: &Device) -> Self {
        Self::left_padded(prompts.map(|prompt| (prompt, 0)), device)
    }

    /// Uploads prompts that are padded to one length, each with the number of padding tokens that it begins with.
    pub fn left_padded<'a>(prompts: impl Iterator<Item = (&'a [u32], usize)>, device: &Device) -> Self {
        let (mut ids, mut padding) = (Vec::new(), Vec::new());
        for (prompt, n_padding) in prompts {
            ids.extend(prompt.iter().map(|&id| id as i32));
            padding.push(n_padding);
        }
        let (batch, seq) = (padding.len(), ids.len() / padding.len());
        let padding = padding.iter().any(|&n| n > 0).then_some(padding);
        Self { ids: Tensor::from_data(TensorData::new(ids, [batch, seq]), device), padding, prefix: None }
    }

    /// The same tokens, the first of which are not run again.
    pub fn after(self, prefix: Option<Rc<Prefix>>) -> Self {
        Self { prefix, ..self }
    }

    /// The positions that are run.
    pub fn run(&self) -> Range<usize> {
        self.prefix.as_ref().map_or(0, |prefix| prefix.len)..self.dims()[1]
    }

    /// The position of every token, counted from the first that is not padding; 0 for padding. `None` where they are
    /// `0..seq` in every prompt.
    ///
    /// # Shapes
    /// - output: `[batch * seq]`
    pub fn positions(&self) -> Option<Tensor<1, Int>> {
        let (padding, seq) = (self.padding.as_ref()?, self.dims()[1]);
        let positions: Vec<i32> =
            padding.iter().flat_map(|&n| (0..seq).map(move |i| i.saturating_sub(n) as i32)).collect();
        let n = positions.len();
        Some(Tensor::from_data(TensorData::new(positions, [n]), &self.ids.device()))
    }

    /// 1 for every token, 0 for padding; `None` where there is none.
    ///
    /// # Shapes
    /// - output: `[batch, seq]`
    pub fn is_token(&self) -> Option<Tensor<2>> {
        let (padding, [batch, seq]) = (self.padding.as_ref()?, self.dims());
        let is_token: Vec<f32> =
            padding.iter().flat_map(|&n| (0..seq).map(move |i| if i < n { 0.0 } else { 1.0 })).collect();
        Some(Tensor::from_data(TensorData::new(is_token, [batch, seq]), &self.ids.device()))
    }

    /// `[batch, seq]`
    pub fn dims(&self) -> [usize; 2] {
        self.ids.dims()
    }
}
