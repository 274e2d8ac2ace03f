//! From queries, keys and values to what heads gather: scores, mask, softmax and the sum of values.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData, activation};

#[cfg(feature = "gpu")]
use super::gpu;
use super::kernels;
use circuitscope_core::AttentionDir;
use circuitscope_kernels::Attended;

/// Added to the scores of positions that are not attended to: their softmax is 0 exactly, with no infinities, which
/// shaders need not support.
const MASKED: f32 = -1e30;

/// Which keys the queries of a forward pass attend to, but for what differs from block to block.
pub struct Masks {
    seq: usize,
    /// How many padding tokens each prompt begins with; `None` where none does.
    padding: Option<Vec<usize>>,
    /// Whether the kernels compute it.
    on_host: bool,
    /// The same on a GPU, once it is asked for.
    #[cfg(feature = "gpu")]
    on_device: std::cell::OnceCell<Tensor<1>>,
    /// The masks made so far: blocks of the same kind share them.
    made: RefCell<HashMap<Reach, Option<Mask>>>,
}

/// What a mask depends on within a forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reach {
    pub dir: AttentionDir,
    /// How many positions a query attends to, itself included.
    pub window: Option<usize>,
    /// The position of the first query.
    pub first_query: usize,
}

/// Which keys a query attends to.
#[derive(Debug, Clone)]
struct Mask {
    /// Added to the scores, 0 or [`MASKED`]: `[1, 1, batch | 1, query position, seq]`
    add: Tensor<5>,
    /// Where prompts are padded, 0 for queries that attend to nothing: `[1, 1, batch, query position, 1]`
    attends: Option<Tensor<5>>,
}

impl Masks {
    pub fn new(seq: usize, padding: Option<Vec<usize>>, on_host: bool) -> Self {
        Self {
            seq,
            padding,
            on_host,
            #[cfg(feature = "gpu")]
            on_device: std::cell::OnceCell::new(),
            made: RefCell::new(HashMap::new()),
        }
    }

    /// What heads gather; scores are divided by `scale`. `show` is called with the attention probabilities, `[circuit, head, batch, query
    /// position, seq]`, where there is one. What heads gather lies apart in memory where it will be asked for `apart` and that costs
    /// nothing.
    ///
    /// # Shapes
    /// - q: `[circuit, head, batch, query position, d_head]`
    /// - k, v: `[circuit, head | key and value head, batch, seq, d_head]`; circuits are as many for all three, or 1
    /// - output: `[circuit, batch, query position, head, d_head]`
    pub fn attend(
        &self,
        [q, k, v]: [Tensor<5>; 3],
        reach: Reach,
        scale: f64,
        apart: bool,
        show: Option<&mut dyn FnMut(&Tensor<5>)>,
    ) -> Tensor<5> {
        #[cfg(not(feature = "gpu"))]
        let _ = apart;
        let heads = q.dims()[1];
        if show.is_none() && self.on_host {
            return self.by_kernels([q, k, v], reach, scale);
        }
        #[cfg(feature = "gpu")]
        if show.is_none()
            && gpu::attend::has_room_for(self.seq)
            && [&q, &k, &v].iter().all(|x| gpu::differentiates_on(&x.device()))
        {
            return self.on_gpu([q, k, v], reach, scale, apart);
        }
        let pattern = self.pattern(q.clone(), k.clone(), reach, scale);
        if let Some(show) = show {
            show(&pattern);
            if self.on_host {
                return self.by_kernels([q, k, v], reach, scale);
            }
        }
        pattern.matmul(for_each_head(v, heads)).permute([0, 2, 3, 1, 4])
    }

    /// By the kernels of the CPU; see [`Masks::attend`].
    fn by_kernels(&self, qkv: [Tensor<5>; 3], reach: Reach, scale: f64) -> Tensor<5> {
        let Reach { dir, window, first_query } = reach;
        let causal = dir == AttentionDir::Causal;
        let attended = Attended { causal, window, first_query, padding: self.padding.clone() };
        let [q, k, v] = alike(qkv);
        kernels::attend(q, k, v, kernels::Attention { attended, scale: (1.0 / scale) as f32 })
    }

