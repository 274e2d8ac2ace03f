//! Direct logit attribution and the outputs of src nodes: by hand, then laws that hold for any model, then against the reference.

use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{
    AblationType, Answers, CircuitMasks, EdgeCounts, EdgeRef, Graph, MaskEdit, MaskEdits, OutputSlice, PatchType,
    PromptPair, Prompts, PruneScores, RunSettings, SrcKind,
};
use circuitscope_engine::inspect::{Attribution, InspectInput, PassAttribution, attribution};
use circuitscope_engine::model::Model;
use circuitscope_engine::run::{Logits, RunInput, Stacking};

use crate::hand_worked::{self, HandWorked};
use crate::support::{CASES, Case, CaseGraph, assert_close, run_with_logits};

/// What is inspected, but for the circuit.
struct Inspected<'a> {
    model: &'a dyn Model,
    prompts: &'a Prompts,
    graph: &'a Graph,
    settings: &'a RunSettings,
}

impl Inspected<'_> {
    fn attribution(&self, circuits: CircuitMasks<'_>, n: usize, prompt: usize) -> Attribution {
        let &Self { model, prompts, graph, settings } = self;
        let (circuit, mean) = (circuits.circuit(n).unwrap(), None);
        let input = InspectInput { model, prompts, graph, circuits, circuit, settings, mean, prompt };
        pollster::block_on(attribution(&input)).unwrap()
    }

    /// The logits of the unpatched model, clean and corrupt, and of a circuit.
    fn logits(&self, circuits: CircuitMasks<'_>, n: usize) -> [Logits; 3] {
        let &Self { model, prompts, graph, settings } = self;
        let settings = &RunSettings { edge_counts: EdgeCounts::List(vec![n]), ..settings.clone() };
        let (stacking, unpatched, keep_logits) = (Stacking::cpu(1 << 28), None, true);
        let input = RunInput { model, prompts, graph, circuits, settings, stacking, unpatched, keep_logits };
        let (output, logits) = run_with_logits(&input);
        let unpatched = &output.unpatched;
        [unpatched.logits(PromptSide::Clean), unpatched.logits(PromptSide::Corrupt), (*logits[0]).clone()]
    }
}

/// The rows of src nodes, that of biases and that of logits, `[row][2 * output position]`.
fn rows(found: &Attribution, pass: usize) -> Vec<&[f32]> {
    found.passes[pass].logits.chunks_exact(2 * found.n_positions).collect()
}

fn sum<'a>(rows: impl Iterator<Item = &'a [f32]>, n: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; n];
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sum.into_iter().map(|value| value as f32).collect()
}

/// The answer's and the wrong answer's logit at each position of a prompt's output: means, where there are several.
fn answer_logits(logits: &Logits, prompt: usize, pair: &PromptPair) -> Vec<f32> {
    let tokens = |answers: &Answers, position: usize| match answers {
        Answers::Tokens(tokens) => tokens.clone(),
        Answers::PerPosition(rows) => rows[position].clone(),
        Answers::Values(_) => Vec::new(),
    };
    let mut found = Vec::new();
    for position in 0..logits.n_positions {
        let row = &logits.values[(prompt * logits.n_positions + position) * logits.d_vocab..][..logits.d_vocab];
        for answers in [&pair.answers, &pair.wrong_answers] {
            let tokens = tokens(answers, position);
            found.push(tokens.iter().map(|&token| row[token as usize]).sum::<f32>() / tokens.len() as f32);
        }
    }
    found
}

// By hand.

