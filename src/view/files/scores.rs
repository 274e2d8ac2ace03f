//! What is said of the scores in use, and how they are saved.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::select::scores::ScoresPanel;
use circuitscope_core::{Extent, FORMATS, Format, FormatId};

/// The panel and what to call.
pub struct ScoresIo {
    pub panel: ScoresPanel,
    /// The name of the choice.
    pub on_pick: Callback<String>,
    /// How scores are saved, as chosen.
    pub saving: UseStateHandle<(FormatId, Extent)>,
    pub on_save: Callback<(FormatId, Extent)>,
}

/// The panel.
pub fn scores_io(props: &ScoresIo) -> Html {
    let ScoresPanel { line, choices, chosen, notes, savable } = &props.panel;
    let on_pick = {
        let (on_pick, choices) = (props.on_pick.clone(), choices.clone());
        move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Some(name) = choices.get(select.selected_index() as usize) {
                on_pick.emit(name.clone());
            }
        }
    };
    html! {
        <div class="scores-io">
            if let Some(line) = line {
                <p class="quiet scores-line">{ line }</p>
            }
            if choices.len() > 1 {
                <label class="scores-choice">
                    { "Which scores" }
                    <select onchange={on_pick}>
                        { for choices.iter().enumerate().map(|(i, name)| html! {
                            <option selected={i == *chosen}>{ name }</option>
                        }) }
                    </select>
                </label>
            }
            { for notes.iter().map(|note| html! { <p class="quiet scores-note" role="note">{ note }</p> }) }
            if *savable {
                { save_scores(props) }
            }
        </div>
    }
}

/// The formats to save scores in.
fn save_scores(props: &ScoresIo) -> Html {
    let (format, extent) = *props.saving;
    let written = || FORMATS.iter().filter(|format| format.written);
    let on_format = {
        let saving = props.saving.clone();
        move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Some(chosen) = written().nth(select.selected_index() as usize) {
                saving.set((chosen.id, extent));
            }
        }
    };
    let on_extent = {
        let saving = props.saving.clone();
        move |event: Event| {
            let checked = event.target_unchecked_into::<HtmlInputElement>().checked();
            saving.set((format, if checked { Extent::Circuit } else { Extent::All }));
        }
    };
    let has_extent = matches!(format, FormatId::EdgeListCsv | FormatId::EdgeListJson);
    let onclick = props.on_save.reform({
        let chosen = (format, if has_extent { extent } else { Extent::All });
        move |_: MouseEvent| chosen
    });
    let option = |Format { id, name, .. }: &Format| {
        html! { <option selected={*id == format}>{ name.replace('`', "") }</option> }
    };
    html! {
        <div class="save-scores">
            <label for="save-scores-format">{ "Download scores as" }</label>
            <select id="save-scores-format" onchange={on_format}>{ for written().map(option) }</select>
            if has_extent {
                <label class="check">
                    <input type="checkbox" checked={extent == Extent::Circuit} onchange={on_extent} />
                    { "shown circuit only" }
                </label>
            }
            <button type="button" {onclick}>{ "Download" }</button>
        </div>
    }
}
