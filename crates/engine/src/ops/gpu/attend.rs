//! Attention on a GPU: how its kernels are launched.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::attention::{
    AttentionLaunch, How, attend_queries, attend_queries_backward, keys_values_backward, queries_backward,
};
use super::{N_UNITS, like, sharing, threads, unset};

/// How many scores fit a workgroup's memory, of which WebGPU promises 16 KiB, with as many gradients beside them.
const MOST_KEYS: usize = 2048;

/// Which keys queries attend to, and what is made of them.
#[derive(Debug, Clone, Copy)]
pub struct GpuAttention {
    /// What scores are multiplied with.
    pub scale: f32,
    /// The position of the first query.
    pub first_query: usize,
    /// Whether no query attends to later positions.
    pub is_causal: bool,
    /// How many positions up to its own a query attends to at most.
    pub window: Option<usize>,
    /// Whether prompts begin with padding, which is not attended to.
    pub has_padding: bool,
    /// Whether the heads' outputs are to lie apart.
    pub apart: bool,
}

#[backend_extension(Cube, Autodiff)]
pub trait GpuAttends: Backend {
    /// # Shapes
    /// - q: `[circuit, head, batch, query, d_head]`
    /// - k, v: `[circuit, key and value head, batch, seq, d_head]`
    /// - padding: `[batch]`, how many tokens of each prompt are padding; of which nothing is read where none is
    /// - output: `[circuit, batch, query, head, d_head]`, or `[circuit, head, batch, query, d_head]` where heads are to be apart
    fn gpu_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        padding: FloatTensor<Self>,
        attention: GpuAttention,
    ) -> FloatTensor<Self>;
}

pub trait GpuAttendsBackward: GpuAttends {
    /// The gradients by q, k and v, from that by the output; see [`GpuAttends::gpu_attention`].
    fn gpu_attention_backward(
        qkv: [FloatTensor<Self>; 3],
        padding: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        attention: GpuAttention,
    ) -> [FloatTensor<Self>; 3];
}

/// The sizes of an attention.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    circuits: usize,
    heads: usize,
    key_value_heads: usize,
    batch: usize,
    queries: usize,
    seq: usize,
    d_head: usize,
}

impl Sizes {
    fn new(q: &CubeTensor, k: &CubeTensor) -> Self {
        let (q, k) = (q.shape(), k.shape());
        let (circuits, heads, batch, queries, d_head) = (q[0], q[1], q[2], q[3], q[4]);
        Self { circuits, heads, key_value_heads: k[1], batch, queries, seq: k[3], d_head }
    }

    fn n_queries(&self) -> usize {
        self.circuits * self.heads * self.batch * self.queries
    }

    /// How many threads share a query: so many that all scores of a workgroup have room.
    fn per_query(&self) -> usize {
        let most_keys = self.seq.next_power_of_two();
        sharing(self.seq.max(self.d_head)).max(N_UNITS as usize * most_keys / MOST_KEYS)
    }

    /// As kernels take them.
    fn launch(&self, attention: GpuAttention) -> AttentionLaunch {
        let &Self { heads, key_value_heads, batch, queries, seq, d_head, .. } = self;
        let GpuAttention { scale, first_query, is_causal, window, has_padding, apart } = attention;
        let (most_keys, per_query) = (seq.next_power_of_two(), self.per_query());
        AttentionLaunch::new(
            scale,
            heads,
            key_value_heads,
            batch,
            queries,
            seq,
            d_head,
            first_query,
            window.unwrap_or(first_query + queries + seq),
            self.n_queries(),
            How { is_causal, has_padding, apart, most_keys, per_query },
        )
    }
}

