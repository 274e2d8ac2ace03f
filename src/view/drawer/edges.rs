//! The circuit's edges as a table: what the drawing shows, for those who read it or hear it. The strongest edges that are not in
//! it are a switch away.

use yew::prelude::*;

use crate::select::edges::{self as select, Column, EdgeLine, EdgePage, EdgesRequest, Listed, Order};
use crate::state::picture::Selection;
use crate::update::{Action, CircuitAction};
use crate::view::connected::Connected;

/// The table, sorted as the reader chooses.
#[component]
pub fn EdgesTable(props: &Connected) -> Html {
    let state = &props.state;
    let order = use_state_eq(Order::default);
    let page = use_state_eq(|| 0_usize);
    let listed = use_state_eq(Listed::default);
    let request = EdgesRequest::new(state, *listed, *order);
    let n_left_out = request.as_ref().map_or(0, EdgesRequest::n_left_out);
    let lines = use_memo(request, |request| request.as_ref().map(EdgesRequest::edges));
    let Some(edges) = lines.as_ref() else { return html! { <p class="note">{ "There is no circuit yet." }</p> } };
    let shown = select::page(state, edges, *page);
    let on_sort = {
        let (order, page) = (order.clone(), page.clone());
        Callback::from(move |column: Column| {
            order.set(order.by(column));
            page.set(0);
        })
    };
    let on_page = {
        let page = page.clone();
        Callback::from(move |to: usize| page.set(to))
    };
    let on_listed = {
        let (listed, page) = (listed.clone(), page.clone());
        Callback::from(move |which: Listed| {
            listed.set(which);
            page.set(0);
        })
    };
    html! { <>
        <div class="table-tools">
            { which_edges(*listed, &on_listed) }
            <span class="quiet">{ select::page_line(&shown, n_left_out) }</span>
            { pager(&shown, &on_page) }
        </div>
        <table class="edges">
            <caption class="visually-hidden">{ listed.caption() }</caption>
            <thead><tr>{ for Column::ALL.into_iter().map(|column| heading(column, *order, &on_sort)) }<th scope="col">{ "In circuit" }</th></tr></thead>
            <tbody>{ for shown.lines.iter().map(|line| row(line, props)) }</tbody>
        </table>
    </> }
}

/// The switch between the circuit's edges and all.
fn which_edges(listed: Listed, on_listed: &Callback<Listed>) -> Html {
    let choice = |which: Listed| {
        let onclick = on_listed.reform(move |_: MouseEvent| which);
        html! { <button type="button" aria-pressed={(which == listed).to_string()} {onclick}>{ which.label() }</button> }
    };
    html! { <span class="segments" role="group" aria-label="Which edges are listed">{ for Listed::ALL.into_iter().map(choice) }</span> }
}

fn heading(column: Column, order: Order, on_sort: &Callback<Column>) -> Html {
    let sorted = order.column == column;
    let (aria, sign) = match (sorted, order.descending) {
        (false, _) => (None, ""),
        (true, false) => (Some("ascending"), " ▴"),
        (true, true) => (Some("descending"), " ▾"),
    };
    let class = matches!(column, Column::Rank | Column::Score).then_some("number");
    html! {
        <th scope="col" {class} aria-sort={aria}><button type="button" class="bare" onclick={on_sort.reform(move |_: MouseEvent| column)}>{ column.label() }<span aria-hidden="true">{ sign }</span></button></th>
    }
}

fn row(line: &EdgeLine, props: &Connected) -> Html {
    let edge_idx = line.edge_idx;
    let selected = props.state.picture.selection == Some(Selection::Edge(edge_idx));
    let select =
        props.on(move |_: MouseEvent| Action::Circuit(CircuitAction::Selected(Some(Selection::Edge(edge_idx)))));
    let toggle = props.on(move |_: Event| Action::Circuit(CircuitAction::Toggled(edge_idx)));
    html! {
        <tr key={edge_idx} class={selected.then_some("chosen")}>
            <td class="number">{ &line.rank }</td>
            <th scope="row"><button type="button" class="bare" aria-pressed={selected.to_string()} onclick={select}>{ &line.src }</button></th>
            <td>{ &line.dest }</td>
            <td class={classes!("number", if line.negative { "negative-text" } else { "positive-text" })}>{ &line.score }</td>
            <td><label class="check"><input type="checkbox" checked={line.mask > 0.0} onchange={toggle} aria-label={format!("{} → {} in the circuit", line.src, line.dest)} />{ &line.mask_text }</label></td>
        </tr>
    }
}

fn pager(page: &EdgePage, on_page: &Callback<usize>) -> Html {
    let turn = |to: usize| on_page.reform(move |_: MouseEvent| to);
    html! {
        if page.last > 0 {
            <span class="pager">
                <button type="button" class="small" disabled={page.page == 0} onclick={turn(page.page.saturating_sub(1))}>{ "‹ Before" }</button>
                <button type="button" class="small" disabled={page.page == page.last} onclick={turn(page.page + 1)}>{ "Next ›" }</button>
            </span>
        }
    }
}
