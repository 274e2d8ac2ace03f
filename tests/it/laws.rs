//! A model small enough to be worked out by hand, and laws that hold for any model.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use circuitscope_core::{
    AblationType, Answers, DestKind, EdgeCounts, Graph, GraphConfig, ModelConfig, Normalization, OutputSlice,
    PatchType, PromptPair, Prompts, PruneScores, RunSettings, Sizes, SrcKind,
};
use circuitscope_engine::model::{Dest, DestInput, Hooks, Model, Start, TokenBatch};
use circuitscope_engine::run::{RunInput, RunOutput, Stacking, run_circuits};

use crate::support::{CASES, Case, assert_close};

/// A model of two layers with one "head" each and a residual stream of two numbers, `d_model = d_vocab = 2`.
///
/// The embedding of token t is `[t, 1]`. A head multiplies its input elementwise with its weight: head `A0.0` with `[2, 3]`,
/// head `A1.0` with `[-1, 5]`. The logits are the residual stream.
struct HandWorked {
    config: ModelConfig,
    device: Device,
}

const WEIGHTS: [[f32; 2]; 2] = [[2.0, 3.0], [-1.0, 5.0]];

impl HandWorked {
    fn new() -> Self {
        let sizes = Sizes { n_layers: 2, n_heads: 1, d_model: 2, d_head: 2, d_mlp: None, n_ctx: 4, d_vocab: 10 };
        let config = ModelConfig {
            d_vocab_out: 2,
            normalization: Normalization::None,
            ..ModelConfig::decoder("hand-worked", sizes)
        };
        Self { config, device: Device::flex() }
    }
}

