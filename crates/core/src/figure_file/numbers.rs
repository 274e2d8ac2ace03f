//! Numbers as base64 of their bytes, little-endian: a third of the size of decimals, and exact.

use half::f16;
use serde::{Deserialize, Serialize};

use super::base64;

/// Numbers of 32 or 16 bits. In a figure's JSON `{"f32": "AACAPw=="}` or `{"f16": "ADw="}`, the bytes of each number little-endian,
/// as base64. NaN is refused; infinities are numbers here, and checked where they cannot be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
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
    F32(String),
    F16(String),
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

    /// The numbers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

impl From<Numbers> for Encoded {
    fn from(numbers: Numbers) -> Self {
        let values = numbers.values.iter();
        match numbers.bits {
            Bits::F32 => Self::F32(base64::encode(&values.flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())),
            Bits::F16 => Self::F16(base64::encode(
                &values.flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect::<Vec<_>>(),
            )),
        }
    }
}

impl TryFrom<Encoded> for Numbers {
    /// As serde's own messages: `…, expected …`.
    type Error = String;

    fn try_from(encoded: Encoded) -> Result<Self, String> {
        let (bits, text) = match &encoded {
            Encoded::F32(text) => (Bits::F32, text),
            Encoded::F16(text) => (Bits::F16, text),
        };
        let bytes = base64::decode(text).map_err(|(expected, found)| message(&found, &expected))?;
        let values = match bits {
            Bits::F32 => numbers(&bytes, f32::from_le_bytes),
            Bits::F16 => numbers(&bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
        }?;
        Ok(Self { bits, values })
    }
}

/// The numbers of `N` bytes each.
fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Result<Vec<f32>, String> {
    let (chunks, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(message(&format!("{} bytes", bytes.len()), &format!("numbers of {N} bytes each")));
    }
    let values: Vec<f32> = chunks.iter().map(|&chunk| number(chunk)).collect();
    match values.iter().position(|value| value.is_nan()) {
        Some(at) => Err(message(&format!("NaN at {at}"), "numbers")),
        None => Ok(values),
    }
}

fn message(found: &str, expected: &str) -> String {
    format!("invalid value: {found}, expected {expected}")
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
