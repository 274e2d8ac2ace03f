//! Names of edges and nodes, and scores, as people read them.

use circuitscope_picture::strip::text::decimal_text;

/// An edge's name for people: `MLP 0 → A3.1 · V`.
pub fn edge_title(name: &str) -> String {
    let (position, name) = match name.split_once(':') {
        Some((position, name)) => (format!(" at {position}"), name),
        None => (String::new(), name),
    };
    let (src, dest) = name.split_once("->").unwrap_or((name, ""));
    let port = dest.rsplit_once('.').filter(|(_, port)| ["Q", "K", "V"].contains(port));
    let dest = port.map_or_else(|| node_title(dest).to_owned(), |(head, port)| format!("{head} · {port}"));
    format!("{} → {dest}{position}", node_title(src))
}

/// A node's name for people: auto-circuit's, but for the ends of the residual stream.
pub fn node_title(name: &str) -> &str {
    match name {
        "Resid Start" => "Embed",
        "Resid End" => "Unembed",
        name => name,
    }
}

/// A number with its sign and about three significant digits.
pub fn signed(x: f64) -> String {
    let sign = if x < 0.0 { "\u{2212}" } else { "+" };
    if x == 0.0 {
        "0".to_owned()
    } else if x.is_infinite() {
        format!("{sign}∞")
    } else {
        format!("{sign}{}", decimal_text(x.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_have_titles_for_people() {
        for (name, title) in [
            ("Resid Start->A0.1.Q", "Embed → A0.1 · Q"),
            ("3:A0.1->MLP 1", "A0.1 → MLP 1 at 3"),
            ("A1.0->Resid End", "A1.0 → Unembed"),
            ("A0.1->A1.2", "A0.1 → A1.2"),
        ] {
            assert_eq!(edge_title(name), title);
        }
        assert_eq!([1.5, -0.25, 0.0, f64::INFINITY].map(signed), ["+1.50", "\u{2212}0.25", "0", "+∞"]);
    }
}
