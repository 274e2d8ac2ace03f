//! A prompt's tokens, clean over corrupt, and the likeliest next tokens of several runs.

use yew::prelude::*;

use circuitscope_core::TokenProb;
use circuitscope_core::sort::sort_by;
use circuitscope_picture::strip::text::probability_text;
use circuitscope_picture::strip::tokens::{ShownToken, TokenPair, list, pairs};

#[derive(Properties, PartialEq)]
pub struct TokensProps {
    /// The tokens of the clean prompt, without padding.
    pub clean: Vec<String>,
    pub corrupt: Vec<String>,
}

/// Both prompts, position under position. Tokens that differ are marked.
#[component]
pub fn Tokens(props: &TokensProps) -> Html {
    let TokensProps { clean, corrupt } = props;
    html! {
        <div class="cs-tokens">
            <p class="cs-hidden">{ format!("Clean prompt: {} Corrupt prompt: {}", clean.concat(), corrupt.concat()) }</p>
            <div class="names" aria-hidden="true"><span>{ "Clean" }</span><span>{ "Corrupt" }</span></div>
            <div class="pairs" aria-hidden="true">{ for pairs(clean, corrupt).iter().map(pair) }</div>
        </div>
    }
}

fn pair(pair: &TokenPair) -> Html {
    html! {
        <span class={classes!("pair", pair.differs.then_some("differs"))}>{ token(&pair.clean) }{ token(&pair.corrupt) }</span>
    }
}

fn token(token: &ShownToken) -> Html {
    html! { <i title={token.title.clone()}>{ &token.text }</i> }
}

#[derive(Properties, PartialEq)]
pub struct NextTokensProps {
    /// The names of the runs: `Clean`, `Corrupt`, `Circuit`.
    pub runs: Vec<AttrValue>,
    /// The likeliest first.
    pub tokens: Vec<NextToken>,
}

/// A token that may come next.
#[derive(Debug, Clone, PartialEq)]
pub struct NextToken {
    pub token: String,
    pub role: TokenRole,
    /// Its probability in each run; `None` where it is not known.
    pub probabilities: Vec<Option<f64>>,
}

/// As many as fit beside a drawing; more say little.
const MOST: usize = 8;

/// The tokens that are among the likeliest of any run, of each of which `columns` has a list: the answers first, then by their
/// probability where they are likeliest. At most eight.
pub fn likeliest(
    columns: &[&Vec<TokenProb>],
    text: impl Fn(u32) -> String,
    role: impl Fn(u32) -> TokenRole,
) -> Vec<NextToken> {
    let probabilities = |id: u32| -> Vec<Option<f64>> {
        columns.iter().map(|column| column.iter().find(|token| token.token == id).map(|token| token.prob)).collect()
    };
    let mut ids: Vec<u32> =
        columns.iter().flat_map(|column| column.iter().take(MOST)).map(|token: &TokenProb| token.token).collect();
    ids.sort_unstable();
    ids.dedup();
    let most = |id: u32| probabilities(id).into_iter().flatten().fold(0.0, f64::max);
    let rank = |id: u32| match role(id) {
        TokenRole::Answer => 0,
        TokenRole::WrongAnswer => 1,
        TokenRole::Other => 2,
    };
    sort_by(&mut ids, |&a, &b| rank(a).cmp(&rank(b)).then(most(b).total_cmp(&most(a))));
    ids.truncate(MOST);
    ids.into_iter().map(|id| NextToken { token: text(id), role: role(id), probabilities: probabilities(id) }).collect()
}

/// What a token is to the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenRole {
    Answer,
    WrongAnswer,
    #[default]
    Other,
}

impl TokenRole {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Answer => Some("answer"),
            Self::WrongAnswer => Some("wrong"),
            Self::Other => None,
        }
    }

    /// For readers who do not see the colour.
    fn title(self) -> Option<&'static str> {
        match self {
            Self::Answer => Some("the answer"),
            Self::WrongAnswer => Some("a wrong answer"),
            Self::Other => None,
        }
    }
}

/// A table of the likeliest next tokens, with a bar at every probability.
#[component]
pub fn NextTokens(props: &NextTokensProps) -> Html {
    let tokens: Vec<String> = props.tokens.iter().map(|next| next.token.clone()).collect();
    let rows = list(&tokens).into_iter().zip(&props.tokens).map(|(shown, next)| row(&shown, next));
    html! {
        <table class="cs-next">
            <thead>
                <tr>
                    <th scope="col"><span class="cs-hidden">{ "Token" }</span></th>
                    { for props.runs.iter().map(|run| html! { <th scope="col">{ run }</th> }) }
                </tr>
            </thead>
            <tbody>{ for rows }</tbody>
        </table>
    }
}

fn row(shown: &ShownToken, next: &NextToken) -> Html {
    html! {
        <tr class={classes!(next.role.class())}>
            <th scope="row" title={shown.title.clone()}>
                { &shown.text }
                if let Some(title) = next.role.title() { <span class="cs-hidden">{ format!(", {title}") }</span> }
            </th>
            { for next.probabilities.iter().map(|&probability| cell(probability)) }
        </tr>
    }
}

fn cell(probability: Option<f64>) -> Html {
    let Some(probability) = probability.filter(|p| p.is_finite()) else { return html! { <td>{ "–" }</td> } };
    let percent = 100.0 * probability.clamp(0.0, 1.0);
    // A bar of no width would say that the token is impossible.
    let width = percent.max(1.0);
    html! {
        <td>
            { probability_text(probability) }
            <span class="bar" aria-hidden="true"><span style={format!("width:{width:.1}%")} /></span>
        </td>
    }
}
