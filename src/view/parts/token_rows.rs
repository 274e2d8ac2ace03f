//! A clean and a corrupt prompt token by token, one above the other.

use yew::prelude::*;

use crate::select::tokens::TokenPair;

/// The prompts, a column for each position, in as many lines as it takes.
pub fn token_rows(pairs: &[TokenPair]) -> Html {
    html! {
        <div class="token-rows" tabindex="0" role="region" aria-label="The prompts token by token">
            <p class="quiet"><span>{ "Clean" }</span><span>{ "Corrupt" }</span></p>
            <ol>{ for pairs.iter().map(column) }</ol>
        </div>
    }
}

fn column(pair: &TokenPair) -> Html {
    let (class, title, clean, corrupt) = match pair {
        TokenPair::Pads(n) => {
            let text = format!("{n} pad");
            ("pad", Some("filled up; no token attends to it"), text.clone(), text)
        }
        TokenPair::Tokens { clean, corrupt, differ } => {
            let shown = |token: &Option<String>| token.clone().unwrap_or_else(|| "pad".to_owned());
            let title = differ.then_some("clean and corrupt differ here");
            (if *differ { "differs" } else { "" }, title, shown(clean), shown(corrupt))
        }
    };
    html! { <li {class} {title}><span>{ clean }</span><span>{ corrupt }</span></li> }
}
