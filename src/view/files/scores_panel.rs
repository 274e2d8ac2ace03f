//! The scores: which are in use, some of their edges as scores of their own, and saving them.

use yew::prelude::*;

use super::scores::{ScoresIo, scores_io};
use crate::state::search::SELECTIONS;
use crate::update::{Action, SearchAction};
use crate::view::connected::Connected;
use crate::view::search::scores::{KeepForm, ScoresList, keep_form, scores_list};
use crate::{select, tasks};
use circuitscope_core::{Extent, FormatId, Selection};

/// The scores.
#[component]
pub fn ScoresPanel(props: &Connected) -> Html {
    let saving = use_state_eq(|| (FormatId::Safetensors, Extent::default()));
    let state = &props.state;
    html! { <>
        <p class="quiet">{ "A score says how much an edge matters; the circuit is the edges of the largest scores. Drop a file of scores, or find some." }</p>
        { choices(props) }
        { scores_io(&ScoresIo {
            panel: select::scores::panel(state),
            saving: saving.clone(),
            on_pick: props.on(Action::ScoresPicked),
            on_save: props.with(|state, tasks, (format, extent)| tasks::save_scores(tasks, state, format, extent)),
        }) }
        if state.scored().is_some() {
            { keep(props) }
        }
    </> }
}

/// The scores that there are, one in use.
fn choices(props: &Connected) -> Html {
    let scores = select::scores::choices(&props.state);
    html! {
        if scores.len() > 1 {
            { scores_list(&ScoresList {
                scores,
                on_choose: props.on(|id| Action::Search(SearchAction::ScoresChosen(id))),
                on_remove: props.on(Action::FileRemoved),
            }) }
        }
    }
}

/// Keeping some of the edges.
fn keep(props: &Connected) -> Html {
    let discover = &props.state.discover;
    html! {
        <details class="more">
            <summary>{ "Keep only some edges of these scores" }</summary>
            { keep_form(&KeepForm {
                selections: SELECTIONS.map(Selection::label).to_vec(),
                chosen: discover.selection,
                about: SELECTIONS[discover.selection].about(),
                n_kept: discover.n_kept.clone(),
                kept: discover.kept.clone(),
                on_selection: props.on(|i| Action::Search(SearchAction::SelectionChosen(i))),
                on_entry: props.on(|text| Action::Search(SearchAction::KeptEntered(text))),
                on_keep: props.with(|state, tasks, ()| tasks::keep_some(tasks, state)),
            }) }
        </details>
    }
}
