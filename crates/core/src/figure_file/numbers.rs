//! Numbers as base64 of their bytes, little-endian: a third of the size of decimals, and exact.

use half::f16;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base64;

/// Numbers of 32 or 16 bits. In a figure's JSON `{"f32": "AACAPw=="}` or `{"f16": "ADw="}`, the bytes of each number little-endian,
/// as base64. NaN is refused; infinities are numbers here, and checked where they cannot be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Encoded", into = "Encoded")]
pub struct Numbers {
    bits: Bits,
    values: Vec<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bits {
    F32,
    F16,
}

/// As they are in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoded {
    #[serde(with = "bits_32")]
    F32(Vec<f32>),
    #[serde(with = "bits_16")]
    F16(Vec<f32>),
}

impl Numbers {
    /// Numbers that are written as they are, 32 bits each. None of them may be NaN.
    pub fn f32(values: Vec<f32>) -> Self {
        Self { bits: Bits::F32, values }
    }

    /// Numbers rounded to 16 bits each: three decimal digits, and infinite above 65,504. None of them may be NaN.
    pub fn f16(values: &[f32]) -> Self {
        Self { bits: Bits::F16, values: values.iter().map(|&value| f16::from_f32(value).to_f32()).collect() }
    }

    /// Whether they are as they were given, and not rounded to 16 bits.
    pub fn are_exact(&self) -> bool {
        self.bits == Bits::F32
    }

    /// The numbers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

impl From<Numbers> for Encoded {
    fn from(Numbers { bits, values }: Numbers) -> Self {
        match bits {
            Bits::F32 => Self::F32(values),
            Bits::F16 => Self::F16(values),
        }
    }
}

impl From<Encoded> for Numbers {
    fn from(encoded: Encoded) -> Self {
        let (bits, values) = match encoded {
            Encoded::F32(values) => (Bits::F32, values),
            Encoded::F16(values) => (Bits::F16, values),
        };
        Self { bits, values }
    }
}

mod bits_32 {
    use super::*;

    pub fn serialize<S: Serializer>(values: &[f32], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        to.serialize_str(&base64::encode(&bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        base64::deserialize(from, |bytes| numbers(bytes, f32::from_le_bytes))
    }
}

mod bits_16 {
    use super::*;

    pub fn serialize<S: Serializer>(values: &[f32], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
        to.serialize_str(&base64::encode(&bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        base64::deserialize(from, |bytes| numbers(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()))
    }
}

/// The numbers of `N` bytes each, or what was expected and what was found.
fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> base64::Decoded<Vec<f32>> {
    let (chunks, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err((format!("numbers of {N} bytes each"), format!("{} bytes", bytes.len())));
    }
    let values: Vec<f32> = chunks.iter().map(|&chunk| number(chunk)).collect();
    match values.iter().position(|value| value.is_nan()) {
        Some(at) => Err(("numbers".to_owned(), format!("NaN at {at}"))),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &Numbers, json: &str) {
        assert_eq!(serde_json::to_string(numbers).unwrap(), json);
        assert_eq!(serde_json::from_str::<Numbers>(json).unwrap(), *numbers);
    }

    #[test]
    fn numbers_are_bytes_little_endian() {
        // 1 is 0x3f800000 in 32 bits and 0x3c00 in 16.
        check(&Numbers::f32(vec![1.0]), r#"{"f32":"AACAPw=="}"#);
        check(&Numbers::f16(&[1.0]), r#"{"f16":"ADw="}"#);
        check(&Numbers::f32(vec![f32::NEG_INFINITY, 0.1, -0.0]), r#"{"f32":"AACA/83MzD0AAACA"}"#);
        check(&Numbers::f16(&[]), r#"{"f16":""}"#);
        assert_eq!(Numbers::f16(&[0.1]).values(), [0.099_975_586]);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let error = |json: &str| serde_json::from_str::<Numbers>(json).unwrap_err().to_string();
        // 0x7fc00000 and 0x7e00.
        assert!(error(r#"{"f32":"AADAfw=="}"#).starts_with("invalid value: NaN at 0, expected numbers"));
        assert!(error(r#"{"f16":"ADwAfg=="}"#).starts_with("invalid value: NaN at 1"));
        assert!(error(r#"{"f32":"AACA"}"#).starts_with("invalid value: 3 bytes, expected numbers of 4 bytes each"));
        assert!(error(r#"{"f16":"A?wA"}"#).starts_with("invalid value: '?' at character 1, expected base64"));
        assert!(error(r#"{"f64":""}"#).starts_with("unknown variant `f64`"));
    }
}
