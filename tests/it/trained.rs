//! The trained models of the demos do their tasks, on prompts that they were never trained on.

use std::path::PathBuf;

use burn::tensor::Tensor;
use circuitscope_core::{Graph, GraphConfig, PromptPair, PromptSettings, Prompts, PruneScores, SrcKind, edge_name};
use circuitscope_engine::model::{Dest, DestInput, Hooks, Model, TokenBatch, Transformer};
use circuitscope_engine::run::batch::read as read_back;
use circuitscope_formats::{File, Tokenizer, read_prompts};
use circuitscope_train::files::{held_out, open};
use circuitscope_train::{Evaluation, TASKS, Task, evaluate, task};

/// None of those that models are trained or described with.
const SEED: u64 = 20;

#[test]
fn ioi_names_the_indirect_object() {
    let found = evaluation("ioi");
    assert!(found.accuracy >= 0.97 && found.logit_diff > 3.0, "{found:?}");
}

#[test]
fn induction_says_what_came_next_before() {
    let found = evaluation("induction");
    assert!(found.accuracy >= 0.99, "{found:?}");
}

#[test]
fn greater_than_gives_its_probability_to_greater_years() {
    let found = evaluation("greater-than");
    assert!(found.answer_prob >= 0.95, "{found:?}");
}

/// The tokenizer's file cuts texts into the tokens that the model was trained on, and the prompts of the demo are held out, of one
/// length, and have labels for all positions.
#[test]
fn texts_of_the_demos_are_read_as_their_tokens() {
    for task in TASKS.map(|name| task(name).unwrap()) {
        let (name, prompts) = (task.name(), prompts(&*task));
        let held_out = |pair: &PromptPair| name == "induction" || circuitscope_train::draw::is_held_out(&pair.clean);
        assert!(prompts.pairs.iter().all(held_out), "{name}");
        let seq = prompts.one_len(prompts.pairs.len(), "").unwrap();
        assert_eq!(prompts.seq_labels.unwrap().len(), seq, "{name}");
        let tokenizer = tokenizer(&*task);
        for pair in self::held_out(&*task, SEED).iter().take(50) {
            let text = task.vocabulary().text(&pair.clean);
            assert_eq!(tokenizer.encode(&text, true).unwrap(), pair.clean, "{name}: {text}");
        }
    }
}

/// Config and tokenizer are those of the code: whoever changes a task has to train its model again.
#[test]
fn files_of_the_demos_are_of_their_tasks() {
    for task in TASKS.map(|name| task(name).unwrap()) {
        let (config_file, config) = task.config();
        let expected = [(config_file, config), ("tokenizer.json", task.vocabulary().tokenizer_json())];
        for (name, expected) in expected {
            let found: serde_json::Value = serde_json::from_slice(&read(&*task, name).bytes).unwrap();
            assert_eq!(found, expected, "{}/{name}", task.name());
        }
    }
}

/// The demo's own prompts are answered as well as others.
#[test]
fn prompts_of_the_demos_are_answered() {
    for task in TASKS.map(|name| task(name).unwrap()) {
        let model = model(&*task);
        let found = pollster::block_on(evaluate(&model, &prompts(&*task).pairs)).unwrap();
        assert!(found.accuracy >= 0.96, "{}: {found:?}", task.name());
    }
}

/// The induction circuit of Elhage et al. 2021 is among the largest scores: a head of the first layer looks at the word before, and
/// by what it puts out a head of the second layer looks at the word that came after the last one.
#[test]
fn a_previous_token_head_feeds_the_keys_of_an_induction_head() {
    let task = task("induction").unwrap();
    let (model, prompts) = (model(&*task), prompts(&*task));
    let patterns = Patterns::of(&model, &prompts);
    let [before, induction] = [|pair: &PromptPair| (2..pair.clean.len()).map(|q| (q, q - 1)).collect(), to_answer];
    let graph = Graph::new(model.config(), GraphConfig { factorized: true, separate_qkv: true, seq_len: None });
    let scores = read(&*task, "scores.safetensors");
    let scores = PruneScores::from_bytes(&scores.name, &scores.bytes, &graph).unwrap();
    let circuit = scores.circuit(10).unwrap();
    let in_circuit = graph.edges().filter(|&edge| circuit.contains(scores.score(edge)));
    let names: Vec<String> = in_circuit.map(|edge| edge_name(&graph, edge)).collect();
    let heads = (0..4).flat_map(|src| (0..4).map(move |dest| (src, dest)));
    let found = heads.filter(|(src, dest)| names.contains(&format!("A0.{src}->A1.{dest}.K")));
    let roles: Vec<_> = found
        .map(|(src, dest)| (patterns.mean(&prompts, 0, src, before), patterns.mean(&prompts, 1, dest, induction)))
        .collect();
    assert!(roles.iter().any(|&(before, induction)| before > 0.5 && induction > 0.5), "{names:?}: {roles:?}");
    // As the figure's caption says.
    assert!(patterns.mean(&prompts, 0, 2, before) > 0.8);
    let induction: Vec<_> = (0..4).map(|head| patterns.mean(&prompts, 1, head, induction)).collect();
    assert!(induction.iter().all(|&prob| prob > 0.6), "{induction:?}");
    assert!((0..4).all(|head| names.contains(&format!("A0.2->A1.{head}.K"))), "{names:?}");
}

