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

/// Some metrics of every circuit.
pub fn means(measured: &MeasuredCircuits, metrics: &[Metric]) -> String {
    let tables: Vec<String> = metrics.chunks(METRICS_A_TABLE).map(|metrics| some_means(measured, metrics)).collect();
    tables.join("\n")
}

fn some_metrics(measured: &MeasuredCircuits, metrics: &[Metric], labels: AreaLabels) -> String {
    let areas: [fn(Areas) -> Option<f64>; 3] = [|areas| areas.auc, |areas| areas.cpr, |areas| areas.cmd];
    let [under, from_one] = labels.short;
    let areas = ["AUC", under, from_one].into_iter().zip(areas);
    areas.fold(some_means(measured, metrics), |table, (name, area)| {
        table + &row(metrics, [name, ""], &|metric| number(area(measured.areas(metric))))
    })
}

fn some_means(measured: &MeasuredCircuits, metrics: &[Metric]) -> String {
    let mut table = row(metrics, ["asked", "edges"], &|metric| short_key(metric).to_owned());
    for (name, side) in ["clean", "corrupt"].into_iter().zip(measured.unpatched.iter().flatten()) {
        table += &row(metrics, [name, ""], &|metric| number(side.mean(metric)));
    }
    for (circuit, measurement) in &measured.circuits {
        let (asked, edges) = (circuit.requested.to_string(), circuit.n_edges.to_string());
        table += &row(metrics, [&asked, &edges], &|metric| number(measurement.mean(metric)));
    }
    table
}

fn row(metrics: &[Metric], [asked, edges]: [&str; 2], cell: &dyn Fn(Metric) -> String) -> String {
    let cells: String = metrics.iter().map(|&metric| format!(" {:>20}", cell(metric))).collect();
    format!("{asked:>9} {edges:>9}{cells}\n")
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
