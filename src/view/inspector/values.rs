//! Which prompts fail: the chosen measure of every prompt as dots.

use yew::prelude::*;

use super::node::seen;
use crate::select::values::{EveryPrompt, PromptDots, PromptRows};
use circuitscope_figure::{Dots, Shared};

/// The values and what to call.
pub struct PromptsView {
    pub prompts: EveryPrompt,
    /// Runs the circuit, so that the engine can be asked about it.
    pub on_run: Callback<()>,
    /// Called with a prompt's index.
    pub on_select: Callback<usize>,
}

/// The values of all prompts, or why there are none.
pub fn prompts_view(props: &PromptsView) -> Html {
    let EveryPrompt { heading, rows } = &props.prompts;
    html! {
        <section class="every-prompt">
            <h2>{ heading }</h2>
            { match rows {
                PromptRows::Inapplicable(why) => html! { <p class="quiet">{ *why }</p> },
                PromptRows::Seen(values) => seen(values, &props.on_run, |values| dots(props, values)),
            } }
        </section>
    }
}

fn dots(props: &PromptsView, PromptDots { request, ringed, worst, tally }: &PromptDots) -> Html {
    let label = format!("{}, worst first", props.prompts.heading);
    html! { <>
        <Dots {label} request={Shared::new(request.clone())} selected={*ringed} on_select={props.on_select.clone()} />
        <p class="quiet">
            if let Some(prompt) = ringed {
                { format!("Ringed: prompt {}. ", prompt + 1) }
            }
            if let Some(prompt) = *worst {
                { "Worst: " }
                <button type="button" class="link" onclick={props.on_select.reform(move |_: MouseEvent| prompt)}>{ format!("prompt {}", prompt + 1) }</button>
                { ". " }
            }
            // Two lines in either case, so that nothing below moves.
            if let Some(tally) = tally {
                { tally.what }{ " " }<b>{ &tally.count }</b>{ " with the circuit." }
            } else {
                { "Click a dot to show its prompt." }
            }
        </p>
    </> }
}
