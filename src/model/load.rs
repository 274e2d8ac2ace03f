//! Reads a model's weights tensor by tensor: the file's header, then each tensor's own byte range, uploaded before the
//! next is read, so that no more than one tensor is in host memory at a time.

use std::collections::HashMap;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::attention::Attention;
use super::error::ModelError;
use super::mlp::Mlp;
use super::norm::Norm;
use super::transformer::{Block, Transformer};
use crate::circuit::family::{self, Param, Rearrange, Weight};
use crate::circuit::tensor_file::{SIZE_BYTES, header_bytes};
use crate::circuit::{ActFn, ModelConfig, TensorFile};

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
    mut progress: impl AsyncFnMut(u64, u64) -> bool,
) -> Result<Transformer, ModelError> {
    let file = read_header(source).await?;
    let plan = family::locate(&config, &file)?;
    let total: u64 = plan.iter().map(|(_, info)| info.bytes.end - info.bytes.start).sum();
    let (mut weights, mut done) = (Weights::new(device.clone()), 0);
    for (weight, info) in &plan {
        let bytes = source.read(info.bytes.clone()).await?;
        weights.put(weight, file.decode(info, &bytes)?)?;
        done += info.bytes.end - info.bytes.start;
        if !progress(done, total).await {
            return Err(ModelError::Cancelled);
        }
    }
    weights.check(source.name()).await?;
    Ok(build(config, weights))
}

/// The weights on the device, flat, with what their magnitudes should add up to.
struct Weights {
    device: Device,
    params: HashMap<String, (Tensor<1>, Vec<usize>)>,
    sums: Vec<(String, f64)>,
}

impl Weights {
    fn new(device: Device) -> Self {
        Self { device, params: HashMap::new(), sums: Vec::new() }
    }

    /// Uploads a weight and waits for nothing.
    fn put(&mut self, weight: &Weight, numbers: Vec<f32>) -> Result<(), ModelError> {
        let numbers = match &weight.rearrange {
            None => numbers,
            Some(rearrange) => permuted(&numbers, rearrange),
        };
        let key = format!("{:?}", weight.param);
        self.sums.push((key.clone(), numbers.iter().map(|&x| f64::from(x.abs())).sum()));
        let n_elements = numbers.len();
        let tensor = Tensor::from_data(TensorData::new(numbers, [n_elements]), &self.device);
        self.params.insert(key, (tensor, weight.target.clone()));
        // Each upload leaves the host before the next is read.
        self.device.flush().map_err(|e| ModelError::device("uploading weights", e))
    }

    /// Compares sums of magnitudes on the device with those of the file. Uploads have been seen to arrive as zeros (cubecl
    /// issue 1120); sums of a million numbers are off by up to 0.35% on some devices, hence the 2%.
    async fn check(&self, file: &str) -> Result<(), ModelError> {
        let sum = |(key, _): &(String, f64)| self.params[key].0.clone().abs().sum();
        let transaction = self.sums.iter().map(sum).fold(Transaction::default(), Transaction::register);
        let found = transaction.execute_async().await.map_err(|e| ModelError::device("uploading weights", e))?;
        for ((tensor, expected), data) in self.sums.iter().zip(found) {
            let found: Vec<f32> = data.try_to_vec().map_err(|e| ModelError::device("uploading weights", e))?;
            let found = f64::from(found[0]);
            if expected.is_finite() && (found - expected).abs() > 0.02 * expected + 1e-6 {
                let (file, tensor) = (file.to_owned(), tensor.clone());
                return Err(ModelError::Upload { file, tensor, expected: *expected, found });
            }
        }
        Ok(())
    }

    /// Takes a weight in the shape that the forward pass wants.
    fn take<const D: usize>(&mut self, param: Param) -> Option<Tensor<D>> {
        let (tensor, shape) = self.params.remove(&format!("{param:?}"))?;
        Some(tensor.reshape(<[usize; D]>::try_from(shape).expect("a weight has the rank of its Param")))
    }

