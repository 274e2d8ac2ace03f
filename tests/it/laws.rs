//! Runs of the model that is worked out by hand, and laws that hold for any model.

use std::rc::Rc;

use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{
    AblationType, EdgeCounts, Graph, GraphConfig, OutputSlice, PatchType, Prompts, PruneScores, RunSettings,
};
use circuitscope_engine::model::Model;
use circuitscope_engine::run::{Logits, RunInput, RunOutput, Stacking};

use crate::hand_worked::{self, HandWorked};
use crate::support::{CASES, Case, assert_close, run_with_logits};

/// A run of the model that is worked out by hand.
fn hand_worked_run(scores: [f32; 6], n: usize, settings: RunSettings) -> Vec<f32> {
    let (model, graph, prompts) = (HandWorked::new(), hand_worked::graph(None), hand_worked::prompts(1));
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
    let edge_counts = EdgeCounts::List(vec![n]);
    let settings = RunSettings { separate_qkv: false, batch_size: 1, edge_counts, ..settings };
    let output = run(&model, &prompts, &graph, &PruneScores::new(scores.to_vec()), &settings);
    output.1[0].values.clone()
}

fn run(
    model: &dyn Model,
    prompts: &Prompts,
    graph: &Graph,
    scores: &PruneScores,
    settings: &RunSettings,
) -> (RunOutput, Vec<Rc<Logits>>) {
    let (circuits, stacking) = (scores.into(), Stacking::cpu(1 << 28));
    let (unpatched, keep_logits) = (None, true);
    run_with_logits(&RunInput { model, prompts, graph, circuits, settings, stacking, unpatched, keep_logits })
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
                let (output, logits) = run(&model, &prompts, &g.graph, &g.scores, &settings);
                let (clean, corrupt) = (
                    &output.unpatched.logits(PromptSide::Clean).values,
                    &output.unpatched.logits(PromptSide::Corrupt).values,
                );
                // Edge patch: the empty circuit is the corrupt run, the full one the clean one. Tree patch: the empty circuit
                // is the corrupt run too, since everything is patched with corrupt. Reverse swaps the two.
                let (empty, full) = if reverse { (clean, corrupt) } else { (corrupt, clean) };
                let what = format!("{name} {patch_type:?} reverse {reverse}");
                assert_close(&format!("{what} empty"), &logits[0].values, empty);
                assert_close(&format!("{what} full"), &logits[1].values, full);
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
                let (_, logits) = run(&model, &prompts, graph, &PruneScores::new(scores), &settings);
                (n_edges, logits[0].values.clone())
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
            let (together, logits) = run(&model, &prompts, &g.graph, &g.scores, &settings);
            let (graph, scores, settings) = (&g.graph, &g.scores, &settings);
            // Too small a budget to keep anything or to stack two.
            let alone = RunInput {
                model: &model,
                prompts: &prompts,
                graph,
                circuits: scores.into(),
                settings,
                stacking: Stacking::cpu(1),
                unpatched: None,
                keep_logits: true,
            };
            let (alone, alone_logits) = run_with_logits(&alone);
            let unpatched = Some(together.unpatched.clone());
            let again = RunInput {
                model: &model,
                prompts: &prompts,
                graph,
                circuits: scores.into(),
                settings,
                stacking: Stacking::cpu(1 << 28),
                unpatched,
                keep_logits: true,
            };
            let (again, again_logits) = run_with_logits(&again);
            assert!(alone.baseline.forward_passes > together.baseline.forward_passes);
            assert!(again.baseline.forward_passes < together.baseline.forward_passes);
            assert_eq!(logits.len(), together.circuits.len());
            for ((a, b), c) in logits.iter().zip(&alone_logits).zip(&again_logits) {
                assert_close("alone", &b.values, &a.values);
                assert_close("again", &c.values, &a.values);
            }
        }
    }
}