/// Where the subject is named again a head looks at the other name, and from the last position two heads look there.
#[test]
fn ioi_finds_the_other_name_at_the_subject_and_moves_it_to_the_end() {
    let task = task("ioi").unwrap();
    let prompts = prompts(&*task);
    let patterns = Patterns::of(&model(&*task), &prompts);
    let subject = |pair: &PromptPair| {
        let wrong = pair.wrong_answers.tokens().next().unwrap();
        pair.clean.iter().rposition(|&token| token == wrong).unwrap()
    };
    let to_other = |pair: &PromptPair| vec![(subject(pair), to_answer(pair)[0].1)];
    let to_subject = |pair: &PromptPair| vec![(pair.clean.len() - 1, subject(pair))];
    let other = patterns.mean(&prompts, 0, 1, to_other);
    let moved = [(1, 3), (2, 3)].map(|(block, head)| patterns.mean(&prompts, block, head, to_subject));
    assert!(other > 0.5, "A0.1 looks at the other name with {other}");
    assert!(moved.iter().all(|&prob| prob > 0.9), "A1.3 and A2.3 look at the subject with {moved:?}");
}

/// From the last position a head of the first layer looks at the year in which it began, whose position all prompts share.
#[test]
fn greater_than_looks_at_the_start_year() {
    let task = task("greater-than").unwrap();
    let prompts = prompts(&*task);
    let year = prompts.seq_labels.as_ref().unwrap().iter().position(|label| label == "start year").unwrap();
    let patterns = Patterns::of(&model(&*task), &prompts);
    let prob = patterns.mean(&prompts, 0, 3, |pair| vec![(pair.clean.len() - 1, year)]);
    assert!(prob > 0.9, "A0.3 looks at the start year with {prob}");
}

/// From the last position to where the answer was said.
fn to_answer(pair: &PromptPair) -> Vec<(usize, usize)> {
    let answer = pair.answers.tokens().next().unwrap();
    vec![(pair.clean.len() - 1, pair.clean.iter().position(|&token| token == answer).unwrap())]
}

/// The attention patterns of each block on clean prompts, `[head, prompt, query, key]`.
struct Patterns(Vec<Vec<f32>>);

impl Patterns {
    fn of(model: &Transformer, prompts: &Prompts) -> Self {
        let tokens = TokenBatch::new(prompts.pairs.iter().map(|pair| pair.clean.as_slice()), model.device());
        let mut recorder = Recorder(Vec::new());
        model.forward(&tokens, 0..tokens.dims()[1], &mut recorder);
        let numbers = |pattern| pollster::block_on(read_back(pattern, "patterns")).unwrap();
        Self(recorder.0.into_iter().map(numbers).collect())
    }

    /// The mean probability of a head's attention from each of some queries to its key.
    fn mean(
        &self,
        prompts: &Prompts,
        block: usize,
        head: usize,
        pairs: impl Fn(&PromptPair) -> Vec<(usize, usize)>,
    ) -> f64 {
        let (n, seq) = (prompts.pairs.len(), prompts.pairs[0].clean.len());
        let at = |i: usize, (q, k): (usize, usize)| f64::from(self.0[block][((head * n + i) * seq + q) * seq + k]);
        let probs = prompts.pairs.iter().enumerate();
        let probs: Vec<f64> = probs.flat_map(|(i, pair)| pairs(pair).into_iter().map(move |qk| at(i, qk))).collect();
        probs.iter().sum::<f64>() / probs.len() as f64
    }
}

/// Keeps the attention patterns of an unpatched pass.
struct Recorder(Vec<Tensor<5>>);

impl Hooks for Recorder {
    fn dest_input(&mut self, _: &Dest, _: &Tensor<4>) -> DestInput {
        DestInput::Resid
    }

    fn src_output(&mut self, _: SrcKind, _: Tensor<5>, _: &std::ops::Range<usize>) {}

    fn wants(&self, _: SrcKind) -> bool {
        false
    }

    fn wants_attention(&self, _: usize) -> bool {
        true
    }

    fn attention(&mut self, _: usize, pattern: &Tensor<5>) {
        self.0.push(pattern.clone());
    }
}

fn evaluation(name: &str) -> Evaluation {
    let task = task(name).unwrap();
    pollster::block_on(evaluate(&model(&*task), &held_out(&*task, SEED))).unwrap()
}

fn model(task: &dyn Task) -> Transformer {
    let weights = read(task, "model.safetensors").bytes;
    assert!(weights.len() < 2_000_000, "{} bytes", weights.len());
    pollster::block_on(open(task, &weights, &burn::tensor::Device::flex())).unwrap()
}

fn prompts(task: &dyn Task) -> Prompts {
    let file = read(task, "prompts.json");
    read_prompts(&file, Some(&tokenizer(task)), PromptSettings::default()).unwrap().prompts
}

fn tokenizer(task: &dyn Task) -> Tokenizer {
    Tokenizer::open(&read(task, "tokenizer.json"), None).unwrap()
}

fn read(task: &dyn Task, name: &str) -> File {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("www/demo").join(task.name()).join(name);
    File { name: name.to_owned(), bytes: std::fs::read(path).unwrap() }
}
