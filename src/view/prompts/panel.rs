//! The part of the page where prompts are typed: keeps what was typed, and asks the reader for its tokens.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::form::{PromptForm, prompt_form};
use crate::select::draft::{self, DraftPair, PairTokens, answer_lines};
use crate::select::tokens::tokenizer;
use crate::state::runs::Failure;
use crate::state::texts::{Texts, TokenizerKey};
use crate::tasks::Tasks;
use crate::tasks::{self, save};
use crate::update::Action;
use crate::view::connected::Connected;
use crate::workers::js_text;

/// Typing has to rest this long before its tokens are asked for.
const REST_MS: u32 = 200;
const FILE_NAME: &str = "typed-prompts.json";

/// What the tokens depend on.
#[derive(Clone, PartialEq)]
struct Typed {
    pairs: Vec<DraftPair>,
    /// The tokenizer, where texts are typed, and whether prompts begin with its BOS token.
    tokenizer: Option<TokenizerKey>,
    prepend_bos: bool,
}

type Found = Rc<(Typed, Result<Vec<PairTokens>, String>)>;

/// The editor.
#[component]
pub fn PromptsPanel(props: &Connected) -> Html {
    let state = &props.state;
    let pairs = use_state_eq(|| vec![DraftPair::default()]);
    let found = use_state(|| None::<Found>);
    let tokenizer = tokenizer(state).and_then(|_| Texts::tokenizer_key(&state.files));
    let typed = Typed { pairs: (*pairs).clone(), tokenizer, prepend_bos: state.texts.settings.prepend_bos };
    use_tokens(&typed, &found, props);
    let text = tokenizer.is_some();
    // What was found of an earlier text says nothing of this one.
    let tokens = found.as_ref().filter(|found| found.0 == typed).map(|found| &found.1);
    let complete = typed.pairs.iter().all(|pair| !pair.clean.is_empty() && !pair.corrupt.is_empty());
    let (views, lengths) = match tokens {
        Some(Ok(tokens)) => (draft::views(tokens, state), draft::lengths(tokens, text, state.texts.settings)),
        Some(Err(error)) => (Vec::new(), Err(error.clone())),
        None => (Vec::new(), Ok(None)),
    };
    let ready = complete && lengths.is_ok() && matches!(tokens, Some(Ok(tokens)) if all_answers_fit(tokens));
    let json = matches!(tokens, Some(Ok(_)) if ready).then(|| {
        let tokens = tokens.and_then(|tokens| tokens.as_ref().ok()).map_or(&[][..], Vec::as_slice);
        draft::prompts_json(&typed.pairs, tokens, text)
    });
    let on_json = |act: fn(&Connected, &str)| {
        let (json, props) = (json.clone(), props.clone());
        Callback::from(move |()| {
            if let Some(json) = &json {
                act(&props, json);
            }
        })
    };
    let on_change = {
        let pairs = pairs.clone();
        Callback::from(move |new| pairs.set(new))
    };
    let on_copy = {
        let (state, pairs) = (state.clone(), pairs.clone());
        Callback::from(move |()| {
            let in_use = draft::in_use(&state, text);
            if !in_use.is_empty() {
                pairs.set(in_use);
            }
        })
    };
    prompt_form(&PromptForm {
        pairs: typed.pairs.clone(),
        views,
        text,
        note: lengths.clone().ok().flatten(),
        error: lengths.err(),
        left_out: draft::left_out(state, text),
        ready,
        on_change,
        on_use: on_json(|props, json| tasks::add_text(&props.tasks.0, FILE_NAME, json)),
        on_save: on_json(save),
        on_copy,
    })
}

fn save(props: &Connected, json: &str) {
    if let Err(error) = save::save_text(FILE_NAME, "application/json", json) {
        let message = format!("The prompts could not be saved: {}", js_text(&error));
        props.state.dispatch(Action::Failed(Failure::plain(message)));
    }
}

fn all_answers_fit(tokens: &[PairTokens]) -> bool {
    tokens.iter().flat_map(|pair| &pair.answers).flatten().all(|answer| answer.len() == 1)
}

/// Asks for the tokens of what was typed, once typing rests.
#[hook]
fn use_tokens(typed: &Typed, found: &UseStateHandle<Option<Found>>, props: &Connected) {
    let (tasks, found) = (props.tasks.0.clone(), found.clone());
    // What an older question is answered with comes too late.
    let newest = use_mut_ref(|| None::<Typed>);
    use_effect_with(typed.clone(), move |typed| {
        let typed = typed.clone();
        newest.replace(Some(typed.clone()));
        let timer = Timeout::new(REST_MS, move || {
            spawn_local(async move {
                let tokens = tokens(tasks, &typed).await;
                if newest.borrow().as_ref() == Some(&typed) {
                    found.set(Some(Rc::new((typed, tokens))));
                }
            });
        });
        move || drop(timer)
    });
}

/// The tokens of what was typed.
async fn tokens(tasks: Rc<Tasks>, typed: &Typed) -> Result<Vec<PairTokens>, String> {
    let Some(key) = typed.tokenizer else { return draft::parse_ids(&typed.pairs) };
    let prompts = typed.pairs.iter().flat_map(|pair| [pair.clean.clone(), pair.corrupt.clone()]).collect();
    let answers = typed.pairs.iter().flat_map(|pair| [&pair.answers, &pair.wrong_answers]);
    let n_answers: Vec<usize> = answers.clone().map(|text| answer_lines(text).count()).collect();
    let answers = answers.flat_map(|text| answer_lines(text)).map(str::to_owned).collect();
    let mut prompts = tasks::encode(&tasks, key, prompts, typed.prepend_bos).await?.into_iter();
    let mut answers = tasks::encode(&tasks, key, answers, false).await?.into_iter();
    let mut next = || prompts.next().unwrap_or_default();
    let mut some = |n: &usize| answers.by_ref().take(*n).collect();
    let pair = |n: &[usize]| PairTokens { clean: next(), corrupt: next(), answers: [some(&n[0]), some(&n[1])] };
    Ok(n_answers.chunks_exact(2).map(pair).collect())
}
