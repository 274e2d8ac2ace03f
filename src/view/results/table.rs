//! The table of circuits: how many edges, and how faithful.

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::select::results::{ResultRow, TablePage};

/// The table.
pub struct ResultsTable {
    /// The heading of each column after the first, and what it is.
    pub columns: Vec<(String, String)>,
    /// The unpatched model on the clean and on the corrupt prompts.
    pub baselines: Vec<ResultRow>,
    pub page: TablePage,
    /// Whether the numbers are of other settings than are chosen now.
    pub stale: bool,
    pub nodes: TableNodes,
    /// The index of a circuit among all rows.
    pub on_choose: Callback<usize>,
    pub on_page: Callback<usize>,
}

/// What is scrolled.
#[derive(Clone)]
pub struct TableNodes {
    frame: NodeRef,
    chosen: NodeRef,
}

/// The nodes of the table, whose chosen row is brought into view when it becomes another.
#[hook]
pub fn use_table_nodes(page: Option<&TablePage>) -> TableNodes {
    let nodes = TableNodes { frame: use_node_ref(), chosen: use_node_ref() };
    use_effect_with(page.map(|page| (page.page, page.chosen)), {
        let TableNodes { frame, chosen } = nodes.clone();
        move |_| bring_into_view(&frame, &chosen)
    });
    nodes
}

/// The table, with a radio button a row.
pub fn results_table(props: &ResultsTable) -> Html {
    let ResultsTable { page, nodes, .. } = props;
    let baseline = |row: &ResultRow| {
        html! {
            <tr key={row.name.clone()} class="baseline"><th scope="row">{ &row.name }</th>{ numbers(row) }</tr>
        }
    };
    html! {
        <div class={classes!("table-frame", props.stale.then_some("stale"))} ref={nodes.frame.clone()}>
            <table>
                <caption class="visually-hidden">{ "Circuits by number of edges; the chosen one is drawn" }</caption>
                <thead><tr>
                    <th scope="col">{ "Edges" }</th>
                    { for props.columns.iter().map(|(label, about)| html! { <th scope="col" title={about.clone()}>{ label }</th> }) }
                </tr></thead>
                <tbody>{ for props.baselines.iter().map(baseline) }</tbody>
                <tbody>{ for page.rows.iter().enumerate().map(|(i, row)| circuit_row(i, row, props)) }</tbody>
            </table>
            if page.last > 0 {
                { pager(page, &props.on_page) }
            }
        </div>
    }
}

fn pager(shown: &TablePage, on_page: &Callback<usize>) -> Html {
    let &TablePage { page, last, first, n_rows, .. } = shown;
    let turn = |to: usize| on_page.reform(move |_: MouseEvent| to);
    html! {
        <div class="pager">
            <button type="button" disabled={page == 0} onclick={turn(page.saturating_sub(1))}>{ "Fewer edges" }</button>
            <span>{ format!("{} to {} of {n_rows}", first + 1, first + shown.rows.len()) }</span>
            <button type="button" disabled={page == last} onclick={turn(page + 1)}>{ "More edges" }</button>
        </div>
    }
}

fn circuit_row(i: usize, row: &ResultRow, props: &ResultsTable) -> Html {
    let (chosen, row_idx) = (props.page.chosen == Some(i), props.page.first + i);
    let choose = props.on_choose.reform(move |_: MouseEvent| row_idx);
    let onchange = props.on_choose.reform(move |_: Event| row_idx);
    let node_ref = if chosen { props.nodes.chosen.clone() } else { NodeRef::default() };
    html! {
        <tr
            key={row.name.clone()} ref={node_ref} onclick={choose}
            class={classes!("circuit-row", chosen.then_some("chosen"))}
        >
            <th scope="row"><label>
                <input type="radio" name="circuit" checked={chosen} {onchange} />
                { &row.name }
                if let Some(requested) = &row.requested {
                    <span class="quiet" title="Asked for; edges with the same score come in together">
                        { format!(" ({requested} asked)") }
                    </span>
                }
            </label></th>
            { numbers(row) }
        </tr>
    }
}

/// Scrolls the table, and nothing else, to where the chosen row is seen.
fn bring_into_view(frame: &NodeRef, row: &NodeRef) {
    let (Some(frame), Some(row)) = (frame.cast::<HtmlElement>(), row.cast::<HtmlElement>()) else { return };
    let (top, height) = (row.offset_top(), row.offset_height());
    // The head of the table covers about two rows.
    let (first, end) = (frame.scroll_top() + 2 * height, frame.scroll_top() + frame.client_height());
    if top < first || top + height > end {
        frame.set_scroll_top(top - frame.client_height() / 2);
    }
}

fn numbers(row: &ResultRow) -> Html {
    row.values.iter().map(|value| html! { <td>{ value }</td> }).collect()
}
