//! Indirect object identification (Wang et al. 2022, "Interpretability in the Wild"): "When Mary and John went to the store, John
//! gave a drink to", after which the model is to say "Mary", the name that came once.
//!
//! The corrupt prompt is the paper's ABC: three other names in place of the two.

use circuitscope_core::{Answers, PromptPair};
use circuitscope_engine::discover::noise::Noise;
use serde_json::Value;

use super::{Gpt2Sizes, Task, gpt2_config, text_sequence};
use crate::draw::{below, different, one_of, until};
use crate::evaluate::Evaluation;
use crate::training::{Recipe, Sequence};
use crate::vocabulary::{Vocabulary, within};

const NAMES: &str = "Mary John Anna Peter Emma Tom Lucy Paul Sarah Mark Alice James Laura David Kate Simon Grace Luke Helen Adam \
                     Julia Daniel Rose Henry Clara George Nina Oscar Ruth Frank Eva Victor Sophie Martin Amy Jack Irene Leo Diana \
                     Max Carol Hugo Susan Felix Karen Robert Maria Ben Joan Alan Linda Eric Jane Walter Lily Simone Ralph Vera \
                     Edward Marie Philip Olga Samuel";
const PLACES: &str = "store|park|school|office|station|market|library|museum|garden|kitchen|harbour|theatre|hospital|restaurant|\
                      bakery|church|farm|beach|bank|cafe|hotel|river|stadium|castle";
const OBJECTS: &str = "drink|book|letter|ring|map|key|coat|lamp|flower|basket|ticket|camera|watch|cake|ball|box|hat|knife|bottle|\
                       picture|guitar|bag|pen|clock";

/// A and B are the names in the order in which they come first, S is the one of them that comes again. A word of several is drawn.
/// The circuit is looked for on the first kind of text.
const TEMPLATES: [&str; 7] = [
    "When A and B went to the PLACE , S gave a OBJECT to",
    "When A and B walked|drove|came|ran to the PLACE , S gave|handed|offered|showed a|the OBJECT to",
    "After|While|As A and B met|sat|stood|waited at|in|near the PLACE , S gave|handed|offered|sold a|the OBJECT to",
    "After|When|While A and B left|visited|saw the PLACE , S handed|lent|sent|passed a|the OBJECT to",
    "Then A and B were at|in the PLACE , and S gave|showed|sold a|the OBJECT to",
    "Then|Yesterday|Today A and B went|walked|drove to the PLACE . There S lent|gave|passed|sent a|the OBJECT to",
    "The friends A and B met at|in|near the PLACE , and S brought|handed|offered a|the OBJECT to",
];

pub struct Ioi {
    vocabulary: Vocabulary,
    names: Vec<u32>,
    templates: Vec<Vec<Slot>>,
}

/// What stands at a position of a template.
enum Slot {
    First,
    Second,
    Subject,
    OneOf(Vec<u32>),
}

/// A prompt with its names.
struct Drawn {
    prompt: Vec<u32>,
    indirect_object: u32,
    subject: u32,
    template: usize,
    /// Of each position that has no name, which word was drawn.
    words: Vec<u32>,
}

impl Ioi {
    pub fn new() -> Self {
        let names = NAMES.split_whitespace().map(|name| within(name, false));
        let words = TEMPLATES.iter().flat_map(|template| slots(template).into_iter().flatten());
        let vocabulary = Vocabulary::new(names.chain(words));
        let names = NAMES.split_whitespace().map(|name| vocabulary.id(&within(name, false))).collect();
        let templates = TEMPLATES.iter().map(|template| parsed(template, &vocabulary)).collect();
        Self { vocabulary, names, templates }
    }

    /// A prompt of a template: in half of all the subject is named second (ABBA), in half first (BABA).
    fn draw(&self, template: usize, noise: &mut Noise) -> Drawn {
        let names = different(&self.names, 2, noise);
        let subject = *one_of(&names, noise);
        let indirect_object = if subject == names[0] { names[1] } else { names[0] };
        let word = |slot: &Slot| if let Slot::OneOf(words) = slot { *one_of(words, noise) } else { 0 };
        let words: Vec<u32> = self.templates[template].iter().map(word).collect();
        let prompt = self.prompt(template, &words, [names[0], names[1], subject]);
        Drawn { prompt, indirect_object, subject, template, words }
    }

