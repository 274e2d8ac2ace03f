//! Prompts typed in by hand, as plain data: what was typed, the tokens of it, and the prompts file that it makes.

use serde_json::{Value, json};

use super::tokens::{TokenPair, align, token_text};
use crate::state::State;
use crate::state::files::{self, Content, Role};
use crate::words::counted;
use circuitscope_core::{Answers, PromptSettings, Prompts};

/// More pairs are better edited in a file.
pub const MAX_PAIRS: usize = 16;

/// A pair as it is typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftPair {
    pub clean: String,
    pub corrupt: String,
    /// An answer a line.
    pub answers: String,
    pub wrong_answers: String,
}

/// What was made of a pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairView {
    /// Clean and corrupt; empty where they are not known.
    pub tokens: Vec<TokenPair>,
    /// What is to be known of their lengths.
    pub note: Option<String>,
    /// The tokens of answers and wrong answers.
    pub answers: [Vec<AnswerView>; 2],
}

/// An answer, token by token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerView {
    pub tokens: Vec<String>,
}

/// The tokens of a pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairTokens {
    pub clean: Vec<u32>,
    pub corrupt: Vec<u32>,
    /// Of the answers and of the wrong answers.
    pub answers: [Vec<Vec<u32>>; 2],
}

/// The lines that are answers.
pub fn answer_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty())
}

/// The tokens of pairs typed as ids.
///
/// # Errors
/// When something is no token id; the message says where.
pub fn parse_ids(pairs: &[DraftPair]) -> Result<Vec<PairTokens>, String> {
    let ids = |n: usize, field: &str, text: &str| {
        let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
        let id = |word: &str| word.parse().map_err(|_| format!("Pair {n}, {field}: {word} is no token id."));
        words.map(id).collect::<Result<Vec<u32>, _>>()
    };
    let pair = |(i, pair): (usize, &DraftPair)| {
        let answers = |field, text| ids(i + 1, field, text).map(|ids| ids.into_iter().map(|id| vec![id]).collect());
        Ok(PairTokens {
            clean: ids(i + 1, "clean", &pair.clean)?,
            corrupt: ids(i + 1, "corrupt", &pair.corrupt)?,
            answers: [answers("answers", &pair.answers)?, answers("wrong answers", &pair.wrong_answers)?],
        })
    };
    pairs.iter().enumerate().map(pair).collect()
}

/// The prompts file of what was typed: texts as they are, or the ids.
pub fn prompts_json(pairs: &[DraftPair], tokens: &[PairTokens], text: bool) -> String {
    if text {
        let pair = |pair: &DraftPair| {
            json!({
                "clean": pair.clean,
                "corrupt": pair.corrupt,
                "answers": answer_lines(&pair.answers).collect::<Vec<_>>(),
                "wrong_answers": answer_lines(&pair.wrong_answers).collect::<Vec<_>>(),
            })
        };
        return json!({ "prompts": pairs.iter().map(pair).collect::<Vec<_>>() }).to_string();
    }
    let pair = |pair: &PairTokens| {
        let [answers, wrong_answers] = pair.answers.each_ref().map(|answers| answers.concat());
        json!({ "clean": pair.clean, "corrupt": pair.corrupt, "answers": answers, "wrong_answers": wrong_answers })
    };
    let mut file = json!({ "prompts": tokens.iter().map(pair).collect::<Vec<_>>() });
    let (least, most) = lens(tokens);
    if least != most {
        // Any token will do: it is masked.
        file["pad_token"] = json!(0);
    }
    file.to_string()
}

/// How pairs line up.
pub fn views(tokens: &[PairTokens], state: &State) -> Vec<PairView> {
    let text = |token| token_text(state, token);
    let view = |pair: &PairTokens| PairView {
        tokens: align(&pair.clean, &pair.corrupt, 0, text),
        note: length_note(pair.clean.len(), pair.corrupt.len()),
        answers: pair.answers.each_ref().map(|answers| {
            answers.iter().map(|ids| AnswerView { tokens: ids.iter().map(|&id| text(id)).collect() }).collect()
        }),
    };
    tokens.iter().map(view).collect()
}

/// What a pair's unequal lengths mean.
fn length_note(clean: usize, corrupt: usize) -> Option<String> {
    let (longer, shorter) = match clean.cmp(&corrupt) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => ("Clean", "corrupt"),
        std::cmp::Ordering::Less => ("Corrupt", "clean"),
    };
    let more = tokens(clean.abs_diff(corrupt));
    Some(format!(
        "{longer} is {more} longer: {shorter} is filled up on the left, so that the last tokens line up. Each token is \
         patched from the one above or below it, which may be another word."
    ))
}

/// What all lengths together mean, or what is wrong with them.
pub fn lengths(pairs: &[PairTokens], text: bool, settings: PromptSettings) -> Result<Option<String>, String> {
    let (least, most) = lens(pairs);
    if least == 0 {
        return Ok(None);
    }
    if least == most {
        return Ok(Some(format!("Every prompt has {}.", tokens(most))));
    }
    let range = format!("The prompts have {least} to {}.", tokens(most));
    if text && !settings.pad {
        return Err(format!("{range} Prompts of a batch need one length while “Pad short prompts” is off."));
    }
    Ok(Some(format!(
        "{range} Shorter ones are filled up on the left to {most}. With each position apart, or compared at all but the \
         first, circuits need prompts of one length."
    )))
}