impl GpuAttends for CubeBackend {
    fn gpu_attention(
        q: CubeTensor,
        k: CubeTensor,
        v: CubeTensor,
        padding: CubeTensor,
        attention: GpuAttention,
    ) -> CubeTensor {
        let [q, k, v, padding] = [q, k, v, padding].map(into_contiguous);
        let sizes = Sizes::new(&q, &k);
        let Sizes { circuits, heads, batch, queries, d_head, .. } = sizes;
        let shape = match attention.apart {
            true => [circuits, heads, batch, queries, d_head],
            false => [circuits, batch, queries, heads, d_head],
        };
        let out = like(&q, Shape::new(shape));
        // SAFETY: the sizes are those of the tensors, and `seq` is at most what a workgroup has room for.
        unsafe {
            attend_queries::launch_unchecked(
                &out.client,
                threads(sizes.n_queries() * sizes.per_query()),
                CubeDim::new_1d(N_UNITS),
                q.into_buffer_arg(),
                k.into_buffer_arg(),
                v.into_buffer_arg(),
                padding.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                sizes.launch(attention),
            );
        }
        out
    }
}

impl GpuAttendsBackward for CubeBackend {
    fn gpu_attention_backward(
        qkv: [CubeTensor; 3],
        padding: CubeTensor,
        gradient: CubeTensor,
        attention: GpuAttention,
    ) -> [CubeTensor; 3] {
        let [q, k, v] = qkv.map(into_contiguous);
        let [padding, gradient] = [padding, gradient].map(into_contiguous);
        let sizes = Sizes::new(&q, &k);
        let Sizes { circuits, heads, batch, queries, seq, .. } = sizes;
        let [by_q, by_k, by_v] = [&q, &k, &v].map(|x| like(x, x.shape()));
        let [probabilities, by_scores] =
            [(), ()].map(|()| like(&q, Shape::new([circuits, heads, batch, queries, seq])));
        // SAFETY: the sizes are those of the tensors, and `seq` is at most what a workgroup has room for.
        unsafe {
            attend_queries_backward::launch_unchecked(
                &by_q.client,
                threads(sizes.n_queries() * sizes.per_query()),
                CubeDim::new_1d(N_UNITS),
                q.clone().into_buffer_arg(),
                k.clone().into_buffer_arg(),
                v.into_buffer_arg(),
                padding.into_buffer_arg(),
                gradient.clone().into_buffer_arg(),
                probabilities.clone().into_buffer_arg(),
                by_scores.clone().into_buffer_arg(),
                sizes.launch(attention),
            );
            let n_numbers = by_q.shape().num_elements();
            queries_backward::launch_unchecked(
                &by_q.client,
                threads(n_numbers),
                CubeDim::new_1d(N_UNITS),
                k.into_buffer_arg(),
                by_scores.clone().into_buffer_arg(),
                by_q.clone().into_buffer_arg(),
                n_numbers,
                sizes.launch(attention),
            );
            let n_numbers = by_k.shape().num_elements();
            keys_values_backward::launch_unchecked(
                &by_k.client,
                threads(n_numbers),
                CubeDim::new_1d(N_UNITS),
                q.into_buffer_arg(),
                gradient.into_buffer_arg(),
                probabilities.into_buffer_arg(),
                by_scores.into_buffer_arg(),
                by_k.clone().into_buffer_arg(),
                by_v.clone().into_buffer_arg(),
                n_numbers,
                sizes.launch(attention),
            );
        }
        [by_q, by_k, by_v]
    }
}

/// Whether a workgroup has room for the scores of so many keys.
pub fn has_room_for(n_keys: usize) -> bool {
    n_keys <= MOST_KEYS
}

/// See [`GpuAttends::gpu_attention`]; where heads are to be apart, they lie so, and the shape is the same.
pub fn attend(qkv: [Tensor<5>; 3], padding: Option<Tensor<1>>, attention: GpuAttention) -> Tensor<5> {
    let is_autodiff = qkv.iter().any(Tensor::is_autodiff);
    let padding = padding.unwrap_or_else(|| unset(&qkv[0]));
    let [q, k, v] = qkv.map(|x| if is_autodiff { x.autodiff() } else { x }.into_dispatch());
    let padding = if is_autodiff { padding.autodiff() } else { padding }.into_dispatch();
    let z: Tensor<5> = Tensor::from_dispatch(Dispatch::gpu_attention(q, k, v, padding, attention));
    if attention.apart { z.permute([0, 2, 3, 1, 4]) } else { z }
}
