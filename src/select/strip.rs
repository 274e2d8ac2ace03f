//! The strip: the curve of a measure over the size of the circuit, and the sentence over it.

use std::rc::Rc;

use super::curves::sets;
use super::measures::current_set;
use super::pointed::edits_in_words;
use crate::state::State;
use crate::state::load::Shared;
use crate::state::measures::ScoreSet;
use crate::state::random::RandomEdges;
use crate::state::runs::Run;
use crate::state::scores::Scored;
use crate::words::{counted, grouped, measure, short};
use circuitscope_core::{Circuit, Measurement, Metric};
use circuitscope_picture::Size;
use circuitscope_picture::strip::{Cursor, Edited, Measure, Stops, StripPoint, StripRequest, StripSeries, measured};

/// What of the scores the strip shows: where the cursor can stop, and how large they are.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreStops {
    pub stops: Stops,
    pub descending: Rc<[f32]>,
}

impl ScoreStops {
    /// Those of the scores in use.
    pub fn new(scored: &Option<Shared<Scored>>) -> Option<Self> {
        let descending = scored.as_ref()?.scores.ranking().descending();
        Some(Self { stops: Stops::from_descending(descending), descending: descending.into() })
    }
}

/// What a strip depends on besides the scores.
#[derive(Debug, Clone, PartialEq)]
pub struct StripValues {
    sets: Vec<(usize, ScoreSet)>,
    random: Option<RandomEdges>,
    metric: Metric,
    log_y: Option<bool>,
    size: Size,
    stale: bool,
    /// Whether circuits are still being run.
    growing: bool,
}

impl StripValues {
    pub fn new(state: &State, size: Size) -> Self {
        Self {
            sets: sets(state),
            random: state.random().filter(|random| !random.hidden).cloned(),
            metric: state.measures.metric,
            log_y: state.measures.log_y,
            size,
            stale: state.has_results() && !state.fresh(),
            growing: state.is_sweeping(),
        }
    }

    /// The same at another size.
    pub fn sized(&self, size: Size) -> Self {
        Self { size, ..self.clone() }
    }

    /// The request, for the stops of the scores in use.
    pub fn request(&self, stops: &ScoreStops) -> StripRequest {
        let chosen = self.sets.iter().find(|(style, _)| *style == 0).map(|(_, set)| set);
        let pinned = self.sets.iter().filter(|(style, _)| *style > 0);
        StripRequest {
            size: self.size,
            stops: stops.stops.clone(),
            measure: self.measure(),
            chosen: chosen.map(|set| StripSeries { partial: self.growing, ..self.series(0, set) }),
            pinned: pinned.map(|(style, set)| self.series(*style, set)).collect(),
            random: self.random.as_ref().map(|random| self.random_series(random)),
            levels: chosen
                .and_then(|set| set.baseline.as_ref())
                .map_or(Vec::new(), |baseline| measured::levels(self.metric, &baseline.clean, &baseline.corrupt)),
            distribution: Some(stops.descending.clone()),
            stale: self.stale,
        }
    }

    fn measure(&self) -> Measure {
        let rows = self.sets.iter().flat_map(|(_, set)| set.rows.iter().map(|row| &row.result.measurement));
        let baselines = self.sets.iter().filter_map(|(_, set)| set.baseline.as_ref());
        let unpatched = baselines.flat_map(|baseline| [&baseline.clean, &baseline.corrupt]);
        let means = |of: &mut dyn Iterator<Item = &Measurement>| -> Vec<f64> {
            of.filter_map(|measurement| measurement.mean(self.metric)).collect()
        };
        measured::fitting(self.metric, self.log_y, &means(&mut { rows }), &means(&mut { unpatched }))
    }

    fn series(&self, style: usize, set: &ScoreSet) -> StripSeries {
        let n_prompts = set.baseline.as_ref().map_or(0, |baseline| baseline.n_prompts);
        StripSeries {
            name: set.name.clone(),
            style: style.saturating_sub(1),
            points: measured::points(self.metric, &set.measured().circuits, n_prompts),
            partial: false,
        }
    }

