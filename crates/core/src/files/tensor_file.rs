//! The header of a safetensors file, read without the rest of it, and its numbers as `f32`.
//!
//! The `safetensors` crate parses the header; every size is then checked against the file's length before anything is
//! allocated, so that a tensor can be read alone, by its byte range.

use std::collections::BTreeMap;
use std::ops::Range;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::{Map, Value, json};

use crate::error::CircuitError;

/// The length of the little-endian header size that a file starts with.
pub const SIZE_BYTES: u64 = 8;
/// No header is longer: the format's own limit.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// The header of a safetensors file: all but the numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorFile {
    /// The file's name, for messages; where there are several files, one name for all of them.
    pub file: String,
    /// The names of the files that hold the tensors: one, or the shards of a model.
    pub shards: Vec<String>,
    /// Sorted by name.
    pub tensors: Vec<TensorInfo>,
    /// The file's `__metadata__`.
    pub metadata: BTreeMap<String, String>,
}

/// One tensor of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorInfo {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: FileDtype,
    /// Its file's index in [`TensorFile::shards`].
    pub shard: usize,
    /// The range of its bytes in that file.
    pub bytes: Range<u64>,
}

/// How a file stores a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDtype {
    F32,
    F16,
    Bf16,
    /// A kind that is not read as `f32` (integers, `f64`, 8-bit floats).
    Other(Dtype),
}

impl FileDtype {
    fn new(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::Bf16,
            other => Self::Other(other),
        }
    }

    /// The bytes of a number, of the kinds that are read.
    pub fn n_bytes(self) -> Option<usize> {
        match self {
            Self::F32 => Some(4),
            Self::F16 | Self::Bf16 => Some(2),
            Self::Other(_) => None,
        }
    }
}

/// How many bytes the header of a file has, from the file's first 8 bytes.
///
/// # Errors
/// When the file is shorter than that or the size is larger than the file.
pub fn header_bytes(file: &str, start: &[u8], file_bytes: u64) -> Result<u64, CircuitError> {
    let foreign = |expected: &str, found: String| {
        Err(CircuitError::TensorFile { file: file.to_owned(), expected: expected.to_owned(), found })
    };
    let Some(size) = start.get(..SIZE_BYTES as usize).and_then(|s| <[u8; 8]>::try_from(s).ok()) else {
        return foreign("at least 8 bytes", format!("{file_bytes} bytes"));
    };
    let size = u64::from_le_bytes(size);
    if size > file_bytes.saturating_sub(SIZE_BYTES) {
        return foreign("a header that fits in the file", format!("a header of {size} bytes in {file_bytes} bytes"));
    }
    if size > MAX_HEADER_BYTES {
        return foreign("a header of at most 100 MB", format!("one of {size} bytes"));
    }
    Ok(size)
}

