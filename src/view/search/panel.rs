//! The section that finds circuits.

use yew::prelude::*;

use super::bar::{SearchBar, search_bar};
use super::form::{SearchForm, search_form};
use super::loss::LossPlot;
use crate::select::{search, search_words as words};
use crate::state::algorithms::OFFERS;
use crate::state::figure::Next;
use crate::state::runs::Run;
use crate::tasks::{self, figure};
use crate::update::{Action, ScreenAction, SearchAction};
use crate::view::connected::Connected;

/// Fewer passes are as well done as timed.
const MIN_TIMED_PASSES: usize = 6;

/// The section.
#[component]
pub fn SearchPanel(props: &Connected) -> Html {
    use_shut_when_found(props);
    html! {
        <div class="discover">
            { form(props) }
            { bar(props) }
        </div>
    }
}

/// The panel lies over the drawing, where what was found is to be seen.
#[hook]
fn use_shut_when_found(props: &Connected) {
    let found = props.state.discover.found.last().map(|(id, _)| *id);
    let last = use_mut_ref(|| found);
    let shut = props.on(|()| Action::Screen(ScreenAction::SectionOpened(None)));
    use_effect_with(found, move |&found| {
        if last.replace(found) != found && found.is_some() {
            shut.emit(());
        }
    });
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
        props.with(move |state, tasks, ()| match search::order(state, trial) {
            Ok(order) => tasks::search(tasks, order),
            Err(_) if search::fetches_first(state) => figure::fetch(tasks, state, Next::Search),
            Err(_) => {}
        })
    };
    let fetches_first = search::fetches_first(state);
    let (problem, said) = match search::order(state, false).err() {
        // Nothing is wrong: the files come first.
        Some(text) if fetches_first => (None, Some(text)),
        problem => (problem, words::cost(state)),
    };
    let passes = search::cost(state).map_or(0, |cost| cost.forward_passes + cost.backward_passes);
    let idle = matches!(state.run, Run::Idle(_));
    search_bar(&SearchBar {
        cost: said,
        can_time: idle
            && !fetches_first
            && problem.is_none()
            && passes >= MIN_TIMED_PASSES
            && search::expected_ms(state).is_none(),
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