impl Model for HandWorked {
    fn config(&self) -> &ModelConfig {
        &self.config
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn resid_end_from(
        &self,
        start: Option<Start>,
        tokens: &TokenBatch,
        last_block: Range<usize>,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4> {
        let [batch, seq] = tokens.dims();
        let token = tokens.ids.clone().float().reshape([1, batch, seq, 1]);
        let embedded = Tensor::cat(vec![token.clone(), token.ones_like()], 3); // [1, batch, seq, 2]
        if start.is_none() {
            hooks.src_output(SrcKind::ResidStart, embedded.clone().unsqueeze_dim(1), &(0..seq));
        }
        let Start { block: first_block, mut resid } = start.unwrap_or(Start { block: 0, resid: embedded });
        for (block, weight) in WEIGHTS.iter().enumerate().skip(first_block) {
            let dest = Dest { kinds: vec![DestKind::AttnIn(block)], positions: 0..seq };
            let input = own_input(hooks, &dest, &resid);
            let weight = Tensor::<5>::from_data(TensorData::new(weight.to_vec(), [1, 1, 1, 1, 2]), &self.device);
            let out = input * weight; // [circuit, 1, batch, seq, 2]
            hooks.src_output(SrcKind::Heads(block), out.clone(), &(0..seq));
            resid = resid + out.squeeze_dim(1);
        }
        let dest = Dest { kinds: vec![DestKind::ResidPost(1)], positions: 0..seq };
        let end = own_input(hooks, &dest, &resid).squeeze_dim::<4>(1);
        end.narrow(2, last_block.start, last_block.len())
    }

    fn unembed(&self, resid: Tensor<4>) -> Tensor<4> {
        resid
    }
}

/// The input of a single node: `[circuit, 1, batch, seq, 2]`.
fn own_input(hooks: &mut dyn Hooks, dest: &Dest, resid: &Tensor<4>) -> Tensor<5> {
    match hooks.dest_input(dest, resid) {
        DestInput::Resid => resid.clone().unsqueeze_dim(1),
        DestInput::Each(input) | DestInput::Some { input, .. } => input,
    }
}

/// Clean token 3, corrupt token 4. The edges, in the graph's order:
///
/// 0. `Resid Start->A0.0`
/// 1. `Resid Start->A1.0`
/// 2. `A0.0->A1.0`
/// 3. `Resid Start->Resid End`
/// 4. `A0.0->Resid End`
/// 5. `A1.0->Resid End`
///
/// Unpatched, with e the embedding: a0 = w0 e, a1 = w1 (e + a0), end = e + a0 + a1.
///
/// | prompt | e | a0 | a1 | end |
/// | --- | --- | --- | --- | --- |
/// | clean | [3, 1] | [6, 3] | [-9, 20] | [0, 24] |
/// | corrupt | [4, 1] | [8, 3] | [-12, 20] | [0, 24] |
fn hand_worked_run(scores: [f32; 6], n: usize, settings: RunSettings) -> Vec<f32> {
    let model = HandWorked::new();
    let answers = || Answers::Tokens(vec![0]);
    let pair = PromptPair { clean: vec![3], corrupt: vec![4], answers: answers(), wrong_answers: answers() };
    let prompts = Prompts {
        file: "p".to_owned(),
        seq_labels: None,
        word_idxs: Default::default(),
        pad_token: None,
        pairs: vec![pair],
    };
    let graph = Graph::new(&model.config, GraphConfig { separate_qkv: false, ..GraphConfig::default() });
    let names: Vec<_> = graph.edges().map(|e| graph.edge_name(e)).collect();
    let expected = [
        "Resid Start->A0.0",
        "Resid Start->A1.0",
        "A0.0->A1.0",
        "Resid Start->Resid End",
        "A0.0->Resid End",
        "A1.0->Resid End",
    ];
    assert_eq!(names, expected);
    let settings =
        RunSettings { separate_qkv: false, batch_size: 1, edge_counts: EdgeCounts::List(vec![n]), ..settings };
    let output = run(&model, &prompts, &graph, &PruneScores::new(scores.to_vec()), &settings);
    output.circuits[0].logits.values.clone()
}

fn run(model: &dyn Model, prompts: &Prompts, graph: &Graph, scores: &PruneScores, settings: &RunSettings) -> RunOutput {
    let input = RunInput { model, prompts, graph, scores, settings, stacking: Stacking::cpu(1 << 28), unpatched: None };
    pollster::block_on(run_circuits(&input, &mut ())).unwrap()
}

#[test]
fn edge_patch_runs_corrupt_and_patches_the_circuit_with_clean() {
    // Only A0.0->A1.0: a1 = w1 ([4, 1] + clean a0 [6, 3]) = [-10, 20]; end = [4, 1] + [8, 3] + [-10, 20] = [2, 24].
    let found = hand_worked_run([0.0, 0.0, 9.0, 0.0, 0.0, 0.0], 1, RunSettings::default());
    assert_eq!(found, [2.0, 24.0]);
    // Resid Start->A0.0 too: a0 = w0 [3, 1] = [6, 3] now, equal to its patch, which changes nothing for edge 2;
    // a1 = w1 ([4, 1] + [6, 3]) = [-10, 20]; end = [4, 1] + [6, 3] + [-10, 20] = [0, 24].
    let found = hand_worked_run([-7.0, 0.0, 9.0, 0.0, 0.0, 0.0], 2, RunSettings::default());
    assert_eq!(found, [0.0, 24.0]);
}

#[test]
fn tree_patch_runs_clean_and_patches_all_others_with_corrupt() {
    // The circuit is A0.0->A1.0, all other edges carry corrupt activations: a0 = w0 [4, 1] = [8, 3] by edge 0;
    // a1 = w1 ([4, 1] + current a0 [8, 3]) = [-12, 20]; end = corrupt e + corrupt a0 + corrupt a1 = [0, 24].
    let settings = RunSettings { patch_type: PatchType::Tree, ..RunSettings::default() };
    assert_eq!(hand_worked_run([0.0, 0.0, 9.0, 0.0, 0.0, 0.0], 1, settings.clone()), [0.0, 24.0]);
    // The circuit is all but Resid Start->Resid End: end = corrupt e [4, 1] + clean a0 [6, 3] + clean a1 [-9, 20] = [1, 24].
    assert_eq!(hand_worked_run([1.0, 1.0, 1.0, 0.0, 1.0, 1.0], 5, settings), [1.0, 24.0]);
}

#[test]
fn zero_ablation_and_reverse() {
    // Reverse edge patch runs the clean prompt. A0.0->Resid End is zero: end = [3, 1] + [0, 0] + [-9, 20] = [-6, 21].
    let settings = RunSettings { ablation: AblationType::Zero, reverse: true, ..RunSettings::default() };
    assert_eq!(hand_worked_run([0.0, 0.0, 0.0, 0.0, 2.0, 0.0], 1, settings), [-6.0, 21.0]);
}

/// For every patch type and direction: the prompt that is run, unpatched; and the other.
#[test]
fn no_patched_edge_is_the_run_prompt_and_all_patched_under_resample_the_other() {
    for name in CASES {
        let case = Case::open(name);
        let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
        for patch_type in [PatchType::Edge, PatchType::Tree] {
            for reverse in [false, true] {
                let n_edges = g.graph.n_edges();
                let settings = RunSettings {
                    slice: OutputSlice::None,
                    patch_type,
                    reverse,
                    batch_size: case.batch_size(),
                    edge_counts: EdgeCounts::List(vec![0, n_edges]),
                    ..RunSettings::default()
                };
                let output = run(&model, &prompts, &g.graph, &g.scores, &settings);
                let (clean, corrupt) = (&output.unpatched.clean.logits.values, &output.unpatched.corrupt.logits.values);
                // Edge patch: the empty circuit is the corrupt run, the full one the clean one. Tree patch: the empty circuit
                // is the corrupt run too, since everything is patched with corrupt. Reverse swaps the two.
                let (empty, full) = if reverse { (clean, corrupt) } else { (corrupt, clean) };
                let what = format!("{name} {patch_type:?} reverse {reverse}");
                assert_close(&format!("{what} empty"), &output.circuits[0].logits.values, empty);
                assert_close(&format!("{what} full"), &output.circuits[1].logits.values, full);
            }
        }
    }
}

/// To patch a node's one edge in the unfactorized graph is to patch all its edges in the factorized one: what the node adds to
/// the residual stream is replaced for all that read it.
#[test]
fn patching_a_node_is_patching_all_its_edges() {
    for name in CASES {
        let case = Case::open(name);
        let (model, prompts, config) = (case.model(), case.prompts(), case.config());
        let graphs =
            [true, false].map(|factorized| Graph::new(&config, GraphConfig { factorized, ..Default::default() }));
        for src in ["A0.0", "A1.1", "MLP 0", "MLP 1"] {
            let outputs = graphs.each_ref().map(|graph| {
                let is_src = |edge| f32::from(u8::from(graph.edge_name(edge).starts_with(&format!("{src}->"))));
                let scores: Vec<f32> = graph.edges().map(is_src).collect();
                let n_edges = scores.iter().filter(|score| **score > 0.0).count();
                let settings = RunSettings {
                    factorized: graph.config.factorized,
                    batch_size: case.batch_size(),
                    edge_counts: EdgeCounts::List(vec![n_edges]),
                    ..RunSettings::default()
                };
                let output = run(&model, &prompts, graph, &PruneScores::new(scores), &settings);
                (n_edges, output.circuits[0].logits.values.clone())
            });
            let [(n_edges, factorized), (n_node_edges, unfactorized)] = outputs;
            let is_there = graphs[0].srcs.iter().any(|s| s.name == src);
            assert_eq!([n_edges > 0, n_node_edges == 1], [is_there; 2], "{name} {src}");
            assert_close(&format!("{name} {src}"), &unfactorized, &factorized);
        }
    }
}

/// How circuits are stacked in a forward pass changes no result, nor does what is kept from an earlier run.
#[test]
fn stacking_and_keeping_change_nothing() {
    let case = Case::open("gpt2");
    let (model, prompts) = (case.model(), case.prompts());
    for graph_idx in [0, 2, 3] {
        let g = case.graph(graph_idx);
        for run_json in g.json["runs"].as_array().unwrap() {
            let settings = g.settings(&case, run_json);
            let together = run(&model, &prompts, &g.graph, &g.scores, &settings);
            let (graph, scores, settings) = (&g.graph, &g.scores, &settings);
            // Too small a budget to keep anything or to stack two.
            let alone = RunInput {
                model: &model,
                prompts: &prompts,
                graph,
                scores,
                settings,
                stacking: Stacking::cpu(1),
                unpatched: None,
            };
            let alone = pollster::block_on(run_circuits(&alone, &mut ())).unwrap();
            let unpatched = Some(together.unpatched.clone());
            let again = RunInput {
                model: &model,
                prompts: &prompts,
                graph,
                scores,
                settings,
                stacking: Stacking::cpu(1 << 28),
                unpatched,
            };
            let again = pollster::block_on(run_circuits(&again, &mut ())).unwrap();
            assert!(alone.baseline.forward_passes > together.baseline.forward_passes);
            assert!(again.baseline.forward_passes < together.baseline.forward_passes);
            for ((a, b), c) in together.circuits.iter().zip(&alone.circuits).zip(&again.circuits) {
                assert_close("alone", &b.logits.values, &a.logits.values);
                assert_close("again", &c.logits.values, &a.logits.values);
            }
        }
    }
}
