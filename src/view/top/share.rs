//! What can be taken away: the drawing, its edges, and a link to what is seen.

use yew::prelude::*;

use crate::tasks::export::{self, Export};
use crate::view::connected::Connected;
use crate::view::parts::menu::Menu;

/// The menu.
pub fn share(props: &Connected) -> Html {
    let ready = props.state.scored().is_some();
    let item = |what: Export| {
        let onclick = props.with(move |state, tasks, _: MouseEvent| export::export(tasks, state, what));
        html! {
            <button type="button" disabled={!ready} {onclick}>{ what.label() }<span class="quiet">{ what.about() }</span></button>
        }
    };
    html! {
        <Menu class="share" button={html! { { "Share" } }}>
            { for Export::ALL.into_iter().map(item) }
        </Menu>
    }
}
