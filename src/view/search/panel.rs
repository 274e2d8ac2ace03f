//! The section that finds circuits.

use web_sys::Element;
use yew::prelude::*;

use super::bar::{SearchBar, search_bar};
use super::form::{SearchForm, search_form};
use super::loss::LossPlot;
use super::scores::{KeepForm, ScoresList, keep_form, scores_list};
use crate::select::{search, search_words as words};
use crate::state::algorithms::OFFERS;
use crate::state::runs::Run;
use crate::state::search::SELECTIONS;
use crate::update::{Action, SearchAction};
use crate::view::connected::Connected;
use crate::{select, tasks};
use circuitscope_core::Selection;

/// Fewer passes are as well done as timed.
const MIN_TIMED_PASSES: usize = 6;

/// The section, drawn when it is open.
#[component]
pub fn SearchPanel(props: &Connected) -> Html {
    let open = use_state_eq(|| false);
    // Where scores are all that is missing, this is the way to them.
    let lacks_scores = words::lacks_only_scores(&props.state);
    use_effect_with(lacks_scores, {
        let open = open.clone();
        move |&lacks| {
            if lacks {
                open.set(true);
            }
        }
    });
    let ontoggle = {
        let open = open.clone();
        move |event: Event| open.set(event.target_unchecked_into::<Element>().has_attribute("open"))
    };
    html! {
        <details class="fold discover" open={*open} {ontoggle}>
            <summary>{ "Find a circuit" }</summary>
            if *open {
                { form(props) }
                { bar(props) }
                { scores(props) }
            }
        </details>
    }
}

/// A callback that makes an action of what a view gives.
fn on<T: 'static>(props: &Connected, action: impl Fn(T) -> SearchAction + 'static) -> Callback<T> {
    props.on(move |value| Action::Search(action(value)))
}

fn form(props: &Connected) -> Html {
    let discover = &props.state.discover;
    let offer = discover.offer();
    search_form(&SearchForm {
        algorithms: OFFERS.iter().map(|offer| offer.labels.title).collect(),
        chosen: discover.chosen,
        about: offer.labels.about,
        paper: offer.labels.paper,
        fields: words::fields(&props.state),
        batch_note: words::batch_note(&props.state),
        on_algorithm: on(props, SearchAction::AlgorithmChosen),
        on_entry: on(props, |(field, text)| SearchAction::Entered(field, text)),
    })
}

fn bar(props: &Connected) -> Html {
    let state = &props.state;
    let start = |trial: bool| {
        props.with(move |state, tasks, ()| {
            if let Ok(order) = search::order(state, trial) {
                tasks::search(tasks, order);
            }
        })
    };
    let problem = search::order(state, false).err();
    let passes = search::cost(state).map_or(0, |cost| cost.forward_passes + cost.backward_passes);
    let idle = matches!(state.run, Run::Idle(_));
    search_bar(&SearchBar {
        cost: words::cost(state),
        can_time: idle && problem.is_none() && passes >= MIN_TIMED_PASSES && search::expected_ms(state).is_none(),
        problem,
        run_after: state.discover.run_after,
        progress: words::progress(state),
        outcome: words::outcome(state),
        loss: html! { <LossPlot ..props.clone() /> },
        on_run_after: on(props, SearchAction::RunAfterChosen),
        on_find: start(false),
        on_time: start(true),
        on_cancel: props.with(|_, tasks, ()| tasks::cancel(tasks)),
    })
}

/// The scores that there are, and keeping some of their edges.
fn scores(props: &Connected) -> Html {
    let state = &props.state;
    let scores = select::scores::choices(state);
    let discover = &state.discover;
    html! { <>
        if scores.len() > 1 {
            { scores_list(&ScoresList {
                scores,
                on_choose: on(props, SearchAction::ScoresChosen),
                on_remove: props.on(Action::FileRemoved),
            }) }
        }
        if state.scored().is_some() {
            <details class="more">
                <summary>{ "Keep only some edges of these scores" }</summary>
                { keep_form(&KeepForm {
                    selections: SELECTIONS.map(Selection::label).to_vec(),
                    chosen: discover.selection,
                    about: SELECTIONS[discover.selection].about(),
                    n_kept: discover.n_kept.clone(),
                    kept: discover.kept.clone(),
                    on_selection: on(props, SearchAction::SelectionChosen),
                    on_entry: on(props, SearchAction::KeptEntered),
                    on_keep: props.with(|state, tasks, ()| tasks::keep_some(tasks, state)),
                }) }
            </details>
        }
    </> }
}
