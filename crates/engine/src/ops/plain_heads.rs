//! Queries, keys and values by tensor operations: burn's, and on a GPU our own.

use burn::tensor::Tensor;

#[cfg(feature = "gpu")]
use super::gpu::{self, activation::GpuAct};
use super::heads::{HeadInputs, Inputs, QkvRange};
use super::nodes::{Nodes, indices};
use super::own_inputs::OwnInputs;

/// The projections by tensor operations.
pub(super) struct Plain<'a> {
    pub heads: &'a HeadInputs,
    /// `[3, head, d_model, d_head]`
    pub w: &'a Tensor<4>,
    /// `[3, head, 1, d_head]`
    pub b: Option<&'a Tensor<4>>,
}

impl Plain<'_> {
    /// See [`HeadInputs::project`].
    pub fn project(&self, range: QkvRange, inputs: Inputs, shift: Option<Tensor<5>>) -> Vec<Tensor<5>> {
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
                let normed = input.normed(&self.heads.norm);
                self.normed(range.clone(), normed.reshape([circuits, n_nodes / n_heads, n_heads, rows, d_model]), shift)
            }
            Inputs::Zeros { shared: input, zeros } => {
                #[cfg(feature = "gpu")]
                if shift.is_none() && gpu::product::works_for(&input, self.w, self.b) {
                    let projected = self.of_nodes(&range, input, *zeros);
                    return self.parts(range, projected, [batch, pos]);
                }
                let each = OwnInputs::from(input.unsqueeze_dim(1) + *zeros);
                return self.project(range, Inputs::Each(each), shift);
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
                let some = self.some(&range, &nodes, own.normed(&self.heads.norm).flatten(2, 3), shift);
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

    /// The projections of one input to which each node adds a zero, by an operation of our own.
    ///
    /// # Shapes
    /// - shared: `[1, batch, position, d_model]`
    /// - zeros: `[1, node, batch, position, d_model]`
    /// - output: `[1, qkv, head, rows, d_head]`
    #[cfg(feature = "gpu")]
    fn of_nodes(&self, range: &QkvRange, shared: Tensor<4>, zeros: Tensor<5>) -> Tensor<5> {
        let w = self.w.clone().slice([range.clone()]);
        let b = self.b.map(|b| b.clone().slice([range.clone()]).flatten::<1>(0, 3));
        let (x, norm) = match self.heads.norm.on_gpu() {
            Some(norm) => (shared, Some(norm)),
            None => (self.heads.norm.forward(shared), None),
        };
        gpu::node_product::node_product(x.flatten(0, 2), zeros, norm, w, b)
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
        nodes: &Nodes,
        (shared, own): (Tensor<5>, OwnInputs),
        shift: Option<&Tensor<5>>,
    ) -> Option<Tensor<5>> {
        let HeadInputs { n_heads, n_key_value_heads, ref norm, .. } = *self.heads;
        let works = gpu::work_on(&shared.device());
        let b = self.b.filter(|_| works && n_heads == n_key_value_heads && shift.is_none())?;
        let w = self.w.clone().slice([range.clone()]); // [qkv, head, d_model, d_head]
        let bias = b.clone().slice([range.clone()]).flatten::<1>(0, 3);
        let all = gpu::product::product(norm.forward(shared), w.clone(), None, GpuAct::None).flatten::<4>(1, 2);
        let w = w.flatten::<3>(0, 1).select(0, nodes.on(&all.device())).unsqueeze::<4>();
        let own = own.normed(norm).flatten::<4>(2, 3).unsqueeze_dim(1);
        let some = gpu::product::product(own, w, None, GpuAct::None).squeeze_dim(1);
        let put = gpu::nodes::put_nodes_among(all, some, nodes.sources(&bias.device()), bias);
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
        self.normed(range, input, shift)
    }

    /// The same of inputs after their norm.
    fn normed(&self, range: QkvRange, input: Tensor<5>, shift: Option<Tensor<5>>) -> Tensor<5> {
        let input = shift.map_or(input.clone(), |shift| input + shift);
        #[cfg(feature = "gpu")]
        if gpu::product::works_for(&input, self.w, self.b) {
            let w = self.w.clone().slice([range.clone()]);
            let b = self.b.map(|b| b.clone().slice([range]).flatten::<1>(0, 3));
            return gpu::product::product(input, w, b, GpuAct::None);
        }
        let of_range = |all: &Tensor<4>| all.clone().slice([range.clone()]).unsqueeze::<5>();
        with_bias(input.matmul(of_range(self.w)), self.b.map(of_range))
    }

    /// Only some nodes.
    ///
    /// # Shapes
    /// - input: `[circuit, index in nodes, rows, d_model]`, after the norm
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, index in nodes, rows, d_head]`
    fn some(&self, range: &QkvRange, nodes: &Nodes, input: Tensor<4>, shift: Option<Tensor<5>>) -> Tensor<4> {
        let n_heads = self.heads.n_heads;
        let input = shift.map_or(input.clone(), |shift| {
            let [_, n_qkv, _, rows, d_model] = shift.dims();
            let of_nodes = indices(nodes.list().iter().map(|node| node / n_heads), &shift.device());
            input + shift.reshape([1, n_qkv, rows, d_model]).select(1, of_nodes)
        });
        let heads = nodes.on(&input.device());
        let of_nodes = |all: &Tensor<4>| {
            all.clone().slice([range.clone()]).flatten::<3>(0, 1).select(0, heads.clone()).unsqueeze::<4>()
        };
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
fn put_nodes(all: Tensor<5>, nodes: &Nodes, some: Tensor<4>) -> Tensor<5> {
    let ([_, n_qkv, heads, rows, d_head], circuits) = (all.dims(), some.dims()[0]);
    let n_nodes = n_qkv * heads;
    let sources = nodes.sources(&some.device());
    let all = all.flatten::<4>(1, 2).expand([circuits, n_nodes, rows, d_head]);
    Tensor::cat(vec![all, some], 1).select(1, sources).reshape([circuits, n_qkv, heads, rows, d_head])
}
