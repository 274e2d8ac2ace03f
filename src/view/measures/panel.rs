//! The section of measures: a metric's curves, their numbers, the ROC against an official circuit, and the table of settings.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::select::short;
use crate::state::files::Shared;
use crate::state::inputs::Scored;
use crate::state::measures::{COLUMNS, MeasureAction, Official, ScoreSet, ablation_name};
use crate::state::results::Row;
use crate::state::{Action, Failure, Run, State};
use crate::tasks::save::save_text;
use crate::view::panels::{PartProps, is_narrow};
use crate::view::{CurveRow, HeatCell, PlotCursor, PlotSvg, curve_table, similarity_table};
use crate::workers::engine::js_text;
use circuitscope_core::measure::measures::{to_csv, to_json};
use circuitscope_core::{AblationType, Areas, Metric, PatchType, Roc, RocPoint, Unit, roc, similarity};
use circuitscope_picture::plot_string;
use circuitscope_picture::{Axis, Level, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size, plot};

/// The plot's size on a wide and on a narrow screen.
const WIDE: Size = Size { width: 600.0, height: 240.0 };
const NARROW: Size = Size { width: 368.0, height: 260.0 };
/// The ROC plot's.
const SQUARE: Size = Size { width: 280.0, height: 290.0 };

/// The section.
#[component]
pub fn MeasuresPart(props: &PartProps) -> Html {
    let open = use_memo((), |()| !is_narrow());
    html! {
        <section class="measures" aria-label="Measures">
            <details class="fold" open={*open}>
                <summary>{ "Measures" }</summary>
                <Curves ..props.clone() />
                <OfficialRoc ..props.clone() />
                { settings_table(props) }
            </details>
        </section>
    }
}

/// The score sets that are compared, each with its style: what was run last, then the pins.
fn sets(state: &State) -> Vec<(usize, ScoreSet)> {
    let pins = state.measures.pins.iter().map(|pin| (pin.style, pin.set.clone()));
    state.current_set().map(|set| (0, set)).into_iter().chain(pins).collect()
}

/// What a plot of curves depends on.
#[derive(Clone, PartialEq)]
struct Drawn {
    sets: Vec<(usize, ScoreSet)>,
    metric: Metric,
    log_y: Option<bool>,
    size: Size,
    legend: bool,
}

impl Drawn {
    fn new(state: &State) -> Self {
        let size = if is_narrow() { NARROW } else { WIDE };
        Self { sets: sets(state), metric: state.measures.metric, log_y: state.measures.log_y, size, legend: false }
    }

    /// Whether values are on a logarithmic axis: where the reference has one and, unless it was chosen, every value has a
    /// place on it.
    fn log_y(&self) -> Option<f64> {
        let least = self.metric.log_y_min()?;
        let value = |row: &Shared<Row>| row.result.measurement.mean(self.metric);
        let fits = || self.sets.iter().flat_map(|(_, set)| set.rows.iter().filter_map(value)).all(|y| y >= 0.0);
        self.log_y.unwrap_or_else(fits).then_some(least)
    }

