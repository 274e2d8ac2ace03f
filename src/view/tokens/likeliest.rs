//! The likeliest tokens of a prompt under the clean, the corrupt and the circuit's output, side by side.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::select::tokens::{Mark, TokenColumns, TokenPair, TokenRow};
use crate::view::parts::token_rows::token_rows;

/// The prompt, the position and the tokens there.
pub struct LikeliestTokens {
    /// A label for each prompt.
    pub prompts: Vec<String>,
    pub prompt: usize,
    /// A label for each position of the output.
    pub positions: Vec<String>,
    pub position: usize,
    /// The clean and the corrupt prompt, token by token.
    pub pairs: Vec<TokenPair>,
    pub columns: TokenColumns,
    pub on_prompt: Callback<usize>,
    pub on_position: Callback<usize>,
}

/// The panel.
pub fn likeliest_tokens(props: &LikeliestTokens) -> Html {
    html! {
        <div class="tokens">
            <div class="token-choices">
                { choice("prompt", "Prompt", &props.prompts, props.prompt, &props.on_prompt) }
                if props.positions.len() > 1 {
                    { choice("position", "at", &props.positions, props.position, &props.on_position) }
                }
            </div>
            { token_rows(&props.pairs) }
            { match &props.columns {
                TokenColumns::None(why) => html! { <p class="quiet">{ why }</p> },
                TokenColumns::Ready(columns) => html! {
                    <div class="token-columns">
                        { for ["Clean", "Corrupt", "Circuit"].iter().zip(columns).map(|(name, rows)| column(name, rows)) }
                    </div>
                },
            } }
        </div>
    }
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
        <select {id} {onchange}>
            { for labels.iter().enumerate().map(|(i, label)| html! {
                <option key={i} selected={i == chosen}>{ label }</option>
            }) }
        </select>
    </> }
}

fn column(name: &str, rows: &[TokenRow]) -> Html {
    html! {
        <section class="token-column">
            <h3>{ name }</h3>
            <ol>
                { for rows.iter().map(token_row) }
            </ol>
        </section>
    }
}

fn token_row(row: &TokenRow) -> Html {
    let (mark, title) = match row.mark {
        Mark::None => ("", ""),
        Mark::Answer => ("✓", "the answer"),
        Mark::WrongAnswer => ("✗", "the wrong answer"),
    };
    html! {
        <li title={title}>
            <span class="bar" style={format!("width: {:.1}%", row.width)}></span>
            <span class="token">{ &row.token }<span class="mark" aria-label={title}>{ mark }</span></span>
            <span class="prob">{ &row.prob }</span>
        </li>
    }
}
