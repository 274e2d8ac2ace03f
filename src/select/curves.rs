//! The curves of a metric over the number of edges, and their numbers.

use super::measures::{axis_label, current_set};
use crate::state::State;
use crate::state::load::Shared;
use crate::state::measures::ScoreSet;
use crate::state::results::Row;
use crate::state::runs::Run;
use crate::words::{NO_NUMBER, counted, grouped, measure, measure_or_none, short};
use circuitscope_core::{Areas, Circuit, Measured, Metric, Roc};
use circuitscope_picture::{Axis, Level, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size};

/// The numbers of a score set.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRow {
    pub style: usize,
    pub name: String,
    /// The metric at the shown circuit, or the nearest.
    pub value: String,
    /// The areas; nothing while circuits are still being run.
    pub auc: String,
    pub cpr: String,
    pub cmd: String,
    /// Of the ROC curve, where an official circuit is known.
    pub roc: Option<String>,
    /// The number of a pinned set.
    pub pin: Option<usize>,
}

/// The score sets that are compared, each with its style: what was run last, then the pins.
pub fn sets(state: &State) -> Vec<(usize, ScoreSet)> {
    let pins = state.measures.pins.iter().map(|pin| (pin.style, pin.set.clone()));
    current_set(state).map(|set| (0, set)).into_iter().chain(pins).collect()
}

/// What a plot of curves depends on.
#[derive(Clone, PartialEq)]
pub struct CurvePlot {
    pub sets: Vec<(usize, ScoreSet)>,
    pub metric: Metric,
    pub log_y: Option<bool>,
    pub size: Size,
    pub legend: bool,
    /// Whether what was run last is of other files or settings than those that are chosen now.
    pub stale: bool,
}

impl CurvePlot {
    pub fn new(state: &State, size: Size) -> Self {
        let stale = state.has_results() && !state.fresh();
        Self {
            sets: sets(state),
            metric: state.measures.metric,
            log_y: state.measures.log_y,
            size,
            legend: false,
            stale,
        }
    }

    /// Whether values are on a logarithmic axis: where the reference has one and, unless it was chosen, every value has a
    /// place on it.
    pub fn log_y(&self) -> Option<f64> {
        let least = self.metric.log_y_min()?;
        let value = |row: &Shared<Row>| row.result.measurement.mean(self.metric);
        let fits = || self.sets.iter().flat_map(|(_, set)| set.rows.iter().filter_map(value)).all(|y| y >= 0.0);
        self.log_y.unwrap_or_else(fits).then_some(least)
    }

    pub fn request(&self) -> PlotRequest {
        let least = self.log_y();
        PlotRequest {
            size: self.size,
            x: Axis { label: "Edges in the circuit (log scale)".to_owned(), scale: Scale::LogCounts, range: None },
            y: Axis {
                label: axis_label(self.metric, least.is_some()),
                scale: least.map_or(Scale::Linear, |least| Scale::Log { least }),
                range: None,
            },
            series: self.sets.iter().map(|(style, set)| series(self.metric, *style, set)).collect(),
            levels: self.levels(least),
            diagonal: false,
            legend: self.legend,
        }
    }

    /// The unpatched model, where it can be seen on the axis.
    fn levels(&self, least: Option<f64>) -> Vec<Level> {
        let unpatched = self.sets.first().and_then(|(_, set)| set.baseline.as_ref());
        let sides =
            unpatched.into_iter().flat_map(|b| [("unpatched clean", &b.clean), ("unpatched corrupt", &b.corrupt)]);
        let levels = sides.filter_map(|(name, side)| Some(Level { name: name.to_owned(), y: side.mean(self.metric)? }));
        levels.filter(|level| least.is_none_or(|least| level.y > least)).collect()
    }
}

fn series(metric: Metric, style: usize, set: &ScoreSet) -> Series {
    let n_prompts = set.baseline.as_ref().map_or(0, |baseline| baseline.n_prompts);
    let value = |(circuit, measured): (Circuit, Measured)| {
        let [low, _, high] = measured.quartiles;
        // The middle half of rights and wrongs says nothing, and one prompt has no spread.
        let band = (!metric.counts_prompts() && n_prompts != 1).then_some((low, high));
        let spread =
            band.map_or(String::new(), |_| format!(" ({} to {})", measure(metric, low), measure(metric, high)));
        PlotValue {
            x: circuit.n_edges as f64,
            y: measured.mean,
            band,
            hover: format!("{}: {}{spread}", counted(circuit.n_edges, "edge"), measure(metric, measured.mean)),
        }
    };
    Series { name: set.name.clone(), style, values: set.measured().points(metric).into_iter().map(value).collect() }
}