    fn request(&self) -> PlotRequest {
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

fn axis_label(metric: Metric, log: bool) -> String {
    let unit = match metric.unit() {
        Unit::Nats => "nats",
        Unit::Percent => "%",
        Unit::Logit | Unit::Probability => "",
    };
    let parts: Vec<_> =
        [unit, if log { "log scale" } else { "" }].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { metric.name().to_owned() } else { format!("{} ({})", metric.name(), parts.join(", ")) }
}

fn series(metric: Metric, style: usize, set: &ScoreSet) -> Series {
    let n_prompts = set.baseline.as_ref().map_or(0, |baseline| baseline.n_prompts);
    let value = |(circuit, measured): (circuitscope_core::Circuit, circuitscope_core::Measured)| {
        let [low, _, high] = measured.quartiles;
        // The middle half of rights and wrongs says nothing, and one prompt has no spread.
        let band = (!metric.counts_prompts() && n_prompts != 1).then_some((low, high));
        let spread = band.map_or(String::new(), |_| format!(" ({} to {})", short(low), short(high)));
        let edges = if circuit.n_edges == 1 { "edge" } else { "edges" };
        PlotValue {
            x: circuit.n_edges as f64,
            y: measured.mean,
            band,
            hover: format!("{} {edges}: {}{spread}", circuit.n_edges, short(measured.mean)),
        }
    };
    Series { name: set.name.clone(), style, values: set.measured().points(metric).into_iter().map(value).collect() }
}

/// Choosing a metric, its curves, and their numbers.
#[component]
fn Curves(props: &PartProps) -> Html {
    let state = &props.state;
    let drawn = Drawn::new(state);
    let layout = use_memo(drawn.clone(), |drawn| Rc::new(plot(&drawn.request())));
    let rocs = use_memo(Compared::new(state), Compared::rocs);
    let hovered = use_state_eq(|| None::<f64>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    let on_unpin = props.on(|style| Action::Measure(MeasureAction::Unpinned(style)));
    let has_values = layout.series.iter().any(|series| !series.points.is_empty());
    html! {
        <div class="curves-part">
            { curve_choices(props, &drawn) }
            if has_values {
                <PlotSvg
                    layout={(*layout).clone()} label="Circuit on the curve" {on_hover} cursor={cursor(props, &drawn)}
                />
                <p class="hover">{ hovered.map_or_else(|| hint(&drawn), |x| pointed(&layout, x)) }</p>
            } else {
                <p class="note">{ no_curve(state) }</p>
            }
            if has_values {
                <div class="table-scroll">
                    { curve_table(&curve_rows(state, &drawn.sets, &rocs), &at_label(state), &on_unpin) }
                </div>
            }
            { similarities(state) }
        </div>
    }
}

fn curve_choices(props: &PartProps, drawn: &Drawn) -> Html {
    let state = &props.state;
    let choose = props.on(|metric| Action::Measure(MeasureAction::MetricChosen(metric)));
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Some(&metric) = usize::try_from(select.selected_index()).ok().and_then(|i| Metric::ALL.get(i)) {
            choose.emit(metric);
        }
    };
    let log = props.on(|log: bool| Action::Measure(MeasureAction::LogYChosen(log)));
    let onlog = move |event: Event| log.emit(event.target_unchecked_into::<HtmlInputElement>().checked());
    let option = |&metric: &Metric| {
        let (name, key) = (metric.name(), metric.key());
        html! {
            <option key={key} selected={metric == drawn.metric}>{ format!("{name} — {key}") }</option>
        }
    };
    let pin = props.on(|_: MouseEvent| Action::Measure(MeasureAction::Pinned));
    let can_pin = state.current_set().is_some() && state.measures.can_pin();
    let save = |what: &'static str| {
        let (sets, drawn, props) = (sets(state), drawn.clone(), props.clone());
        Callback::from(move |_: MouseEvent| save(&props, what, &sets, &drawn))
    };
    let nothing = drawn.sets.is_empty();
    html! {
        <div class="curve-choices">
            <select id="metric" aria-label="Metric" {onchange}>{ for Metric::ALL.iter().map(option) }</select>
            if drawn.metric.log_y_min().is_some() {
                <label class="check" title="auto-circuit draws this metric on a logarithmic axis">
                    <input type="checkbox" checked={drawn.log_y().is_some()} onchange={onlog} />{ "log" }
                </label>
            }
            <button type="button" onclick={pin} disabled={!can_pin} title="Keep these curves to compare later runs with">{ "Pin" }</button>
            <span class="saves">
                <button type="button" disabled={nothing} onclick={save("csv")} title="All metrics of all curves as CSV">{ "CSV" }</button>
                <button type="button" disabled={nothing} onclick={save("json")} title="All metrics of all curves as JSON">{ "JSON" }</button>
                <button type="button" disabled={nothing} onclick={save("svg")} title="This plot as SVG">{ "SVG" }</button>
            </span>
        </div>
    }
}

/// The shown circuit on the curve of what was run last.
fn cursor(props: &PartProps, drawn: &Drawn) -> Option<PlotCursor> {
    let circuit = props.state.circuit().filter(|_| drawn.sets.first().is_some_and(|(style, _)| *style == 0))?;
    let on_move = props.on(|x: f64| Action::CircuitRequested(x as usize));
    Some(PlotCursor { x: circuit.n_edges as f64, text: format!("{} edges", circuit.n_edges), on_move })
}

/// What is told until something is pointed at.
fn hint(drawn: &Drawn) -> String {
    let band = if drawn.metric.counts_prompts() { "" } else { " Band: the middle half of the prompts." };
    let zero = " 0 edges stands left of the break.";
    let unfit = drawn.metric.log_y_min().is_some() && drawn.log_y.is_none() && drawn.log_y().is_none();
    let axis = if unfit { " Linear, as a logarithmic axis has no place for values below 0." } else { "" };
    format!("Mean over prompts.{band}{zero}{axis}")
}

fn pointed(layout: &PlotLayout, x: f64) -> String {
    let at = |(series, point): (usize, usize)| {
        let series = &layout.series[series];
        let hover = &series.points[point].hover;
        if layout.series.len() == 1 { hover.clone() } else { format!("{}: {hover}", series.name) }
    };
    layout.near(x).into_iter().map(at).collect::<Vec<_>>().join(" · ")
}

/// Why there is no curve.
fn no_curve(state: &State) -> &'static str {
    if state.results.rows.is_empty() || !state.has_results() {
        "Run circuits to see how faithful they are."
    } else if state.measures.metric.counts_prompts() {
        "This metric does not apply: it needs exactly one answer for each prompt (and position of the output)."
    } else {
        "This metric does not apply: the prompts name no answer tokens for the positions of the output, or no wrong ones."
    }
}

