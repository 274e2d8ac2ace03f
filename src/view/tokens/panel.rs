//! The prompt that is looked at, token by token, and the likeliest next tokens.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::select::tokens::{self as select, NextColumns};
use crate::update::Action;
use crate::view::connected::Connected;
use circuitscope_figure::{NextTokens, Tokens};

/// The prompt and its next tokens.
#[component]
pub fn TokensPanel(props: &Connected) -> Html {
    let state = &props.state;
    let n_prompts = state.inputs.prompts.as_ref().map_or(0, |prompts| prompts.pairs.len());
    let (clean, corrupt) = select::prompt_texts(state);
    html! { <>
        <section class="prompt">
            <div class="heading">
                { choice("prompt", "Prompt", &select::prompt_labels(state), state.prompt, &props.on(Action::PromptChosen)) }
                <span class="quiet">{ format!("of {n_prompts}") }</span>
                <span class="grow" />
                { step(props, "‹", "Previous prompt", state.prompt.checked_sub(1)) }
                { step(props, "›", "Next prompt", Some(state.prompt + 1).filter(|&next| next < n_prompts)) }
            </div>
            <Tokens {clean} {corrupt} />
            <p class="quiet">{ select::prompt_line(state) }</p>
        </section>
        <section class="next">
            <div class="heading">
                <h2>{ "Next token" }</h2>
                { positions(props) }
            </div>
            { match select::next_tokens(state) {
                NextColumns::None(why) => html! { <p class="quiet">{ why }</p> },
                NextColumns::Ready(runs, tokens) => html! { <NextTokens runs={runs.into_iter().map(AttrValue::from).collect::<Vec<_>>()} {tokens} /> },
            } }
        </section>
    </> }
}

/// The position of the output, where it has several.
fn positions(props: &Connected) -> Html {
    let state = &props.state;
    let labels = select::position_labels(state);
    html! {
        if labels.len() > 1 {
            { choice("position", "after", &labels, state.position, &props.on(Action::PositionChosen)) }
        }
    }
}

fn step(props: &Connected, sign: &'static str, label: &'static str, to: Option<usize>) -> Html {
    let onclick = to.map(|to| props.on(move |_: MouseEvent| Action::PromptChosen(to)));
    html! { <button type="button" class="icon" aria-label={label} title={label} disabled={to.is_none()} {onclick}>{ sign }</button> }
}

fn choice(
    id: &'static str,
    label: &'static str,
    labels: &[String],
    chosen: usize,
    on_choose: &Callback<usize>,
) -> Html {
    let on_choose = on_choose.clone();
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        on_choose.emit(usize::try_from(select.selected_index()).unwrap_or(0));
    };
    html! { <>
        <label for={id}>{ label }</label>
        <select {id} class="short" {onchange}>
            { for labels.iter().enumerate().map(|(i, label)| html! { <option key={i} selected={i == chosen}>{ label }</option> }) }
        </select>
    </> }
}
