//! Reads a model's weights tensor by tensor, out of one file or several: the headers, then each tensor's own byte range, in
//! slices into the one buffer that is uploaded before the next tensor is read. Host memory holds no more than one tensor and
//! a slice at a time.

use std::collections::HashMap;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::attention::Attention;
use super::error::ModelError;
use super::mlp::{Gate, Mlp};
use super::norm::Norm;
use super::rotary::RotaryTables;
use super::transformer::{Block, Transformer};
use circuitscope_core::config::family::{self, Param, Rearrange, Weight};
use circuitscope_core::files::shards;
use circuitscope_core::files::tensor_file::{SIZE_BYTES, header_bytes};
use circuitscope_core::{ActFn, ModelConfig, ShardIndex, TensorFile, TensorInfo};

/// How much of a file is in memory at a time.
const SLICE_BYTES: u64 = 8 << 20;
/// How many numbers are added up on the device at a time: summing takes a copy.
const SUMMED_AT_ONCE: usize = 1 << 22;

/// Something that bytes can be read from by their place: a file on disk, a browser's `File`, a URL, memory.
#[allow(async_fn_in_trait, reason = "used on one thread only, in the browser as well")]
pub trait ByteSource {
    /// The name, for messages.
    fn name(&self) -> &str;

    /// The number of bytes.
    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ModelError>;
}

/// Bytes in memory.
impl ByteSource for (&str, &[u8]) {
    fn name(&self) -> &str {
        self.0
    }

    fn len(&self) -> u64 {
        self.1.len() as u64
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ModelError> {
        let bytes = self.1.get(range.start as usize..range.end as usize);
        bytes.map(<[u8]>::to_vec).ok_or_else(|| cut_off(self.0))
    }
}

/// A file on disk.
#[cfg(not(target_arch = "wasm32"))]
impl ByteSource for std::path::PathBuf {
    fn name(&self) -> &str {
        self.to_str().unwrap_or("file")
    }

    fn len(&self) -> u64 {
        std::fs::metadata(self).map_or(0, |m| m.len())
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ModelError> {
        use std::io::{Read, Seek, SeekFrom};
        let read = || {
            let mut file = std::fs::File::open(self)?;
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = vec![0; (range.end - range.start) as usize];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|e: std::io::Error| ModelError::Read { file: self.name().to_owned(), reason: e.to_string() })
    }
}

fn cut_off(file: &str) -> ModelError {
    ModelError::Read { file: file.to_owned(), reason: "it ends before the bytes that were asked for".to_owned() }
}

/// The header of a safetensors file.
///
/// # Errors
/// When it cannot be read or is not one.
pub async fn read_header(source: &impl ByteSource) -> Result<TensorFile, ModelError> {
    let (file, file_bytes) = (source.name(), source.len());
    let start = source.read(0..SIZE_BYTES.min(file_bytes)).await?;
    let size = header_bytes(file, &start, file_bytes)?;
    let header = source.read(SIZE_BYTES..SIZE_BYTES + size).await?;
    Ok(TensorFile::parse(file, &header, file_bytes)?)
}

/// The headers of a model's files, put together.
///
/// # Errors
/// When one cannot be read, or they do not make a whole (see [`shards::join`]).
pub async fn read_headers<S: ByteSource>(sources: &[S], index: Option<&ShardIndex>) -> Result<TensorFile, ModelError> {
    let mut files = Vec::new();
    for source in sources {
        files.push(read_header(source).await?);
    }
    Ok(shards::join(files, index)?)
}

/// Puts a model on a device. `progress` is told the bytes read and the bytes in all after each tensor, and says whether to
/// go on.
///
/// # Errors
/// When the file does not fit the config (the message names tensor and shape), cannot be read, or did not arrive on the
/// device as it is.
pub async fn load(
    config: ModelConfig,
    source: &impl ByteSource,
    device: &Device,
    progress: impl AsyncFnMut(u64, u64) -> bool,
) -> Result<Transformer, ModelError> {
    load_shards(config, std::slice::from_ref(source), None, device, progress).await
}

/// Puts a model on a device whose weights are in several files, with the index that says which file has what, or without.
///
/// # Errors
/// As [`load`], and where the files do not make a whole (see [`shards::join`]).
pub async fn load_shards<S: ByteSource>(
    config: ModelConfig,
    sources: &[S],
    index: Option<&ShardIndex>,
    device: &Device,
    mut progress: impl AsyncFnMut(u64, u64) -> bool,
) -> Result<Transformer, ModelError> {
    let file = read_headers(sources, index).await?;
    let plan = family::locate(&config, &file)?;
    let total: u64 = plan.iter().map(|(_, info)| info.bytes.end - info.bytes.start).sum();
    let (mut weights, mut done) = (Weights::new(device.clone()), 0);
    for (weight, info) in &plan {
        let source = &sources[info.shard];
        weights.put(weight, read_tensor(source, &file, info, weight.rearrange.as_ref()).await?)?;
        done += info.bytes.end - info.bytes.start;
        if !progress(done, total).await {
            return Err(ModelError::Cancelled);
        }
    }
    weights.check(&file.file).await?;
    Ok(build(config, weights))
}

/// The numbers of a tensor with its axes in the order that is wanted, read a slice at a time.
async fn read_tensor(
    source: &impl ByteSource,
    file: &TensorFile,
    info: &TensorInfo,
    rearrange: Option<&Rearrange>,
) -> Result<Vec<f32>, ModelError> {
    let n_elements = info.shape.iter().product();
    let places = rearrange.map(Places::new);
    let mut numbers = if places.is_some() { vec![0.0; n_elements] } else { Vec::with_capacity(n_elements) };
    // What is rearranged goes to its place from here.
    let mut slice = Vec::new();
    let (mut at, mut n_read) = (info.bytes.start, 0);
    while at < info.bytes.end {
        let end = info.bytes.end.min(at + SLICE_BYTES);
        let bytes = source.read(at..end).await?;
        match &places {
            None => file.decode_into(info, &bytes, &mut numbers)?,
            Some(places) => {
                slice.clear();
                file.decode_into(info, &bytes, &mut slice)?;
                places.put(n_read, &slice, &mut numbers);
                n_read += slice.len();
            }
        }
        at = end;
    }
    Ok(numbers)
}

/// Where the numbers of a row-major tensor of shape `split` go when its axes are taken in another order.
struct Places {
    split: Vec<usize>,
    /// For each axis of `split`, how far a step along it goes in the result.
    strides: Vec<usize>,
}

impl Places {
    fn new(Rearrange { split, order }: &Rearrange) -> Self {
        let mut strides = vec![0; split.len()];
        let mut stride = 1;
        for &axis in order.iter().rev() {
            strides[axis] = stride;
            stride *= split[axis];
        }
        Self { split: split.clone(), strides }
    }