fn at_label(state: &State) -> String {
    state.circuit().map_or_else(|| "Shown".to_owned(), |circuit| format!("At {}", circuit.n_edges))
}

fn curve_rows(state: &State, sets: &[(usize, ScoreSet)], rocs: &Option<Vec<(usize, Roc)>>) -> Vec<CurveRow> {
    let (metric, n_edges) = (state.measures.metric, state.circuit().map_or(0, |circuit| circuit.n_edges));
    let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), short);
    let row = |(style, set): &(usize, ScoreSet)| {
        let measured = set.measured();
        let Areas { auc, cpr, cmd } = measured.areas(metric);
        let value = measured.curve(metric).into_iter().find(|point| point.0 == n_edges).map(|point| point.1);
        let roc = |rocs: &Vec<(usize, Roc)>| rocs.iter().find(|(of, _)| of == style).map(|(_, roc)| roc.auc);
        CurveRow {
            style: *style,
            name: set.name.clone(),
            value: number(value),
            auc: number(auc),
            cpr: number(cpr),
            cmd: number(cmd),
            roc: rocs.as_ref().map(|rocs| number(roc(rocs))),
            pin: (*style > 0).then_some(*style),
        }
    };
    sets.iter().map(row).collect()
}

/// How many of the largest scores the sets have in common, at the size of the shown circuit.
fn similarities(state: &State) -> Html {
    let (Some(shown), Some(circuit)) = (state.scored(), state.circuit()) else { return Html::default() };
    let scored = Compared::new(state).distinct();
    if scored.len() < 2 || circuit.n_edges == 0 {
        return Html::default();
    }
    let share = |a: &Scores, b: &Scores| similarity(&a.scored.scores, &b.scored.scores, circuit.n_edges);
    let shares: Vec<Vec<_>> = scored.iter().map(|a| scored.iter().map(|b| share(a, b)).collect()).collect();
    let caption = format!("Common edges among the {} largest of {} scores", circuit.n_edges, shown.scores.n_edges());
    let sets: Vec<_> = scored.iter().map(|scores| (scores.style, scores.name.clone())).collect();
    html! { <div class="table-scroll">{ similarity_table(&caption, &sets, &shares) }</div> }
}

/// Scores of the graph in use, with the official circuit that they are compared with.
#[derive(Clone, PartialEq)]
struct Compared {
    official: Option<Shared<Official>>,
    /// Those in use, then those of pins.
    sets: Vec<Scores>,
}