    /// The mean over draws, which has no band.
    fn random_series(&self, random: &RandomEdges) -> StripSeries {
        let point = |(k, mean): (usize, f64)| StripPoint { k, mean, middle_half: None };
        StripSeries {
            name: "random edges".to_owned(),
            style: 0,
            points: random.points(self.metric).into_iter().map(point).collect(),
            partial: false,
        }
    }
}

/// Where the cursor is.
pub fn cursor(state: &State) -> Cursor {
    let k = state.circuit().map_or(0, |circuit| circuit.n_edges);
    if state.picture.edits.is_empty() {
        return Cursor::at(k);
    }
    Cursor { k, edited: Edited::Yes(state.row().and_then(|row| row.result.measurement.mean(state.measures.metric))) }
}

/// What is read off the curve at the cursor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    pub k: String,
    /// Why no other size was to be had, where ties leave few.
    pub ties: Option<String>,
    pub threshold: Option<String>,
    /// Names and values of measures, as far as they are known.
    pub values: Vec<(&'static str, String)>,
    /// What else is to be known.
    pub note: Option<String>,
}

/// What is read off the curve at the cursor.
pub fn reading(state: &State) -> Reading {
    let Some(circuit) = state.circuit() else { return Reading::default() };
    let row = state.row();
    let chosen = state.measures.metric;
    let metrics = [chosen, Metric::CleanKlDiv, Metric::LogitDiff];
    let mut values: Vec<(&'static str, String)> = Vec::new();
    for metric in metrics {
        let value = row.and_then(|row| row.result.measurement.mean(metric));
        if let Some(value) =
            value.filter(|_| values.len() < 2 && values.iter().all(|(name, _)| *name != short_name(metric)))
        {
            values.push((short_name(metric), measure(metric, value)));
        }
    }
    let is_running = matches!(state.run, Run::Running { .. });
    let missing = match row {
        None if is_running => Some("running…".to_owned()),
        None if state.has_results() && !state.fresh() => Some("not run with these settings".to_owned()),
        None => Some("not run".to_owned()),
        Some(_) => None,
    };
    let changed = edits_in_words(state).map(|edits| format!("changed: {edits}"));
    let notes: Vec<_> = [changed, missing].into_iter().flatten().collect();
    Reading {
        k: grouped(circuit.n_edges),
        ties: ties(state, &circuit),
        threshold: (circuit.requested > 0).then(|| short(circuit.threshold.into())),
        values,
        note: (!notes.is_empty()).then(|| notes.join(", ")),
    }
}

/// Says that edges of equal scores come in together, where that leaves out the size that was asked for, or several sizes.
fn ties(state: &State, circuit: &Circuit) -> Option<String> {
    /// One size that is left out is no riddle.
    const MOST_LEFT_OUT: usize = 1;
    // The edges before those that share the least score of the circuit.
    let below = state.scored()?.scores.ranking().rank(circuit.threshold) - 1;
    let (lower, upper) = (grouped(below), grouped(circuit.n_edges));
    if circuit.requested != circuit.n_edges {
        return Some(format!("{} asked for; ties allow {lower} or {upper}", grouped(circuit.requested)));
    }
    let n_left_out = circuit.n_edges.saturating_sub(below + 1);
    (n_left_out > MOST_LEFT_OUT).then(|| format!("ties: no size between {lower} and {upper}"))
}

/// A measure's name where there is little room.
pub fn short_name(metric: Metric) -> &'static str {
    match metric {
        Metric::CleanKlDiv => "KL",
        Metric::CorruptKlDiv => "KL from corrupt",
        Metric::LogitDiff => "logit diff",
        other => other.name(),
    }
}

/// The reading in words, for those who hear it.
pub fn reading_text(state: &State) -> String {
    let reading = reading(state);
    let edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    let threshold = reading.threshold.map(|threshold| format!("|score| at least {threshold}"));
    let values = reading.values.into_iter().map(|(name, value)| format!("{name} {value}"));
    [Some(counted(edges, "edge")), reading.ties, threshold]
        .into_iter()
        .flatten()
        .chain(values)
        .chain(reading.note)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether what was run last can be kept for comparison.
pub fn can_pin(state: &State) -> bool {
    current_set(state).is_some() && state.measures.can_pin()
}