#[test]
fn the_nodes_of_a_model_worked_out_by_hand() {
    let (model, graph, prompts) = (HandWorked::new(), hand_worked::graph(None), hand_worked::prompts(1));
    let settings = RunSettings { separate_qkv: false, batch_size: 1, ..RunSettings::default() };
    let inspected = Inspected { model: &model, prompts: &prompts, graph: &graph, settings: &settings };
    let mask = PruneScores::new(vec![0.0, 0.0, 0.0, 0.0, 0.5, 0.0]);
    let found = inspected.attribution(CircuitMasks::of_mask(&mask), 0, 0);
    assert_eq!((found.seq, found.n_positions, found.n_values, found.n_pads), (1, 1, 2, [0; 3]));
    let [clean, corrupt, patched] = &found.passes;
    // The embedding, A0.0, A1.0, no biases, the sum.
    assert_eq!(clean.logits, [3.0, 1.0, 6.0, 3.0, -9.0, 20.0, 0.0, 0.0, 0.0, 24.0]);
    assert_eq!(corrupt.logits, [4.0, 1.0, 8.0, 3.0, -12.0, 20.0, 0.0, 0.0, 0.0, 24.0]);
    // Half of what arrives of A0.0 is clean; what it puts out is not.
    assert_eq!(patched.logits, [4.0, 1.0, 7.0, 3.0, -12.0, 20.0, 0.0, 0.0, -1.0, 24.0]);
    assert_eq!(patched.outputs[3..6], [73.0_f32.sqrt(), 8.0, 3.0]);
    assert_eq!(clean.outputs[..3], [10.0_f32.sqrt(), 3.0, 1.0]);
}

#[test]
fn what_has_no_answer_has_no_number() {
    let (model, graph) = (HandWorked::new(), hand_worked::graph(None));
    let settings = RunSettings { separate_qkv: false, batch_size: 1, ..RunSettings::default() };
    let logits = |answers, wrong_answers| {
        let mut prompts = hand_worked::prompts(1);
        (prompts.pairs[0].answers, prompts.pairs[0].wrong_answers) = (answers, wrong_answers);
        let inspected = Inspected { model: &model, prompts: &prompts, graph: &graph, settings: &settings };
        let [PassAttribution { logits, .. }, ..] =
            inspected.attribution((&PruneScores::new(vec![1.0; 6])).into(), 0, 0).passes;
        logits
    };
    let none = || Answers::Tokens(Vec::new());
    // Of two answers the mean: that of [3, 1] is 2.
    let two = logits(Answers::Tokens(vec![0, 1]), none());
    assert_eq!((two[0], two[2], two[8]), (2.0, 4.5, 12.0));
    assert!(two.iter().skip(1).step_by(2).all(|value| value.is_nan()), "no wrong answers");
    assert!(logits(none(), none()).iter().all(|value| value.is_nan()));
    assert!(logits(Answers::Values(vec![vec![1.0]]), none()).iter().all(|value| value.is_nan()));
}

// Laws.

fn settings(case: &Case, g: &CaseGraph) -> RunSettings {
    RunSettings {
        factorized: g.graph.config.factorized,
        separate_qkv: g.graph.config.separate_qkv,
        token_wise: g.graph.config.seq_len.is_some(),
        slice: serde_json::from_value(match &g.json["slice_output"] {
            serde_json::Value::Null => "none".into(),
            slice => slice.clone(),
        })
        .unwrap(),
        batch_size: case.batch_size(),
        ..RunSettings::default()
    }
}

/// Whether every prompt has answers at the positions of the output.
fn has_answers(prompts: &Prompts, slice: OutputSlice) -> bool {
    prompts.pairs.iter().all(|pair| {
        let n = slice.positions(pair.clean.len()).len();
        [&pair.answers, &pair.wrong_answers].into_iter().all(|answers| match answers {
            Answers::Tokens(tokens) => n == 1 && !tokens.is_empty(),
            Answers::PerPosition(rows) => rows.len() == n,
            Answers::Values(_) => false,
        })
    })
}

