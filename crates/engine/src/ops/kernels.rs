//! Operations of our own on burn's CPU backend, with their backward passes: a norm, a product with packed weights and an activation in
//! one, attention, rotary positions. What they compute is said in [`circuitscope_kernels`].

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Bytes, DType, Dispatch, DispatchDevice, Flex, Shape, backend_extension};
use burn::tensor::{Device, Slice, Tensor};

use circuitscope_kernels::{
    Activation, Attended, AttentionShape, Job, Norm, NormKind, Packed, Sizes, attention, attention_backward, product,
    product_transposed, product_with_table, product_with_table_backward, total,
};

/// A norm whose numbers are at hand.
#[derive(Debug, Clone)]
pub struct HostNorm {
    pub kind: NormKind,
    pub eps: f32,
    /// `[d]`
    pub gain: Option<Vec<f32>>,
    /// `[d]`
    pub bias: Option<Vec<f32>>,
}

impl HostNorm {
    pub fn norm(&self) -> Norm<'_> {
        let Self { kind, eps, gain, bias } = self;
        Norm { kind: *kind, eps: *eps, gain: gain.as_deref(), bias: bias.as_deref() }
    }
}

/// `act(norm(x) · weights + bias)` for some groups of the weights.
#[derive(Debug, Clone)]
pub struct Product {
    /// Of rows as long as the weights are deep.
    pub norm: Option<Arc<HostNorm>>,
    pub weights: Arc<Packed>,
    pub with_bias: bool,
    pub act: Activation,
    pub jobs: Vec<Job>,
    pub sizes: Sizes,
}

/// Which keys queries attend to, and by how much scores are multiplied.
#[derive(Debug, Clone)]
pub struct Attention {
    pub attended: Attended,
    pub scale: f32,
}

/// Where rotary positions turn queries or keys: number `i` and number `i + half` by the angle of a position, and others not.
#[derive(Debug, Clone)]
pub struct Angles {
    /// `[batch | 1, position, half]`
    pub cos: Vec<f32>,
    /// `[batch | 1, position, half]`
    pub sin: Vec<f32>,
    pub half: usize,
}

/// Some rows of a tensor whose other rows are taken as well. In the backward pass the first part's gradient begins the gradient by the whole,
/// and the others write their rows into it.
#[derive(Debug, Clone)]
pub struct Part {
    /// Along the first axis.
    pub rows: Range<usize>,
    /// Whether the gradient by the whole is there; one for all parts.
    pub has_begun: Arc<AtomicBool>,
}

/// The operations. On the backends that are not named here plain tensor operations take their place.
#[backend_extension(Flex, Autodiff)]
pub trait Kernels: Backend {
    /// # Shapes
    /// - x, output: `[.., d]`
    fn kernel_norm(x: FloatTensor<Self>, norm: Arc<HostNorm>) -> FloatTensor<Self>;

    /// # Shapes
    /// - x: any, of which each job takes its rows
    /// - output: `[job, row, width]`
    fn kernel_product(x: FloatTensor<Self>, product: Arc<Product>) -> FloatTensor<Self>;

    /// Products of one input, to which each of several nodes adds a zero of its own: the gradient by a zero is that by the node's input.
    ///
    /// # Shapes
    /// - x: `[row, d]`
    /// - zeros: `[1, node, batch, position, d]`
    /// - output: `[job, row, width]`; the place of a job is its node
    fn kernel_node_product(x: FloatTensor<Self>, zeros: FloatTensor<Self>, product: Arc<Product>) -> FloatTensor<Self>;

    /// Some rows; see [`Part`].
    ///
    /// # Shapes
    /// - whole: `[row, ..]`
    /// - output: `[row of the part, ..]`
    fn kernel_part(whole: FloatTensor<Self>, part: Part) -> FloatTensor<Self>;

