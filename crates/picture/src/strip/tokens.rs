//! Tokens as readers see them: their white space where it matters, and which of a clean and a corrupt prompt differ.

/// Longer tokens are cut.
const MOST_CHARS: usize = 24;

/// A token as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownToken {
    pub text: String,
    /// The whole token, where what is shown leaves something out.
    pub title: Option<String>,
}

/// A token of the clean prompt over that of the corrupt prompt at the same position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub clean: ShownToken,
    pub corrupt: ShownToken,
    pub differs: bool,
}

/// The tokens of two prompts, position by position. Where one prompt is shorter its token is empty.
pub fn pairs(clean: &[String], corrupt: &[String]) -> Vec<TokenPair> {
    let at = |tokens: &[String], i: usize| tokens.get(i).cloned().unwrap_or_default();
    let pair = |i: usize| {
        let (clean, corrupt) = (at(clean, i), at(corrupt, i));
        let differs = clean != corrupt;
        // A difference in white space alone would not be seen.
        let spaced = differs && clean.trim() == corrupt.trim();
        TokenPair { clean: shown(&clean, spaced), corrupt: shown(&corrupt, spaced), differs }
    };
    (0..clean.len().max(corrupt.len())).map(pair).collect()
}

/// A list of tokens of which each stands for itself, such as the likeliest next ones: white space is shown where two would
/// look the same without.
pub fn list(tokens: &[String]) -> Vec<ShownToken> {
    let alike = |token: &String| tokens.iter().filter(|other| other.trim() == token.trim()).count() > 1;
    tokens.iter().map(|token| shown(token, alike(token))).collect()
}

/// A token: one space in front, which most words have, is left out unless `spaced`; all other white space is made visible.
pub fn shown(token: &str, spaced: bool) -> ShownToken {
    let inner = token.strip_prefix(' ').filter(|rest| !spaced && !rest.trim().is_empty()).unwrap_or(token);
    let visible: String = inner.chars().map(|c| if is_inside(inner, c) { c } else { visible(c) }).collect();
    let cut = visible.chars().count() > MOST_CHARS;
    let text = if cut { visible.chars().take(MOST_CHARS - 1).chain(['…']).collect() } else { visible };
    let title = cut.then(|| token.chars().map(|c| if c == ' ' { c } else { visible_control(c) }).collect());
    ShownToken { text, title }
}

/// Whether a space stands between the words of a token that holds several, where it is seen anyway.
fn is_inside(token: &str, c: char) -> bool {
    c == ' ' && !token.starts_with(' ') && !token.ends_with(' ') && !token.contains("  ")
}

fn visible(c: char) -> char {
    match c {
        ' ' => '␣',
        '\n' => '⏎',
        '\t' => '⇥',
        _ => visible_control(c),
    }
}

/// The picture of a control character, which Unicode has for each from U+2400 on.
fn visible_control(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(c),
        '\u{7f}' => '\u{2421}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(tokens: &[&str]) -> Vec<String> {
        tokens.iter().map(|&token| token.to_owned()).collect()
    }

    #[test]
    fn white_space_is_shown_where_it_matters() {
        let texts =
            [" Mary", "Mary", " ", "  a", "a ", "\n", "\t", "a b", "", "\u{1}"].map(|token| shown(token, false).text);
        assert_eq!(texts, ["Mary", "Mary", "␣", "␣a", "a␣", "⏎", "⇥", "a b", "", "␁"]);
        assert_eq!(shown(" Mary", true).text, "␣Mary");
    }

    #[test]
    fn only_positions_that_differ_are_marked() {
        let pairs = pairs(&owned(&["When", " Mary", " and"]), &owned(&["When", "Mary", " or", "x"]));
        let seen: Vec<_> =
            pairs.iter().map(|pair| (pair.clean.text.as_str(), pair.corrupt.text.as_str(), pair.differs)).collect();
        assert_eq!(seen, [("When", "When", false), ("␣Mary", "Mary", true), ("and", "or", true), ("", "x", true)]);
    }

    #[test]
    fn next_tokens_that_look_alike_are_told_apart() {
        let texts: Vec<_> = list(&owned(&[" Mary", "Mary", " him"])).into_iter().map(|token| token.text).collect();
        assert_eq!(texts, ["␣Mary", "Mary", "him"]);
    }

    #[test]
    fn a_long_token_is_cut_and_told_whole() {
        let long = "x".repeat(30);
        let token = shown(&long, false);
        assert_eq!((token.text.chars().count(), token.title), (24, Some(long)));
        assert_eq!(shown("short", false).title, None);
    }
}
