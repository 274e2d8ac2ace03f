//! The circuits that were run.

use yew::prelude::*;

use super::table::{ResultsTable, results_table, use_table_nodes};
use crate::select::results as select;
use crate::update::{Action, CircuitAction};
use crate::view::connected::Connected;

/// The table.
#[component]
pub fn CircuitsPanel(props: &Connected) -> Html {
    let state = &props.state;
    let page = state.has_results().then(|| select::table_page(state));
    let nodes = use_table_nodes(page.as_ref());
    let on_choose = props.with(|state, _, i: usize| {
        if let Some(row) = state.results.rows.get(i) {
            state.dispatch(Action::Circuit(CircuitAction::Requested(row.result.circuit.requested)));
            state.dispatch(Action::Circuit(CircuitAction::Settled));
        }
    });
    html! {
        <section class="results" aria-label="Circuits that were run">
            if let Some(note) = select::note(state) {
                <p class="note">{ note }</p>
            }
            if let Some(page) = page {
                { results_table(&ResultsTable {
                    columns: select::columns(state).iter().map(|column| (column.label(), column.about(state.measures.metric))).collect(),
                    baselines: select::baseline_rows(state),
                    page,
                    stale: !state.fresh(),
                    nodes,
                    on_choose,
                    on_page: props.on(Action::PageTurned),
                }) }
            }
        </section>
    }
}
