//! Reads a model's weights tensor by tensor, out of one file or several: first the headers, then each tensor's own byte
//! range, in slices. A tensor is uploaded before the next one is read, so that no more than one tensor and a slice are in
//! host memory at a time.

use burn::tensor::Device;

use super::build::build;
use super::error::ModelError;
use super::read_tensor::read_tensor;
use super::transformer::Transformer;
use super::weights::Weights;
use crate::ops::kernels;
use circuitscope_core::config::family;
use circuitscope_core::files::shards;
use circuitscope_core::files::tensor_file::{SIZE_BYTES, header_bytes};
use circuitscope_core::{ModelConfig, ShardIndex, TensorFile};
pub use circuitscope_wire::ByteSource;

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

/// The headers of a model's files, joined.
///
/// # Errors
/// When one cannot be read, or together they are not one model's (see [`shards::join`]).
pub async fn read_headers<S: ByteSource>(sources: &[S], index: Option<&ShardIndex>) -> Result<TensorFile, ModelError> {
    let mut files = Vec::new();
    for source in sources {
        files.push(read_header(source).await?);
    }
    Ok(shards::join(files, index)?)
}

/// Puts a model on a device. `progress` is called with the bytes read and the bytes in all after each tensor, and says whether
/// to go on.
///
/// # Errors
/// When the file does not fit the config (the message names tensor and shape), cannot be read, or the tensors on the device
/// are not those of the file.
pub async fn load(
    config: ModelConfig,
    source: &impl ByteSource,
    device: &Device,
    progress: impl AsyncFnMut(u64, u64) -> bool,
) -> Result<Transformer, ModelError> {
    load_shards(config, std::slice::from_ref(source), None, device, progress).await
}

/// Puts a model on a device whose weights are in several files, with or without the index that says which file has what.
///
/// # Errors
/// As [`load`], and where the files together are not one model's (see [`shards::join`]).
pub async fn load_shards<S: ByteSource>(
    config: ModelConfig,
    sources: &[S],
    index: Option<&ShardIndex>,
    device: &Device,
    progress: impl AsyncFnMut(u64, u64) -> bool,
) -> Result<Transformer, ModelError> {
    let weights = read_weights(&config, sources, index, device, progress).await?;
    Ok(build(config, weights, kernels::work_on(device)))
}

/// Puts a model on a device as [`load`] does, to be run by plain tensor operations also where the kernels would work: what they are
/// compared with.
///
/// # Errors
/// As [`load`].
pub async fn load_plain(
    config: ModelConfig,
    source: &impl ByteSource,
    device: &Device,
) -> Result<Transformer, ModelError> {
    let weights = read_weights(&config, std::slice::from_ref(source), None, device, async |_, _| true).await?;
    Ok(build(config, weights, false))
}

/// Uploads the weights and checks that they have arrived.
async fn read_weights<S: ByteSource>(
    config: &ModelConfig,
    sources: &[S],
    index: Option<&ShardIndex>,
    device: &Device,
    mut progress: impl AsyncFnMut(u64, u64) -> bool,
) -> Result<Weights, ModelError> {
    let file = read_headers(sources, index).await?;
    let plan = family::locate(config, &file)?;
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
    Ok(weights)
}
