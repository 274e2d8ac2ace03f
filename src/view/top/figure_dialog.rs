//! The dialog that saves what is on the screen as a figure: its title, its caption, and what is to be in the file.

use web_sys::{HtmlDialogElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::export_dialog::{ExportDialogProps, use_modal};
use crate::select::figure_file::{About, about};
use crate::state::State;
use crate::tasks::figure::{MAX_INLINE_WEIGHTS, Saving, save_figure};
use crate::view::parts::controls::{Check, Entry, check, entry};

/// The dialog. It lies over the page until it is shut, by Escape too.
#[component]
pub fn FigureDialog(props: &ExportDialogProps) -> Html {
    let dialog = use_node_ref();
    use_modal(&dialog, &props.on_close);
    let state = &props.connected.state;
    let saving = use_state_eq(|| Saving { about: about(state), ..Saving::default() });
    let outcome = use_state_eq(|| None::<Result<String, String>>);
    let set = {
        let (saving, outcome) = (saving.clone(), outcome.clone());
        Callback::from(move |changed: Saving| {
            saving.set(changed);
            outcome.set(None);
        })
    };
    let onsubmit = {
        let (saving, outcome) = ((*saving).clone(), outcome.clone());
        props.connected.with(move |state, tasks, event: SubmitEvent| {
            event.prevent_default();
            let outcome = outcome.clone();
            save_figure(tasks, state, saving.clone(), Callback::from(move |done| outcome.set(Some(done))));
        })
    };
    let close = {
        let dialog = dialog.clone();
        move |_: MouseEvent| dialog.cast::<HtmlDialogElement>().iter().for_each(HtmlDialogElement::close)
    };
    let failed = matches!(&*outcome, Some(Err(_)));
    html! {
        <dialog class="export" ref={dialog} role="dialog" aria-modal="true" aria-labelledby="figure-title-head">
            <form {onsubmit}>
                <div class="sheet-head">
                    <h2 id="figure-title-head">{ "Save a figure" }</h2>
                    <button type="button" class="icon" aria-label="Close" onclick={close}>{ "×" }</button>
                </div>
                { fields(state, &saving, &set) }
                <div class="export-foot">
                    <p role="status" class={classes!(failed.then_some("wrong"))}>
                        { outcome.as_ref().map(|done| done.clone().unwrap_or_else(|error| error)) }
                    </p>
                    <button type="submit" class="primary">{ if saving.archive { "Save ZIP" } else { "Save JSON" } }</button>
                </div>
            </form>
        </dialog>
    }
}

fn fields(state: &State, saving: &Saving, set: &Callback<Saving>) -> Html {
    let with = |change: fn(&mut Saving, String)| {
        let saving = saving.clone();
        set.reform(move |text| {
            let mut changed = saving.clone();
            change(&mut changed, text);
            changed
        })
    };
    let switch = |change: fn(&mut Saving, bool)| {
        let saving = saving.clone();
        set.reform(move |on| {
            let mut changed = saving.clone();
            change(&mut changed, on);
            changed
        })
    };
    let About { title, caption } = &saving.about;
    let on_caption = with(|saving, text| saving.about.caption = text);
    let oninput =
        move |event: InputEvent| on_caption.emit(event.target_unchecked_into::<HtmlTextAreaElement>().value());
    let fits = state.inputs.weights.as_ref().is_some_and(|weights| weights.n_bytes <= MAX_INLINE_WEIGHTS);
    html! {
        <div class="figure-fields">
            <p class="quiet">{ "A file with the circuit, its scores, the prompts, the settings and what was run. Dropped here, it shows this screen again." }</p>
            { entry(Entry {
                id: "figure-title", label: "Title", value: title.clone(), on_entry: with(|saving, text| saving.about.title = text),
                ..Entry::default()
            }) }
            <div class="field">
                <label for="figure-caption">{ "Caption" }</label>
                <textarea id="figure-caption" rows="3" value={caption.clone()} {oninput} />
                <p class="about">{ "{edges:shown}, {value:logitDiff:shown} and {share:logitDiff:shown} stand for numbers that were run" }</p>
            </div>
            { check(Check {
                label: "Weights in the file itself",
                title: "Else the file says their size, their hash and where they are: their address, or beside it",
                checked: saving.weights && fits && !saving.archive,
                disabled: !fits || saving.archive,
                on_check: switch(|saving, on| saving.weights = on),
            }) }
            { check(Check {
                label: "An archive with all files",
                title: "A ZIP to unpack on a web server, or to drop here as it is",
                checked: saving.archive,
                on_check: switch(|saving, on| saving.archive = on),
                ..Check::default()
            }) }
        </div>
    }
}