#[derive(Clone, PartialEq)]
struct Scores {
    style: usize,
    name: String,
    scored: Shared<Scored>,
}

impl Compared {
    fn new(state: &State) -> Self {
        let official = state.measures.official.clone();
        let Some(shown) = state.inputs.scored.clone() else { return Self { official, sets: Vec::new() } };
        let pins = state.measures.pins.iter().filter_map(|pin| {
            let scored = pin.set.scored.clone().filter(|scored| scored.graph == shown.graph)?;
            Some(Scores { style: pin.style, name: pin.set.scores.clone(), scored })
        });
        let pins: Vec<_> = pins.collect();
        let in_use = Scores { style: 0, name: state.scores_name(&state.key()), scored: shown };
        Self { official, sets: [in_use].into_iter().chain(pins).collect() }
    }

    /// Each different score set once: runs of the same scores differ in settings only.
    fn distinct(self) -> Vec<Scores> {
        let mut distinct: Vec<Scores> = Vec::new();
        for set in self.sets {
            if distinct.iter().all(|other| other.scored.scores != set.scored.scores) {
                distinct.push(set);
            }
        }
        distinct
    }

    /// The ROC of each set by its style; `None` where no official circuit of this graph is known.
    fn rocs(&self) -> Option<Vec<(usize, Roc)>> {
        let mask = self.official.as_ref()?.circuit.mask(&self.sets.first()?.scored.graph).ok()?;
        Some(self.sets.iter().filter_map(|set| Some((set.style, roc(&set.scored.scores, &mask)?))).collect())
    }

    fn plot(&self) -> Option<PlotLayout> {
        let rocs = self.rocs()?;
        let series = self.clone().distinct().into_iter().filter_map(|set| {
            let (_, Roc { points, auc }) = rocs.iter().find(|(style, _)| *style == set.style)?;
            let values = points.iter().map(roc_value).collect();
            Some(Series { name: format!("{}, AUC {auc:.3}", set.name), style: set.style, values })
        });
        let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: Some((0.0, 1.0)) };
        Some(plot(&PlotRequest {
            size: SQUARE,
            x: axis("False positive rate"),
            y: axis("True positive rate"),
            series: series.collect(),
            levels: Vec::new(),
            diagonal: true,
            legend: true,
        }))
    }
}

fn roc_value(point: &RocPoint) -> PlotValue {
    let &RocPoint { n_edges, false_positive_rate: x, true_positive_rate: y } = point;
    let hover = format!("{n_edges} edges: {:.0} % of the official, {:.1} % of the others", 100.0 * y, 100.0 * x);
    PlotValue { x, y, band: None, hover }
}

fn save(props: &PartProps, what: &str, sets: &[(usize, ScoreSet)], drawn: &Drawn) {
    let measured: Vec<_> = sets.iter().map(|(_, set)| set.measured()).collect();
    let saved = match what {
        "csv" => save_text("measures.csv", "text/csv", &to_csv(&measured)),
        "json" => save_text("measures.json", "application/json", &to_json(&measured).to_string()),
        _ => {
            let name = format!("{}.svg", drawn.metric.key().to_lowercase().replace(' ', "-"));
            let picture = plot_string(&plot(&Drawn { legend: true, size: WIDE, ..drawn.clone() }.request()));
            save_text(&name, "image/svg+xml", &picture)
        }
    };
    if let Err(error) = saved {
        let message = format!("The measures could not be saved: {}", js_text(&error));
        props.state.dispatch(Action::Failed(Failure::plain(message)));
    }
}