    /// # Shapes
    /// - q: `[circuit, head, batch, query, d_head]`
    /// - k, v: `[circuit, key and value head, batch, seq, d_head]`
    /// - output: `[circuit, batch, query, head, d_head]`
    fn kernel_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        attention: Arc<Attention>,
    ) -> FloatTensor<Self>;

    /// # Shapes
    /// - x, output: `[circuit, head, batch, position, d_head]`
    fn kernel_rotary(x: FloatTensor<Self>, angles: Arc<Angles>) -> FloatTensor<Self>;

    /// `x · tableᵀ`; the table's gradient is not computed.
    ///
    /// # Shapes
    /// - x: `[row, d]`
    /// - table: `[n, d]`
    /// - output: `[row, n]`
    fn kernel_table_product(x: FloatTensor<Self>, table: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What their backward passes need.
pub trait KernelsBackward: Kernels {
    /// The product before its activation, and after it.
    fn kernel_product_kept(x: FloatTensor<Self>, product: Arc<Product>) -> [FloatTensor<Self>; 2];

    /// The gradient by `x`; `before` is the product before its activation.
    fn kernel_product_backward(
        x: FloatTensor<Self>,
        before: Option<FloatTensor<Self>>,
        gradient: FloatTensor<Self>,
        product: Arc<Product>,
    ) -> FloatTensor<Self>;

    /// The gradients by the input and by the zeros, of this shape; `product` is that of [`Kernels::kernel_node_product`].
    fn kernel_node_product_backward(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        zeros: Shape,
        product: Arc<Product>,
    ) -> [FloatTensor<Self>; 2];

    fn kernel_norm_backward(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        norm: Arc<HostNorm>,
    ) -> FloatTensor<Self>;

    /// The gradients by q, k and v.
    fn kernel_attention_backward(
        qkv: [FloatTensor<Self>; 3],
        gradient: FloatTensor<Self>,
        attention: Arc<Attention>,
    ) -> [FloatTensor<Self>; 3];

    /// Turned back.
    fn kernel_rotary_backward(gradient: FloatTensor<Self>, angles: Arc<Angles>) -> FloatTensor<Self>;

    /// `gradient · table`
    fn kernel_table_product_backward(gradient: FloatTensor<Self>, table: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The numbers of a tensor, row-major; copied if they do not lie so.
fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.as_slice::<f32>().is_some() { x } else { x.to_contiguous() }
}

fn slice(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>().expect("models are of f32, and the tensor was made contiguous")
}

fn dims(x: &FlexTensor) -> Vec<usize> {
    x.layout().shape().to_vec()
}

fn tensor(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape)), DType::F32)
}

impl Product {
    fn shape(&self) -> Vec<usize> {
        vec![self.jobs.len(), self.sizes.n_rows, self.weights.shape().width]
    }

    fn of(&self, x: &[f32], act: Activation) -> Vec<f32> {
        let Self { norm, weights, with_bias, jobs, sizes, .. } = self;
        let normed = norm.as_ref().map(|norm| norm.norm().forward(weights.shape().depth, x));
        product(weights, jobs, *sizes, normed.as_deref().unwrap_or(x), *with_bias, act)
    }
}

impl Attention {
    fn shape(&self, q: &[usize], k: &[usize]) -> AttentionShape {
        let (&[circuits, heads, batch, queries, d_head], scale) = (q.as_array().expect("five axes"), self.scale);
        AttentionShape { circuits, heads, key_value_heads: k[1], batch, queries, seq: k[3], d_head, scale }
    }
}

impl Angles {
    /// Turns, or turns back.
    fn turn(&self, x: &[f32], dims: &[usize], sign: f32) -> Vec<f32> {
        let &[circuits, heads, batch, positions, d_head] = dims.as_array().expect("five axes");
        let (half, per_prompt) = (self.half, self.cos.len() > positions * self.half);
        let mut turned = Vec::with_capacity(x.len());
        for (i, row) in x.chunks_exact(d_head).enumerate().take(circuits * heads * batch * positions) {
            let (prompt, position) = (i / positions % batch, i % positions);
            let at = (if per_prompt { prompt * positions } else { 0 } + position) * half;
            let (cos, sin) = (&self.cos[at..at + half], &self.sin[at..at + half]);
            let (a, b) = (&row[..half], &row[half..2 * half]);
            turned.extend(a.iter().zip(b).zip(cos.iter().zip(sin)).map(|((a, b), (c, s))| a * c - b * s * sign));
            turned.extend(a.iter().zip(b).zip(cos.iter().zip(sin)).map(|((a, b), (c, s))| b * c + a * s * sign));
            turned.extend_from_slice(&row[2 * half..]);
        }
        turned
    }
}

impl Part {
    pub(super) fn slices(&self) -> [Slice; 1] {
        [Slice::from(self.rows.clone())]
    }
}

impl Kernels for Flex {
    fn kernel_norm(x: FlexTensor, norm: Arc<HostNorm>) -> FlexTensor {
        let (shape, x) = (dims(&x), contiguous(x));
        let d = shape[shape.len() - 1];
        tensor(norm.norm().forward(d, slice(&x)), shape)
    }