/// What is to be known of the curves beside their numbers.
pub fn hint(plot: &CurvePlot) -> String {
    let has_band = |set: &ScoreSet| set.baseline.as_ref().is_some_and(|baseline| baseline.n_prompts > 1);
    let band = if !plot.metric.counts_prompts() && plot.sets.iter().any(|(_, set)| has_band(set)) {
        " Band: the middle half of the prompts."
    } else {
        ""
    };
    let has_empty = |set: &ScoreSet| set.rows.iter().any(|row| row.result.circuit.n_edges == 0);
    let zero = if plot.sets.iter().any(|(_, set)| has_empty(set)) { " 0 edges stands left of the break." } else { "" };
    let unfit = plot.metric.log_y_min().is_some() && plot.log_y.is_none() && plot.log_y().is_none();
    let axis = if unfit { " Linear, as a logarithmic axis has no place for values below 0." } else { "" };
    let stale = if plot.stale { "From other files or settings than those chosen now. " } else { "" };
    format!("{stale}Mean over prompts.{band}{zero}{axis}")
}

/// What the plot says where the pointer is.
pub fn pointed(layout: &PlotLayout, x: f64) -> String {
    let at = |(series, point): (usize, usize)| {
        let series = &layout.series[series];
        let hover = &series.points[point].hover;
        if layout.series.len() == 1 { hover.clone() } else { format!("{}: {hover}", series.name) }
    };
    layout.near(x).into_iter().map(at).collect::<Vec<_>>().join(" · ")
}

/// Why there is no curve.
pub fn no_curve(state: &State) -> &'static str {
    if state.results.rows.is_empty() || !state.has_results() {
        "Run circuits to see how faithful they are."
    } else if state.measures.metric.counts_prompts() {
        "This metric does not apply: it needs exactly one answer for each prompt (and position of the output)."
    } else {
        "This metric does not apply: the prompts name no answer tokens for the positions of the output, or no wrong ones."
    }
}

/// The heading of the values at the shown circuit.
pub fn at_label(state: &State) -> String {
    state.circuit().map_or_else(|| "Shown".to_owned(), |circuit| format!("At {}", grouped(circuit.n_edges)))
}

/// The area under a curve as a text. One circuit with edges encloses no area, and the least says no more than "at most".
fn auc_text(areas: &Areas, n_points: usize) -> String {
    match areas.auc.filter(|_| n_points > 2) {
        Some(auc) if areas.auc_at_floor() => format!("≤ {auc}"),
        Some(auc) => short(auc),
        None => NO_NUMBER.to_owned(),
    }
}

/// Whether circuits of a set are still being run, so that its curve is not whole.
fn is_growing(state: &State, set: &ScoreSet) -> bool {
    let Run::Running { plan, .. } = &state.run else { return false };
    plan.key == set.key && state.is_sweeping()
}

/// A row for each set.
pub fn curve_rows(state: &State, sets: &[(usize, ScoreSet)], rocs: &Option<Vec<(usize, Roc)>>) -> Vec<CurveRow> {
    let (metric, n_edges) = (state.measures.metric, state.circuit().map_or(0, |circuit| circuit.n_edges));
    let number = |x: Option<f64>| x.map_or_else(|| NO_NUMBER.to_owned(), short);
    let row = |(style, set): &(usize, ScoreSet)| {
        let measured = set.measured();
        let areas = measured.areas(metric);
        let curve = measured.curve(metric);
        let growing = *style == 0 && is_growing(state, set);
        let area = |text: String| if growing { String::new() } else { text };
        let value = curve.iter().find(|point| point.0 == n_edges).map(|point| point.1);
        let roc = |rocs: &Vec<(usize, Roc)>| rocs.iter().find(|(of, _)| of == style).map(|(_, roc)| roc.auc);
        CurveRow {
            style: *style,
            name: set.name.clone(),
            value: measure_or_none(metric, value),
            auc: area(auc_text(&areas, curve.len())),
            cpr: area(number(areas.cpr)),
            cmd: area(number(areas.cmd)),
            roc: rocs.as_ref().map(|rocs| number(roc(rocs))),
            pin: (*style > 0).then_some(*style),
        }
    };
    sets.iter().map(row).collect()
}