/// Choosing an official circuit, and the ROC curve against it.
#[component]
fn OfficialRoc(props: &PartProps) -> Html {
    let state = &props.state;
    let layout = use_memo(Compared::new(state), |compared| compared.plot().map(Rc::new));
    let hovered = use_state_eq(|| None::<f64>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    let onfile = props.with(|state, tasks, event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let file = input.files().and_then(|files| files.get(0));
        if let (Some(file), Some(scored)) = (file, state.inputs.scored.clone()) {
            tasks.read_official(file, scored);
        }
        // The same file can be chosen again.
        input.set_value("");
    });
    let shown = props.on(|_: MouseEvent| Action::Measure(MeasureAction::OfficialIsShown));
    let dropped = props.on(|_: MouseEvent| Action::Measure(MeasureAction::OfficialDropped));
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    html! {
        <div class="official">
            <h3>{ "Against an official circuit" }</h3>
            <div class="curve-choices">
                <label class="button" title="A JSON list of edge names, or scores that are 0 for all other edges">
                    <input type="file" accept=".json,.safetensors" class="visually-hidden" onchange={onfile} />{ "Choose a file…" }
                </label>
                <button type="button" onclick={shown} disabled={n_edges == 0}>{ "Take the shown one" }</button>
                if let Some(official) = &state.measures.official {
                    <span class="quiet">{ format!("{}: {} edges", official.name, official.circuit.edges.len()) }</span>
                    <button type="button" class="remove" aria-label="Forget the official circuit" title="Forget" onclick={dropped}>{ "×" }</button>
                }
            </div>
            if let Some(error) = &state.measures.official_error {
                <p class="wrong">{ error }</p>
            }
            if let Some(layout) = &*layout {
                <PlotSvg layout={layout.clone()} label="ROC curve" {on_hover} />
                <p class="hover">{ hovered.map_or_else(|| ROC_HINT.to_owned(), |x| pointed(layout, x)) }</p>
            } else if state.measures.official.is_some() && state.scored().is_some() {
                <p class="note">{ "It has other edges than this graph." }</p>
            }
        </div>
    }
}

const ROC_HINT: &str =
    "From the largest score to the least: the share of official edges found against the share of others.";

/// The shown circuit under every setting.
fn settings_table(props: &PartProps) -> Html {
    let state = &props.state;
    let start = props.with(|state, tasks, _: MouseEvent| {
        if let Some(plan) = state.sensitivity_plan() {
            tasks.sensitivity(plan);
        }
    });
    let idle = matches!(state.run, Run::Idle(_));
    let can_start = idle && state.sensitivity_plan().is_some();
    html! {
        <div class="settings-table">
            <h3>{ "Under every setting" }</h3>
            <div class="curve-choices">
                <button type="button" disabled={!can_start} onclick={start}>{ "Test the shown circuit" }</button>
                <span class="quiet">{ "2 patch types, 2 directions, 7 ablations" }</span>
            </div>
            { sensitivity_table(state) }
        </div>
    }
}

fn sensitivity_table(state: &State) -> Html {
    let Some(sensitivity) = &state.measures.sensitivity else { return Html::default() };
    let metric = state.measures.metric;
    let values: Vec<Option<f64>> = sensitivity.cells.iter().map(|m| m.as_ref()?.mean(metric)).collect();
    let known = || values.iter().flatten().copied().filter(|x| x.is_finite());
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let run = &state.settings.run;
    let cell = |column: usize, row: usize| {
        let place = column * AblationType::ALL.len() + row;
        let (patch_type, reverse) = COLUMNS[column];
        let (text, share) = match (values[place], &sensitivity.cells[place]) {
            (Some(x), _) => (short(x), Some(if most > least { (x - least) / (most - least) } else { 0.0 })),
            (None, Some(_)) => ("–".to_owned(), None),
            (None, None) => (String::new(), None),
        };
        let current = (run.patch_type, run.reverse, run.ablation) == (patch_type, reverse, AblationType::ALL[row]);
        HeatCell { text, share, current }
    };
    let rows = AblationType::ALL.iter().enumerate();
    let rows: Vec<_> = rows
        .map(|(row, &ablation)| (ablation_name(ablation), (0..COLUMNS.len()).map(|column| cell(column, row)).collect()))
        .collect();
    let columns = COLUMNS.map(|(patch_type, reverse)| {
        let patch = if patch_type == PatchType::Edge { "Edge" } else { "Tree" };
        format!("{patch}{}", if reverse { ", reversed" } else { "" })
    });
    let caption = format!(
        "{} of {} edges of {}; the darker, the larger",
        axis_label(metric, false),
        sensitivity.n_edges,
        sensitivity.scores
    );
    crate::view::sensitivity_table(&caption, &columns, &rows)
}
