//! What is said of a figure over everything: that it is on its way, which hosts would be asked, and what is wrong.

use yew::prelude::*;

use crate::select::figure_words::FigureNotice;
use crate::state::figure::Stage;
use crate::tasks::figure;
use crate::update::{Action, FigureAction};
use crate::view::connected::Connected;

/// A bar over the page's parts.
pub fn figure_notice(notice: &FigureNotice, props: &Connected) -> Html {
    let dismiss = props.on(|_: MouseEvent| Action::Figure(FigureAction::Stage(Stage::Idle)));
    let agree = props.with(|state, tasks, _: MouseEvent| {
        if let Stage::Asking(asking) = &state.figures.stage {
            figure::agree(tasks, asking.clone(), state);
        }
    });
    match notice {
        FigureNotice::Opening(text) => html! {
            <div class="notice link-notice figure-notice" role="status"><p>{ text }</p></div>
        },
        FigureNotice::Asks { text, button } => html! {
            <div class="notice link-notice figure-notice" role="status">
                <p>{ text }</p>
                <button type="button" class="primary" onclick={agree}>{ button }</button>
                <button type="button" onclick={dismiss}>{ "No" }</button>
            </div>
        },
        FigureNotice::Wrong(text) => html! {
            <div class="notice figure-notice" role="alert">
                <p>{ text }</p>
                <button type="button" onclick={dismiss}>{ "Dismiss" }</button>
            </div>
        },
    }
}
