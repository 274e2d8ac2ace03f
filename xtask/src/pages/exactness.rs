//! The table of how exact the engine is, from what `tests/web/exactness.test.mjs` has found.

use circuitscope_picture::strip::text::count_text as grouped;
use serde::Deserialize;

use super::template::escaped;
use crate::workspace::Result;

/// How far a logit may be off, and as much again of its own size: `assertClose` of `tests/web/support/cases.mjs`.
pub const TOLERANCE: f64 = 1e-4;

/// A reference case.
#[derive(Deserialize)]
struct Case {
    name: String,
    graphs: usize,
    /// Of the largest graph.
    edges: usize,
    runs: usize,
    circuits: usize,
    /// How many were compared.
    logits: usize,
    /// The largest difference of a logit.
    largest: f64,
}

/// The rows as markup, and the sums below them.
pub struct Table {
    pub rows: String,
    pub graphs: String,
    pub runs: String,
    pub circuits: String,
    pub logits: String,
    pub largest: String,
}

/// The table of the test's findings.
///
/// # Errors
/// When they are none.
pub fn table(findings: &str) -> Result<Table> {
    let cases: Vec<Case> = serde_json::from_str(findings)?;
    let sum = |of: fn(&Case) -> usize| grouped(cases.iter().map(of).sum());
    Ok(Table {
        rows: cases.iter().map(row).collect(),
        graphs: sum(|case| case.graphs),
        runs: sum(|case| case.runs),
        circuits: sum(|case| case.circuits),
        logits: sum(|case| case.logits),
        largest: small(cases.iter().map(|case| case.largest).fold(0.0, f64::max)),
    })
}

fn row(case: &Case) -> String {
    let counts = [case.graphs, case.edges, case.runs, case.circuits, case.logits].map(grouped);
    let cells = counts.into_iter().chain([small(case.largest)]);
    let cells: String = cells.map(|cell| format!("<td class=\"number\">{cell}</td>")).collect();
    format!("<tr><td><code>{}</code></td>{cells}</tr>\n", escaped(&case.name))
}

/// `2.1e-6` as people write it: `2.1 × 10⁻⁶`.
pub fn small(value: f64) -> String {
    let written = format!("{value:e}");
    let Some((digits, exponent)) = written.split_once('e').filter(|_| value != 0.0) else { return "0".to_owned() };
    let raised = exponent.chars().map(|c| match c {
        '-' => '⁻',
        digit => digit.to_digit(10).and_then(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize)).unwrap_or(digit),
    });
    let power = format!("10{}", raised.collect::<String>());
    if digits == "1" { power } else { format!("{digits}\u{a0}×\u{a0}{power}") }
}

#[cfg(test)]
mod tests {
    use super::{small, table};

    #[test]
    fn the_table_has_a_row_for_a_case_and_sums() {
        let case = |name: &str, largest: &str| {
            format!(
                "{{\"name\":\"{name}\",\"graphs\":2,\"edges\":1519,\"runs\":3,\"circuits\":40,\"logits\":12345,\"largest\":{largest}}}"
            )
        };
        let table = table(&format!("[{},{}]", case("gpt2", "2.1e-6"), case("<b>", "0"))).unwrap();
        assert!(
            table.rows.contains("<td><code>gpt2</code></td><td class=\"number\">2</td><td class=\"number\">1,519</td>")
        );
        assert!(table.rows.contains("<code>&lt;b&gt;</code>"));
        let sums = [table.graphs, table.runs, table.circuits, table.logits, table.largest];
        assert_eq!(sums, ["4", "6", "80", "24,690", "2.1\u{a0}×\u{a0}10⁻⁶"]);
    }

    #[test]
    fn small_numbers_have_powers_of_ten() {
        assert_eq!([0.0, 1e-4, 2.5e-12].map(small), ["0", "10⁻⁴", "2.5\u{a0}×\u{a0}10⁻¹²"]);
    }
}
