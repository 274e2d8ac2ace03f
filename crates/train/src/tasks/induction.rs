//! Induction (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022): random words, then the
//! same words again; the model says what came after the last word before.
//!
//! In training the words repeat after 5 to 12, so that no fixed distance helps. In the corrupt prompt the earlier occurrence of the
//! last word has changed places with another of the first words: what came after that one is then the answer.

use circuitscope_core::{Answers, PromptPair};
use circuitscope_engine::discover::noise::Noise;
use serde_json::{Value, json};

use super::Task;
use crate::draw::{below, different, one_of, until};
use crate::evaluate::Evaluation;
use crate::training::{Recipe, Sequence, Target};
use crate::vocabulary::{Vocabulary, within};

const WORDS: &str = "apple river stone cloud table horse candle window forest silver mirror bridge summer winter garden shadow \
                     music paper island copper feather lantern meadow thunder velvet walnut anchor barrel cactus dragon ember \
                     falcon ginger hammer indigo jungle kettle lemon magnet needle olive pepper quartz ribbon saddle turtle \
                     umbrella valley whistle yellow zebra bamboo canyon desert engine fossil glacier harbour iron jacket";

/// How many words come before they repeat in a prompt, and in a sequence to train on at least.
const PERIOD: usize = 12;
const LEAST_PERIOD: usize = 5;
/// How many of them are said again in a prompt that a circuit is looked for on.
const REPEATED: usize = 6;

pub struct Induction {
    vocabulary: Vocabulary,
    words: Vec<u32>,
}

impl Induction {
    pub fn new() -> Self {
        let words = || WORDS.split_whitespace().map(|word| within(word, false));
        let vocabulary = Vocabulary::new(words());
        let words = words().map(|word| vocabulary.id(&word)).collect();
        Self { vocabulary, words }
    }

    fn sequence(&self, noise: &mut Noise) -> Sequence {
        let period = LEAST_PERIOD + below(PERIOD + 1 - LEAST_PERIOD, noise);
        let words = different(&self.words, period, noise);
        let tokens: Vec<u32> = [0].into_iter().chain(words.iter().copied().cycle().take(2 * PERIOD)).collect();
        let target = |position| Target { position, tokens: vec![tokens[position + 1]], weight: 1.0 };
        // The word at `period + 1` is the first that came before.
        let targets = (period + 1..2 * PERIOD).map(target).collect();
        Sequence { tokens, targets }
    }

    /// A prompt in which `n` words are said again.
    fn repeated(&self, n: usize, noise: &mut Noise) -> PromptPair {
        let words = until(true, |words: &Vec<u32>| words, || different(&self.words, PERIOD, noise));
        let last = n - 1;
        // No neighbour of the last word, and one that another word comes after.
        let others: Vec<usize> = (0..PERIOD - 1).filter(|i| i.abs_diff(last) > 1).collect();
        let other = *one_of(&others, noise);
        let mut changed = words.clone();
        changed.swap(last, other);
        let prompt = |first: &[u32]| [0].iter().chain(first).chain(&words[..n]).copied().collect();
        PromptPair {
            clean: prompt(&words),
            corrupt: prompt(&changed),
            answers: Answers::Tokens(vec![words[last + 1]]),
            wrong_answers: Answers::Tokens(vec![words[other + 1]]),
        }
    }
}

impl Task for Induction {
    fn name(&self) -> &'static str {
        "induction"
    }

    fn about(&self) -> &'static str {
        "Random words are said, then said again in the same order; the model says which word comes next (induction, Elhage et \
         al. 2021). In a corrupt prompt the earlier occurrence of the last word has changed places with another word, so that \
         another answer would be right."
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Positions reach queries and keys only (shortformer), as in TransformerLens's own attention-only models. A head is as wide as
    /// the residual stream: one alone can then move a whole word, and with much weight decay few heads do.
    fn config(&self) -> (&'static str, Value) {
        let config = json!({
            "n_layers": 2,
            "n_heads": 4,
            "d_model": 64,
            "d_head": 64,
            "n_ctx": 2 * PERIOD + 1,
            "d_vocab": self.vocabulary.len(),
            "attn_only": true,
            "normalization_type": "LN",
            "positional_embedding_type": "shortformer",
            "attention_dir": "causal",
            "eps": 1e-5,
        });
        ("tl_config.json", config)
    }

    fn recipe(&self) -> Recipe {
        Recipe { steps: 1000, batch_size: 64, learning_rate: 3e-3, weight_decay: 1.0, seed: 0 }
    }

    fn batch(&self, n: usize, noise: &mut Noise) -> Vec<Sequence> {
        let draw = |_| until(false, |drawn: &Sequence| &drawn.tokens[1..=PERIOD], || self.sequence(noise));
        (0..n).map(draw).collect()
    }

    /// From 1 to 11 words are said again.
    fn held_out(&self, noise: &mut Noise) -> PromptPair {
        self.repeated(1 + below(PERIOD - 1, noise), noise)
    }

    fn pair(&self, noise: &mut Noise) -> PromptPair {
        self.repeated(REPEATED, noise)
    }

    fn seq_labels(&self) -> Vec<String> {
        let first = (1..=PERIOD).map(|i| format!("word {i}"));
        first.chain((1..=REPEATED).map(|i| format!("word {i} again"))).collect()
    }

    fn reached(&self, found: &Evaluation) -> bool {
        found.accuracy >= 0.99
    }
}
