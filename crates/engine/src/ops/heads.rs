//! What the heads of a block read, and what they write: queries, keys and values of inputs that may differ from head to head, and
//! outputs together or a head at a time.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::edges::NodeSums;
#[cfg(feature = "gpu")]
use super::gpu::{self, GpuAct};
#[cfg(feature = "gpu")]
use super::gpu_product;
use super::kernels::{self, HostNorm, Product};
use super::norm::Norm;
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
    Each(Tensor<5>),
    /// Some have their own, `[circuit, index in nodes, batch, position, d_model]`; the others share one.
    Some { nodes: Vec<usize>, shared: Tensor<4>, input: Box<Tensor<5>> },
    /// They are still to be added up.
    Sums(Box<NodeSums>),
    /// All have the same, `[1, batch, position, d_model]`, to which each adds a zero of its own, `[1, node, batch, position, d_model]`.
    Zeros { shared: Tensor<4>, zeros: Box<Tensor<5>> },
}

/// The norm before a block's attention, and the projections to queries, keys and values.
#[derive(Debug, Clone)]
pub struct HeadInputs {
    n_heads: usize,
    n_key_value_heads: usize,
    norm: Norm,
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
        Inputs::Each((each + shift).reshape([circuits, n_qkv * n_heads, batch, pos, d_model]))
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
        let one = |i| all.clone().narrow(0, i * n_heads, n_heads).reshape([1, n_heads, batch, pos, d_head]);
        (0..range.len()).map(one).collect()
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
        let mut first = 0;
        let mut next = |n: usize| {
            let part = all.clone().narrow(0, first, circuits * n);
            first += circuits * n;
            part.reshape([circuits, n, batch, pos, d_head])
        };
        n_projected.into_iter().map(&mut next).collect()
    }
}

impl Inputs {
    /// `[batch, position, d_model]`
    fn dims(&self) -> [usize; 3] {
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
            Self::Each(input) => ((0..n_nodes).map(|node| node % input.dims()[1]).collect(), input),
            Self::Some { nodes, shared, input } => {
                let [circuits, _, batch, pos, d_model] = input.dims();
                let shared = shared.expand([circuits, batch, pos, d_model]).unsqueeze_dim(1);
                let source = |node| nodes.iter().position(|n| *n == node).map_or(0, |i| i + 1);
                ((0..n_nodes).map(source).collect(), Tensor::cat(vec![shared, *input], 1))
            }
            Self::Sums(sums) => (sums.sources(n_nodes), sums.compute(None)),
            Self::Zeros { shared, zeros } => Self::Each(shared.unsqueeze_dim(1) + *zeros).stacked(n_qkv, n_heads),
        }
    }

    /// One for each node.
    ///
    /// # Shapes
    /// - output: `[circuit, node, batch, position, d_model]`
    fn each(self, n_qkv: usize, n_heads: usize) -> Tensor<5> {
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

/// The projections by plain tensor operations.
struct Plain<'a> {
    heads: &'a HeadInputs,
    w: &'a Tensor<4>,
    b: Option<&'a Tensor<4>>,
}

