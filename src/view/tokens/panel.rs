//! The likeliest tokens.

use yew::prelude::*;

use super::likeliest::{LikeliestTokens, likeliest_tokens};
use crate::select::tokens as select;
use crate::update::Action;
use crate::view::connected::Connected;

/// The likeliest tokens of a prompt.
#[component]
pub fn TokensPanel(props: &Connected) -> Html {
    let state = &props.state;
    html! { <>
        <h2>{ "Likeliest tokens" }</h2>
        { likeliest_tokens(&LikeliestTokens {
            prompts: select::prompt_labels(state),
            prompt: state.prompt,
            positions: select::position_labels(state),
            position: state.position,
            pairs: select::prompt_tokens(state),
            columns: select::token_columns(state),
            on_prompt: props.on(Action::PromptChosen),
            on_position: props.on(Action::PositionChosen),
        }) }
    </> }
}
