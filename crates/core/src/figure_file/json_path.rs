//! Where in a JSON text an error is, as the path of its field: `recorded.circuits[3].shape`.

/// No deeper levels have a name: serde_json reads none.
const MAX_DEPTH: usize = 128;

/// A level of the JSON around a place.
enum Level<'a> {
    Object { key: &'a str, expects_key: bool },
    List { item: usize },
}

/// The path of the field at a line, from 1, and a number of bytes in it. The text before must be JSON.
pub(super) fn path_at(text: &str, line: usize, column: usize) -> String {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let end = (start + column).min(text.len());
    levels(text, end).iter().fold(String::new(), |path, level| match level {
        Level::Object { key: "", .. } => path,
        Level::Object { key, .. } if path.is_empty() => (*key).to_owned(),
        Level::Object { key, .. } => format!("{path}.{key}"),
        Level::List { item } => format!("{path}[{item}]"),
    })
}

/// The levels that are open at a place, as many as have a name.
fn levels(text: &str, end: usize) -> Vec<Level<'_>> {
    let bytes = &text.as_bytes()[..end];
    let (mut levels, mut too_deep, mut at) = (Vec::new(), 0_usize, 0);
    while at < bytes.len() {
        let is_full = levels.len() >= MAX_DEPTH;
        match (bytes[at], levels.last_mut()) {
            (b'"', level) => {
                let close = end_of_string(bytes, at + 1);
                if let Some(Level::Object { key, expects_key: expects_key @ true }) = level.filter(|_| too_deep == 0) {
                    (*key, *expects_key) = (text.get(at + 1..close).unwrap_or(""), false);
                }
                at = close;
            }
            (b'{' | b'[', _) if is_full => too_deep += 1,
            (b'}' | b']', _) if too_deep > 0 => too_deep -= 1,
            (b'{', _) => levels.push(Level::Object { key: "", expects_key: true }),
            (b'[', _) => levels.push(Level::List { item: 0 }),
            (b'}' | b']', _) => drop(levels.pop()),
            (b',', Some(Level::Object { expects_key, .. })) if too_deep == 0 => *expects_key = true,
            (b',', Some(Level::List { item })) if too_deep == 0 => *item += 1,
            _ => {}
        }
        at += 1;
    }
    levels
}

/// The index of the quotation mark that ends a string, or of the text's end.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_the_path_of_its_field() {
        let text = "{\"a\": [1, {\"b\\\"]\": 2, \"c\":\n[[], 3]}], \"d\": 4}";
        let path = |part: &str| {
            let at = text.find(part).unwrap();
            let line = text[..at].matches('\n').count() + 1;
            path_at(text, line, at + 1 - text[..at].rfind('\n').map_or(0, |newline| newline + 1))
        };
        assert_eq!([path("1"), path("2"), path("3"), path("4")], ["a[0]", "a[1].b\\\"]", "a[1].c[1]", "d"]);
        assert_eq!(path_at(text, 99, 99), "");
        assert_eq!(path_at(&"[".repeat(1000), 1, 1000).len(), "[0]".len() * MAX_DEPTH);
    }
}
