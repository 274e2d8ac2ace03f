//! JSON as Python's `json` module writes it: with `NaN` and `Infinity`, which JSON does not have.

use std::borrow::Cow;

/// The text of a JSON file with Python's `NaN`, `Infinity` and `-Infinity` put into quotes, so that it is JSON.
pub fn quote_infinities(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut quoted, mut rest, mut in_string) = (String::with_capacity(text.len()), text, false);
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| !in_string && rest.starts_with(word));
        let n_bytes = match word {
            Some(word) => {
                quoted.extend(["\"", word, "\""]);
                word.len()
            }
            None => {
                in_string ^= c == '"';
                // What is escaped does not end a string.
                let escaped =
                    if in_string && c == '\\' { rest[1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
                let n_bytes = c.len_utf8() + escaped;
                quoted.push_str(&rest[..n_bytes]);
                n_bytes
            }
        };
        rest = &rest[n_bytes..];
    }
    Cow::Owned(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_are_quoted_outside_of_strings_only() {
        assert_eq!(quote_infinities("[1, \"a\"]"), "[1, \"a\"]");
        assert_eq!(quote_infinities("[NaN,-Infinity, Infinity]"), "[\"NaN\",\"-Infinity\", \"Infinity\"]");
        let within = r#"{"NaN \" Infinity \\": NaN}"#;
        assert_eq!(quote_infinities(within), r#"{"NaN \" Infinity \\": "NaN"}"#);
        // Cut off behind an escape.
        assert_eq!(quote_infinities("NaN \"\\"), "\"NaN\" \"\\");
    }
}
