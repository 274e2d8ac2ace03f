//! The measures beside a plot: numbers of each curve, how alike score sets are, and the table of settings.

use yew::prelude::*;

use crate::select::compare::Similarities;
use crate::select::curves::CurveRow;
use crate::select::measures::{HeatCell, SensitivityTable};
use circuitscope_core::AreaLabels;
use circuitscope_picture::{SAMPLE, SERIES};

const AUC: &str = "Area under the curve, as auto-circuit computes it (measurements_auc)";
const ROC: &str =
    "Area under the ROC curve against the official circuit: how likely an official edge has the larger |score|";

/// A row a score set; `at` heads the values: `At 27`.
pub fn curve_table(rows: &[CurveRow], at: &str, areas: &AreaLabels, on_unpin: &Callback<usize>) -> Html {
    let has_roc = rows.iter().any(|row| row.roc.is_some());
    let row = |row: &CurveRow| {
        let unpin = row.pin.map(|pin| on_unpin.reform(move |_: MouseEvent| pin));
        html! {
            <tr key={format!("{}-{}", row.style, row.name)}>
                <th scope="row"><span class="score-set">{ sample(row.style) }<span class="name" title={row.name.clone()}>{ &row.name }</span></span></th>
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
    };
    html! {
        <table class="curves">
            <caption class="visually-hidden">{ "The curves in numbers" }</caption>
            <thead><tr>
                <th scope="col">{ "Scores" }</th>
                <th scope="col">{ at }</th>
                <th scope="col" title={AUC}>{ "AUC" }</th>
                <th scope="col" title={areas.about_under}>{ areas.under }</th>
                <th scope="col" title={areas.about_from_one}>{ areas.from_one }</th>
                if has_roc {
                    <th scope="col" title={ROC}>{ "ROC AUC" }</th>
                }
                <td />
            </tr></thead>
            <tbody>{ for rows.iter().map(row) }</tbody>
        </table>
    }
}

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

/// A circuit under every setting, as a heat table with its numbers: each row has a name and its values.
pub fn sensitivity_table(table: &SensitivityTable) -> Html {
    let SensitivityTable { caption, columns, rows } = table;
    let cell = |cell: &HeatCell| {
        html! {
            <td
                class={classes!("heat", cell.current.then_some("current"))} style={heat_style(cell.share.unwrap_or(0.0))}
                title={cell.current.then_some("the settings in use")}
            >{ &cell.text }</td>
        }
    };
    html! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="The circuit under every setting">
            <table class="sensitivity">
                <caption>{ caption }</caption>
                <thead><tr>
                    <th scope="col">{ "Patched with" }</th>
                    { for columns.iter().map(|column| html! { <th scope="col">{ column }</th> }) }
                </tr></thead>
                <tbody>{ for rows.iter().map(|(name, cells)| html! {
                    <tr><th scope="row">{ *name }</th>{ for cells.iter().map(cell) }</tr>
                }) }</tbody>
            </table>
        </div>
    }
}