/// The pairs of the prompts in use, to start from: as texts where they are texts, else as ids where ids are typed.
pub fn in_use(state: &State, text: bool) -> Vec<DraftPair> {
    let file = files::in_use(&state.files, Role::Prompts);
    match file.and_then(|file| file.read()) {
        Some(Content::TextPrompts(json)) if text => {
            let json: Value = serde_json::from_str(json).unwrap_or_default();
            json["prompts"].as_array().into_iter().flatten().take(MAX_PAIRS).map(text_pair).collect()
        }
        Some(Content::Prompts(prompts)) if !text => id_pairs(prompts),
        _ => Vec::new(),
    }
}

/// Says that answers are left out where the prompts in use are edited: those that are lists for each position, or numbers,
/// have no field to be typed in.
pub fn left_out(state: &State, text: bool) -> Option<&'static str> {
    const LEFT_OUT: &str = "The prompts in use have answers for each position, or numbers as answers. These cannot be typed \
                            here: “Edit those in use” leaves them out.";
    let file = files::in_use(&state.files, Role::Prompts)?;
    let Content::Prompts(prompts) = file.read().filter(|_| !text)? else { return None };
    let typed = |answers: &Answers| matches!(answers, Answers::Tokens(_));
    let all = prompts.pairs.iter().all(|pair| typed(&pair.answers) && typed(&pair.wrong_answers));
    (!all).then_some(LEFT_OUT)
}

fn text_pair(pair: &Value) -> DraftPair {
    let prompt = |field: &str| pair[field].as_str().unwrap_or_default().to_owned();
    let answers = |field: &str| {
        let answers = pair[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        answers.collect::<Vec<_>>().join("\n")
    };
    DraftPair {
        clean: prompt("clean"),
        corrupt: prompt("corrupt"),
        answers: answers("answers"),
        wrong_answers: answers("wrong_answers"),
    }
}

fn id_pairs(prompts: &Prompts) -> Vec<DraftPair> {
    let ids = |ids: &[u32]| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let answers = |answers: &Answers| match answers {
        Answers::Tokens(tokens) => ids(tokens),
        Answers::PerPosition(_) | Answers::Values(_) => String::new(),
    };
    let pair = |pair: &circuitscope_core::PromptPair| DraftPair {
        clean: ids(&pair.clean),
        corrupt: ids(&pair.corrupt),
        answers: answers(&pair.answers),
        wrong_answers: answers(&pair.wrong_answers),
    };
    prompts.pairs.iter().take(MAX_PAIRS).map(pair).collect()
}

/// The shortest and the longest prompt.
fn lens(pairs: &[PairTokens]) -> (usize, usize) {
    let lens = || pairs.iter().flat_map(|pair| [pair.clean.len(), pair.corrupt.len()]);
    (lens().min().unwrap_or(0), lens().max().unwrap_or(0))
}

fn tokens(n: usize) -> String {
    counted(n, "token")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(clean: &str, corrupt: &str) -> DraftPair {
        DraftPair {
            clean: clean.to_owned(),
            corrupt: corrupt.to_owned(),
            answers: " Ben\n".to_owned(),
            wrong_answers: String::new(),
        }
    }

    #[test]
    fn what_is_typed_makes_a_prompts_file() {
        let text = prompts_json(&[typed("a", "b")], &[], true);
        assert_eq!(text, r#"{"prompts":[{"answers":[" Ben"],"clean":"a","corrupt":"b","wrong_answers":[]}]}"#);
        let pair = DraftPair { answers: "7, 8".to_owned(), ..typed("1 2", "3 4 5") };
        let tokens = parse_ids(&[pair]).unwrap();
        let prompts = Prompts::from_json("p", &prompts_json(&[], &tokens, false)).unwrap();
        assert_eq!((prompts.pairs[0].clean.as_slice(), prompts.pad_token), (&[1, 2][..], Some(0)));
        assert_eq!(prompts.pairs[0].answers, Answers::Tokens(vec![7, 8]));
        assert_eq!(parse_ids(&[typed("1 x", "2")]).unwrap_err(), "Pair 1, clean: x is no token id.");
    }

    #[test]
    fn unequal_lengths_are_explained() {
        assert_eq!(length_note(3, 3), None);
        assert!(length_note(3, 4).unwrap().starts_with("Corrupt is 1 token longer: clean is filled up"));
        let pair =
            |clean, corrupt| PairTokens { clean: vec![0; clean], corrupt: vec![0; corrupt], ..Default::default() };
        let (all, pad) = ([pair(2, 2), pair(3, 2)], PromptSettings::default());
        assert_eq!(lengths(&all[..1], true, pad).unwrap().unwrap(), "Every prompt has 2 tokens.");
        assert!(lengths(&all, true, pad).unwrap().unwrap().contains("2 to 3 tokens. Shorter ones are filled up"));
        assert!(lengths(&all, true, PromptSettings { pad: false, ..pad }).is_err());
        assert_eq!(lengths(&[pair(0, 2)], true, pad), Ok(None));
    }

    #[test]
    fn prompts_in_use_can_be_edited() {
        let drafts = in_use(&State::demo(), false);
        assert_eq!(drafts.len(), 6);
        let tokens = parse_ids(&drafts).unwrap();
        assert_eq!(tokens[0].clean, State::demo().inputs.prompts.as_ref().unwrap().pairs[0].clean);
        // The demo's answers are for each position.
        assert!(left_out(&State::demo(), false).is_some());
        assert_eq!(left_out(&State::demo(), true), None);
    }
}
