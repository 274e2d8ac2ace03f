//! What was found: the table, and the tokens.

use yew::prelude::*;

use super::table::{ResultsTable, results_table, use_table_nodes};
use crate::select::results as select;
use crate::update::Action;
use crate::view::connected::Connected;
use crate::view::tokens::panel::TokensPanel;

/// The table and the tokens.
#[component]
pub fn ResultsPanel(props: &Connected) -> Html {
    let state = &props.state;
    let page = state.has_results().then(|| select::table_page(state));
    let nodes = use_table_nodes(page.as_ref());
    let on_choose = props.with(|state, _, i: usize| {
        if let Some(row) = state.results.rows.get(i) {
            state.dispatch(Action::CircuitRequested(row.result.circuit.requested));
        }
    });
    html! {
        <section class="results" aria-label="Results">
            <h2>{ "Faithfulness" }</h2>
            if let Some(note) = select::note(state) {
                <p class="note">{ note }</p>
            }
            if let Some(page) = page {
                { results_table(&ResultsTable {
                    baselines: select::baseline_rows(state),
                    page,
                    stale: !state.fresh(),
                    nodes,
                    on_choose,
                    on_page: props.on(Action::PageTurned),
                }) }
            }
            if state.inputs.prompts.is_some() {
                <TokensPanel ..props.clone() />
            }
        </section>
    }
}
