//! A gradient for every edge from one forward and one backward pass.
//!
//! Where all masks are `a`, the input of dest node j is `x_j = resid + a Σ_s (patch_s - out_s)` over the src nodes s before
//! it. The derivative of a loss by the mask of edge (s, j) is then the product of `dL/dx_j` with `patch_s - out_s`: no sum
//! over edges is needed forward, since all dest nodes of a block get the same input.
//!
//! 1. To the input of each dest node a tensor of zeros is added, a leaf of its own, so that the gradient that arrives there
//!    is that node's alone. What flows on into the residual stream and the sources is left to autodiff.
//! 2. One backward pass gives the leaves' gradients, `[dest, batch, position, d_model]`.
//! 3. The scores of a group of dest nodes are one matrix product with the differences of the sources before them.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Dest, DestInput, Hooks, Model, ModelError, Start, TokenBatch};
use crate::ops::edges::{self, Row};
#[cfg(feature = "gpu")]
use crate::ops::gpu;
use crate::run::ablation::{SrcActivations, SrcGroup};
use crate::run::batch::read;
use circuitscope_core::{DestModule, Graph, SrcKind};

/// Hooks that give every dest node a leaf, all masks being one value.
struct Leaves<'a> {
    graph: &'a Graph,
    patch: &'a SrcActivations,
    mask: f64,
    leaves: Vec<Leaf>,
    /// The outputs of the src nodes, without autodiff.
    srcs: Vec<SrcGroup>,
    /// `patch - out`, summed over the nodes of a kind, where the mask is not 0.
    differences: Vec<Difference>,
    /// The sum of the differences before the last dest node.
    sum: Option<Difference>,
}

/// The leaf of some dest nodes.
struct Leaf {
    /// The modules whose nodes they are.
    modules: Vec<usize>,
    first_position: usize,
    /// `[1, node, batch, position, d_model]`
    tensor: Tensor<5>,
}

/// `Σ (patch - out)` of some src nodes that follow each other.
#[derive(Clone)]
struct Difference {
    srcs: Range<usize>,
    first_position: usize,
    /// `[1, batch, position, d_model]`
    sum: Tensor<4>,
}

impl Difference {
    /// From a position on.
    fn from(self, position: usize) -> Self {
        let (skip, n) = (position - self.first_position, self.sum.dims()[2]);
        if skip == 0 {
            return self;
        }
        Self { sum: self.sum.narrow(2, skip, n - skip), first_position: position, ..self }
    }

    fn plus(self, next: Self) -> Self {
        let position = self.first_position.max(next.first_position);
        let (a, b) = (self.from(position), next.from(position));
        Self { srcs: a.srcs.start..b.srcs.end, first_position: position, sum: a.sum + b.sum }
    }
}

impl Leaves<'_> {
    /// The input that the nodes of a module share.
    fn input(&mut self, module: &DestModule, positions: &Range<usize>, resid: &Tensor<4>) -> Tensor<4> {
        if self.mask == 0.0 {
            return resid.clone();
        }
        let wanted = module.min_src_idx..module.min_src_idx + module.n_src;
        // Most sums are that of the dest node before plus a few sources.
        let sum = self.sum.take().filter(|s| s.srcs.start == wanted.start && s.srcs.end <= wanted.end);
        let done = sum.as_ref().map_or(wanted.start, |s| s.srcs.end);
        let more = self.differences.iter().filter(|d| d.srcs.start >= done && d.srcs.end <= wanted.end).cloned();
        let sum = sum.into_iter().chain(more).reduce(Difference::plus);
        let Some(sum) = sum else { return resid.clone() };
        self.sum = Some(sum.clone());
        resid.clone() + sum.from(positions.start).sum * self.mask
    }
}

impl Hooks for Leaves<'_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        let (modules, _) = self.graph.modules_of(&dest.kinds);
        let Some(&first) = modules.first() else { return DestInput::Resid };
        let n_nodes = modules.iter().map(|&m| self.graph.dests[m].n_nodes()).sum();
        let input = self.input(&self.graph.dests[first], &dest.positions, resid);
        let [_, batch, pos, d_model] = input.dims();
        // One zero, broadcast.
        let zeros = Tensor::<5>::zeros([1; 5], &input.device().without_autodiff());
        let leaf = zeros.expand([1, n_nodes, batch, pos, d_model]).autodiff().require_grad();
        self.leaves.push(Leaf { modules, first_position: dest.positions.start, tensor: leaf.clone() });
        DestInput::Zeros { input: Box::new(input), zeros: Box::new(leaf) }
    }

    fn src_output(&mut self, kind: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        let Some(first) = self.graph.srcs.iter().position(|s| s.kind == kind) else { return };
        if self.mask != 0.0
            && let Some(patch) = self.patch.at(kind, positions.start)
        {
            let [_, n, batch, pos, d_model] = out.dims();
            let sum = (patch - out.clone()).sum_dim(1).reshape([1, batch, pos, d_model]);
            self.differences.push(Difference { srcs: first..first + n, first_position: positions.start, sum });
        }
        self.srcs.push(SrcGroup { kind, out: out.inner(), first_position: positions.start });
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().any(|s| s.kind == src)
    }
}

