//! The likeliest tokens of a prompt under the clean, the corrupt and the circuit's output, side by side.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::view::parts::token_rows::{TokenPair, token_rows};

/// The prompt, the position and the tokens there.
pub struct TokensPanel {
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

/// The tokens, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenColumns {
    /// A sentence.
    None(String),
    /// Clean, corrupt, circuit; likeliest first.
    Ready([Vec<TokenRow>; 3]),
}

/// A token as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRow {
    pub token: String,
    /// `97.3 %`.
    pub prob: String,
    /// The probability as the width of a bar, in percent.
    pub width: f64,
    /// Whether it is an answer, or a wrong one.
    pub mark: Mark,
}

/// What the prompts file says of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    None,
    Answer,
    WrongAnswer,
}

/// The panel.
pub fn tokens_panel(props: &TokensPanel) -> Html {
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
            <h4>{ name }</h4>
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
