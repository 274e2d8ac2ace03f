//! Two circuits: what the shown one is compared with, and in what they differ.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::select::agreement::{Agreement, AgreementRequest};
use crate::select::curves::pointed;
use crate::select::other_run::{self, MeasureRow};
use crate::select::two_circuits::{self as select, Candidate, Pair, PairLine, PairRequest, Part};
use crate::state::compare::{Comparison, With};
use crate::state::picture::Selection;
use crate::tasks;
use crate::update::{Action, CircuitAction, CompareAction};
use crate::view::connected::Connected;
use crate::view::parts::plot_svg::PlotSvg;
use crate::words::{counted, grouped};
use circuitscope_figure::SideNames;
use circuitscope_picture::PlotLayout;
use circuitscope_picture::drawn::Side;

/// The picker of B and, once there is one, what the two have in common.
#[component]
pub fn TwoCircuits(props: &Connected) -> Html {
    let state = &props.state;
    let pair = use_memo(PairRequest::new(state), |request| request.as_ref().map(PairRequest::pair));
    let agreement = use_memo(AgreementRequest::new(state), |request| request.as_ref().map(AgreementRequest::agreement));
    let compared = state.measures.compare.as_ref().zip(select::names(state)).zip(pair.as_ref().as_ref());
    html! {
        <div class="two-circuits">
            <h2>{ "Two circuits" }</h2>
            { picker(props, &select::possible(state)) }
            if let Some(error) = &state.measures.compare_error {
                <p class="wrong">{ error }</p>
            }
            if let Some(((compare, names), pair)) = compared {
                { summary(compare, &names, pair, agreement.as_ref().as_ref()) }
                <div class="parts">{ for pair.parts.iter().map(|part| list(part, &names, props)) }</div>
                <div class="side-by-side">
                    { measures(props, &names) }
                    if let Some(curve) = agreement.as_ref().as_ref().and_then(|agreement| agreement.curve.clone()) {
                        <OverlapCurve {curve} />
                    }
                </div>
            } else {
                <p class="quiet">{ "Draws the shown circuit (A) and another one (B) together, and lists in what they differ." }</p>
            }
        </div>
    }
}

/// What B is, and how many edges it has.
fn picker(props: &Connected, possible: &[Candidate]) -> Html {
    let compare = props.state.measures.compare.as_ref();
    let chosen = compare.and_then(|compare| possible.iter().position(|candidate| candidate.with == compare.with));
    let withs: Vec<With> = possible.iter().map(|candidate| candidate.with).collect();
    let choose = props.on(|with| Action::Compare(CompareAction::Chosen(with)));
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        // The first option is "nothing".
        let at = usize::try_from(select.selected_index()).ok().and_then(|i| i.checked_sub(1));
        choose.emit(at.and_then(|i| withs.get(i)).copied());
    };
    html! {
        <div class="curve-choices">
            <label for="compare-with">{ "Compare the shown circuit with" }</label>
            <select id="compare-with" {onchange}>
                <option selected={chosen.is_none()}>{ "nothing" }</option>
                { for possible.iter().enumerate().map(|(i, candidate)| html! { <option key={i} selected={chosen == Some(i)}>{ &candidate.label }</option> }) }
            </select>
            if let Some(compare) = compare {
                { size(props, compare) }
            }
        </div>
    }
}

/// B's number of edges. An official circuit has its own.
fn size(props: &Connected, compare: &Comparison) -> Html {
    if compare.with == With::Official {
        return Html::default();
    }
    let n_a = props.state.circuit().map_or(0, |circuit| circuit.n_edges);
    let (value, most) = (compare.requested(n_a), compare.scored.scores.n_edges());
    let found = compare.scored.scores.circuit(value).map_or(value, |circuit| circuit.n_edges);
    let choose = props.on(|n_edges| Action::Compare(CompareAction::SizeChosen(n_edges)));
    let as_many = choose.reform(|_: MouseEvent| None);
    let onchange = move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        match input.value().trim().parse::<usize>() {
            Ok(n_edges) => choose.emit(Some(n_edges.min(most))),
            // What is no number gives way to the one that holds.
            Err(_) => input.set_value(&value.to_string()),
        }
    };
    html! { <>
        <span>{ "with" }</span>
        <input id="compare-size" class="size" type="number" aria-label="Number of edges of B" min="0" max={most.to_string()} value={value.to_string()} {onchange} />
        <span>{ if value == 1 { "edge" } else { "edges" } }</span>
        if found != value {
            <span class="quiet">{ format!("({} with those that tie)", grouped(found)) }</span>
        }
        if compare.n_edges.is_some() && compare.with != With::SameScores {
            <button type="button" class="small" onclick={as_many}>{ "As many as shown" }</button>
        }
    </> }
}

