//! The numbers of a tensor: which of its storage's they are, and how they are stored.

use super::pickle::{StorageDtype, TensorNode};

/// The index in its storage of a tensor's last number; `None` where it is not a number of 64 bits, or there is no last one.
pub fn last_index(tensor: &TensorNode) -> Option<u64> {
    tensor
        .shape
        .iter()
        .zip(&tensor.stride)
        .try_fold(tensor.offset, |last, (&size, &stride)| last.checked_add(size.checked_sub(1)?.checked_mul(stride)?))
}

/// The indices in its storage of a tensor's numbers, in row-major order.
pub fn indices(tensor: &TensorNode, n_elements: u64) -> impl Iterator<Item = u64> + '_ {
    let axes = || tensor.shape.iter().zip(&tensor.stride).rev();
    (0..n_elements).map(move |n| {
        let step =
            |(rest, index): (u64, u64), (&size, &stride): (&u64, &u64)| (rest / size, index + rest % size * stride);
        axes().fold((n, tensor.offset), step).1
    })
}

impl StorageDtype {
    /// The bytes of a number.
    pub fn n_bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// A number of a storage, by its index, which has to be within the storage.
    pub fn number(self, bytes: &[u8], index: u64, big_endian: bool) -> f32 {
        let n_bytes = self.n_bytes();
        let start = index as usize * n_bytes;
        let mut eight = [0; 8];
        eight[..n_bytes].copy_from_slice(&bytes[start..start + n_bytes]);
        if big_endian {
            eight[..n_bytes].reverse();
        }
        let bits = u64::from_le_bytes(eight);
        match self {
            Self::F64 => f64::from_bits(bits) as f32,
            Self::F32 => f32::from_bits(bits as u32),
            Self::F16 => half::f16::from_bits(bits as u16).to_f32(),
            Self::Bf16 => half::bf16::from_bits(bits as u16).to_f32(),
            Self::I64 => bits as i64 as f32,
            Self::I32 => bits as i32 as f32,
            Self::I16 => f32::from(bits as i16),
            Self::I8 => f32::from(bits as i8),
            Self::U8 => f32::from(bits as u8),
            Self::Bool => f32::from(u8::from(bits != 0)),
        }
    }
}
