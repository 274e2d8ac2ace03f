//! Products on a GPU under burn's autodiff: the gradient by the left side, where weights are constants.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::GpuAct;
use super::product::{GpuProduct, GpuProducts};

#[derive(Debug)]
struct ProductBackward;

impl<B: GpuProducts> Backward<B, 1> for ProductBackward {
    type State = (FloatTensor<B>, GpuProduct);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (b, product) = ops.state;
        let back = GpuProduct {
            a_has: [true, true],
            depth: product.width,
            b_rows: product.width,
            width: product.depth,
            is_turned: !product.is_turned,
            has_bias: false,
            ..product
        };
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            // The bias is not read.
            let all = B::gpu_product(gradient, b.clone(), b, back);
            // What one left side served comes together.
            let axes = [1, 2].into_iter().zip(product.a_has).filter(|(_, has)| !has);
            axes.fold(all, |sum, (axis, _)| B::float_sum_dim(sum, axis))
        });
    }
}

impl<B: GpuProducts, C: CheckpointStrategy> GpuProducts for Autodiff<B, C> {
    fn gpu_product(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        product: GpuProduct,
    ) -> FloatTensor<Self> {
        assert!(!b.is_tracked() && !bias.is_tracked(), "weights are constants");
        let (node, is_tracked) = (a.node(), a.is_tracked());
        let (a, b, bias) = (a.into_primitive(), b.into_primitive(), bias.into_primitive());
        let out = B::gpu_product(a, b.clone(), bias, product);
        if !is_tracked {
            return Self::from_inner(out);
        }
        assert!(product.act == GpuAct::None && product.b_rows == product.depth, "a product alone, with all rows");
        match ProductBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((b, product), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}
