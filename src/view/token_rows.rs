//! A clean and a corrupt prompt token by token, one above the other.

use yew::prelude::*;

/// A token of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignedToken {
    pub text: String,
    pub kind: TokenKind,
}

/// How a token stands to the one above or below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Same,
    Differs,
    /// None is there: the shorter prompt is filled up.
    Pad,
}

/// Two prompts with their last tokens under each other, as a model that is given both is: the shorter one is filled up on the
/// left to `seq` tokens at least.
pub fn align(rows: [&[u32]; 2], seq: usize, text: impl Fn(u32) -> String) -> [Vec<AlignedToken>; 2] {
    let seq = rows.iter().map(|row| row.len()).max().unwrap_or(0).max(seq);
    let at = |row: &[u32], i: usize| i.checked_sub(seq - row.len()).map(|i| row[i]);
    let token = |row: &[u32], other: &[u32], i: usize| match at(row, i) {
        None => AlignedToken { text: "pad".to_owned(), kind: TokenKind::Pad },
        Some(token) if at(other, i) == Some(token) => AlignedToken { text: text(token), kind: TokenKind::Same },
        Some(token) => AlignedToken { text: text(token), kind: TokenKind::Differs },
    };
    let row = |row: &[u32], other: &[u32]| (0..seq).map(|i| token(row, other, i)).collect();
    [row(rows[0], rows[1]), row(rows[1], rows[0])]
}

/// The two prompts.
#[derive(PartialEq, Properties)]
pub struct TokenRowsProps {
    /// Clean and corrupt, of one length.
    pub rows: [Vec<AlignedToken>; 2],
}

/// The prompts, a column for each position.
#[component]
pub fn TokenRows(props: &TokenRowsProps) -> Html {
    html! {
        <div class="token-rows">
            <table>
                <tbody>
                    { for ["Clean", "Corrupt"].iter().zip(&props.rows).map(|(name, row)| html! {
                        <tr><th scope="row">{ *name }</th>{ for row.iter().map(token) }</tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}

fn token(token: &AlignedToken) -> Html {
    let (class, title) = match token.kind {
        TokenKind::Same => ("", None),
        TokenKind::Differs => ("differs", Some("differs from the other prompt")),
        TokenKind::Pad => ("pad", Some("filled up; no token attends to it")),
    };
    html! { <td {class} {title}>{ &token.text }</td> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tokens_stand_under_each_other() {
        let rows = align([&[1, 2, 3], &[4, 3]], 0, |token| token.to_string());
        let plain = |row: &Vec<AlignedToken>| {
            row.iter().map(|t| format!("{}:{:?}", t.text, t.kind)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(rows.each_ref().map(plain), ["1:Differs 2:Differs 3:Same", "pad:Pad 4:Differs 3:Same"]);
        assert_eq!(align([&[1], &[1]], 2, |token| token.to_string()).each_ref().map(plain), ["pad:Pad 1:Same"; 2]);
        assert_eq!(align([&[], &[]], 0, |token| token.to_string()), [vec![], vec![]]);
    }
}
