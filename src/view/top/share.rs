//! What can be taken away: the drawing, its edges, and code that runs the same.

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use super::export_dialog::ExportDialog;
use super::figure_dialog::FigureDialog;
use crate::select::link::{figure, fragment, link_copied};
use crate::select::python::python;
use crate::tasks::export::{self, EdgesFile};
use crate::tasks::link;
use crate::view::connected::Connected;
use crate::view::parts::menu::Menu;

/// How long it is said that something was copied.
const SAID_MS: u32 = 6000;

/// What is being saved.
#[derive(Clone, Copy, PartialEq)]
enum Dialog {
    Picture,
    Figure,
}

/// The menu, and the dialog that it opens.
#[component]
pub fn Share(props: &Connected) -> Html {
    let ready = props.state.scored().is_some();
    let saving = use_state_eq(|| None::<Dialog>);
    let said = use_state_eq(|| None::<String>);
    use_effect_with((*said).clone(), {
        let said = said.clone();
        move |text| {
            let timer = text.is_some().then(|| Timeout::new(SAID_MS, move || said.set(None)));
            move || drop(timer)
        }
    });
    let open = |dialog: Dialog| {
        let saving = saving.clone();
        move |_: MouseEvent| saving.set(Some(dialog))
    };
    let on_close = {
        let saving = saving.clone();
        Callback::from(move |()| saving.set(None))
    };
    html! {
        <>
            <Menu class="share" button={html! { { "Share" } }}>
                <button type="button" disabled={!ready} onclick={open(Dialog::Picture)}>{ "Picture…" }<span class="quiet">{ "SVG, PNG or PDF" }</span></button>
                <button type="button" disabled={!ready} onclick={open(Dialog::Figure)}>{ "Figure…" }<span class="quiet">{ "a file that shows this again, with its results" }</span></button>
                <button type="button" onclick={copy_address(props, &said)}>
                    { "Copy link" }<span class="quiet">{ "to what is seen; it names files and holds none" }</span>
                </button>
                { for EdgesFile::ALL.into_iter().map(|what| edges_item(props, what, ready)) }
                <button type="button" disabled={!ready} onclick={copy_python(props, &said)}>
                    { "Copy as Python" }<span class="quiet">{ "for auto-circuit" }</span>
                </button>
            </Menu>
            <span class="said" role="status">{ said.as_deref().unwrap_or_default() }</span>
            { match *saving {
                Some(Dialog::Picture) => html! { <ExportDialog connected={props.clone()} {on_close} /> },
                Some(Dialog::Figure) => html! { <FigureDialog connected={props.clone()} {on_close} /> },
                None => html! {},
            } }
        </>
    }
}

fn edges_item(props: &Connected, what: EdgesFile, ready: bool) -> Html {
    let onclick = props.with(move |state, tasks, _: MouseEvent| export::save_edges(tasks, state, what));
    html! {
        <button type="button" disabled={!ready} {onclick}>{ what.label() }<span class="quiet">{ what.about() }</span></button>
    }
}

fn copy_address(props: &Connected, said: &UseStateHandle<Option<String>>) -> Callback<MouseEvent> {
    let said = said.clone();
    props.with(move |state, _, _: MouseEvent| {
        let said = said.clone();
        let done = link_copied(state);
        let tell = move |copied: Result<(), String>| {
            said.set(Some(copied.map_or_else(|error| error, |()| done.clone())));
        };
        export::copy(link::address(figure(state).as_deref(), &fragment(state)), Callback::from(tell));
    })
}

fn copy_python(props: &Connected, said: &UseStateHandle<Option<String>>) -> Callback<MouseEvent> {
    let said = said.clone();
    props.with(move |state, _, _: MouseEvent| match python(state) {
        Ok(code) => {
            let said = said.clone();
            let tell = move |copied: Result<(), String>| {
                said.set(Some(copied.map_or_else(|error| error, |()| "Python copied.".to_owned())));
            };
            export::copy(code, Callback::from(tell));
        }
        Err(error) => said.set(Some(error)),
    })
}
