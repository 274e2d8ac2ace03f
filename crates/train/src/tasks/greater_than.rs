//! Greater-than (Hanna et al. 2023, "How does GPT-2 compute greater-than?"): "The war lasted from the year 1732 to the year 17",
//! after which the model is to give all its probability to the years above 32.
//!
//! In the corrupt prompt, as in the paper, the year is 01, after which any other is right.

use circuitscope_core::{Answers, PromptPair};
use circuitscope_engine::discover::noise::Noise;
use serde_json::Value;

use super::{Gpt2Sizes, Task, gpt2_config, text_sequence};
use crate::draw::{below, one_of, until};
use crate::evaluate::Evaluation;
use crate::training::{Recipe, Sequence};
use crate::vocabulary::{Vocabulary, within};

const EVENTS: &str = "war siege drought famine strike trial reign journey voyage alliance empire project campaign truce treaty \
                      conflict rebellion expedition dynasty crisis plague revolt festival experiment occupation construction \
                      negotiation partnership rivalry peace";
/// The paper's range of centuries and years: there is a year above each, and above 01.
const CENTURIES: std::ops::RangeInclusive<usize> = 11..=17;
const FIRST_YEAR: usize = 2;
const LAST_YEAR: usize = 98;
const CORRUPT_YEAR: usize = 1;

pub struct GreaterThan {
    vocabulary: Vocabulary,
    events: Vec<u32>,
    centuries: Vec<u32>,
    /// From 00 to 99.
    years: Vec<u32>,
}

/// What a prompt is about.
#[derive(Clone, Copy)]
struct Drawn {
    event: u32,
    century: u32,
    year: usize,
}

impl GreaterThan {
    pub fn new() -> Self {
        let years = || (0..100).map(|year| format!("{year:02}"));
        let centuries = || CENTURIES.map(|century| format!(" {century}"));
        let events = || EVENTS.split_whitespace().map(|event| within(event, false));
        let frame = ["The", " lasted", " from", " the", " year", " to"].map(str::to_owned);
        let vocabulary = Vocabulary::new(years().chain(frame).chain(centuries()).chain(events()));
        Self {
            events: events().map(|event| vocabulary.id(&event)).collect(),
            centuries: centuries().map(|century| vocabulary.id(&century)).collect(),
            years: years().map(|year| vocabulary.id(&year)).collect(),
            vocabulary,
        }
    }

    fn draw(&self, noise: &mut Noise) -> Drawn {
        let year = FIRST_YEAR + below(LAST_YEAR + 1 - FIRST_YEAR, noise);
        Drawn { event: *one_of(&self.events, noise), century: *one_of(&self.centuries, noise), year }
    }

    /// A held-out prompt or one that is not.
    fn drawn(&self, held_out: bool, noise: &mut Noise) -> (Drawn, Vec<u32>) {
        let draw = || {
            let drawn = self.draw(noise);
            (drawn, self.prompt(drawn))
        };
        until(held_out, |(_, prompt): &(Drawn, Vec<u32>)| prompt, draw)
    }

    fn prompt(&self, Drawn { event, century, year }: Drawn) -> Vec<u32> {
        let id = |text| self.vocabulary.id(text);
        let from =
            [0, id("The"), event, id(" lasted"), id(" from"), id(" the"), id(" year"), century, self.years[year]];
        let to = [id(" to"), id(" the"), id(" year"), century];
        from.into_iter().chain(to).collect()
    }
}

impl Task for GreaterThan {
    fn name(&self) -> &'static str {
        "greater-than"
    }

    fn about(&self) -> &'static str {
        "A text says in which year something began; the model says in which year of the same century it ended, which must be \
         greater (greater-than, Hanna et al. 2023). All greater years are answers, all others wrong answers. In a corrupt \
         prompt it began in the year 01."
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn config(&self) -> (&'static str, Value) {
        let sizes = Gpt2Sizes { n_layer: 2, n_head: 4, n_embd: 64, n_positions: 16 };
        ("config.json", gpt2_config(sizes, self.vocabulary.len()))
    }

    /// With so much weight decay the years go through few heads.
    fn recipe(&self) -> Recipe {
        Recipe { steps: 1000, batch_size: 128, learning_rate: 3e-3, weight_decay: 1.0, seed: 0 }
    }

    fn batch(&self, n: usize, noise: &mut Noise) -> Vec<Sequence> {
        let draw = |_| {
            let (drawn, prompt) = self.drawn(false, noise);
            text_sequence(prompt, self.years[drawn.year + 1..].to_vec())
        };
        (0..n).map(draw).collect()
    }

    fn held_out(&self, noise: &mut Noise) -> PromptPair {
        self.pair(noise)
    }

    fn pair(&self, noise: &mut Noise) -> PromptPair {
        let (drawn, clean) = self.drawn(true, noise);
        let (wrong, answers) = self.years.split_at(drawn.year + 1);
        PromptPair {
            clean,
            corrupt: self.prompt(Drawn { year: CORRUPT_YEAR, ..drawn }),
            answers: Answers::Tokens(answers.to_vec()),
            wrong_answers: Answers::Tokens(wrong.to_vec()),
        }
    }

    fn seq_labels(&self) -> Vec<String> {
        let labels = "The|event|lasted|from|the|year|century|start year|to|the|year|century again";
        labels.split('|').map(str::to_owned).collect()
    }

    fn reached(&self, found: &Evaluation) -> bool {
        found.answer_prob >= 0.95
    }
}
