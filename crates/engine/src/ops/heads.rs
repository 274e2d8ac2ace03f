//! What the heads of a block read: queries, keys and values of inputs that may differ from head to head.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::edges::NodeSums;
use super::kernels::{self, HostNorm, Product};
use super::nodes::{Nodes, indices};
use super::norm::Norm;
use super::own_inputs::OwnInputs;
use super::plain_heads::Plain;
use circuitscope_kernels::{Activation, Job, Packed, PackedShape, Sizes};

/// Which of queries, keys and values are computed together: a range of those three.
pub type QkvRange = Range<usize>;

/// The inputs of heads: nodes are the heads of the first of queries, keys and values in a range, then of the next; or one a head that
/// serves all three.
#[derive(Debug, Clone)]
pub enum Inputs {
    /// All have the same: `[circuit, batch, position, d_model]`.
    Shared(Tensor<4>),
    /// Each has its own: `[circuit, node, batch, position, d_model]`.
    Each(OwnInputs),
    /// Some have their own, `[circuit, index in nodes, batch, position, d_model]`; the others share one.
    Some { nodes: Rc<Nodes>, shared: Tensor<4>, input: Box<OwnInputs> },
    /// They are still to be added up.
    Sums(Box<NodeSums>),
    /// All have the same, `[1, batch, position, d_model]`, to which each adds a zero of its own, `[1, node, batch, position, d_model]`.
    Zeros { shared: Tensor<4>, zeros: Box<Tensor<5>> },
}

/// The norm before a block's attention, and the projections to queries, keys and values.
#[derive(Debug, Clone)]
pub struct HeadInputs {
    pub(super) n_heads: usize,
    pub(super) n_key_value_heads: usize,
    pub(super) norm: Norm,
    weights: InputWeights,
}

#[derive(Debug, Clone)]
enum InputWeights {
    /// A group for each head's queries, then for each of the keys and of the values.
    Packed {
        norm: Option<Arc<HostNorm>>,
        weights: Arc<Packed>,
    },
    Plain(Box<PlainInputs>),
}

#[derive(Debug, Clone)]
struct PlainInputs {
    /// `[3, head, d_model, d_head]`
    w: Tensor<4>,
    /// `[3, head, 1, d_head]`
    b: Option<Tensor<4>>,
}

impl HeadInputs {
    /// As many heads, one after the other, share keys and values as there are fewer of those than heads.
    ///
    /// # Shapes
    /// - w: `[3, head, d_model, d_head]`; those of keys and values repeated for each head
    /// - b: `[3, head, 1, d_head]`
    pub fn new(norm: Norm, w: Tensor<4>, b: Option<Tensor<4>>, n_key_value_heads: usize, pack: bool) -> Self {
        let n_heads = w.dims()[1];
        let weights = if pack {
            let weights = Arc::new(packed(&w, b.as_ref(), n_key_value_heads));
            InputWeights::Packed { norm: norm.host(), weights }
        } else {
            InputWeights::Plain(Box::new(PlainInputs { w, b }))
        };
        Self { n_heads, n_key_value_heads, norm, weights }
    }

    /// Those of queries, keys and values that are in the range. Keys and values that heads share, and whose inputs they share, come
    /// once.
    ///
    /// # Shapes
    /// - shift: `[1, qkv, 1, batch * position, d_model]`, added to what the norm gives
    /// - output: each `[circuit, head | key and value head, batch, position, d_head]`
    pub fn project(&self, range: QkvRange, inputs: Inputs, shift: Option<Tensor<5>>) -> Vec<Tensor<5>> {
        match &self.weights {
            InputWeights::Packed { norm, weights } => {
                let (inputs, norm) = match shift {
                    None => (inputs, norm.clone()),
                    Some(shift) => (self.shifted(&range, inputs, shift), None),
                };
                match inputs {
                    Inputs::Zeros { shared, zeros } => self.of_nodes(&range, (shared, *zeros), norm, weights),
                    inputs => self.packed(&range, inputs, norm, weights),
                }
            }
            InputWeights::Plain(plain) => {
                Plain { heads: self, w: &plain.w, b: plain.b.as_ref() }.project(range, inputs, shift)
            }
        }
    }

