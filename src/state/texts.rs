//! Tokenizers and text prompts: what the reader has opened and read.

use super::files::{Content, FileEntry, FileId, Role, in_use};
use super::load::{Load, Shared};
use circuitscope_core::{PromptSettings, Prompts};
use circuitscope_wire::reader::TokenizerInfo;

/// The files that a tokenizer is opened from.
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
    /// What the reader has to say about them, such as answers without a space before the word.
    pub notes: Vec<String>,
}

/// How text prompts are read, and the outcome.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Texts {
    pub settings: PromptSettings,
    tokenizer: Option<(TokenizerKey, Load<Shared<OpenTokenizer>>)>,
    prompts: Option<(PromptsKey, Load<ReadPrompts>)>,
    /// The text prompts that could be read last: what is wrong with them afterwards is a setting's doing.
    pub accepted: Option<FileId>,
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

    /// The tokenizer of some files, where the reader was asked for it.
    pub fn tokenizer(&self, key: TokenizerKey) -> Option<&Load<Shared<OpenTokenizer>>> {
        self.tokenizer.as_ref().filter(|(found, _)| *found == key).map(|(_, tokenizer)| tokenizer)
    }

    /// The token ids of some text prompts, where the reader was asked for them.
    pub fn prompts(&self, key: PromptsKey) -> Option<&Load<ReadPrompts>> {
        self.prompts.as_ref().filter(|(found, _)| *found == key).map(|(_, prompts)| prompts)
    }

    /// The file of token ids that the reader made last.
    pub fn ids_file(&self) -> Option<FileId> {
        match &self.prompts {
            Some((_, Load::Ready(read))) => Some(read.file),
            _ => None,
        }
    }

    /// The tokenizer that the reader should be asked for.
    pub fn tokenizer_to_open(&self, files: &[FileEntry]) -> Option<TokenizerKey> {
        Self::tokenizer_key(files).filter(|key| self.tokenizer(*key).is_none())
    }

    /// The prompts that the reader should be asked for, once it has their tokenizer.
    pub fn prompts_to_read(&self, files: &[FileEntry]) -> Option<PromptsKey> {
        let key = self.prompts_key(files).filter(|key| self.prompts(*key).is_none())?;
        matches!(self.tokenizer(key.tokenizer), Some(Load::Ready(_))).then_some(key)
    }

    /// Keeps the state of a tokenizer. An answer about another one than was asked for last comes too late, and is dropped.
    pub fn set_tokenizer(&mut self, key: TokenizerKey, tokenizer: Load<Shared<OpenTokenizer>>) {
        let asked = matches!(tokenizer, Load::Loading);
        if asked || self.tokenizer(key).is_some() {
            self.tokenizer = Some((key, tokenizer));
        }
    }

    /// Keeps the state of text prompts; see [`Texts::set_tokenizer`].
    pub fn set_prompts(&mut self, key: PromptsKey, prompts: Load<ReadPrompts>) {
        let asked = matches!(prompts, Load::Loading);
        if asked || self.prompts(key).is_some() {
            if matches!(prompts, Load::Ready(_)) {
                self.accepted = Some(key.prompts);
            }
            self.prompts = Some((key, prompts));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_about_an_earlier_file_leaves_what_the_present_one_came_to() {
        let tokenizer = |tokenizer| TokenizerKey { tokenizer, config: None };
        let (old, new) = (tokenizer(1), tokenizer(2));
        let mut texts = Texts::default();
        texts.set_tokenizer(old, Load::Loading);
        texts.set_tokenizer(new, Load::Loading);
        texts.set_tokenizer(new, Load::Failed("new".to_owned()));
        texts.set_tokenizer(old, Load::Failed("old".to_owned()));
        assert_eq!(texts.tokenizer(new), Some(&Load::Failed("new".to_owned())));
        assert_eq!(texts.tokenizer(old), None, "it is asked for again where it comes back into use");
        let prompts = |prompts| PromptsKey { prompts, tokenizer: new, settings: PromptSettings::default() };
        texts.set_prompts(prompts(3), Load::Loading);
        texts.set_prompts(prompts(4), Load::Loading);
        texts.set_prompts(prompts(3), Load::Failed("old".to_owned()));
        assert_eq!(texts.prompts(prompts(4)), Some(&Load::Loading));
    }

    #[test]
    fn a_token_is_a_line_of_the_pieces() {
        let info = TokenizerInfo { n_tokens: 3, bos: None, pad: None };
        let tokenizer = OpenTokenizer::new(info, "␣the\n\nb⏎\n".to_owned());
        assert_eq!([0, 1, 2, 3, u32::MAX].map(|id| tokenizer.piece(id)), [Some("␣the"), None, Some("b⏎"), None, None]);
    }
}
