//! Induction (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022): random words, then the
//! same words again; the model says what came after the last word before.
//!
//! In training some of many words repeat, sooner or later, so that no fixed distance helps. In the corrupt prompt the earlier
//! occurrence of the last word has changed places with another of the first words: what came after that one is then the answer.

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

/// How many words come before they repeat in a prompt. In a sequence to train on, twice as long, so many repeat at most.
const PERIOD: usize = 12;
/// How many words repeat at least in a sequence to train on. Where two do, and at once, only the word right before says what comes next.
const LEAST_PART: usize = 2;
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

    /// Different words, among which a part is said again, next to where it was said first or farther on.
    fn sequence(&self, noise: &mut Noise) -> Sequence {
        let length = LEAST_PART + below(PERIOD + 1 - LEAST_PART, noise);
        let second = length + below(2 * PERIOD + 1 - 2 * length, noise);
        let first = below(second + 1 - length, noise);
        let mut words = different(&self.words, 2 * PERIOD, noise);
        words.copy_within(first..first + length, second);
        let tokens: Vec<u32> = [0].into_iter().chain(words).collect();
        let target = |position| Target { position, tokens: vec![tokens[position + 1]], weight: 1.0 };
        // The BOS token stands before all.
        let targets = (second + 1..second + length).map(target).collect();
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

    /// Positions are rotary: a head can then look at the word before wherever it stands, by the distance alone.
    fn config(&self) -> (&'static str, Value) {
        let config = json!({
            "n_layers": 2,
            "n_heads": 4,
            "d_model": 64,
            "d_head": 32,
            "n_ctx": 2 * PERIOD + 1,
            "d_vocab": self.vocabulary.len(),
            "attn_only": true,
            "normalization_type": "LN",
            "positional_embedding_type": "rotary",
            "rotary_dim": 32,
            "attention_dir": "causal",
            "eps": 1e-5,
        });
        ("tl_config.json", config)
    }

    /// With more weight decay attention is less sharp. Models with fewer steps or other seeds do the task as well, but some of them
    /// look two words back and copy what a second head found one word back: the circuit of the papers is found with these.
    fn recipe(&self) -> Recipe {
        Recipe { steps: 1500, batch_size: 128, learning_rate: 3e-3, weight_decay: 0.3, seed: 0 }
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
