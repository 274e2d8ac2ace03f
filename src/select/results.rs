//! The table of circuits that were run.

use crate::state::State;
use crate::state::load::Shared;
use crate::state::results::Row;
use crate::words::{NO_NUMBER, grouped, measure_or_none, short};
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
    /// A value for each of the [`columns`].
    pub values: Vec<String>,
}

/// What a column of the table holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// The least |score| in the circuit.
    Threshold,
    Measure(Metric),
    /// The chosen measure in a pinned run at as many edges; its name and its style.
    Pinned(String, usize),
    /// The chosen measure of as many random edges.
    Random,
}

/// The columns beside the number of edges: the chosen measure, the usual ones, and the chosen one elsewhere.
pub fn columns(state: &State) -> Vec<Column> {
    let chosen = state.measures.metric;
    let usual = [Metric::LogitDiff, Metric::CleanKlDiv, Metric::CorruptKlDiv];
    let usual = usual.into_iter().filter(|metric| *metric != chosen).map(Column::Measure);
    let pinned = state.measures.pins.iter().map(|pin| Column::Pinned(pin.set.name.clone(), pin.style));
    let random = state.random().map(|_| Column::Random);
    [Column::Threshold, Column::Measure(chosen)].into_iter().chain(usual).chain(pinned).chain(random).collect()
}

impl Column {
    /// As it is headed.
    pub fn label(&self) -> String {
        match self {
            Self::Threshold => "|score| ≥".to_owned(),
            Self::Measure(metric) => metric.name().to_owned(),
            Self::Pinned(name, _) => format!("{name}, pinned"),
            Self::Random => "Random edges".to_owned(),
        }
    }

    /// What it is, in a sentence.
    pub fn about(&self, chosen: Metric) -> String {
        let chosen = chosen.name();
        match self {
            Self::Threshold => "The least |score| in the circuit".to_owned(),
            Self::Measure(metric) => format!("auto-circuit: {}", metric.key()),
            Self::Pinned(name, _) => format!("{chosen} of as many edges in {name}"),
            Self::Random => format!("{chosen} of as many edges drawn at random, the mean over draws"),
        }
    }
}

/// The rows of the unpatched model.
pub fn baseline_rows(state: &State) -> Vec<ResultRow> {
    let rows = state.results.baseline.iter().flat_map(|baseline| {
        [("unpatched clean", &baseline.clean), ("unpatched corrupt", &baseline.corrupt)]
            .map(|(name, measurement)| baseline_row(state, name, measurement))
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
        let requested = (requested != n_edges).then(|| grouped(requested));
        let values = columns(state).iter().map(|column| circuit_value(state, column, row)).collect();
        ResultRow { name: grouped(n_edges), requested, values }
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

/// The unpatched model has its measures only.
fn baseline_row(state: &State, name: &str, measurement: &Measurement) -> ResultRow {
    let value = |column: &Column| match column {
        Column::Measure(metric) => measure_or_none(*metric, measurement.mean(*metric)),
        _ => String::new(),
    };
    ResultRow { name: name.to_owned(), requested: None, values: columns(state).iter().map(value).collect() }
}

fn circuit_value(state: &State, column: &Column, row: &Row) -> String {
    let (circuit, chosen) = (row.result.circuit, state.measures.metric);
    match column {
        Column::Threshold if circuit.n_edges == 0 => NO_NUMBER.to_owned(),
        Column::Threshold => short(circuit.threshold.into()),
        Column::Measure(metric) => measure_or_none(*metric, row.result.measurement.mean(*metric)),
        Column::Pinned(_, style) => measure_or_none(chosen, pinned(state, *style, circuit.n_edges)),
        Column::Random => {
            let mean = state.random().and_then(|random| random.mean(chosen, circuit.n_edges));
            measure_or_none(chosen, mean)
        }
    }
}

/// The chosen measure of a pinned run's circuit of this many edges.
fn pinned(state: &State, style: usize, n_edges: usize) -> Option<f64> {
    let pin = state.measures.pins.iter().find(|pin| pin.style == style)?;
    let row = pin.set.rows.iter().find(|row| row.result.circuit.n_edges == n_edges)?;
    row.result.measurement.mean(state.measures.metric)
}

/// The index of the drawn circuit among the rows.
fn chosen_row(state: &State) -> Option<usize> {
    let n_edges = state.circuit()?.n_edges;
    state.results.rows.iter().position(|row| row.result.circuit.n_edges == n_edges)
}