    /// Puts the numbers that stand from `first` on to their places.
    fn put(&self, first: usize, numbers: &[f32], to: &mut [f32]) {
        let (Some(&len), Some(&stride)) = (self.split.last(), self.strides.last()) else { return };
        let (mut at, mut rest) = (first, numbers);
        while !rest.is_empty() {
            let column = at % len;
            let (row, others) = rest.split_at((len - column).min(rest.len()));
            let start = self.row_place(at / len) + column * stride;
            for (i, &x) in row.iter().enumerate() {
                to[start + i * stride] = x;
            }
            (at, rest) = (at + row.len(), others);
        }
    }

    /// The place of the first number of a row, which lies along the last axis.
    fn row_place(&self, mut row: usize) -> usize {
        let mut place = 0;
        for axis in (0..self.split.len() - 1).rev() {
            place += row % self.split[axis] * self.strides[axis];
            row /= self.split[axis];
        }
        place
    }
}

/// The weights on the device, flat, with what their magnitudes should add up to.
struct Weights {
    device: Device,
    params: HashMap<Param, (Tensor<1>, Vec<usize>)>,
    sums: Vec<(Param, f64)>,
}

impl Weights {
    fn new(device: Device) -> Self {
        Self { device, params: HashMap::new(), sums: Vec::new() }
    }

    /// Uploads a weight and waits for nothing.
    fn put(&mut self, weight: &Weight, numbers: Vec<f32>) -> Result<(), ModelError> {
        self.sums.push((weight.param, numbers.iter().map(|&x| f64::from(x.abs())).sum()));
        let n_elements = numbers.len();
        let tensor = Tensor::from_data(TensorData::new(numbers, [n_elements]), &self.device);
        self.params.insert(weight.param, (tensor, weight.target.clone()));
        // Each upload leaves the host before the next is read.
        self.device.flush().map_err(|e| ModelError::device("uploading weights", e))
    }