/// What a forward and a backward pass give.
pub struct Gradients {
    /// `[1]`
    pub loss: Tensor<1>,
    /// The outputs of the src nodes.
    pub srcs: SrcActivations,
    dests: Vec<DestGradient>,
}

/// The gradient by the input of some dest nodes.
struct DestGradient {
    modules: Vec<usize>,
    first_position: usize,
    /// `[1, node, batch, position, d_model]`
    grad: Tensor<5>,
}

/// The pass that is differentiated.
pub struct Pass<'a> {
    pub model: &'a dyn Model,
    pub graph: &'a Graph,
    pub start: Option<Start>,
    pub tokens: &'a TokenBatch,
    /// The positions of the output.
    pub positions: Range<usize>,
    /// The value of every mask.
    pub mask: f64,
    /// What edges are patched with.
    pub patch: &'a SrcActivations,
}

impl Pass<'_> {
    /// Runs the model forward and backward.
    ///
    /// # Shapes
    /// - loss: from logits `[1, batch, position, d_vocab]` to `[1]`
    pub fn gradients(self, loss: impl FnOnce(Tensor<4>) -> Tensor<1>) -> Gradients {
        let Pass { model, graph, start, tokens, positions, mask, patch } = self;
        let (leaves, srcs, differences) = (Vec::new(), Vec::new(), Vec::new());
        let mut hooks = Leaves { graph, patch, mask, leaves, srcs, differences, sum: None };
        let resid = model.resid_end_from(start, tokens, positions, &mut hooks);
        let loss = loss(model.unembed(resid));
        let Leaves { leaves, srcs, .. } = hooks;
        let mut grads = loss.backward();
        let dests = leaves.into_iter().filter_map(|Leaf { modules, first_position, tensor }| {
            // A node whose output nobody reads has none.
            let grad = tensor.grad_remove(&mut grads)?;
            Some(DestGradient { modules, first_position, grad })
        });
        Gradients { loss: loss.inner(), srcs: SrcActivations { groups: srcs }, dests: dests.collect() }
    }
}

/// Modules, the first position of their inputs, and the products of their nodes' gradients with the src nodes before them:
/// `[position | 1, node, src]`.
type Products = (Vec<usize>, usize, Tensor<3>);

/// Scores of all edges, summed up over batches.
pub struct ScoreSums<'a> {
    graph: &'a Graph,
    on_host: bool,
    /// For each module `[position | 1, node, src]`, on the device.
    sums: Vec<Option<Tensor<3>>>,
}

impl<'a> ScoreSums<'a> {
    pub fn new(model: &dyn Model, graph: &'a Graph) -> Self {
        Self { graph, on_host: model.uses_kernels(), sums: vec![None; graph.dests.len()] }
    }

    /// Adds the product of every dest node's gradient with `patch - out` of the src nodes before it.
    pub fn add(&mut self, gradients: Gradients, patch: &SrcActivations, out: &SrcActivations) {
        let products =
            if self.on_host { self.host_products(gradients, patch, out) } else { self.products(gradients, patch, out) };
        for (modules, first_position, products) in products {
            let products = self.at_all_positions(products, first_position);
            let mut first = 0;
            for m in modules {
                let n = self.graph.dests[m].n_nodes();
                let part = products.clone().narrow(1, first, n);
                self.sums[m] = Some(match self.sums[m].take() {
                    None => part,
                    Some(sum) => sum + part,
                });
                first += n;
            }
        }
    }

    /// By tensor operations.
    fn products(&self, gradients: Gradients, patch: &SrcActivations, out: &SrcActivations) -> Vec<Products> {
        let mut differences = Differences { graph: self.graph, patch, out, rows: BTreeMap::new() };
        let of_dest = |DestGradient { modules, first_position, grad }: DestGradient| {
            let module = &self.graph.dests[modules[0]];
            let rows = differences.from(first_position).narrow(1, module.min_src_idx, module.n_src);
            let products = products_of(self.columns(grad), rows);
            (modules, first_position, products)
        };
        gradients.dests.into_iter().map(of_dest).collect()
    }