    /// Inputs after their norm, with what is added to them.
    fn shifted(&self, range: &QkvRange, inputs: Inputs, shift: Tensor<5>) -> Inputs {
        let (n_qkv, n_heads) = (range.len(), self.n_heads);
        let [batch, pos, d_model] = inputs.dims();
        let each = inputs.each(n_qkv, n_heads);
        let circuits = each.dims()[0];
        let each = self.norm.forward(each).reshape([circuits, n_qkv, n_heads, batch * pos, d_model]);
        let shifted = (each + shift).reshape([circuits, n_qkv * n_heads, batch, pos, d_model]);
        Inputs::Each(OwnInputs::from(shifted))
    }

    /// Those of one input, to which each node adds a zero.
    fn of_nodes(
        &self,
        range: &QkvRange,
        (shared, zeros): (Tensor<4>, Tensor<5>),
        norm: Option<Arc<HostNorm>>,
        weights: &Arc<Packed>,
    ) -> Vec<Tensor<5>> {
        let (n_heads, [_, n_nodes, batch, pos, d_model]) = (self.n_heads, zeros.dims());
        let (rows, d_head) = (batch * pos, weights.shape().width);
        let job = |(i, qkv): (usize, usize), head: usize| Job {
            group: self.group(qkv, head),
            first: 0,
            at: (i * n_heads + head) % n_nodes,
        };
        let kinds = range.clone().enumerate();
        let jobs =
            kinds.flat_map(|kind| (0..n_heads).map(move |head| (kind, head))).map(|(kind, head)| job(kind, head));
        let (jobs, sizes) = (jobs.collect(), Sizes { n_rows: rows, depth: d_model, stride: d_model });
        let (weights, act) = (weights.clone(), Activation::None);
        let x = shared.reshape([rows, d_model]);
        let all = kernels::node_product(x, zeros, Product { norm, weights, with_bias: true, act, jobs, sizes });
        let parts = kernels::parts(all, &vec![n_heads; range.len()]);
        parts.into_iter().map(|part| part.reshape([1, n_heads, batch, pos, d_head])).collect()
    }

    /// The group of the packed weights that projects to a head's queries, keys or values.
    fn group(&self, qkv: usize, head: usize) -> usize {
        let (n_heads, n_groups) = (self.n_heads, self.n_key_value_heads);
        if qkv == 0 { head } else { n_heads + (qkv - 1) * n_groups + head / (n_heads / n_groups) }
    }

    fn packed(
        &self,
        range: &QkvRange,
        inputs: Inputs,
        norm: Option<Arc<HostNorm>>,
        weights: &Arc<Packed>,
    ) -> Vec<Tensor<5>> {
        let (n_heads, n_groups) = (self.n_heads, self.n_key_value_heads);
        let [batch, pos, d_model] = inputs.dims();
        let (sources, x, norm) = match inputs {
            Inputs::Sums(sums) => (sums.sources(range.len() * n_heads), sums.compute(norm.as_deref()), None),
            inputs => {
                let (sources, x) = inputs.stacked(range.len(), n_heads);
                (sources, x, norm)
            }
        }; // [circuit, source, batch, position, d_model]
        let [circuits, n_sources, ..] = x.dims();
        let (rows, d_head) = (batch * pos, weights.shape().width);
        let mut jobs = Vec::new();
        let mut n_projected = Vec::new();
        for (i, qkv) in range.clone().enumerate() {
            let sources = &sources[i * n_heads..][..n_heads];
            let shares = |heads: &[usize]| heads.iter().all(|source| *source == heads[0]);
            let per_group = n_heads / n_groups;
            // Heads that share weights and input share what comes of them.
            let step = if qkv > 0 && sources.chunks(per_group).all(shares) { per_group } else { 1 };
            for circuit in 0..circuits {
                let at = |source: usize| (circuit * n_sources + source) * rows * d_model;
                let heads = (0..n_heads).step_by(step);
                jobs.extend(heads.map(|head| Job { group: self.group(qkv, head), first: 0, at: at(sources[head]) }));
            }
            n_projected.push(n_heads / step);
        }
        let sizes = Sizes { n_rows: rows, depth: d_model, stride: d_model };
        let (weights, act) = (weights.clone(), Activation::None);
        let all = kernels::packed_product(x, Product { norm, weights, with_bias: true, act, jobs, sizes });
        let n_jobs: Vec<usize> = n_projected.iter().map(|n| circuits * n).collect();
        let parts = kernels::parts(all, &n_jobs).into_iter().zip(n_projected);
        parts.map(|(part, n)| part.reshape([circuits, n, batch, pos, d_head])).collect()
    }
}