    /// Takes a weight that the family's list holds.
    fn want<const D: usize>(&mut self, param: Param) -> Tensor<D> {
        self.take(param).expect("every family lists the weights that its config asks for")
    }

    fn pair(&mut self, gain: Param, bias: Param) -> Option<(Tensor<1>, Tensor<1>)> {
        Some((self.take(gain)?, self.take(bias)?))
    }
}

/// A row-major tensor of shape `split` with its axes taken in another order.
fn permuted(numbers: &[f32], Rearrange { split, order }: &Rearrange) -> Vec<f32> {
    let mut strides = vec![1; split.len()];
    for axis in (1..split.len()).rev() {
        strides[axis - 1] = strides[axis] * split[axis];
    }
    let (sizes, strides): (Vec<_>, Vec<_>) = order.iter().map(|&axis| (split[axis], strides[axis])).unzip();
    let mut places = vec![0];
    for (&size, &stride) in sizes.iter().zip(&strides) {
        places = places.iter().flat_map(|place| (0..size).map(move |i| place + i * stride)).collect();
    }
    places.into_iter().map(|place: usize| numbers[place]).collect()
}

/// Assembles the model from its weights.
fn build(config: ModelConfig, mut weights: Weights) -> Transformer {
    let device = weights.device.clone();
    let blocks = (0..config.n_layers).map(|l| block(&config, l, &mut weights)).collect();
    let ln_final = weights.pair(Param::LnFinalW, Param::LnFinalB);
    Transformer {
        w_e: weights.want(Param::EmbedWE),
        w_pos: weights.want(Param::PosEmbedWPos),
        blocks,
        ln_final: Norm::new(&config, config.d_model, ln_final, &device),
        w_u: weights.take(Param::UnembedWU),
        b_u: weights.take::<1>(Param::UnembedBU).map(Tensor::unsqueeze),
        config,
        device,
    }
}

fn block(config: &ModelConfig, l: usize, weights: &mut Weights) -> Block {
    let device = weights.device.clone();
    let &ModelConfig { n_heads, d_model, d_head, .. } = config;
    let w_qkv: Tensor<3> = weights.take(Param::AttnWQkv(l)).unwrap_or_else(|| {
        Tensor::cat([Param::AttnWQ(l), Param::AttnWK(l), Param::AttnWV(l)].map(|p| weights.want(p)).to_vec(), 0)
    });
    let b_qkv: Tensor<2> = weights.take(Param::AttnBQkv(l)).unwrap_or_else(|| {
        Tensor::cat([Param::AttnBQ(l), Param::AttnBK(l), Param::AttnBV(l)].map(|p| weights.want(p)).to_vec(), 0)
    });
    let ln1 = weights.pair(Param::Ln1W(l), Param::Ln1B(l));
    let attention = Attention {
        block: l,
        n_heads,
        scale: config.attn_scale,
        dir: config.attention_dir,
        norm: Norm::new(config, d_model, ln1, &device),
        w_qkv: w_qkv.reshape([3, n_heads, d_model, d_head]),
        b_qkv: b_qkv.reshape([3, n_heads, 1, d_head]),
        w_o: weights.want(Param::AttnWO(l)),
        b_o: weights.want::<1>(Param::AttnBO(l)).unsqueeze(),
    };
    let mlp = config.d_mlp.map(|d_mlp| {
        let ln2 = weights.pair(Param::Ln2W(l), Param::Ln2B(l));
        let inner = weights.pair(Param::MlpLnW(l), Param::MlpLnB(l));
        let mlp = Mlp {
            act_fn: config.act_fn,
            w_in: weights.want(Param::MlpWIn(l)),
            b_in: weights.want::<1>(Param::MlpBIn(l)).unsqueeze(),
            norm: (config.act_fn == ActFn::SoluLn).then(|| Norm::new(config, d_mlp, inner, &device)),
            w_out: weights.want(Param::MlpWOut(l)),
            b_out: weights.want::<1>(Param::MlpBOut(l)).unsqueeze(),
        };
        (Norm::new(config, d_model, ln2, &device), mlp)
    });
    Block { attention, mlp }
}
