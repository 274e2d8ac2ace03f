//! Tables for a terminal.

use std::fmt::Write;

use circuitscope_core::scores::known_circuit::edge_name;
use circuitscope_core::{AreaLabels, Areas, Graph, MeasuredCircuits, Metric, PruneScores};

/// How many metrics stand side by side.
const METRICS_A_TABLE: usize = 5;
/// How many of the largest scores are shown.
const N_LARGEST: usize = 20;

/// Every metric of every circuit, and the areas under the curves.
pub fn metrics(measured: &MeasuredCircuits, labels: AreaLabels) -> String {
    Metric::ALL.chunks(METRICS_A_TABLE).map(|metrics| some_metrics(measured, metrics, labels) + "\n").collect()
}

fn some_metrics(measured: &MeasuredCircuits, metrics: &[Metric], labels: AreaLabels) -> String {
    let row = |asked: &str, edges: &str, cell: &dyn Fn(Metric) -> String| {
        let cells: String = metrics.iter().map(|&metric| format!(" {:>20}", cell(metric))).collect();
        format!("{asked:>9} {edges:>9}{cells}\n")
    };
    let mut table = row("asked", "edges", &|metric| short_key(metric).to_owned());
    for (name, side) in ["clean", "corrupt"].into_iter().zip(measured.unpatched.iter().flatten()) {
        table += &row(name, "", &|metric| number(side.mean(metric)));
    }
    for (circuit, measurement) in &measured.circuits {
        let (asked, edges) = (circuit.requested.to_string(), circuit.n_edges.to_string());
        table += &row(&asked, &edges, &|metric| number(measurement.mean(metric)));
    }
    let areas: [fn(Areas) -> Option<f64>; 3] = [|areas| areas.auc, |areas| areas.cpr, |areas| areas.cmd];
    let [under, from_one] = labels.short;
    for (name, area) in ["AUC", under, from_one].into_iter().zip(areas) {
        table += &row(name, "", &|metric| number(area(measured.areas(metric))));
    }
    table
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.6}"))
}

/// The reference's name of a metric, short enough for a column.
fn short_key(metric: Metric) -> &'static str {
    match metric {
        Metric::CorrectOverIncorrectPercent => "Correct > Incorrect",
        Metric::CorrectAnswerPercent => "Correct Answer",
        other => other.key(),
    }
}

/// The largest absolute scores, with their edges.
pub fn largest(graph: &Graph, scores: &PruneScores) -> String {
    let mut edges: Vec<_> = graph.edges().collect();
    edges.sort_by(|&a, &b| scores.score(b).abs().total_cmp(&scores.score(a).abs()));
    let mut table = format!("{:>14}  edge (the {} largest of {})\n", "score", edges.len().min(N_LARGEST), edges.len());
    for &edge in edges.iter().take(N_LARGEST) {
        let _ = writeln!(table, "{:>14.6}  {}", scores.score(edge), edge_name(graph, edge));
    }
    table
}

/// Names and what stands beside each, in two columns.
pub fn fields(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect()
}
