//! Tokenizers and text prompts on the page: what the reader has opened and read, as plain data.

use crate::state::files::{Content, FileEntry, FileId, Load, Role, Shared};
use crate::state::inputs::in_use;
use circuitscope_core::{PromptSettings, Prompts};
use circuitscope_wire::reader::TokenizerInfo;

/// The files that a tokenizer is opened of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenizerKey {
    pub tokenizer: FileId,
    pub config: Option<FileId>,
}

/// What the token ids of text prompts depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptsKey {
    pub prompts: FileId,
    pub tokenizer: TokenizerKey,
    pub settings: PromptSettings,
}

/// A tokenizer as the page knows it.
#[derive(Debug, PartialEq)]
pub struct OpenTokenizer {
    pub info: TokenizerInfo,
    pieces: String,
    /// Where the line of each token starts in `pieces`.
    starts: Vec<u32>,
}

/// Text prompts that were made into token ids.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPrompts {
    /// The file of ids that the engine is given.
    pub file: FileId,
    pub prompts: Shared<Prompts>,
}

/// How text prompts are read, and what came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Texts {
    pub settings: PromptSettings,
    tokenizer: Option<(TokenizerKey, Load<Shared<OpenTokenizer>>)>,
    prompts: Option<(PromptsKey, Load<ReadPrompts>)>,
}

impl OpenTokenizer {
    /// A tokenizer with a line for each token.
    pub fn new(info: TokenizerInfo, pieces: String) -> Self {
        let ends = pieces.match_indices('\n').map(|(end, _)| end as u32 + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self { info, pieces, starts }
    }

    /// How a token is shown; nothing for an id without one.
    pub fn piece(&self, token: u32) -> Option<&str> {
        let start = *self.starts.get(token as usize)? as usize;
        let end = *self.starts.get(token as usize + 1)? as usize;
        self.pieces.get(start..end - 1).filter(|piece| !piece.is_empty())
    }
}

impl Texts {
    /// The files of the tokenizer in use.
    pub fn tokenizer_key(files: &[FileEntry]) -> Option<TokenizerKey> {
        let tokenizer = in_use(files, Role::Tokenizer)?.id;
        Some(TokenizerKey { tokenizer, config: in_use(files, Role::TokenizerConfig).map(|file| file.id) })
    }

    /// The text prompts in use, with what their ids depend on.
    pub fn prompts_key(&self, files: &[FileEntry]) -> Option<PromptsKey> {
        let file = in_use(files, Role::Prompts)?;
        let Load::Ready(Content::TextPrompts(_)) = file.content else { return None };
        let tokenizer = Self::tokenizer_key(files)?;
        Some(PromptsKey { prompts: file.id, tokenizer, settings: self.settings })
    }

    /// What became of a tokenizer.
    pub fn tokenizer(&self, key: TokenizerKey) -> Option<&Load<Shared<OpenTokenizer>>> {
        self.tokenizer.as_ref().filter(|(found, _)| *found == key).map(|(_, tokenizer)| tokenizer)
    }

    /// What became of text prompts.
    pub fn prompts(&self, key: PromptsKey) -> Option<&Load<ReadPrompts>> {
        self.prompts.as_ref().filter(|(found, _)| *found == key).map(|(_, prompts)| prompts)
    }

    /// The tokenizer that the reader should be asked for.
    pub fn tokenizer_wish(&self, files: &[FileEntry]) -> Option<TokenizerKey> {
        Self::tokenizer_key(files).filter(|key| self.tokenizer(*key).is_none())
    }

    /// The prompts that the reader should be asked for, once it has their tokenizer.
    pub fn prompts_wish(&self, files: &[FileEntry]) -> Option<PromptsKey> {
        let key = self.prompts_key(files).filter(|key| self.prompts(*key).is_none())?;
        matches!(self.tokenizer(key.tokenizer), Some(Load::Ready(_))).then_some(key)
    }

    /// Keeps what became of a tokenizer.
    pub fn set_tokenizer(&mut self, key: TokenizerKey, tokenizer: Load<Shared<OpenTokenizer>>) {
        self.tokenizer = Some((key, tokenizer));
    }

    /// Keeps what became of text prompts.
    pub fn set_prompts(&mut self, key: PromptsKey, prompts: Load<ReadPrompts>) {
        self.prompts = Some((key, prompts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::files::read_json;
    use crate::state::{Action, State};

    /// Adds a file that was read.
    fn drop_file(state: &mut State, id: FileId, name: &str, content: Content) {
        let entry =
            FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content: Load::Ready(content.clone()) };
        state.apply(Action::FileFound(entry));
        state.apply(Action::FileRead(id, Ok(content)));
    }

    #[test]
    fn text_prompts_wait_for_their_tokenizer_and_are_run_as_ids() {
        let mut state = State::demo();
        let texts = r#"{"prompts": [{"clean": "a b", "corrupt": "b b"}]}"#;
        drop_file(&mut state, 10, "p.json", read_json("p.json", texts).unwrap());
        assert_eq!(
            state.inputs.problems[0].message,
            "p.json: a tokenizer is needed for these prompts: drop its tokenizer.json"
        );
        assert!(!state.ready());
        drop_file(&mut state, 11, "tokenizer.json", Content::Tokenizer);
        let tokenizer = state.texts.tokenizer_wish(&state.files).unwrap();
        assert_eq!(
            (tokenizer, state.texts.prompts_wish(&state.files)),
            (TokenizerKey { tokenizer: 11, config: None }, None)
        );
        let info = TokenizerInfo { n_tokens: 2, bos: None, pad: None };
        let open = Shared::new(OpenTokenizer::new(info, "a\n␣b\n".to_owned()));
        state.apply(Action::TokenizerTold(tokenizer, Load::Ready(open)));
        assert_eq!((state.token_text(1), state.token_text(7)), ("␣b".to_owned(), "7".to_owned()));
        let key = state.texts.prompts_wish(&state.files).unwrap();
        state.apply(Action::PromptsTold(key, Load::Loading));
        assert_eq!((state.texts.prompts_wish(&state.files), state.ready()), (None, false));
        let ids = r#"{"prompts": [{"clean": [0, 1], "corrupt": [1, 1]}]}"#;
        let prompts = Shared::new(Prompts::from_json("p.json", ids).unwrap());
        state.apply(Action::PromptsTold(key, Load::Ready(ReadPrompts { file: 12, prompts })));
        assert!(state.ready(), "{:?}", state.inputs.problems);
        assert_eq!(state.sweep().unwrap().key.files, [Some(0), Some(1), Some(12), Some(3)]);
        state.apply(Action::PromptSettingsChanged(PromptSettings { prepend_bos: false, pad: true }));
        assert!(!state.ready() && state.texts.prompts_wish(&state.files).is_some(), "they are read anew");
        let key = state.texts.prompts_wish(&state.files).unwrap();
        state.apply(Action::PromptsTold(key, Load::Failed("p.json: no".to_owned())));
        assert_eq!(state.inputs.problems[0].message, "p.json: no");
    }

    #[test]
    fn a_token_is_a_line_of_the_pieces() {
        let info = TokenizerInfo { n_tokens: 3, bos: None, pad: None };
        let tokenizer = OpenTokenizer::new(info, "␣the\n\nb⏎\n".to_owned());
        assert_eq!([0, 1, 2, 3, u32::MAX].map(|id| tokenizer.piece(id)), [Some("␣the"), None, Some("b⏎"), None, None]);
    }
}