impl TensorFile {
    /// Parses a header.
    ///
    /// # Errors
    /// When it is not a safetensors header or does not fit a file of `file_bytes` bytes.
    pub fn parse(file: &str, header: &[u8], file_bytes: u64) -> Result<Self, CircuitError> {
        let foreign = |expected: &str, found: String| CircuitError::TensorFile {
            file: file.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let metadata: Metadata =
            serde_json::from_slice(header).map_err(|e| foreign("a JSON header of tensors", e.to_string()))?;
        let data_start = SIZE_BYTES + header.len() as u64;
        let data_bytes = file_bytes.saturating_sub(data_start);
        let texts = metadata.metadata().iter().flatten().map(|(key, text)| (key.clone(), text.clone())).collect();
        let mut tensors = Vec::new();
        for (name, info) in metadata.tensors() {
            let (start, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
            if end > data_bytes {
                let expected = format!("{} bytes, the end of tensor `{name}`", data_start.saturating_add(end));
                return Err(foreign(&expected, format!("{file_bytes} bytes (is the file cut off?)")));
            }
            let n_elements = info.shape.iter().try_fold(1_u64, |n, &d| n.checked_mul(d as u64));
            let n_bits = n_elements.and_then(|n| n.checked_mul(info.dtype.bitsize() as u64));
            if start > end || n_bits != Some((end - start) * 8) {
                let expected = format!("tensor `{name}` of shape {:?} in {}", info.shape, info.dtype);
                return Err(foreign(&expected, format!("bytes {start} to {end}")));
            }
            let bytes = data_start + start..data_start + end;
            let (shape, dtype) = (info.shape.clone(), FileDtype::new(info.dtype));
            tensors.push(TensorInfo { name, shape, dtype, shard: 0, bytes });
        }
        tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { file: file.to_owned(), shards: vec![file.to_owned()], tensors, metadata: texts })
    }

    /// Parses the header of a file that is in memory.
    ///
    /// # Errors
    /// As [`header_bytes`] and [`TensorFile::parse`].
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, CircuitError> {
        let size = header_bytes(file, bytes, bytes.len() as u64)? as usize;
        let start = SIZE_BYTES as usize;
        Self::parse(file, &bytes[start..start + size], bytes.len() as u64)
    }

    /// The tensor of a given name.
    pub fn get(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.binary_search_by(|t| t.name.as_str().cmp(name)).ok().map(|i| &self.tensors[i])
    }

    /// The name of the file that holds a tensor.
    pub fn file_of(&self, tensor: &TensorInfo) -> &str {
        self.shards.get(tensor.shard).unwrap_or(&self.file)
    }

    /// The numbers of a tensor, from its bytes.
    ///
    /// # Errors
    /// When the file stores another kind of number than `F32`, `F16` or `BF16`.
    pub fn decode(&self, tensor: &TensorInfo, bytes: &[u8]) -> Result<Vec<f32>, CircuitError> {
        let mut numbers = Vec::with_capacity(tensor.dtype.n_bytes().map_or(0, |n| bytes.len() / n));
        self.decode_into(tensor, bytes, &mut numbers)?;
        Ok(numbers)
    }

    /// Appends the numbers of some of a tensor's bytes.
    ///
    /// # Errors
    /// As [`TensorFile::decode`].
    pub fn decode_into(&self, tensor: &TensorInfo, bytes: &[u8], to: &mut Vec<f32>) -> Result<(), CircuitError> {
        match tensor.dtype {
            FileDtype::F32 => append(to, bytes, f32::from_le_bytes),
            FileDtype::F16 => append(to, bytes, |b| half::f16::from_le_bytes(b).to_f32()),
            FileDtype::Bf16 => append(to, bytes, |b| half::bf16::from_le_bytes(b).to_f32()),
            FileDtype::Other(found) => {
                let (file, tensor) = (self.file_of(tensor).to_owned(), tensor.name.clone());
                return Err(CircuitError::Dtype { file, tensor, found: found.to_string() });
            }
        }
        Ok(())
    }

    /// The numbers of a tensor of a file that is in memory.
    ///
    /// # Errors
    /// As [`TensorFile::decode`].
    pub fn read(&self, tensor: &TensorInfo, file: &[u8]) -> Result<Vec<f32>, CircuitError> {
        self.decode(tensor, &file[tensor.bytes.start as usize..tensor.bytes.end as usize])
    }
}

/// Writes tensors of `f32`, each a name, a shape and its numbers, as a safetensors file.
///
/// The `safetensors` crate's own writer keeps the metadata in a hash map, so that the same scores would give different
/// bytes each time.
pub fn write_tensors<'a>(
    tensors: impl IntoIterator<Item = (&'a str, Vec<usize>, &'a [f32])>,
    metadata: &BTreeMap<String, String>,
) -> Vec<u8> {
    let (mut header, mut data) = (Map::new(), Vec::new());
    if !metadata.is_empty() {
        header.insert("__metadata__".to_owned(), json!(metadata));
    }
    for (name, shape, numbers) in tensors {
        let start = data.len();
        data.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
        let info = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name.to_owned(), info);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    // The numbers start at a multiple of 8, as the format's writers have it.
    header.resize(header.len().next_multiple_of(SIZE_BYTES as usize), b' ');
    let size = (header.len() as u64).to_le_bytes();
    [&size[..], &header, &data].concat()
}

/// Appends little-endian numbers of `N` bytes each.
fn append<const N: usize>(to: &mut Vec<f32>, bytes: &[u8], number: impl Fn([u8; N]) -> f32) {
    to.extend(bytes.as_chunks().0.iter().map(|&b| number(b)));
}