/// Calls `check` with every graph of every case whose prompts have answers, under every patch type and ablation, with an edit of a
/// fractional mask. Returns how often.
fn for_each_run(check: impl Fn(&str, &Inspected<'_>, CircuitMasks<'_>)) -> usize {
    let mut n_checked = 0;
    for case in CASES.map(Case::open) {
        let (model, prompts) = (case.model(), case.prompts());
        for g in case.graphs().filter(|g| has_answers(&prompts, settings(&case, g).slice)) {
            let n_edges = g.graph.n_edges();
            let edits = [(n_edges - 1, 0.4), (n_edges - 2, 1.0), (0, 0.7)];
            let edits = edits.map(|(edge_idx, mask)| MaskEdit { edge: EdgeRef::Idx(edge_idx), mask });
            let edits = MaskEdits::new(&edits, &g.graph).unwrap();
            for (i, ablation) in AblationType::ALL.into_iter().enumerate() {
                for patch_type in PatchType::ALL {
                    let settings = RunSettings { ablation, patch_type, reverse: i % 2 == 1, ..settings(&case, &g) };
                    let what = format!("{} graph {} {patch_type:?} {ablation:?}", case.name, g.idx);
                    let inspected =
                        Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings: &settings };
                    check(&what, &inspected, CircuitMasks::from(&g.scores).with_edits(&edits));
                    n_checked += 1;
                }
            }
        }
    }
    n_checked
}

/// What all src nodes and the biases add is the logits. In a node graph the stream's own nodes are not among them, and where these are
/// patched nothing adds up.
#[test]
fn the_parts_add_up_to_the_logits() {
    let n_checked = for_each_run(|what, inspected, circuits| {
        let graph = inspected.graph;
        let found = inspected.attribution(circuits, graph.n_edges() / 2, 1);
        let is_stream = |i: usize| matches!(graph.srcs[i].kind, SrcKind::ResidMid(_) | SrcKind::ResidPost(_));
        let n_srcs = graph.srcs.len();
        for pass in (0..3).filter(|&pass| pass < 2 || graph.config.factorized) {
            let rows = rows(&found, pass);
            assert_eq!(rows.len(), n_srcs + 2, "{what}");
            let parts = (0..=n_srcs).filter(|&i| i == n_srcs || !is_stream(i)).map(|i| rows[i]);
            let logits = rows[n_srcs + 1];
            assert_close(&format!("{what} pass {pass}"), &sum(parts, logits.len()), logits);
        }
    });
    assert!(n_checked >= 14 * 14, "{n_checked}");
}

/// A prompt that is inspected has the logits that it has in the run.
#[test]
fn an_inspected_prompt_is_that_of_the_run() {
    let n_checked = for_each_run(|what, inspected, circuits| {
        let n = inspected.graph.n_edges() / 2;
        let logits = inspected.logits(circuits, n);
        let n_prompts = inspected.prompts.pairs.len() / inspected.settings.batch_size * inspected.settings.batch_size;
        for prompt in [0, n_prompts - 1] {
            let found = inspected.attribution(circuits, n, prompt);
            for (pass, logits) in logits.iter().enumerate() {
                let expected = answer_logits(logits, prompt, &inspected.prompts.pairs[prompt]);
                let found = rows(&found, pass)[inspected.graph.srcs.len() + 1];
                assert_close(&format!("{what} prompt {prompt} pass {pass}"), found, &expected);
            }
        }
    });
    assert!(n_checked >= 14 * 14, "{n_checked}");
}

// The reference.

#[test]
fn norms_and_first_values_are_those_of_the_reference_s_outputs() {
    let case = Case::open("gpt2");
    let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
    let settings = settings(&case, &g);
    let inspected = Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings: &settings };
    // On the corrupt prompts of the first batch.
    let (shape, expected) = case.expected("graph0.src_outs.RESAMPLE");
    let [n_srcs, batch, seq, d_model] = shape[..] else { panic!("{shape:?}") };
    for prompt in 0..batch {
        let found = inspected.attribution((&g.scores).into(), 0, prompt);
        assert_eq!((found.seq, found.n_values), (seq, 3));
        let mut rows = Vec::new();
        for src_idx in 0..n_srcs {
            for position in 0..seq {
                let out = &expected[((src_idx * batch + prompt) * seq + position) * d_model..][..d_model];
                rows.push(out.iter().map(|x| x * x).sum::<f32>().sqrt());
                rows.extend(&out[..3]);
            }
        }
        assert_close("corrupt", &found.passes[1].outputs, &rows);
        // No edge is patched, and the corrupt prompt is run.
        assert_close("patched", &found.passes[2].outputs, &rows);
    }
}
