//! The table of circuits that were run.

use crate::state::State;
use crate::state::load::Shared;
use crate::state::results::Row;
use crate::words::short;
use circuitscope_core::{Circuit, Metric};
use circuitscope_wire::engine::Measurement;

/// More rows are shown page by page: a browser is slow with very long tables.
const ROWS_A_PAGE: usize = 100;

/// A part of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePage {
    pub page: usize,
    /// The last page.
    pub last: usize,
    /// The index of the first of `rows` among all.
    pub first: usize,
    pub n_rows: usize,
    /// Ascending in the number of edges.
    pub rows: Vec<ResultRow>,
    /// The index of the drawn circuit in `rows`.
    pub chosen: Option<usize>,
}

/// A line of the table, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultRow {
    /// The realised number of edges, or what else was run.
    pub name: String,
    /// The number that was asked for, where it is another.
    pub requested: Option<String>,
    pub logit_diff: String,
    pub kl_clean: String,
    pub kl_corrupt: String,
}

/// The rows of the unpatched model.
pub fn baseline_rows(state: &State) -> Vec<ResultRow> {
    let rows = state.results.baseline.iter().flat_map(|baseline| {
        [("unpatched clean", &baseline.clean), ("unpatched corrupt", &baseline.corrupt)]
            .map(|(name, measurement)| result_row(name.to_owned(), None, measurement))
    });
    rows.collect()
}

/// The page of the table that is shown: the one that was turned to, or the chosen circuit's.
pub fn table_page(state: &State) -> TablePage {
    let n_rows = state.results.rows.len();
    let chosen = chosen_row(state);
    let last = n_rows.saturating_sub(1) / ROWS_A_PAGE;
    let page = state.page.unwrap_or(chosen.unwrap_or(0) / ROWS_A_PAGE).min(last);
    let first = page * ROWS_A_PAGE;
    let circuit = |row: &Shared<Row>| {
        let Circuit { requested, n_edges, .. } = row.result.circuit;
        let other = (requested != n_edges).then(|| requested.to_string());
        result_row(n_edges.to_string(), other, &row.result.measurement)
    };
    let rows = state.results.rows.iter().skip(first).take(ROWS_A_PAGE).map(circuit).collect();
    TablePage { page, last, first, n_rows, rows, chosen: chosen.and_then(|chosen| chosen.checked_sub(first)) }
}

/// What is to be known about the table as a whole.
pub fn note(state: &State) -> Option<&'static str> {
    if !state.has_results() {
        Some("Nothing of this model has been run yet.")
    } else if !state.fresh() {
        Some("From other files or settings. Run again to bring it up to date.")
    } else if state.results.rows.iter().all(|row| row.job == 0) {
        Some("Recorded with the demo. Run to compute it here.")
    } else {
        None
    }
}

fn result_row(name: String, requested: Option<String>, measurement: &Measurement) -> ResultRow {
    let shown = |metric: Metric| measurement.mean(metric).map_or_else(|| "–".to_owned(), short);
    ResultRow {
        name,
        requested,
        logit_diff: shown(Metric::LogitDiff),
        kl_clean: shown(Metric::CleanKlDiv),
        kl_corrupt: shown(Metric::CorruptKlDiv),
    }
}

/// The index of the drawn circuit among the rows.
fn chosen_row(state: &State) -> Option<usize> {
    let n_edges = state.circuit()?.n_edges;
    state.results.rows.iter().position(|row| row.result.circuit.n_edges == n_edges)
}
