//! Reads a tensor of a safetensors file a slice at a time, with its axes in the order that the model needs.

use super::error::ModelError;
use super::load::ByteSource;
use circuitscope_core::config::family::Rearrange;
use circuitscope_core::{TensorFile, TensorInfo};

/// How much of a file is in memory at a time.
const SLICE_BYTES: u64 = 8 << 20;

/// The numbers of a tensor, its axes rearranged where that is asked for, read a slice at a time.
///
/// # Errors
/// When the bytes cannot be read.
pub(super) async fn read_tensor(
    source: &impl ByteSource,
    file: &TensorFile,
    info: &TensorInfo,
    rearrange: Option<&Rearrange>,
) -> Result<Vec<f32>, ModelError> {
    let n_elements = info.shape.iter().product();
    let targets = rearrange.map(Targets::new);
    let mut numbers = if targets.is_some() { vec![0.0; n_elements] } else { Vec::with_capacity(n_elements) };
    // The numbers of a slice, before they are rearranged.
    let mut slice = Vec::new();
    let (mut at, mut n_read) = (info.bytes.start, 0);
    while at < info.bytes.end {
        let end = info.bytes.end.min(at + SLICE_BYTES);
        let bytes = source.read(at..end).await?;
        match &targets {
            None => file.decode_into(info, &bytes, &mut numbers)?,
            Some(targets) => {
                slice.clear();
                file.decode_into(info, &bytes, &mut slice)?;
                targets.put(n_read, &slice, &mut numbers);
                n_read += slice.len();
            }
        }
        at = end;
    }
    Ok(numbers)
}

/// Where the numbers of a row-major tensor of shape `split` go when its axes are taken in another order.
struct Targets {
    split: Vec<usize>,
    /// For each axis of `split`, how far a step along it goes in the result.
    strides: Vec<usize>,
}

impl Targets {
    fn new(Rearrange { split, order }: &Rearrange) -> Self {
        let mut strides = vec![0; split.len()];
        let mut stride = 1;
        for &axis in order.iter().rev() {
            strides[axis] = stride;
            stride *= split[axis];
        }
        Self { split: split.clone(), strides }
    }

    /// Writes the numbers whose indices in the file begin at `first` where they go.
    fn put(&self, first: usize, numbers: &[f32], to: &mut [f32]) {
        let (Some(&len), Some(&stride)) = (self.split.last(), self.strides.last()) else { return };
        let (mut at, mut rest) = (first, numbers);
        while !rest.is_empty() {
            let column = at % len;
            let (row, others) = rest.split_at((len - column).min(rest.len()));
            let start = self.row_start(at / len) + column * stride;
            for (i, &x) in row.iter().enumerate() {
                to[start + i * stride] = x;
            }
            (at, rest) = (at + row.len(), others);
        }
    }

    /// The index in the result of the first number of a row, which lies along the last axis.
    fn row_start(&self, mut row: usize) -> usize {
        let mut start = 0;
        for axis in (0..self.split.len() - 1).rev() {
            start += row % self.split[axis] * self.strides[axis];
            row /= self.split[axis];
        }
        start
    }
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