impl Inputs {
    /// `[batch, position, d_model]`
    pub(super) fn dims(&self) -> [usize; 3] {
        match self {
            Self::Shared(input) | Self::Some { shared: input, .. } | Self::Zeros { shared: input, .. } => {
                let [_, batch, pos, d_model] = input.dims();
                [batch, pos, d_model]
            }
            Self::Each(input) => {
                let [_, _, batch, pos, d_model] = input.dims();
                [batch, pos, d_model]
            }
            Self::Sums(sums) => {
                let [_, batch, pos, d_model] = sums.resid.dims();
                [batch, pos, d_model]
            }
        }
    }

    /// For each node which of several inputs is its own.
    ///
    /// # Shapes
    /// - output: `[circuit, input, batch, position, d_model]`
    fn stacked(self, n_qkv: usize, n_heads: usize) -> (Vec<usize>, Tensor<5>) {
        let n_nodes = n_qkv * n_heads;
        match self {
            Self::Shared(input) => (vec![0; n_nodes], input.unsqueeze_dim(1)),
            // Nodes that serve queries, keys and values are as many as there are heads.
            Self::Each(input) => ((0..n_nodes).map(|node| node % input.dims()[1]).collect(), input.added()),
            Self::Some { nodes, shared, input } => {
                let [circuits, _, batch, pos, d_model] = input.dims();
                let shared = shared.expand([circuits, batch, pos, d_model]).unsqueeze_dim(1);
                let source = |node| nodes.list().iter().position(|n| *n == node).map_or(0, |i| i + 1);
                ((0..n_nodes).map(source).collect(), Tensor::cat(vec![shared, input.added()], 1))
            }
            Self::Sums(sums) => (sums.sources(n_nodes), sums.compute(None)),
            Self::Zeros { shared, zeros } => {
                Self::Each(OwnInputs::from(shared.unsqueeze_dim(1) + *zeros)).stacked(n_qkv, n_heads)
            }
        }
    }

    /// One for each node.
    ///
    /// # Shapes
    /// - output: `[circuit, node, batch, position, d_model]`
    pub(super) fn each(self, n_qkv: usize, n_heads: usize) -> Tensor<5> {
        let (sources, inputs) = self.stacked(n_qkv, n_heads);
        let device = inputs.device();
        inputs.select(1, indices(sources.into_iter(), &device))
    }
}

fn packed(w: &Tensor<4>, b: Option<&Tensor<4>>, n_groups: usize) -> Packed {
    let [_, n_heads, depth, width] = w.dims();
    let per_group = n_heads / n_groups;
    // The first head of each group of keys and values.
    let qkv_head = |group: usize| match group.checked_sub(n_heads) {
        None => group,
        Some(i) => (1 + i / n_groups) * n_heads + i % n_groups * per_group,
    };
    let groups = n_heads + 2 * n_groups;
    let (w, b) = (kernels::host(w), b.map(kernels::host));
    let b = b.map(|b| (0..groups).flat_map(|g| b[qkv_head(g) * width..][..width].to_vec()).collect::<Vec<_>>());
    let weight = |row, group, column| w[(qkv_head(group) * depth + row) * width + column];
    Packed::new(PackedShape { depth, groups, width }, b.as_deref(), weight)
}
