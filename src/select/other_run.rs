//! What was measured of two circuits, and the run of the second one.

use super::runs::ready;
use super::two_circuits::Other;
use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::compare::{OtherPlan, With};
use crate::state::files::Role;
use crate::state::load::Shared;
use crate::state::random::any_scores;
use crate::state::results::Row;
use crate::state::runs::{Plan, Run};
use crate::words::measure_or_none;
use circuitscope_core::{EdgeCounts, Measurement, Metric};

/// A measure of both.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureRow {
    pub name: &'static str,
    pub values: [String; 2],
}

/// The measures of A and B, as far as they were run: the chosen one, logit difference and both divergences.
pub fn measure_rows(state: &State) -> Vec<MeasureRow> {
    let (a, b) = (state.row(), measured_b(state));
    let chosen = state.measures.metric;
    let others = [Metric::LogitDiff, Metric::CleanKlDiv, Metric::CorruptKlDiv];
    let metrics = [chosen].into_iter().chain(others.into_iter().filter(|metric| *metric != chosen));
    let a = a.map(|row| &row.result.measurement);
    let text = |measurement: Option<&Measurement>, metric: Metric| {
        measurement.map_or_else(|| "not run".to_owned(), |m| measure_or_none(metric, m.mean(metric)))
    };
    metrics.map(|metric| MeasureRow { name: metric.name(), values: [text(a, metric), text(b, metric)] }).collect()
}

/// The run of B, where there is no measurement of it with the files and settings as they are.
pub fn plan(state: &State) -> Option<OtherPlan> {
    let idle = matches!(state.run, Run::Idle(_));
    let other = Other::new(state).filter(|_| idle && ready(state) && measured_b(state).is_none())?;
    let plan = Plan {
        key: any_scores(state.key()),
        edge_counts: EdgeCounts::List(vec![other.requested]),
        edits: Edits::default(),
        machine: state.settings.machine,
        one_circuit: false,
    };
    Some(OtherPlan { plan, scored: other.scored, requested: other.requested })
}

/// B's measures, where it was run with the files and settings as they are: by itself, with the results, or with a pinned run.
fn measured_b(state: &State) -> Option<&Measurement> {
    let (compare, other) = (state.measures.compare.as_ref()?, Other::new(state)?);
    let (n_edges, key) = (other.n_edges(), any_scores(state.key()));
    let alone = state.measures.ran_other.as_ref().filter(|ran| ran.is_of(&key, &other.scored, other.requested));
    if let Some(measurement) = alone.and_then(|ran| ran.measurement.as_ref()) {
        return Some(measurement);
    }
    let pinned = |is_it: &dyn Fn(usize, Option<u32>) -> bool| {
        let pins = state.measures.pins.iter().filter(|pin| any_scores(pin.set.key.clone()) == key);
        let mut pins = pins.filter(|pin| is_it(pin.style, pin.set.key.files[Role::Scores as usize]));
        let has = |row: &&Shared<Row>| row.result.circuit.n_edges == n_edges;
        pins.find_map(|pin| pin.set.rows.iter().find(has)).map(|row| &row.result.measurement)
    };
    match compare.with {
        With::SameScores => state.results.row(n_edges).filter(|_| state.fresh()).map(|row| &row.result.measurement),
        With::Pin(style) => pinned(&|of, _| of == style),
        With::File(id) => pinned(&|_, file| file == Some(id)),
        With::Official => None,
    }
}
