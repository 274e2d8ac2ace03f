//! The kernels under burn's autodiff: what is kept of a forward pass, and which backward kernel takes it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Shape, TensorMetadata};

use super::kernels::{Angles, Attention, HostNorm, Kernels, KernelsBackward, Part, Product};
use circuitscope_kernels::Activation;

/// Adds the gradients by several inputs to those of the inputs that are tracked.
pub(super) fn register_all<B: Backend, const N: usize>(
    parents: [Option<NodeId>; N],
    found: [FloatTensor<B>; N],
    grads: &mut Gradients,
) {
    for (parent, gradient) in parents.into_iter().zip(found) {
        if let Some(id) = parent {
            grads.register::<B>(id, gradient);
        }
    }
}

#[derive(Debug)]
struct NormBackward;

impl<B: KernelsBackward> Backward<B, 1> for NormBackward {
    type State = (FloatTensor<B>, Arc<HostNorm>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, norm) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_norm_backward(x, gradient, norm));
    }
}

#[derive(Debug)]
struct ProductBackward;

impl<B: KernelsBackward> Backward<B, 1> for ProductBackward {
    type State = (FloatTensor<B>, Option<FloatTensor<B>>, Arc<Product>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, before, product) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            B::kernel_product_backward(x, before, gradient, product)
        });
    }
}

#[derive(Debug)]
struct NodeProductBackward;

impl<B: KernelsBackward> Backward<B, 2> for NodeProductBackward {
    type State = (FloatTensor<B>, Shape, Arc<Product>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, zeros, product) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let found = B::kernel_node_product_backward(x, gradient, zeros, product);
        register_all::<B, _>(ops.parents.map(|parent| Some(parent?.id)), found, grads);
    }
}

#[derive(Debug)]
struct PartBackward;

impl<B: KernelsBackward> Backward<B, 1> for PartBackward {
    type State = (Part, Shape);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (part, shape) = ops.state;
        let [Some(whole)] = ops.parents else { return };
        let gradient = grads.consume::<B>(&ops.node);
        let before = if part.has_begun.swap(true, Ordering::Relaxed) {
            grads.consume::<B>(&whole)
        } else {
            B::float_zeros(shape, &gradient.device(), gradient.dtype().into())
        };
        grads.register::<B>(whole.id, B::float_slice_assign(before, &part.slices(), gradient));
    }
}

#[derive(Debug)]
struct AttentionBackward;

impl<B: KernelsBackward> Backward<B, 3> for AttentionBackward {
    type State = ([FloatTensor<B>; 3], Arc<Attention>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (qkv, attention) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let found = B::kernel_attention_backward(qkv, gradient, attention);
        register_all::<B, _>(ops.parents.map(|parent| Some(parent?.id)), found, grads);
    }
}

#[derive(Debug)]
struct RotaryBackward;

impl<B: KernelsBackward> Backward<B, 1> for RotaryBackward {
    type State = Arc<Angles>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let angles = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_rotary_backward(gradient, angles));
    }
}

#[derive(Debug)]
struct TableProductBackward;

impl<B: KernelsBackward> Backward<B, 1> for TableProductBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let table = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_table_product_backward(gradient, table));
    }
}

impl<B: KernelsBackward, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn kernel_norm(x: FloatTensor<Self>, norm: Arc<HostNorm>) -> FloatTensor<Self> {
        if !x.is_tracked() {
            return Self::from_inner(B::kernel_norm(x.into_primitive(), norm));
        }
        let (node, x) = (x.node(), x.into_primitive());
        let out = B::kernel_norm(x.clone(), norm.clone());
        match NormBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, norm), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn kernel_product(x: FloatTensor<Self>, product: Arc<Product>) -> FloatTensor<Self> {
        if !x.is_tracked() {
            return Self::from_inner(B::kernel_product(x.into_primitive(), product));
        }
        let (node, x) = (x.node(), x.into_primitive());
        let (before, out) = if product.act == Activation::None {
            (None, B::kernel_product(x.clone(), product.clone()))
        } else {
            let [before, out] = B::kernel_product_kept(x.clone(), product.clone());
            (Some(before), out)
        };
        match ProductBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, before, product), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn kernel_node_product(x: FloatTensor<Self>, zeros: FloatTensor<Self>, product: Arc<Product>) -> FloatTensor<Self> {
        let (nodes, shape) = ([x.node(), zeros.node()], zeros.shape());
        let (x, zeros) = (x.into_primitive(), zeros.into_primitive());
        let out = B::kernel_node_product(x.clone(), zeros, product.clone());
        match NodeProductBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, shape, product), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn kernel_part(whole: FloatTensor<Self>, part: Part) -> FloatTensor<Self> {
        if !whole.is_tracked() {
            return Self::from_inner(B::kernel_part(whole.into_primitive(), part));
        }
        let (node, shape) = (whole.node(), whole.shape());
        let out = B::kernel_part(whole.into_primitive(), part.clone());
        match PartBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((part, shape), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn kernel_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        attention: Arc<Attention>,
    ) -> FloatTensor<Self> {
        let is_tracked = [&q, &k, &v].iter().any(|x| x.is_tracked());
        let nodes = [q.node(), k.node(), v.node()];
        let (q, k, v) = (q.into_primitive(), k.into_primitive(), v.into_primitive());
        let z = B::kernel_attention(q.clone(), k.clone(), v.clone(), attention.clone());
        if !is_tracked {
            return Self::from_inner(z);
        }
        match AttentionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(([q, k, v], attention), z),
            OpsKind::UnTracked(prep) => prep.finish(z),
        }
    }

    fn kernel_rotary(x: FloatTensor<Self>, angles: Arc<Angles>) -> FloatTensor<Self> {
        if !x.is_tracked() {
            return Self::from_inner(B::kernel_rotary(x.into_primitive(), angles));
        }
        let (node, x) = (x.node(), x.into_primitive());
        let out = B::kernel_rotary(x, angles.clone());
        match RotaryBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(angles, out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn kernel_table_product(x: FloatTensor<Self>, table: FloatTensor<Self>) -> FloatTensor<Self> {
        let (node, is_tracked) = (x.node(), x.is_tracked());
        let (x, table) = (x.into_primitive(), table.into_primitive());
        let out = B::kernel_table_product(x, table.clone());
        if !is_tracked {
            return Self::from_inner(out);
        }
        match TableProductBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(table, out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}