    /// Compares sums of magnitudes on the device with those of the file. Uploads have been seen to arrive as zeros (cubecl
    /// issue 1120); sums of a million numbers are off by up to 0.35% on some devices, hence the 2%.
    async fn check(&self, file: &str) -> Result<(), ModelError> {
        let parts = self.sums.iter().flat_map(|(param, _)| sums_of_magnitudes(&self.params[param].0));
        let transaction = parts.fold(Transaction::default(), Transaction::register);
        let parts = transaction.execute_async().await.map_err(|e| ModelError::device("uploading weights", e))?;
        let mut parts = parts.into_iter();
        for (param, expected) in &self.sums {
            let n_parts = self.params[param].0.dims()[0].div_ceil(SUMMED_AT_ONCE);
            let mut found = 0.0;
            for data in parts.by_ref().take(n_parts) {
                let part: Vec<f32> = data.try_to_vec().map_err(|e| ModelError::device("uploading weights", e))?;
                found += f64::from(part[0]);
            }
            if expected.is_finite() && (found - expected).abs() > 0.02 * expected + 1e-6 {
                let (file, tensor) = (file.to_owned(), format!("{param:?}"));
                return Err(ModelError::Upload { file, tensor, expected: *expected, found });
            }
        }
        Ok(())
    }

    /// Takes a weight in the shape that the forward pass wants.
    fn take<const D: usize>(&mut self, param: Param) -> Option<Tensor<D>> {
        let (tensor, shape) = self.params.remove(&param)?;
        Some(tensor.reshape(<[usize; D]>::try_from(shape).expect("a weight has the rank of its Param")))
    }

    /// Takes a weight that the family's list holds.
    fn want<const D: usize>(&mut self, param: Param) -> Tensor<D> {
        self.take(param).expect("every family lists the weights that its config asks for")
    }

    /// The gain and bias of a norm, as far as the model has them.
    fn pair(&mut self, gain: Param, bias: Param) -> (Option<Tensor<1>>, Option<Tensor<1>>) {
        (self.take(gain), self.take(bias))
    }

    /// A bias in the shape `[1, n]`, where the model has it.
    fn bias(&mut self, param: Param) -> Option<Tensor<2>> {
        self.take::<1>(param).map(Tensor::unsqueeze)
    }

