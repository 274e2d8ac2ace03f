//! The measures beside a plot: numbers of each curve, how alike score sets are, and the table of settings.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::select::compare::Similarities;
use crate::select::curves::CurveRow;
use crate::select::measures::{HeatCell, SensitivityTable};
use circuitscope_core::AreaLabels;
use circuitscope_picture::{SAMPLE, SERIES};

/// The curves in numbers, and what to call.
pub struct CurveTable<'a> {
    pub rows: &'a [CurveRow],
    /// Heads the values: `At 27`.
    pub at: &'a str,
    pub areas: &'a AreaLabels,
    /// Given a pinned run's number.
    pub on_unpin: Callback<usize>,
    /// Given a pinned run's number and its new name.
    pub on_rename: Callback<(usize, String)>,
}

/// A row a score set.
pub fn curve_table(props: &CurveTable) -> Html {
    let CurveTable { rows, at, areas, .. } = *props;
    let has_roc = rows.iter().any(|row| row.roc.is_some());
    html! {
        <table class="curves">
            <caption class="visually-hidden">{ "The curves in numbers" }</caption>
            <thead><tr>
                <th scope="col">{ "Scores" }</th>
                <th scope="col">{ at }</th>
                <th scope="col">{ "AUC" }</th>
                <th scope="col">{ areas.under }</th>
                <th scope="col">{ areas.from_one }</th>
                if has_roc {
                    <th scope="col">{ "ROC AUC" }</th>
                }
                <td />
            </tr></thead>
            <tbody>{ for rows.iter().map(|row| curve_row(row, has_roc, props)) }</tbody>
        </table>
    }
}

fn curve_row(row: &CurveRow, has_roc: bool, props: &CurveTable) -> Html {
    let name = match row.pin {
        Some(pin) => pin_name(pin, &row.name, &props.on_rename),
        None => html! { <span class="name" title={row.name.clone()}>{ &row.name }</span> },
    };
    let unpin = row.pin.map(|pin| props.on_unpin.reform(move |_: MouseEvent| pin));
    html! {
        <tr key={row.style}>
            <th scope="row"><span class="score-set">{ sample(row.style) }{ name }</span></th>
            <td>{ &row.value }</td>
            <td>{ &row.auc }</td>
            <td>{ &row.cpr }</td>
            <td>{ &row.cmd }</td>
            if has_roc {
                <td>{ row.roc.clone().unwrap_or_default() }</td>
            }
            <td>
                if let Some(unpin) = unpin {
                    <button type="button" class="remove" onclick={unpin} aria-label={format!("Unpin {}", row.name)} title="Unpin">{ "×" }</button>
                }
            </td>
        </tr>
    }
}

/// The name of a pinned run, to type over.
fn pin_name(pin: usize, name: &str, on_rename: &Callback<(usize, String)>) -> Html {
    let (on_rename, held) = (on_rename.clone(), name.to_owned());
    let onchange = move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        match input.value() {
            // A name of blanks gives way to the one before.
            typed if typed.trim().is_empty() => input.set_value(&held),
            typed => on_rename.emit((pin, typed)),
        }
    };
    html! { <input class="pin-name" type="text" value={name.to_owned()} aria-label="Name of the pinned run" title={name.to_owned()} {onchange} /> }
}

/// What the columns of [`curve_table`] mean, a sentence each.
pub fn curve_terms(areas: &AreaLabels, has_roc: bool) -> Html {
    let term = |term: &'static str, text: &'static str| html! { <><dt>{ term }</dt><dd>{ text }{ "." }</dd></> };
    html! {
        <dl class="terms">
            { term("AUC", AUC) }
            { term(areas.under, areas.about_under) }
            { term(areas.from_one, areas.about_from_one) }
            if has_roc {
                { term("ROC AUC", ROC) }
            }
        </dl>
    }
}

const AUC: &str = "The area under the curve of the chosen measure over the number of edges, both on the axes that auto-circuit \
                   draws them on (measurements_auc). It is to be compared with areas of the same measure only";
const ROC: &str = "How likely an edge of the official circuit has a larger |score| than another edge: 1 is a perfect order, 0.5 \
                   is chance";

/// A sample of a series' line.
fn sample(style: usize) -> Html {
    let dashes = SERIES[style % SERIES.len()].dashes;
    html! {
        <svg class="sample" width={SAMPLE.to_string()} height="10" aria-hidden="true">
            <path d={format!("M0 5h{SAMPLE}")} stroke={format!("var(--series-{})", style % SERIES.len())} stroke-dasharray={dashes} />
        </svg>
    }
}

/// How alike score sets are, as a table of pairs.
pub fn similarity_table(similarities: &Similarities) -> Html {
    let Similarities { caption, sets, shares } = similarities;
    let cell = |share: &Option<f64>| {
        let heat = share.map_or(0.0, |share| share);
        html! {
            <td class="heat" style={heat_style(heat)}>
                { share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share)) }
            </td>
        }
    };
    let row = |((style, name), shares): (&(usize, String), &Vec<Option<f64>>)| {
        html! {
            <tr>
                <th scope="row"><span class="score-set">{ sample(*style) }<span class="name" title={name.clone()}>{ name }</span></span></th>
                { for shares.iter().map(cell) }
            </tr>
        }
    };
    html! {
        <table class="similarity">
            <caption>{ caption }</caption>
            <thead><tr>
                <th scope="col"><span class="visually-hidden">{ "Scores" }</span></th>
                { for sets.iter().map(|(style, name)| html! {
                    <th scope="col" title={name.clone()}>{ sample(*style) }<span class="visually-hidden">{ name }</span></th>
                }) }
            </tr></thead>
            <tbody>{ for sets.iter().zip(shares).map(row) }</tbody>
        </table>
    }
}

/// The background of a cell whose value is `share` of the way from the least to the largest.
fn heat_style(share: f64) -> String {
    format!("--heat: {:.0}%", 60.0 * share.clamp(0.0, 1.0))
}

/// A circuit under every setting, as a heat table with its numbers; a cell's index is given where its settings are chosen.
pub fn sensitivity_table(table: &SensitivityTable, on_choose: &Callback<usize>) -> Html {
    let SensitivityTable { caption, columns, rows } = table;
    let cell = |cell: &HeatCell| {
        let (idx, choose) = (cell.idx, on_choose.clone());
        html! {
            <td class={classes!("heat", cell.current.then_some("current"))} style={heat_style(cell.share.unwrap_or(0.0))}>
                <button
                    type="button" class="bare" title={cell.about.clone()} aria-pressed={cell.current.to_string()}
                    aria-label={format!("{} {}", cell.text, cell.about)} onclick={move |_: MouseEvent| choose.emit(idx)}
                >{ &cell.text }</button>
            </td>
        }
    };
    html! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="The circuit under every setting">
            <table class="sensitivity">
                <caption>{ caption }</caption>
                <thead>
                    <tr>
                        <th scope="col" rowspan="2">{ "A patched edge carries" }</th>
                        { for columns.iter().map(|(what, _)| html! { <th scope="colgroup" colspan="2">{ *what }</th> }) }
                    </tr>
                    <tr class="sides">{ for columns.iter().flat_map(|(_, prompts)| prompts).map(|prompt| html! { <th scope="col">{ *prompt }</th> }) }</tr>
                </thead>
                <tbody>{ for rows.iter().map(|(name, term, cells)| html! {
                    <tr><th scope="row">{ *name }{ " " }<span class="quiet">{ *term }</span></th>{ for cells.iter().map(cell) }</tr>
                }) }</tbody>
            </table>
        </div>
    }
}