    /// By the kernels.
    fn host_products(&self, gradients: Gradients, patch: &SrcActivations, out: &SrcActivations) -> Vec<Products> {
        let of_group = |group: &SrcGroup| {
            let nodes: Vec<usize> = (0..group.out.dims()[1]).collect();
            let patch = patch.at(group.kind, group.first_position);
            patch.map_or_else(Vec::new, |patch| Row::differences(patch, group.out.clone(), &nodes))
        };
        let rows: Vec<Row> = out.groups.iter().flat_map(of_group).collect(); // in `src_idx` order from 0
        let by_position = self.graph.config.seq_len.is_some();
        let mut by_first: BTreeMap<usize, Vec<DestGradient>> = BTreeMap::new();
        for dest in gradients.dests {
            by_first.entry(dest.first_position).or_default().push(dest);
        }
        let of_positions = |(first_position, dests): (usize, Vec<DestGradient>)| {
            let (mut modules, mut grads) = (Vec::new(), Vec::new());
            for dest in dests {
                let module = &self.graph.dests[dest.modules[0]];
                grads.push((dest.grad, module.min_src_idx..module.min_src_idx + module.n_src));
                modules.push(dest.modules);
            }
            let found = edges::scores(&rows, grads, by_position);
            modules.into_iter().zip(found).map(move |(modules, found)| (modules, first_position, found))
        };
        by_first.into_iter().flat_map(of_positions).collect()
    }

    /// # Shapes
    /// - values: `[1, node, batch, position, d_model]`
    /// - output: `[position | 1, node, columns]`
    fn columns(&self, values: Tensor<5>) -> Tensor<3> {
        columns(self.graph, values)
    }

    /// Zeros for the positions before the first.
    fn at_all_positions(&self, products: Tensor<3>, first_position: usize) -> Tensor<3> {
        let [_, n, n_src] = products.dims();
        if self.graph.config.seq_len.is_none() || first_position == 0 {
            return products;
        }
        Tensor::cat(vec![Tensor::zeros([first_position, n, n_src], &products.device()), products], 0)
    }

    /// The scores in the graph's edge order.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn read(self) -> Result<Vec<f32>, ModelError> {
        let mut read_back = Vec::new();
        let found = self.sums.iter().flatten().map(|sum| sum.clone().flatten::<1>(0, 2)).collect::<Vec<_>>();
        if !found.is_empty() {
            read_back = read(Tensor::cat(found, 0), "scores").await?;
        }
        let (mut values, mut next) = (Vec::with_capacity(self.graph.n_edges()), 0);
        for (module, sum) in self.graph.dests.iter().zip(&self.sums) {
            let n = self.graph.n_module_edges(module);
            if sum.is_some() {
                values.extend_from_slice(&read_back[next..next + n]);
                next += n;
            } else {
                values.resize(values.len() + n, 0.0);
            }
        }
        Ok(values)
    }
}

/// # Shapes
/// - values: `[1, node, batch, position, d_model]`
/// - output: `[position, node, batch * d_model]` in a token-wise graph, else `[1, node, batch * position * d_model]`
fn columns(graph: &Graph, values: Tensor<5>) -> Tensor<3> {
    let [_, n, batch, pos, d_model] = values.dims();
    if graph.config.seq_len.is_some() {
        values.permute([0, 3, 1, 2, 4]).reshape([pos, n, batch * d_model])
    } else {
        values.reshape([1, n, batch * pos * d_model])
    }
}

/// `patch - out` of the src nodes as rows, made once for each first position.
struct Differences<'a> {
    graph: &'a Graph,
    patch: &'a SrcActivations,
    out: &'a SrcActivations,
    rows: BTreeMap<usize, Tensor<3>>,
}

impl Differences<'_> {
    /// Those of the src nodes that are known from a position on, in `src_idx` order from 0.
    ///
    /// # Shapes
    /// - output: `[position | 1, src, columns]`
    fn from(&mut self, position: usize) -> Tensor<3> {
        self.rows.entry(position).or_insert_with(|| rows(self.graph, self.patch, self.out, position)).clone()
    }
}

fn rows(graph: &Graph, patch: &SrcActivations, out: &SrcActivations, position: usize) -> Tensor<3> {
    let known = out.groups.iter().filter(|g| g.first_position <= position);
    let rows = known.filter_map(|group| {
        let out = group.out.clone();
        let (skip, n) = (position - group.first_position, out.dims()[3]);
        let out = if skip == 0 { out } else { out.narrow(3, skip, n - skip) };
        Some(columns(graph, patch.at(group.kind, position)? - out))
    });
    Tensor::cat(rows.collect(), 1)
}

/// The products of all rows of two tensors, for each position.
///
/// # Shapes
/// - a, b: `[position | 1, row, columns]`
/// - output: `[position | 1, row of a, row of b]`
fn products_of(a: Tensor<3>, b: Tensor<3>) -> Tensor<3> {
    #[cfg(feature = "gpu")]
    if gpu::product::works_for(&a, &b, None::<&Tensor<1>>) {
        return gpu::product::product_with_rows(a, b, None);
    }
    a.matmul(b.swap_dims(1, 2))
}