    fn kernel_product(x: FlexTensor, product: Arc<Product>) -> FlexTensor {
        let x = contiguous(x);
        tensor(product.of(slice(&x), product.act), product.shape())
    }

    fn kernel_node_product(x: FlexTensor, _: FlexTensor, product: Arc<Product>) -> FlexTensor {
        let x = contiguous(x);
        let jobs = product.jobs.iter().map(|job| Job { at: 0, ..*job }).collect();
        let of_one_input = Product { jobs, ..(*product).clone() };
        tensor(of_one_input.of(slice(&x), product.act), product.shape())
    }

    fn kernel_part(whole: FlexTensor, part: Part) -> FlexTensor {
        Self::float_slice(whole, &part.slices())
    }

    fn kernel_attention(q: FlexTensor, k: FlexTensor, v: FlexTensor, attention: Arc<Attention>) -> FlexTensor {
        let [q, k, v] = [q, k, v].map(contiguous);
        let shape = attention.shape(&dims(&q), &dims(&k));
        let z = self::attention(shape, &attention.attended, [slice(&q), slice(&k), slice(&v)]);
        tensor(z, vec![shape.circuits, shape.batch, shape.queries, shape.heads, shape.d_head])
    }

    fn kernel_rotary(x: FlexTensor, angles: Arc<Angles>) -> FlexTensor {
        let (shape, x) = (dims(&x), contiguous(x));
        tensor(angles.turn(slice(&x), &shape, 1.0), shape)
    }

    fn kernel_table_product(x: FlexTensor, table: FlexTensor) -> FlexTensor {
        let (x, table) = (contiguous(x), contiguous(table));
        let (n, d) = (dims(&table)[0], dims(&table)[1]);
        tensor(product_with_table(slice(&table), d, slice(&x)), vec![dims(&x)[0], n])
    }
}

impl KernelsBackward for Flex {
    fn kernel_product_kept(x: FlexTensor, product: Arc<Product>) -> [FlexTensor; 2] {
        let x = contiguous(x);
        let before = product.of(slice(&x), Activation::None);
        let mut after = before.clone();
        product.act.forward(&mut after);
        [before, after].map(|values| tensor(values, product.shape()))
    }

    fn kernel_product_backward(
        x: FlexTensor,
        before: Option<FlexTensor>,
        gradient: FlexTensor,
        product: Arc<Product>,
    ) -> FlexTensor {
        let (x, gradient) = (contiguous(x), contiguous(gradient));
        let Product { norm, weights, act, jobs, sizes, .. } = &*product;
        let (xs, shape) = (slice(&x), dims(&x));
        let transposed = |gradient: &[f32]| product_transposed(weights, jobs, *sizes, gradient, xs.len());
        let mut by_x = match before {
            None => transposed(slice(&gradient)),
            Some(before) => {
                let mut gradient = slice(&gradient).to_vec();
                act.backward(slice(&contiguous(before)), &mut gradient);
                transposed(&gradient)
            }
        };
        if let Some(norm) = norm {
            norm.norm().backward(weights.shape().depth, xs, &mut by_x);
        }
        tensor(by_x, shape)
    }

    fn kernel_node_product_backward(
        x: FlexTensor,
        gradient: FlexTensor,
        zeros: Shape,
        product: Arc<Product>,
    ) -> [FlexTensor; 2] {
        let (x, gradient) = (contiguous(x), contiguous(gradient));
        let Product { norm, weights, jobs, sizes, .. } = &*product;
        let (one, d) = (slice(&x).len(), weights.shape().depth);
        let jobs: Vec<_> = jobs.iter().map(|job| Job { at: job.at * one, ..*job }).collect();
        let mut by_node = product_transposed(weights, &jobs, *sizes, slice(&gradient), zeros.num_elements());
        let by_x = match norm {
            Some(norm) => norm.norm().backward_of_several(d, slice(&x), &mut by_node),
            None => total(&by_node.chunks_exact(one).collect::<Vec<_>>()),
        };
        [tensor(by_x, dims(&x)), tensor(by_node, zeros.to_vec())]
    }

