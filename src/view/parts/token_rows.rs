//! A clean and a corrupt prompt token by token, one above the other.

use yew::prelude::*;

/// A position of two prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPair {
    /// Both are filled up here, at so many positions.
    Pads(usize),
    /// How each prompt's token is shown; nothing where one is filled up.
    Tokens { clean: Option<String>, corrupt: Option<String>, differ: bool },
}

/// Two prompts with their last tokens under each other, as a model that is given both is: the shorter one is filled up on the
/// left, and both to `seq` tokens at least.
pub fn align(clean: &[u32], corrupt: &[u32], seq: usize, text: impl Fn(u32) -> String) -> Vec<TokenPair> {
    let longer = clean.len().max(corrupt.len());
    let at = |row: &[u32], i: usize| i.checked_sub(longer - row.len()).map(|i| row[i]);
    let pair = |i: usize| {
        let (clean, corrupt) = (at(clean, i), at(corrupt, i));
        TokenPair::Tokens { clean: clean.map(&text), corrupt: corrupt.map(&text), differ: clean != corrupt }
    };
    let pads = seq.checked_sub(longer).filter(|&n| n > 0).map(TokenPair::Pads);
    pads.into_iter().chain((0..longer).map(pair)).collect()
}

/// The prompts, a column for each position, in as many lines as it takes.
///
/// A function and no component, which would cost the page 2 kB more on the wire.
pub fn token_rows(pairs: &[TokenPair]) -> Html {
    html! {
        <div class="token-rows">
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tokens_stand_under_each_other() {
        let plain = |clean: &[u32], corrupt: &[u32], seq| {
            let shown = |token: Option<String>| token.unwrap_or_else(|| "pad".to_owned());
            let pairs = align(clean, corrupt, seq, |token| token.to_string()).into_iter().map(|pair| match pair {
                TokenPair::Pads(n) => format!("{n} pads"),
                TokenPair::Tokens { clean, corrupt, differ } => {
                    format!("{}{}{}", shown(clean), if differ { "≠" } else { "=" }, shown(corrupt))
                }
            });
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(plain(&[1, 2, 3], &[4, 3], 0), "1≠pad 2≠4 3=3");
        assert_eq!(plain(&[1], &[1], 3), "2 pads 1=1");
        assert_eq!(plain(&[], &[], 0), "");
    }
}
