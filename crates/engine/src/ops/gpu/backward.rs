//! Operations on a GPU under burn's autodiff: the gradients by their inputs, where weights are constants.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Shape, TensorMetadata};

use super::activation::GpuAct;
use super::attend::{GpuAttends, GpuAttendsBackward, GpuAttention};
use super::node_product::{GpuNodeProducts, NodeProduct};
use super::norm::{GpuNorms, GpuNormsBackward, RowNorm};
use super::product::{GpuProduct, GpuProducts, GpuProductsBackward};
use crate::ops::autodiff::register_all;

#[derive(Debug)]
struct NormBackward;

impl<B: GpuNormsBackward> Backward<B, 1> for NormBackward {
    /// The input and the gain.
    type State = ([FloatTensor<B>; 2], RowNorm);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([x, gain], norm) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::gpu_norm_backward(x, gradient, gain, norm));
    }
}

impl<B: GpuNormsBackward, C: CheckpointStrategy> GpuNorms for Autodiff<B, C> {
    fn gpu_norm(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        norm: RowNorm,
    ) -> FloatTensor<Self> {
        assert!(!gain.is_tracked() && !bias.is_tracked(), "weights are constants");
        let (node, is_tracked) = (x.node(), x.is_tracked());
        let (x, gain, bias) = (x.into_primitive(), gain.into_primitive(), bias.into_primitive());
        let out = B::gpu_norm(x.clone(), gain.clone(), bias, norm);
        if !is_tracked {
            return Self::from_inner(out);
        }
        match NormBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(([x, gain], norm), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct ProductBackward;

impl<B: GpuProductsBackward> Backward<B, 1> for ProductBackward {
    /// The weights, and the product before its activation where it has one.
    type State = (FloatTensor<B>, Option<FloatTensor<B>>, GpuProduct);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (b, before, product) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            let gradient = match before {
                Some(before) => B::gpu_activation_backward(before, gradient, product.act),
                None => gradient,
            };
            // The bias is not read.
            let all = B::gpu_product(gradient, b.clone(), b, product.back());
            // What one left side served comes together.
            let axes = [1, 2].into_iter().zip(product.a_has).filter(|(_, has)| !has);
            axes.fold(all, |sum, (axis, _)| B::float_sum_dim(sum, axis))
        });
    }
}

impl<B: GpuProductsBackward, C: CheckpointStrategy> GpuProducts for Autodiff<B, C> {
    fn gpu_product(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        product: GpuProduct,
    ) -> FloatTensor<Self> {
        assert!(!b.is_tracked() && !bias.is_tracked(), "weights are constants");
        let (node, is_tracked) = (a.node(), a.is_tracked());
        let (a, b, bias) = (a.into_primitive(), b.into_primitive(), bias.into_primitive());
        if !is_tracked {
            return Self::from_inner(B::gpu_product(a, b, bias, product));
        }
        assert!(product.b_rows == product.depth, "all rows");
        let alone = B::gpu_product(a, b.clone(), bias, GpuProduct { act: GpuAct::None, ..product });
        let (before, out) = match product.act {
            GpuAct::None => (None, alone),
            act => (Some(alone.clone()), B::gpu_activation(alone, act)),
        };
        match ProductBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((b, before, product), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct NodeProductBackward;

impl<B: GpuNormsBackward + GpuProducts> Backward<B, 2> for NodeProductBackward {
    /// The input, the gain and the weights; the shape of the zeros.
    type State = ([FloatTensor<B>; 3], Shape, NodeProduct);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([x, gain, w], shape, NodeProduct { norm, product }) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let by_weights = B::gpu_product(gradient, w.clone(), w, product.back()); // [1, g, h, row, d]
        let [_, g, h] = product.counts;
        let by_node = if shape[1] == g * h { by_weights } else { B::float_sum_dim(by_weights, 1) };
        let by_node = match norm {
            Some(norm) => B::gpu_norm_backward(x.clone(), by_node, gain, norm),
            None => by_node,
        };
        let apart = B::float_reshape(by_node.clone(), Shape::new([shape[1], product.n_rows, product.depth]));
        let by_x = B::float_reshape(B::float_sum_dim(apart, 0), x.shape());
        let found = [by_x, B::float_reshape(by_node, shape)];
        register_all::<B, _>(ops.parents.map(|parent| Some(parent?.id)), found, grads);
    }
}

impl<B: GpuNormsBackward + GpuProducts + GpuNodeProducts, C: CheckpointStrategy> GpuNodeProducts for Autodiff<B, C> {
    fn gpu_node_product(
        x: FloatTensor<Self>,
        zeros: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        norm_bias: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        product: NodeProduct,
    ) -> FloatTensor<Self> {
        assert!(!w.is_tracked() && !bias.is_tracked(), "weights are constants");
        let (nodes, shape) = ([x.node(), zeros.node()], zeros.shape());
        let (x, zeros, gain, norm_bias) =
            (x.into_primitive(), zeros.into_primitive(), gain.into_primitive(), norm_bias.into_primitive());
        let (w, bias) = (w.into_primitive(), bias.into_primitive());
        let out = B::gpu_node_product(x.clone(), zeros, gain.clone(), norm_bias, w.clone(), bias, product);
        match NodeProductBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(([x, gain, w], shape, product), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct AttentionBackward;

impl<B: GpuAttendsBackward> Backward<B, 3> for AttentionBackward {
    /// Queries, keys and values, and how many tokens are padding.
    type State = ([FloatTensor<B>; 3], FloatTensor<B>, GpuAttention);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (qkv, padding, attention) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let found = B::gpu_attention_backward(qkv, padding, gradient, attention);
        register_all::<B, _>(ops.parents.map(|parent| Some(parent?.id)), found, grads);
    }
}

impl<B: GpuAttendsBackward, C: CheckpointStrategy> GpuAttends for Autodiff<B, C> {
    fn gpu_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        padding: FloatTensor<Self>,
        attention: GpuAttention,
    ) -> FloatTensor<Self> {
        let is_tracked = [&q, &k, &v].iter().any(|x| x.is_tracked());
        let nodes = [q.node(), k.node(), v.node()];
        let (q, k, v, padding) = (q.into_primitive(), k.into_primitive(), v.into_primitive(), padding.into_primitive());
        let z = B::gpu_attention(q.clone(), k.clone(), v.clone(), padding.clone(), attention);
        if !is_tracked {
            return Self::from_inner(z);
        }
        match AttentionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(([q, k, v], padding, attention), z),
            OpsKind::UnTracked(prep) => prep.finish(z),
        }
    }
}
