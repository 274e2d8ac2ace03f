//! What the models learn: for each task its words, its sequences to train on, and its pairs of prompts to test and patch with.

mod greater_than;
mod induction;
mod ioi;

use circuitscope_core::PromptPair;
use circuitscope_engine::discover::noise::Noise;
use serde_json::Value;

use crate::evaluate::Evaluation;
use crate::training::{Recipe, Sequence, Target};
use crate::vocabulary::Vocabulary;

/// How much it counts in the loss that a model says the next word of a text, where it is not the answer.
const NEXT_WORD: f32 = 0.1;

/// The names of all tasks.
pub const TASKS: [&str; 3] = ["ioi", "induction", "greater-than"];

/// A task with the model that learns it.
pub trait Task {
    fn name(&self) -> &'static str;

    /// A sentence or two on the task, for the model card.
    fn about(&self) -> &'static str;

    fn vocabulary(&self) -> &Vocabulary;

    /// The name and the contents of the model's config file.
    fn config(&self) -> (&'static str, Value);

    fn recipe(&self) -> Recipe;

    /// Sequences of one length to train on, none of which is held out.
    fn batch(&self, n: usize, noise: &mut Noise) -> Vec<Sequence>;

    /// A held-out pair of prompts, as varied as the sequences are.
    fn held_out(&self, noise: &mut Noise) -> PromptPair;

    /// A held-out pair of prompts to find a circuit on: all of one length, with the same kinds of words at each position.
    fn pair(&self, noise: &mut Noise) -> PromptPair;

    /// What stands at each position of those, without the BOS token.
    fn seq_labels(&self) -> Vec<String>;

    /// What a trained model must reach.
    fn reached(&self, found: &Evaluation) -> bool;
}

/// The task of a name.
pub fn task(name: &str) -> Option<Box<dyn Task>> {
    match name {
        "ioi" => Some(Box::new(ioi::Ioi::new())),
        "induction" => Some(Box::new(induction::Induction::new())),
        "greater-than" => Some(Box::new(greater_than::GreaterThan::new())),
        _ => None,
    }
}

/// A text to train on: its next words a little, and after its last one the answers.
fn text_sequence(tokens: Vec<u32>, answers: Vec<u32>) -> Sequence {
    let next = tokens.iter().enumerate().skip(1);
    let next = next.map(|(i, &token)| Target { position: i - 1, tokens: vec![token], weight: NEXT_WORD });
    let last = Target { position: tokens.len() - 1, tokens: answers, weight: 1.0 };
    let targets = next.chain([last]).collect();
    Sequence { tokens, targets }
}

/// The fields of a GPT-2 config that differ from one task to the next.
struct Gpt2Sizes {
    n_layer: usize,
    n_head: usize,
    n_embd: usize,
    n_positions: usize,
}

/// `config.json` in GPT-2's layout.
fn gpt2_config(Gpt2Sizes { n_layer, n_head, n_embd, n_positions }: Gpt2Sizes, vocab_size: usize) -> Value {
    serde_json::json!({
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "n_layer": n_layer,
        "n_head": n_head,
        "n_embd": n_embd,
        "n_positions": n_positions,
        "vocab_size": vocab_size,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "torch_dtype": "float16",
    })
}
