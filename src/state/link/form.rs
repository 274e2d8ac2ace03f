//! Keys and values as the text of a fragment, `key=value&key=value`: the form encoding of the URL standard
//! (<https://url.spec.whatwg.org/#application/x-www-form-urlencoded>), which `URLSearchParams` reads as well. More signs than there
//! are left as they are where a fragment may hold them, so that a link can be read.

/// Signs that stand for themselves besides letters and digits.
const PLAIN: &[u8] = b"-_.~,:/!*()";

/// Writes keys and values.
pub fn write(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
    pairs.join("&")
}

/// Reads keys and values. What is no text in UTF-8 comes with a replacement character in it.
pub fn read(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    let pairs = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
    pairs.map(|(key, value)| (decoded(key), decoded(value))).collect()
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            _ if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, hex(after)) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte of two hexadecimal digits.
fn hex(bytes: &[u8]) -> Option<u8> {
    let digits = bytes.get(..2)?;
    // A number may have a sign elsewhere.
    let is_number = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits).ok().filter(|_| is_number).and_then(|digits| u8::from_str_radix(digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn any_text_comes_back() {
        let values = ["", "MLP 0->A3.1.V,0.5", "a&b=c#d%e+f", "Größe 🙂", "\u{0}\n\"<>", "%41"];
        let pairs: Vec<_> = values.map(|value| pair("edge", value)).to_vec();
        let text = write(&pairs);
        assert_eq!(read(&text), pairs);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>".contains(&byte)), "{text}");
        assert_eq!(write(&[pair("edge", "MLP 0->A3.1.V,0.5")]), "edge=MLP+0-%3EA3.1.V,0.5");
    }

    #[test]
    fn what_is_no_encoding_is_taken_as_it_stands() {
        let expected = [("a", "%"), ("b", ""), ("", "c"), ("d", "%4"), ("e", "% 1"), ("f", "\u{fffd}")];
        assert_eq!(read("a=%&&b&=c&d=%4&e=%+1&f=%FF"), expected.map(|(key, value)| pair(key, value)));
    }
}
