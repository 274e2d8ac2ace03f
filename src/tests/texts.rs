//! Tokenizers and text prompts.

use super::{drop_file, json};
use crate::select::files;
use crate::select::runs::{ready, sweep};
use crate::select::tokens::token_text;
use crate::state::State;
use crate::state::files::Content;
use crate::state::load::{Load, Shared};
use crate::state::texts::{OpenTokenizer, ReadPrompts, TokenizerKey};
use crate::update::Action;
use circuitscope_core::{PromptSettings, Prompts};
use circuitscope_wire::reader::TokenizerInfo;

#[test]
fn text_prompts_wait_for_their_tokenizer_and_are_run_as_ids() {
    let mut state = State::demo();
    let texts = r#"{"prompts": [{"clean": "a b", "corrupt": "b b"}]}"#;
    drop_file(&mut state, 10, "p.json", json("p.json", texts));
    assert_eq!(
        state.inputs.problems[0].message,
        "p.json: a tokenizer is needed for these prompts: drop its tokenizer.json"
    );
    assert!(!ready(&state));
    drop_file(&mut state, 11, "tokenizer.json", Ok(Content::Tokenizer));
    let tokenizer = state.texts.tokenizer_to_open(&state.files).unwrap();
    assert_eq!(
        (tokenizer, state.texts.prompts_to_read(&state.files)),
        (TokenizerKey { tokenizer: 11, config: None }, None)
    );
    let info = TokenizerInfo { n_tokens: 2, bos: None, pad: None };
    let open = Shared::new(OpenTokenizer::new(info, "a\n␣b\n".to_owned()));
    state.apply(Action::TokenizerChanged(tokenizer, Load::Loading));
    state.apply(Action::TokenizerChanged(tokenizer, Load::Ready(open)));
    assert_eq!((token_text(&state, 1), token_text(&state, 7)), ("␣b".to_owned(), "7".to_owned()));
    let key = state.texts.prompts_to_read(&state.files).unwrap();
    state.apply(Action::PromptsChanged(key, Load::Loading));
    assert_eq!((state.texts.prompts_to_read(&state.files), ready(&state)), (None, false));
    let ids = r#"{"prompts": [{"clean": [0, 1], "corrupt": [1, 1]}]}"#;
    let prompts = Shared::new(Prompts::from_json("p.json", ids).unwrap());
    let notes = vec!["“a” is one token with a space before it as well".to_owned()];
    let read = ReadPrompts { file: 12, prompts, notes: notes.clone() };
    state.apply(Action::PromptsChanged(key, Load::Ready(read)));
    let row = files::rows(&state).into_iter().find(|row| row.name == "p.json").unwrap();
    assert_eq!(row.notes, notes);
    assert!(ready(&state), "{:?}", state.inputs.problems);
    assert_eq!(sweep(&state).unwrap().key.files, [Some(0), Some(1), Some(12), Some(3)]);
    state.apply(Action::PromptSettingsChanged(PromptSettings { prepend_bos: false, pad: true }));
    assert!(!ready(&state) && state.texts.prompts_to_read(&state.files).is_some(), "they are read anew");
    let key = state.texts.prompts_to_read(&state.files).unwrap();
    state.apply(Action::PromptsChanged(key, Load::Loading));
    state.apply(Action::PromptsChanged(key, Load::Failed("p.json: no".to_owned())));
    assert_eq!(state.inputs.problems[0].message, "p.json: no");
}

#[test]
fn text_prompts_that_cannot_be_read_give_way_to_those_before_them() {
    let mut state = State::demo();
    drop_file(&mut state, 11, "tokenizer.json", Ok(Content::Tokenizer));
    let tokenizer = state.texts.tokenizer_to_open(&state.files).unwrap();
    let open = OpenTokenizer::new(TokenizerInfo { n_tokens: 1, bos: None, pad: None }, "a\n".to_owned());
    state.apply(Action::TokenizerChanged(tokenizer, Load::Loading));
    state.apply(Action::TokenizerChanged(tokenizer, Load::Ready(Shared::new(open))));
    let texts = r#"{"prompts": [{"clean": "a", "corrupt": "b"}]}"#;
    drop_file(&mut state, 10, "p.json", json("p.json", texts));
    let key = state.texts.prompts_to_read(&state.files).unwrap();
    state.apply(Action::PromptsChanged(key, Load::Loading));
    assert!(!ready(&state), "they may be good");
    state.apply(Action::PromptsChanged(key, Load::Failed("p.json: no".to_owned())));
    assert!(ready(&state), "{:?}", state.inputs.problems);
    let refused = files::rows(&state).pop().unwrap();
    assert_eq!((refused.name.as_str(), refused.error.as_deref()), ("p.json", Some("p.json: no")));
}
