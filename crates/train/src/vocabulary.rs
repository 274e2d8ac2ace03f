//! A vocabulary of whole words, spelled as GPT-2 spells them: a word within a text has its space before it.

use serde_json::{Map, Value, json};

/// What every text begins with: GPT-2's own name for it, so that any reader takes it for one.
pub const BOS: &str = "<|endoftext|>";

/// How a text is cut: words and pairs of digits with the space before them, and punctuation.
const PATTERN: &str = r" ?\p{L}+| ?\p{N}{2}|[^\s\p{L}\p{N}]";

/// Tokens by their ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    tokens: Vec<String>,
}

impl Vocabulary {
    /// The BOS token, then these texts, each once and in this order.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut tokens = vec![BOS.to_owned()];
        for text in texts {
            if !tokens.contains(&text) {
                tokens.push(text);
            }
        }
        Self { tokens }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The id of a text that the vocabulary was made with.
    ///
    /// # Panics
    /// When it was not.
    pub fn id(&self, text: &str) -> u32 {
        let found = self.tokens.iter().position(|token| token == text);
        found.unwrap_or_else(|| panic!("{text:?} is not in the vocabulary")) as u32
    }

    pub fn ids<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
        texts.into_iter().map(|text| self.id(text)).collect()
    }

    /// The text of some tokens, without the BOS token that they may begin with.
    pub fn text(&self, tokens: &[u32]) -> String {
        tokens.iter().filter(|&&id| id != 0).map(|&id| self.tokens[id as usize].as_str()).collect()
    }

    /// `tokenizer.json`, for Hugging Face's tokenizers. A word that is not in the vocabulary is an error there: no token stands
    /// for the unknown.
    pub fn tokenizer_json(&self) -> Value {
        let entries = self.tokens.iter().enumerate();
        let vocab: Map<String, Value> = entries.map(|(id, token)| (spelled(token), json!(id))).collect();
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": [{
                "id": 0, "content": BOS, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                "special": true,
            }],
            "normalizer": null,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    { "type": "Split", "pattern": { "Regex": PATTERN }, "behavior": "Isolated", "invert": false },
                    { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false },
                ],
            },
            "post_processor": null,
            "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
            "model": { "type": "WordLevel", "vocab": vocab, "unk_token": "[unknown]" },
        })
    }
}

/// A word as it stands within a text: with a space before it, unless it begins the text or is punctuation.
pub fn within(word: &str, begins: bool) -> String {
    let bare = begins || word.starts_with(|c: char| c.is_ascii_punctuation());
    if bare { word.to_owned() } else { format!(" {word}") }
}

/// As GPT-2's vocabulary has it: `Ġ` for a space.
fn spelled(token: &str) -> String {
    token.replace(' ', "Ġ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_one_id_each_and_the_bos_token_is_the_first() {
        let vocabulary = Vocabulary::new(["The", " war", " war", ","].map(str::to_owned));
        assert_eq!(vocabulary.len(), 4);
        assert_eq!(vocabulary.ids([BOS, "The", " war", ","]), [0, 1, 2, 3]);
        assert_eq!(vocabulary.text(&[0, 1, 2, 3]), "The war,");
    }

    #[test]
    fn punctuation_and_first_words_have_no_space_before_them() {
        assert_eq!(["war", ","].map(|word| within(word, false)), [" war", ","]);
        assert_eq!(within("The", true), "The");
    }
}