    fn prompt(&self, template: usize, words: &[u32], [first, second, subject]: [u32; 3]) -> Vec<u32> {
        let slots = self.templates[template].iter().zip(words);
        let token = |(slot, &word): (&Slot, &u32)| match slot {
            Slot::First => first,
            Slot::Second => second,
            Slot::Subject => subject,
            Slot::OneOf(_) => word,
        };
        [0].into_iter().chain(slots.map(token)).collect()
    }

    fn held_out_pair(&self, template: usize, noise: &mut Noise) -> PromptPair {
        let drawn = until(true, |drawn: &Drawn| &drawn.prompt, || self.draw(template, noise));
        let others: Vec<u32> =
            self.names.iter().copied().filter(|&n| n != drawn.subject && n != drawn.indirect_object).collect();
        let others = different(&others, 3, noise);
        PromptPair {
            corrupt: self.prompt(drawn.template, &drawn.words, [others[0], others[1], others[2]]),
            clean: drawn.prompt,
            answers: Answers::Tokens(vec![drawn.indirect_object]),
            wrong_answers: Answers::Tokens(vec![drawn.subject]),
        }
    }
}

impl Task for Ioi {
    fn name(&self) -> &'static str {
        "ioi"
    }

    fn about(&self) -> &'static str {
        "Two people are named, then one of them again; the model says who of the two it was not (indirect object \
         identification, Wang et al. 2022). In half of the texts the one who is named again came second (ABBA), in half first \
         (BABA). A corrupt prompt has three other names."
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn config(&self) -> (&'static str, Value) {
        let sizes = Gpt2Sizes { n_layer: 3, n_head: 4, n_embd: 64, n_positions: 24 };
        ("config.json", gpt2_config(sizes, self.vocabulary.len()))
    }

    fn recipe(&self) -> Recipe {
        Recipe { steps: 3000, batch_size: 128, learning_rate: 3e-3, weight_decay: 0.01, seed: 0 }
    }

    fn batch(&self, n: usize, noise: &mut Noise) -> Vec<Sequence> {
        let length = self.templates[below(self.templates.len(), noise)].len();
        let like: Vec<usize> = (0..self.templates.len()).filter(|&i| self.templates[i].len() == length).collect();
        let draw = |_| {
            let draw = || self.draw(*one_of(&like, noise), noise);
            let drawn = until(false, |drawn: &Drawn| &drawn.prompt, draw);
            text_sequence(drawn.prompt, vec![drawn.indirect_object])
        };
        (0..n).map(draw).collect()
    }

    fn held_out(&self, noise: &mut Noise) -> PromptPair {
        self.held_out_pair(below(self.templates.len(), noise), noise)
    }

    fn pair(&self, noise: &mut Noise) -> PromptPair {
        self.held_out_pair(0, noise)
    }

    fn seq_labels(&self) -> Vec<String> {
        let named = |word: &str| match word {
            "A" => "first name".to_owned(),
            "B" => "second name".to_owned(),
            "S" => "subject".to_owned(),
            word => word.to_lowercase(),
        };
        TEMPLATES[0].split_whitespace().map(named).collect()
    }

    fn reached(&self, found: &Evaluation) -> bool {
        found.accuracy >= 0.97 && found.logit_diff > 3.0
    }
}

/// The words that may stand at each position; none where a name does.
fn slots(template: &str) -> Vec<Vec<String>> {
    let words = template.split_whitespace().enumerate().map(|(i, word)| {
        let list = match word {
            "A" | "B" | "S" => return Vec::new(),
            "PLACE" => PLACES,
            "OBJECT" => OBJECTS,
            word => word,
        };
        list.split('|').map(|word| within(word, i == 0)).collect()
    });
    words.collect()
}

fn parsed(template: &str, vocabulary: &Vocabulary) -> Vec<Slot> {
    let slot = |(word, list): (&str, Vec<String>)| match word {
        "A" => Slot::First,
        "B" => Slot::Second,
        "S" => Slot::Subject,
        _ => Slot::OneOf(vocabulary.ids(list.iter().map(String::as_str))),
    };
    template.split_whitespace().zip(slots(template)).map(slot).collect()
}