/// Both circuits in a sentence, with a bar of their parts.
fn summary(compare: &Comparison, names: &SideNames, pair: &Pair, agreement: Option<&Agreement>) -> Html {
    let overlap = pair.overlap;
    let (n_a, n_b) = (overlap.n_shared + overlap.n_only_a, overlap.n_shared + overlap.n_only_b);
    let n_either = n_a + overlap.n_only_b;
    // Two sizes of one score set are called after their sizes.
    let same_scores = compare.with == With::SameScores;
    let size_of = |n: usize| if same_scores { ". ".to_owned() } else { format!(": {}. ", counted(n, "edge")) };
    html! { <>
        <p>
            <b>{ format!("A, {}", names.a) }</b>{ size_of(n_a) }
            <b>{ format!("B, {}", names.b) }</b>{ size_of(n_b) }
            if let Some(jaccard) = overlap.jaccard() {
                { format!("Of the {} in either, {} in both: ", counted(n_either, "edge"), are(overlap.n_shared)) }
                <b>{ format!("{:.0} %", 100.0 * jaccard) }</b>{ format!(" (Jaccard index {jaccard:.2}).") }
            }
        </p>
        <div class="parts-bar" aria-hidden="true">
            { for pair.parts.iter().filter(|part| part.n_edges > 0).map(|part| html! { <i class={side_class(part.side)} style={format!("flex-grow: {}", part.n_edges)} /> }) }
        </div>
        if let Some(correlation) = agreement.and_then(|agreement| agreement.correlation.as_ref()) {
            <p class="quiet">
                { "Over all edges of the graph, both put them in about the same order by |score|: " }<b>{ correlation }</b>
                { " (rank correlation, Spearman’s ρ; 1 is the same order, 0 is none in common)." }
            </p>
        }
        if compare.with == With::Official {
            <p class="quiet">{ "Edges of an official circuit have no scores of their own: they are drawn as wide as A has them." }</p>
        } else if agreement.is_some() {
            <p class="quiet">{ "Drawn width: the mean of both scores, after B’s were scaled so that its strongest edge is as strong as A’s." }</p>
        }
    </> }
}

/// `1 is`, `12 are`.
fn are(n: usize) -> String {
    format!("{} {}", grouped(n), if n == 1 { "is" } else { "are" })
}

fn side_class(side: Side) -> &'static str {
    match side {
        Side::OnlyA => "only-a",
        Side::OnlyB => "only-b",
        Side::Both | Side::One => "shared",
    }
}

/// The edges of a part; a click selects one.
fn list(part: &Part, names: &SideNames, props: &Connected) -> Html {
    let title = match part.side {
        Side::OnlyA => format!("Only A, {}: {}", names.a, grouped(part.n_edges)),
        Side::OnlyB => format!("Only B, {}: {}", names.b, grouped(part.n_edges)),
        Side::Both | Side::One => format!("In both: {}", grouped(part.n_edges)),
    };
    let n_more = part.n_edges - part.lines.len();
    html! {
        <section class="part" key={side_class(part.side)}>
            <h3><i class={classes!("swatch", side_class(part.side))} />{ title }</h3>
            if !part.lines.is_empty() {
                <p class="quiet heads"><span>{ "edge" }</span><span>{ part.ranks.label() }</span><span>{ "score" }</span></p>
            }
            <ul>{ for part.lines.iter().map(|edge| line(edge, props)) }</ul>
            if n_more > 0 {
                <p class="quiet">{ format!("and {} weaker", grouped(n_more)) }</p>
            }
        </section>
    }
}

fn line(edge: &PairLine, props: &Connected) -> Html {
    let edge_idx = edge.edge_idx;
    let selected = props.state.picture.selection == Some(Selection::Edge(edge_idx));
    let onclick =
        props.on(move |_: MouseEvent| Action::Circuit(CircuitAction::Selected(Some(Selection::Edge(edge_idx)))));
    html! {
        <li key={edge_idx}>
            <button type="button" class="bare edge-line" aria-pressed={selected.to_string()} {onclick}>
                <span class="name">{ &edge.title }</span>
                <span class="quiet">{ &edge.ranks }</span>
                <span class={classes!("number", if edge.negative { "negative-text" } else { "positive-text" })}>{ &edge.score }</span>
            </button>
        </li>
    }
}

/// The measures of both, with what runs B.
fn measures(props: &Connected, names: &SideNames) -> Html {
    let run = other_run::plan(&props.state).map(|plan| {
        let onclick = props.with(move |_, tasks, _: MouseEvent| tasks::run_other(tasks, plan.clone()));
        let title = "Runs B once, with the settings in use";
        html! { <p><button type="button" class="small" {title} {onclick}>{ "Run B" }</button></p> }
    });
    html! {
        <div>
            { table(&other_run::measure_rows(&props.state), names) }
            { run.unwrap_or_default() }
        </div>
    }
}

fn table(rows: &[MeasureRow], names: &SideNames) -> Html {
    html! {
        <table class="pair-measures">
            <caption>{ "Measures of both circuits, where they were run with the settings in use" }</caption>
            <thead><tr>
                <th scope="col">{ "Measure" }</th>
                <th scope="col" title={names.a.clone()}>{ "A" }</th>
                <th scope="col" title={names.b.clone()}>{ "B" }</th>
            </tr></thead>
            <tbody>{ for rows.iter().map(|row| html! {
                <tr key={row.name}><th scope="row">{ row.name }</th>{ for row.values.iter().map(|value| html! { <td>{ value }</td> }) }</tr>
            }) }</tbody>
        </table>
    }
}

#[derive(PartialEq, Properties)]
struct CurveProps {
    curve: Rc<PlotLayout>,
}

/// The overlap at each size.
#[component]
fn OverlapCurve(props: &CurveProps) -> Html {
    let hovered = use_state_eq(|| None::<f64>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    html! {
        <div class="overlap-curve">
            <PlotSvg layout={props.curve.clone()} label="Overlap of A and B at each size" {on_hover} />
            <p class="hover">{ hovered.map_or_else(|| CURVE_HINT.to_owned(), |x| pointed(&props.curve, x)) }</p>
        </div>
    }
}

const CURVE_HINT: &str = "The share of common edges (Jaccard index) of circuits of each size.";