    /// Queries, keys and values together, as the file has them or put together here. Where there are fewer heads of keys and
    /// values, each is repeated for the queries that it serves.
    fn qkv<const D: usize>(&mut self, all: Param, parts: [Param; 3], n_heads: usize) -> Option<Tensor<D>> {
        if let Some(all) = self.take(all) {
            return Some(all);
        }
        let parts: Option<Vec<_>> = parts.map(|part| self.take::<D>(part)).into_iter().collect();
        Some(Tensor::cat(parts?.into_iter().map(|part| ungrouped(part, n_heads)).collect(), 0))
    }
}

/// Sums of the magnitudes of a tensor's parts, of [`SUMMED_AT_ONCE`] numbers each.
fn sums_of_magnitudes(tensor: &Tensor<1>) -> impl Iterator<Item = Tensor<1>> + '_ {
    let n = tensor.dims()[0];
    let part = move |start| {
        let whole = n <= SUMMED_AT_ONCE;
        if whole { tensor.clone() } else { tensor.clone().slice(start..n.min(start + SUMMED_AT_ONCE)) }
    };
    (0..n).step_by(SUMMED_AT_ONCE).map(move |start| part(start).abs().sum())
}

/// # Shapes
/// - part: `[n_key_value_heads, ..]`
/// - output: `[n_heads, ..]`
fn ungrouped<const D: usize>(part: Tensor<D>, n_heads: usize) -> Tensor<D> {
    let mut shape = part.dims();
    let (groups, rest) = (shape[0], shape[1..].iter().product());
    if groups == n_heads {
        return part;
    }
    shape[0] = n_heads;
    part.reshape([groups, 1, rest]).expand([groups, n_heads / groups, rest]).reshape(shape)
}

/// Assembles the model from its weights.
fn build(config: ModelConfig, mut weights: Weights) -> Transformer {
    let device = weights.device.clone();
    let blocks = (0..config.n_layers).map(|l| block(&config, l, &mut weights)).collect();
    let ln_final = weights.pair(Param::LnFinalW, Param::LnFinalB);
    Transformer {
        w_e: weights.want(Param::EmbedWE),
        w_pos: weights.take(Param::PosEmbedWPos),
        rotary: RotaryTables::new(&config, &device),
        blocks,
        ln_final: Norm::new(&config, config.d_model, ln_final, &device),
        w_u: weights.take(Param::UnembedWU),
        b_u: weights.bias(Param::UnembedBU),
        config,
        device,
    }
}

fn block(config: &ModelConfig, l: usize, weights: &mut Weights) -> Block {
    let device = weights.device.clone();
    let &ModelConfig { n_heads, d_model, d_head, .. } = config;
    let parts = [Param::AttnWQ(l), Param::AttnWK(l), Param::AttnWV(l)];
    let w_qkv: Tensor<3> = weights.qkv(Param::AttnWQkv(l), parts, n_heads).expect("every family lists q, k and v");
    let parts = [Param::AttnBQ(l), Param::AttnBK(l), Param::AttnBV(l)];
    let b_qkv: Option<Tensor<2>> = weights.qkv(Param::AttnBQkv(l), parts, n_heads);
    let ln1 = weights.pair(Param::Ln1W(l), Param::Ln1B(l));
    let mut qk_norm = |param| Norm::rms(config, weights.want(param));
    let qk_norms = config.qk_norm.then(|| [Param::AttnQNorm(l), Param::AttnKNorm(l)].map(&mut qk_norm));
    let attention = Attention {
        block: l,
        n_heads,
        scale: config.attn_scale,
        dir: config.attention_dir,
        window: config.attn_window(l),
        norm: Norm::new(config, d_model, ln1, &device),
        w_qkv: w_qkv.reshape([3, n_heads, d_model, d_head]),
        b_qkv: b_qkv.map(|b| b.reshape([3, n_heads, 1, d_head])),
        qk_norms,
        w_o: weights.want(Param::AttnWO(l)),
        b_o: weights.bias(Param::AttnBO(l)).map(Tensor::unsqueeze),
    };
    let mlp = config.d_mlp.map(|d_mlp| {
        let ln2 = weights.pair(Param::Ln2W(l), Param::Ln2B(l));
        let inner = weights.pair(Param::MlpLnW(l), Param::MlpLnB(l));
        let mlp = Mlp {
            act_fn: config.act_fn,
            w_in: weights.want(Param::MlpWIn(l)),
            b_in: weights.bias(Param::MlpBIn(l)),
            gate: config.gated_mlp.then(|| Gate {
                w: weights.want(Param::MlpWGate(l)),
                b: weights.bias(Param::MlpBGate(l)),
                b_post: weights.bias(Param::MlpBPost(l)),
            }),
            norm: (config.act_fn == ActFn::SoluLn).then(|| Norm::new(config, d_mlp, inner, &device)),
            w_out: weights.want(Param::MlpWOut(l)),
            b_out: weights.bias(Param::MlpBOut(l)),
        };
        (Norm::new(config, d_model, ln2, &device), mlp)
    });
    Block { attention, parallel: config.parallel_attn_mlp, mlp }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one tensor whose numbers are `index % 251`, which every kind of number holds exactly.
    fn file_of(dtype: &str, shape: [usize; 2], number: impl Fn(f32) -> Vec<u8>) -> Vec<u8> {
        let data: Vec<u8> = (0..shape[0] * shape[1]).flat_map(|i| number((i % 251) as f32)).collect();
        let header = format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[0,{}]}}}}"#, data.len());
        let size = (header.len() as u64).to_le_bytes();
        [&size[..], header.as_bytes(), &data].concat()
    }

    fn read(bytes: &[u8], rearrange: Option<&Rearrange>) -> Vec<f32> {
        let file = TensorFile::from_bytes("f", bytes).unwrap();
        pollster::block_on(read_tensor(&("f", bytes), &file, &file.tensors[0], rearrange)).unwrap()
    }

    #[test]
    fn a_tensor_of_several_slices_is_read_whole_in_every_kind_of_number() {
        // 18 MB, 9 MB and 9 MB: slices end within rows.
        let shape = [1501, 3001];
        let files = [
            file_of("F32", shape, |x| x.to_le_bytes().to_vec()),
            file_of("F16", shape, |x| half::f16::from_f32(x).to_le_bytes().to_vec()),
            file_of("BF16", shape, |x| half::bf16::from_f32(x).to_le_bytes().to_vec()),
        ];
        let transpose = Rearrange { split: shape.to_vec(), order: vec![1, 0] };
        for bytes in &files {
            assert!(bytes.len() as u64 > SLICE_BYTES);
            let plain = read(bytes, None);
            assert!(plain.iter().enumerate().all(|(i, &x)| x == (i % 251) as f32));
            let transposed = read(bytes, Some(&transpose));
            assert_eq!(transposed.len(), plain.len());
            let is_right = |(i, &x): (usize, &f32)| x == ((i % 1501 * 3001 + i / 1501) % 251) as f32;
            assert!(transposed.iter().enumerate().all(is_right));
        }
    }

    #[test]
    fn axes_are_taken_in_another_order() {
        // [2, 3, 2] by (1, 0, 2): rows of two stay together.
        let bytes = file_of("F32", [2, 6], |x| x.to_le_bytes().to_vec());
        let rearrange = Rearrange { split: vec![2, 3, 2], order: vec![1, 0, 2] };
        assert_eq!(read(&bytes, Some(&rearrange)), [0., 1., 6., 7., 2., 3., 8., 9., 4., 5., 10., 11.]);
    }
}
