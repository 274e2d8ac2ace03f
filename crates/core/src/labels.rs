//! Counts and sizes as people write them, and text as tables hold it.

/// A count with its noun in the right form: `1 forward pass`, `2 forward passes`.
pub fn count_label(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A size in bytes: `999 B`, `1.5 kB`, `548.1 MB`, `1.20 GB`.
pub fn size_label(n_bytes: u64) -> String {
    let n = n_bytes as f64;
    match n_bytes {
        0..1_000 => format!("{n_bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", n / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n / 1e6),
        _ => format!("{:.2} GB", n / 1e9),
    }
}

/// A text as a field of CSV (RFC 4180).
pub fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_not_many() {
        let labels = [0, 1, 2].map(|n| count_label(n, "forward pass", "forward passes"));
        assert_eq!(labels, ["0 forward passes", "1 forward pass", "2 forward passes"]);
    }

    #[test]
    fn a_field_of_csv_is_quoted_where_it_would_end_too_early() {
        let fields = ["A0.1->MLP 1", "a,b", "say \"x\"", "two\nlines"].map(csv_field);
        assert_eq!(fields, ["A0.1->MLP 1", "\"a,b\"", "\"say \"\"x\"\"\"", "\"two\nlines\""]);
    }
}