    fn kernel_norm_backward(x: FlexTensor, gradient: FlexTensor, norm: Arc<HostNorm>) -> FlexTensor {
        let (x, gradient) = (contiguous(x), contiguous(gradient));
        let shape = dims(&x);
        let mut by_x = slice(&gradient).to_vec();
        norm.norm().backward(shape[shape.len() - 1], slice(&x), &mut by_x);
        tensor(by_x, shape)
    }

    fn kernel_attention_backward(
        qkv: [FlexTensor; 3],
        gradient: FlexTensor,
        attention: Arc<Attention>,
    ) -> [FlexTensor; 3] {
        let (qkv, gradient) = (qkv.map(contiguous), contiguous(gradient));
        let [q, k, v] = &qkv;
        let shape = attention.shape(&dims(q), &dims(k));
        let found = attention_backward(shape, &attention.attended, [slice(q), slice(k), slice(v)], slice(&gradient));
        let [dq, dk, dv] = found;
        [tensor(dq, dims(q)), tensor(dk, dims(k)), tensor(dv, dims(v))]
    }

    fn kernel_rotary_backward(gradient: FlexTensor, angles: Arc<Angles>) -> FlexTensor {
        let gradient = contiguous(gradient);
        tensor(angles.turn(slice(&gradient), &dims(&gradient), -1.0), dims(&gradient))
    }

    fn kernel_table_product_backward(gradient: FlexTensor, table: FlexTensor) -> FlexTensor {
        let (gradient, table) = (contiguous(gradient), contiguous(table));
        let d = dims(&table)[1];
        tensor(product_with_table_backward(slice(&table), d, slice(&gradient)), vec![dims(&gradient)[0], d])
    }
}

/// See [`Kernels::kernel_norm`].
pub fn norm<const D: usize>(x: Tensor<D>, norm: &Arc<HostNorm>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::kernel_norm(x.into_dispatch(), norm.clone()))
}

/// See [`Kernels::kernel_product`].
pub fn packed_product<const D: usize>(x: Tensor<D>, product: Product) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::kernel_product(x.into_dispatch(), Arc::new(product)))
}

/// See [`Kernels::kernel_node_product`].
pub fn node_product(x: Tensor<2>, zeros: Tensor<5>, product: Product) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::kernel_node_product(x.into_dispatch(), zeros.into_dispatch(), Arc::new(product)))
}

/// Cuts a tensor into parts that follow each other, each of so many rows. Nothing else may use the tensor, which is no leaf: the gradient by it
/// is made of theirs.
///
/// # Shapes
/// - whole: `[row, ..]`
/// - output: each `[row of the part, ..]`
pub fn parts<const D: usize>(whole: Tensor<D>, n_rows: &[usize]) -> Vec<Tensor<D>> {
    let (has_begun, mut first) = (Arc::new(AtomicBool::new(false)), 0);
    let part = |&n: &usize| {
        let part = Part { rows: first..first + n, has_begun: has_begun.clone() };
        first += n;
        Tensor::from_dispatch(Dispatch::kernel_part(whole.clone().into_dispatch(), part))
    };
    n_rows.iter().map(part).collect()
}

/// See [`Kernels::kernel_attention`].
pub fn attend(q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, attention: Attention) -> Tensor<5> {
    let [q, k, v] = [q, k, v].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::kernel_attention(q, k, v, Arc::new(attention)))
}

/// See [`Kernels::kernel_rotary`].
pub fn rotate(x: Tensor<5>, angles: &Arc<Angles>) -> Tensor<5> {
    Tensor::from_dispatch(Dispatch::kernel_rotary(x.into_dispatch(), angles.clone()))
}

/// See [`Kernels::kernel_table_product`].
pub fn table_product(x: Tensor<2>, table: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::kernel_table_product(x.into_dispatch(), table.into_dispatch()))
}

/// Whether tensors of a device are in this program's memory, where the kernels work.
pub fn work_on(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}

/// The numbers of a tensor of such a device, without a copy where they lie one after the other.
pub struct Host(FlexTensor);

impl Host {
    /// # Panics
    /// For a tensor of another device.
    pub fn new<const D: usize>(x: Tensor<D>) -> Self {
        Self(contiguous(x.try_into_primitive::<Flex>().expect("the device was asked for")))
    }

    /// Row-major.
    pub fn slice(&self) -> &[f32] {
        slice(&self.0)
    }
}

/// A copy of the numbers of a tensor of such a device, row-major.
///
/// # Panics
/// For a tensor of another device.
pub fn host<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    Host::new(x.clone()).slice().to_vec()
}