impl Plain<'_> {
    fn project(&self, range: QkvRange, inputs: Inputs, shift: Option<Tensor<5>>) -> Vec<Tensor<5>> {
        let [batch, pos, d_model] = inputs.dims();
        let (rows, n_heads) = (batch * pos, self.heads.n_heads);
        let shared = |input: Tensor<4>| {
            let circuits = input.dims()[0];
            input.reshape([circuits, 1, 1, rows, d_model])
        };
        let projected = match inputs {
            Inputs::Shared(input) => self.shared(range.clone(), shared(input), shift),
            Inputs::Each(input) => {
                let [circuits, n_nodes, ..] = input.dims();
                // Joint nodes serve queries, keys and values.
                let each = input.reshape([circuits, n_nodes / n_heads, n_heads, rows, d_model]);
                self.all(range.clone(), each, shift)
            }
            Inputs::Zeros { shared: input, zeros } => {
                return self.project(range, Inputs::Each(input.unsqueeze_dim(1) + *zeros), shift);
            }
            Inputs::Sums(_) => {
                let each = inputs.each(range.len(), n_heads);
                let circuits = each.dims()[0];
                self.all(range.clone(), each.reshape([circuits, range.len(), n_heads, rows, d_model]), shift)
            }
            Inputs::Some { nodes, shared: input, input: own } => {
                #[cfg(feature = "gpu")]
                if let Some(put) = self.on_gpu(&range, &nodes, (shared(input.clone()), (*own).clone()), shift.as_ref())
                {
                    return self.parts(range, put, [batch, pos]);
                }
                let all = self.shared(range.clone(), shared(input), shift.clone());
                let some = self.some(&range, &nodes, own.flatten(2, 3), shift);
                put_nodes(all, &nodes, some)
            }
        };
        self.parts(range, projected, [batch, pos])
    }

    /// Queries, keys and values apart.
    ///
    /// # Shapes
    /// - projected: `[circuit, qkv, head, batch * position, d_head]`
    /// - output: each `[circuit, head, batch, position, d_head]`
    fn parts(&self, range: QkvRange, projected: Tensor<5>, [batch, pos]: [usize; 2]) -> Vec<Tensor<5>> {
        let [circuits, _, n_heads, _, d_head] = projected.dims();
        let one = |i| projected.clone().narrow(1, i, 1).reshape([circuits, n_heads, batch, pos, d_head]);
        (0..range.len()).map(one).collect()
    }

    /// The projections of inputs of which some nodes have their own, by an operation of our own where one works: with biases, and without
    /// keys and values that heads share.
    ///
    /// # Shapes
    /// - shared: `[circuit, 1, 1, rows, d_model]`
    /// - own: `[circuit, index in nodes, batch, position, d_model]`
    /// - output: `[circuit, qkv, head, rows, d_head]`
    #[cfg(feature = "gpu")]
    fn on_gpu(
        &self,
        range: &QkvRange,
        nodes: &[usize],
        (shared, own): (Tensor<5>, Tensor<5>),
        shift: Option<&Tensor<5>>,
    ) -> Option<Tensor<5>> {
        let HeadInputs { n_heads, n_key_value_heads, ref norm, .. } = *self.heads;
        let works = gpu::work_on(&shared.device()) && gpu::work_on(&own.device());
        let b = self.b.filter(|_| works && n_heads == n_key_value_heads && shift.is_none())?;
        let n_nodes = range.len() * n_heads;
        let w = self.w.clone().slice([range.clone()]); // [qkv, head, d_model, d_head]
        let bias = b.clone().slice([range.clone()]).flatten::<1>(0, 3);
        let all = gpu_product::product(norm.forward(shared), w, None, GpuAct::None).flatten::<4>(1, 2);
        let first = range.start * n_heads;
        let of_nodes = indices(nodes.iter().map(|node| first + node), &own.device());
        let w = self.w.clone().flatten::<3>(0, 1).select(0, of_nodes).unsqueeze::<4>();
        let own = norm.forward(own.flatten::<4>(2, 3)).unsqueeze_dim(1);
        let some = gpu_product::product(own, w, None, GpuAct::None).squeeze_dim(1);
        let put = gpu::put_nodes_among(all, some, sources(nodes, n_nodes, &bias.device()), bias);
        let [circuits, _, rows, d_head] = put.dims();
        Some(put.reshape([circuits, range.len(), n_heads, rows, d_head]))
    }

    /// All of one input: keys and values that heads share are projected once.
    ///
    /// # Shapes
    /// - input: `[circuit, 1, 1, rows, d_model]`
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, qkv, head, rows, d_head]`
    fn shared(&self, range: QkvRange, input: Tensor<5>, shift: Option<Tensor<5>>) -> Tensor<5> {
        let HeadInputs { n_heads, n_key_value_heads: groups, .. } = *self.heads;
        let per_group = n_heads / groups;
        if per_group == 1 || range.end == 1 || shift.is_some() {
            return self.all(range, input, shift);
        }
        let input = self.heads.norm.forward(input);
        // The first head of each group.
        let of_groups = |all: &Tensor<4>| {
            let [_, heads, a, b] = all.dims();
            let grouped = all.clone().narrow(0, 1, 2).reshape([2, groups, heads / groups, a, b]);
            grouped.narrow(2, 0, 1).reshape([1, 2, groups, a, b])
        };
        let shared = with_bias(input.clone().matmul(of_groups(self.w)), self.b.map(of_groups));
        let [circuits, _, _, rows, d_head] = shared.dims();
        let each = shared.reshape([circuits, 2, groups, 1, rows * d_head]);
        let each = each.expand([circuits, 2, groups, per_group, rows * d_head]);
        let keys_values = each.reshape([circuits, 2, n_heads, rows, d_head]);
        if range.start == 1 {
            return keys_values;
        }
        let of_queries = |all: &Tensor<4>| all.clone().narrow(0, 0, 1).unsqueeze::<5>();
        let queries = with_bias(input.matmul(of_queries(self.w)), self.b.map(of_queries));
        Tensor::cat(vec![queries, keys_values], 1)
    }

    /// # Shapes
    /// - input: `[circuit, qkv | 1, head | 1, rows, d_model]`
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, qkv, head, rows, d_head]`
    fn all(&self, range: QkvRange, input: Tensor<5>, shift: Option<Tensor<5>>) -> Tensor<5> {
        let input = self.heads.norm.forward(input);
        let input = shift.map_or(input.clone(), |shift| input + shift);
        #[cfg(feature = "gpu")]
        if gpu::work_on(&input.device()) {
            let w = self.w.clone().slice([range.clone()]);
            let b = self.b.map(|b| b.clone().slice([range]).flatten::<1>(0, 3));
            return gpu_product::product(input, w, b, GpuAct::None);
        }
        let of_range = |all: &Tensor<4>| all.clone().slice([range.clone()]).unsqueeze::<5>();
        with_bias(input.matmul(of_range(self.w)), self.b.map(of_range))
    }

    /// Only some nodes.
    ///
    /// # Shapes
    /// - input: `[circuit, index in nodes, rows, d_model]`
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, index in nodes, rows, d_head]`
    fn some(&self, range: &QkvRange, nodes: &[usize], input: Tensor<4>, shift: Option<Tensor<5>>) -> Tensor<4> {
        let (n_heads, input) = (self.heads.n_heads, self.heads.norm.forward(input));
        let input = shift.map_or(input.clone(), |shift| {
            let [_, n_qkv, _, rows, d_model] = shift.dims();
            let of_nodes = indices(nodes.iter().map(|node| node / n_heads), &shift.device());
            input + shift.reshape([1, n_qkv, rows, d_model]).select(1, of_nodes)
        });
        let first = range.start * n_heads;
        let heads = indices(nodes.iter().map(|node| first + node), &input.device());
        let of_nodes = |all: &Tensor<4>| all.clone().flatten::<3>(0, 1).select(0, heads.clone()).unsqueeze::<4>();
        with_bias(input.matmul(of_nodes(self.w)), self.b.map(of_nodes))
    }
}

fn with_bias<const D: usize>(projected: Tensor<D>, bias: Option<Tensor<D>>) -> Tensor<D> {
    match bias {
        Some(bias) => projected + bias,
        None => projected,
    }
}

/// Replaces the projections of some nodes among those of all.
///
/// # Shapes
/// - all: `[circuit | 1, part, head, rows, d_head]`
/// - some: `[circuit, index in nodes, rows, d_head]`
/// - output: `[circuit, qkv, head, rows, d_head]`
fn put_nodes(all: Tensor<5>, nodes: &[usize], some: Tensor<4>) -> Tensor<5> {
    let ([_, n_qkv, heads, rows, d_head], circuits) = (all.dims(), some.dims()[0]);
    let n_nodes = n_qkv * heads;
    let sources = sources(nodes, n_nodes, &some.device());
    let all = all.flatten::<4>(1, 2).expand([circuits, n_nodes, rows, d_head]);
    Tensor::cat(vec![all, some], 1).select(1, sources).reshape([circuits, n_qkv, heads, rows, d_head])
}

/// For each node where it is found: its own number among those of all, or behind them its index among some.
fn sources(nodes: &[usize], n_nodes: usize, device: &Device) -> Tensor<1, Int> {
    let source = |node| nodes.iter().position(|n| *n == node).map_or(node, |i| n_nodes + i);
    indices((0..n_nodes).map(source), device)
}

fn indices(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

/// The product of a block's heads with `W_O`.
#[derive(Debug, Clone)]
pub struct HeadOutputs {
    weights: OutputWeights,
    n_heads: usize,
    /// `[1, 1, 1, d_model]`
    b: Option<Tensor<4>>,
}

#[derive(Debug, Clone)]
enum OutputWeights {
    Packed(Arc<Packed>),
    /// `[head, d_head, d_model]`
    Plain(Box<Tensor<3>>),
}

impl HeadOutputs {
    /// # Shapes
    /// - w: `[head, d_head, d_model]`
    /// - b: `[1, 1, 1, d_model]`
    pub fn new(w: Tensor<3>, b: Option<Tensor<4>>, pack: bool) -> Self {
        let [n_heads, d_head, d_model] = w.dims();
        let weights = if pack {
            let shape = PackedShape { depth: n_heads * d_head, groups: 1, width: d_model };
            let (w, bias) = (kernels::host(&w), b.as_ref().map(kernels::host));
            OutputWeights::Packed(Arc::new(Packed::new(shape, bias.as_deref(), |row, _, i| w[row * d_model + i])))
        } else {
            OutputWeights::Plain(Box::new(w))
        };
        Self { weights, n_heads, b }
    }

    /// What is added once, whatever the heads do: `[1, 1, 1, d_model]`.
    pub fn bias(&self) -> Option<&Tensor<4>> {
        self.b.as_ref()
    }

    /// What all heads and the bias add to the residual stream.
    ///
    /// # Shapes
    /// - z: `[circuit, batch, position, head, d_head]`
    /// - output: `[circuit, batch, position, d_model]`
    fn sum(&self, z: Tensor<5>) -> Tensor<4> {
        let [circuits, batch, pos, heads, d_head] = z.dims();
        let z = z.reshape([circuits * batch * pos, heads * d_head]);
        match &self.weights {
            OutputWeights::Packed(weights) => {
                let jobs = vec![Job { group: 0, first: 0, at: 0 }];
                let sizes = Sizes { n_rows: circuits * batch * pos, depth: heads * d_head, stride: heads * d_head };
                let (weights, act, d_model) = (weights.clone(), Activation::None, weights.shape().width);
                kernels::packed_product(z, Product { norm: None, weights, with_bias: true, act, jobs, sizes })
                    .reshape([circuits, batch, pos, d_model])
            }
            OutputWeights::Plain(w) => {
                let d_model = w.dims()[2];
                let sum = z.matmul((**w).clone().reshape([heads * d_head, d_model]));
                let sum = sum.reshape([circuits, batch, pos, d_model]);
                self.b.iter().fold(sum, |sum, b| sum + b.clone())
            }
        }
    }

    /// What each of some heads adds, where they can be had apart; else what each of all heads does.
    ///
    /// # Shapes
    /// - z: `[circuit, batch, position, head, d_head]`
    /// - output: `[circuit, index in wanted | head, batch, position, d_model]`
    pub fn each(&self, z: Tensor<5>, wanted: &[usize]) -> Tensor<5> {
        let [circuits, batch, pos, heads, d_head] = z.dims();
        let rows = batch * pos;
        match &self.weights {
            OutputWeights::Packed(weights) => {
                let stride = heads * d_head;
                let of_circuit = |circuit: usize| {
                    let at = move |head: usize| circuit * rows * stride + head * d_head;
                    wanted.iter().map(move |&head| Job { group: 0, first: head * d_head, at: at(head) })
                };
                let jobs = (0..circuits).flat_map(of_circuit).collect();
                let sizes = Sizes { n_rows: rows, depth: d_head, stride };
                let (weights, act, d_model) = (weights.clone(), Activation::None, weights.shape().width);
                kernels::packed_product(z, Product { norm: None, weights, with_bias: false, act, jobs, sizes })
                    .reshape([circuits, wanted.len(), batch, pos, d_model])
            }
            OutputWeights::Plain(w) => {
                let d_model = w.dims()[2];
                let z = z.permute([0, 3, 1, 2, 4]).reshape([circuits, heads, rows, d_head]);
                #[cfg(feature = "gpu")]
                if gpu::work_on(&z.device()) {
                    let w = (**w).clone().unsqueeze::<4>();
                    let each = gpu_product::product(z.unsqueeze_dim(1), w, None, GpuAct::None);
                    return each.reshape([circuits, heads, batch, pos, d_model]);
                }
                z.matmul((**w).clone().unsqueeze::<4>()).reshape([circuits, heads, batch, pos, d_model])
            }
        }
    }

    /// [`HeadOutputs::sum`], where [`HeadOutputs::each`] is known.
    ///
    /// # Shapes
    /// - z: `[circuit, batch, position, head, d_head]`
    /// - each: `[circuit, index in wanted | head, batch, position, d_model]`
    /// - output: `[circuit, batch, position, d_model]`
    fn sum_of(&self, z: Tensor<5>, each: Tensor<5>) -> Tensor<4> {
        if let OutputWeights::Packed(_) = self.weights {
            // As fast, and nothing has to be kept of the outputs for a backward pass.
            return self.sum(z);
        }
        let [circuits, _, batch, pos, d_model] = each.dims();
        let sum = each.sum_dim(1).reshape([circuits, batch, pos, d_model]);
        self.b.iter().fold(sum, |sum, b| sum + b.clone())
    }

    /// The residual stream with what all heads and the bias add to it: [`HeadOutputs::sum`], or where `each` is known
    /// [`HeadOutputs::sum_of`].
    ///
    /// # Shapes
    /// - resid, output: `[circuit, batch, position, d_model]`
    /// - z: `[circuit, batch, position, head, d_head]`
    pub fn add_to(&self, resid: Tensor<4>, z: Tensor<5>, each: Option<Tensor<5>>) -> Tensor<4> {
        #[cfg(feature = "gpu")]
        if let (OutputWeights::Plain(w), Some(b)) = (&self.weights, &self.b)
            && gpu::work_on(&resid.device())
            && gpu::work_on(&z.device())
        {
            let ([circuits, batch, pos, heads, d_head], d_model) = (z.dims(), w.dims()[2]);
            let nodes = each.unwrap_or_else(|| {
                let z = z.reshape([1, 1, 1, circuits * batch * pos, heads * d_head]);
                let w = (**w).clone().reshape([1, 1, heads * d_head, d_model]);
                gpu_product::product(z, w, None, GpuAct::None).reshape([circuits, 1, batch, pos, d_model])
            });
            return gpu::add_nodes_to(resid, nodes, b.clone().flatten(0, 3));
        }
        resid + each.map_or_else(|| self.sum(z.clone()), |each| self.sum_of(z.clone(), each))
    }

    /// How many heads there are.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }
}