    /// On a GPU; see [`Masks::attend`].
    #[cfg(feature = "gpu")]
    fn on_gpu(&self, qkv: [Tensor<5>; 3], reach: Reach, scale: f64, apart: bool) -> Tensor<5> {
        let Reach { dir, window, first_query } = reach;
        let qkv = alike(qkv);
        let padding = self.padding.as_ref().map(|padding| {
            let uploaded = || {
                let counts: Vec<f32> = padding.iter().map(|&n| n as f32).collect();
                Tensor::from_data(TensorData::new(counts, [padding.len()]), &qkv[0].device().without_autodiff())
            };
            self.on_device.get_or_init(uploaded).clone()
        });
        let (is_causal, has_padding) = (dir == AttentionDir::Causal, padding.is_some());
        let scale = (1.0 / scale) as f32;
        let attention = gpu::attend::GpuAttention { scale, first_query, is_causal, window, has_padding, apart };
        gpu::attend::attend(qkv, padding, attention)
    }

    /// The attention probabilities.
    ///
    /// # Shapes
    /// - q: `[circuit, head, batch, query position, d_head]`
    /// - k: `[circuit, head | key and value head, batch, seq, d_head]`
    /// - output: `[circuit, head, batch, query position, seq]`
    fn pattern(&self, q: Tensor<5>, k: Tensor<5>, reach: Reach, scale: f64) -> Tensor<5> {
        let queries = reach.first_query..reach.first_query + q.dims()[3];
        let mask = self.mask(reach, &queries, &q.device());
        let k = for_each_head(k, q.dims()[1]);
        let scores = (q / scale).matmul(k.swap_dims(3, 4));
        match mask {
            None => activation::softmax(scores, 4),
            Some(Mask { add, attends: None }) => activation::softmax(scores + add, 4),
            Some(Mask { add, attends: Some(attends) }) => activation::softmax(scores + add, 4) * attends,
        }
    }

    /// `None`: every query attends to all keys.
    fn mask(&self, reach: Reach, queries: &Range<usize>, device: &Device) -> Option<Mask> {
        self.made.borrow_mut().entry(reach).or_insert_with(|| self.make(reach, queries, device)).clone()
    }

    fn make(&self, reach: Reach, queries: &Range<usize>, device: &Device) -> Option<Mask> {
        let Reach { dir, window, .. } = reach;
        if dir == AttentionDir::Bidirectional && self.padding.is_none() && window.is_none() {
            return None;
        }
        let seq = self.seq;
        // One for all prompts where none is padded.
        let padding = self.padding.as_deref().unwrap_or(&[0]);
        let mut add = Vec::with_capacity(padding.len() * queries.len() * seq);
        for &n_padding in padding {
            for query in queries.clone() {
                let near = |key: usize| window.is_none_or(|window| key + window > query);
                let seen = |key: usize| dir == AttentionDir::Bidirectional || key <= query;
                let entry = |key| if key >= n_padding && seen(key) && near(key) { 0.0 } else { MASKED };
                add.extend((0..seq).map(entry));
            }
        }
        let add = Tensor::from_data(TensorData::new(add, [1, 1, padding.len(), queries.len(), seq]), device);
        let attends = self.padding.as_ref().map(|padding| {
            let attends: Vec<f32> =
                padding.iter().flat_map(|&n| queries.clone().map(move |q| if q < n { 0.0 } else { 1.0 })).collect();
            Tensor::from_data(TensorData::new(attends, [1, 1, padding.len(), queries.len(), 1]), device)
        });
        Some(Mask { add, attends })
    }
}

/// Of as many circuits all, and of as many heads keys and values: patched keys may differ from head to head where values do not.
fn alike([q, k, v]: [Tensor<5>; 3]) -> [Tensor<5>; 3] {
    let circuits = [&q, &k, &v].map(|x| x.dims()[0]).into_iter().max().unwrap_or(1);
    let n_key_value_heads = k.dims()[1].max(v.dims()[1]);
    let [k, v] = [k, v].map(|x| for_each_head(x, n_key_value_heads));
    [q, k, v].map(|x| {
        let [_, a, b, c, d] = x.dims();
        x.expand([circuits, a, b, c, d])
    })
}

/// Keys or values that heads share, one for each.
///
/// # Shapes
/// - x: `[circuit, head | key and value head, batch, position, d_head]`
/// - output: `[circuit, head, batch, position, d_head]`
pub fn for_each_head(x: Tensor<5>, n_heads: usize) -> Tensor<5> {
    let [circuits, groups, batch, pos, d_head] = x.dims();
    if groups == n_heads {
        return x;
    }
    let (rest, per_group) = (batch * pos * d_head, n_heads / groups);
    let each = x.reshape([circuits, groups, 1, rest]).expand([circuits, groups, per_group, rest]);
    each.reshape([circuits, n_heads, batch, pos, d_head])
}
