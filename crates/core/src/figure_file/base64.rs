//! Bytes as text: base64 in the standard alphabet with padding (RFC 4648, section 4).

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

/// The alphabet of RFC 4648, table 1.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A value, or what was expected and what was found.
pub type Decoded<T> = Result<T, (String, String)>;

/// Bytes as base64.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// The bytes of base64. What is allocated depends on the text's length alone.
///
/// # Errors
/// What was expected and what was found, where the text is not what [`encode`] writes.
pub fn decode(text: &str) -> Decoded<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        let expected = "base64, whose length is a multiple of 4".to_owned();
        return Err((expected, format!("{} characters", text.len())));
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let n_groups = text.len() / 4;
    for (group, digits) in text.chunks(4).enumerate() {
        let n_pads =
            if group + 1 == n_groups { digits.iter().rev().take(2).take_while(|&&d| d == b'=').count() } else { 0 };
        let mut bits = 0;
        for (i, &digit) in digits[..4 - n_pads].iter().enumerate() {
            bits |= value(digit).ok_or_else(|| wrong(digit, 4 * group + i))? << (18 - 6 * i);
        }
        let all = u32::to_be_bytes(bits);
        // What padding stands for is 0: otherwise two texts would be the same bytes.
        if all[4 - n_pads..].iter().any(|&byte| byte != 0) {
            return Err(("base64 without bits after its end".to_owned(), "some in its last character".to_owned()));
        }
        bytes.extend_from_slice(&all[1..4 - n_pads]);
    }
    Ok(bytes)
}

/// Reads base64 as what its bytes stand for. Errors are raised at the text itself, so that they have its place.
pub fn deserialize<'de, D, T>(from: D, read: fn(&[u8]) -> Decoded<T>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    from.deserialize_str(Base64(read))
}

struct Base64<T>(fn(&[u8]) -> Decoded<T>);

impl<T> Visitor<'_> for Base64<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        let value = decode(text).and_then(|bytes| self.0(&bytes));
        // As serde's own messages are.
        value.map_err(|(expected, found)| E::custom(format_args!("invalid value: {found}, expected {expected}")))
    }
}

/// The six bits of a character.
fn value(digit: u8) -> Option<u32> {
    Some(match digit {
        b'A'..=b'Z' => u32::from(digit - b'A'),
        b'a'..=b'z' => u32::from(digit - b'a') + 26,
        b'0'..=b'9' => u32::from(digit - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

fn wrong(digit: u8, at: usize) -> (String, String) {
    let expected = "base64: letters, digits, + and /, with = at the end alone".to_owned();
    (expected, format!("{:?} at character {at}", char::from(digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_the_rfc() {
        // RFC 4648, section 10.
        let rows =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (bytes, text) in rows {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)).unwrap(), all);
    }

    #[test]
    fn what_is_no_base64_says_where() {
        let found = |text| decode(text).unwrap_err().1;
        assert_eq!(found("Zg="), "3 characters");
        assert_eq!(found("Zm9v Zm9"), "' ' at character 4");
        assert_eq!(found("Zg==Zg=="), "'=' at character 2");
        assert_eq!(found("===="), "'=' at character 0");
        assert_eq!(found("Zh=="), "some in its last character");
    }
}
