//! The engine's state between requests: what a run leaves for questions about it, and what a failed one does.

use std::rc::Rc;

use burn::tensor::Device;
use circuitscope_core::settings::discovery::MaskGradient;
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{
    AblationType, Algorithm, DiscoverSettings, EdgeCounts, EdgeRef, EdgeValues, Limits, MaskEdit, ModelMemory,
    OutputSlice, PruneScores, RunSettings, ScoresInfo,
};
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, RunOutput, Stacking, TOP_TOKENS};
use circuitscope_engine::session::{RunRequest, Session, SessionError, Text};
use circuitscope_wire::engine::{CircuitChoice, Head};

use crate::support::{Case, assert_close, read_text};

/// A session that has loaded a case's model.
struct Loaded {
    session: Session,
    prompts: String,
    scores: Vec<u8>,
    values: EdgeValues,
    edits: Vec<MaskEdit>,
    ablation: AblationType,
}

impl Loaded {
    fn open(name: &str, limits: Limits) -> Self {
        let case = Case::open(name);
        let mut session = Session::new(Device::flex(), Stacking::cpu(1 << 28)).with_limits(limits);
        let text = read_text(&case.config_path());
        let config = Text { name: "config.json", text: &text };
        let weights = [case.dir.join("model.safetensors")];
        pollster::block_on(session.load_model(config, &weights, None, async |_, _| true)).unwrap();
        let scores = std::fs::read(case.dir.join("graph0.scores.safetensors")).unwrap();
        let prompts = read_text(&case.dir.join("prompts.json"));
        Self {
            session,
            prompts,
            scores,
            values: EdgeValues::Scores,
            edits: Vec::new(),
            ablation: AblationType::Resample,
        }
    }

    fn run(
        &mut self,
        edge_counts: &[usize],
        keep_logits: bool,
        watching: &mut Watching,
    ) -> Result<RunOutput, SessionError> {
        let edge_counts = EdgeCounts::List(edge_counts.to_vec());
        let settings = RunSettings {
            slice: OutputSlice::None,
            ablation: self.ablation,
            batch_size: 2,
            edge_counts,
            ..RunSettings::default()
        };
        let prompts = Text { name: "prompts.json", text: &self.prompts };
        let scores = ("scores.safetensors", self.scores.as_slice());
        let (values, settings) = (self.values, &settings);
        let request = RunRequest { prompts, scores, values, edits: &self.edits, settings, keep_logits };
        pollster::block_on(self.session.run(request, &(), watching))
    }
}

/// Counts passes, stops after some, and keeps the logits of circuits.
#[derive(Default)]
struct Watching {
    n_passes: usize,
    stop_after: Option<usize>,
    n_circuits: usize,
    logits: Vec<(CircuitOutput, Rc<Logits>)>,
}

impl Observer for Watching {
    async fn progress(&mut self, _: usize, _: usize, _: &str) -> bool {
        self.n_passes += 1;
        self.stop_after.is_none_or(|most| self.n_passes < most)
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        self.n_circuits += 1;
        self.logits.extend(logits.map(|logits| (output.clone(), logits)));
    }
}

/// The tokens with the `k` largest logits, and their probabilities.
fn likeliest(logits: &Logits, row: usize, k: usize) -> Vec<(u32, f64)> {
    let row = &logits.values[row * logits.d_vocab..][..logits.d_vocab];
    let sum: f64 = row.iter().map(|&logit| f64::from(logit).exp()).sum();
    let mut tokens: Vec<u32> = (0..logits.d_vocab as u32).collect();
    tokens.sort_by(|&a, &b| row[b as usize].total_cmp(&row[a as usize]).then(a.cmp(&b)));
    tokens.into_iter().take(k).map(|token| (token, f64::from(row[token as usize]).exp() / sum)).collect()
}

#[test]
fn the_likeliest_tokens_of_every_circuit_prompt_and_position_can_be_asked_for() {
    let (mut loaded, mut watching) = (Loaded::open("gpt2", Limits::default()), Watching::default());
    let output = loaded.run(&[0, 3, 40], true, &mut watching).unwrap();
    let (n_prompts, n_positions) = (output.baseline.n_prompts, output.baseline.n_positions);
    assert_eq!((n_prompts, n_positions), (4, 6));
    let unpatched = &output.unpatched;
    for (circuit, logits) in &watching.logits {
        for row in 0..n_prompts * n_positions {
            for k in [1, TOP_TOKENS] {
                let found = loaded.session.inspect(circuit.index, row / n_positions, row % n_positions, k).unwrap();
                let sides = [
                    (found.circuit, &**logits),
                    (found.clean, &unpatched.logits(PromptSide::Clean)),
                    (found.corrupt, &unpatched.logits(PromptSide::Corrupt)),
                ];
                for (found, logits) in sides {
                    let expected = likeliest(logits, row, k);
                    assert_eq!(found.len(), k);
                    for (found, expected) in found.iter().zip(expected) {
                        assert_eq!(found.token, expected.0);
                        assert!((found.prob - expected.1).abs() < 1e-6, "{found:?}, expected {expected:?}");
                    }
                }
            }
        }
    }
    let error = |circuit, prompt, position, k| loaded.session.inspect(circuit, prompt, position, k).unwrap_err();
    assert_eq!(error(0, 0, 0, TOP_TOKENS + 1), SessionError::TopK { found: TOP_TOKENS + 1 });
    for (error, field) in
        [(error(3, 0, 0, 1), "circuit"), (error(0, 4, 0, 1), "prompt"), (error(0, 0, 6, 1), "position")]
    {
        assert!(matches!(error, SessionError::OutOfRange { field: found, .. } if found == field), "{error}");
    }
}

#[test]
fn logits_are_given_to_who_asks_and_shared_by_the_same_circuit() {
    // Two of the edge counts give the same circuit, as edges of equal scores come together.
    let mut loaded = Loaded::open("gpt2-ties", Limits::default());
    let g = Case::open("gpt2-ties").graph(0);
    let counts: Vec<usize> = (1..g.graph.n_edges()).collect();
    let circuits: Vec<usize> = counts.iter().map(|&n| g.scores.circuit(n).unwrap().n_edges).collect();
    let first = circuits.windows(2).position(|two| two[0] == two[1]).unwrap();
    let counts = [counts[first], counts[first + 1]];
    let mut watching = Watching::default();
    loaded.run(&counts, true, &mut watching).unwrap();
    let [(a, a_logits), (b, b_logits)] = &watching.logits[..] else { panic!("two circuits") };
    assert_eq!([a.circuit.requested, b.circuit.requested], counts);
    assert!(Rc::ptr_eq(a_logits, b_logits) && Rc::ptr_eq(&a.tokens, &b.tokens));
    // Nobody else keeps them.
    assert_eq!(Rc::strong_count(a_logits), 2);
    let mut watching = Watching::default();
    loaded.run(&counts, false, &mut watching).unwrap();
    assert_eq!((watching.n_circuits, watching.logits.len()), (2, 0));
}

#[test]
fn a_failed_run_leaves_the_results_of_the_one_before() {
    let mut loaded = Loaded::open("gpt2", Limits::default());
    loaded.run(&[0, 10, 60], false, &mut Watching::default()).unwrap();
    let results = |loaded: &Loaded| (loaded.session.inspect(2, 1, 3, 5).unwrap(), loaded.session.areas());
    let before = results(&loaded);
    let stopped = loaded.run(&[1], false, &mut Watching { stop_after: Some(1), ..Watching::default() });
    assert!(stopped.unwrap_err().is_cancelled());
    assert_eq!(results(&loaded), before);
    loaded.prompts = loaded.prompts.replace("tok0", "first");
    let stopped = loaded.run(&[1], false, &mut Watching { stop_after: Some(1), ..Watching::default() });
    assert!(stopped.unwrap_err().is_cancelled());
    assert_eq!(results(&loaded), before);
}

#[test]
fn the_unpatched_model_is_run_again_for_other_prompts_only() {
    let mut loaded = Loaded::open("gpt2", Limits::default());
    let passes = |loaded: &mut Loaded| {
        let mut watching = Watching::default();
        loaded.run(&[5], false, &mut watching).unwrap();
        watching.n_passes
    };
    // Two batches: the clean and the corrupt prompts of each, then the circuit.
    assert_eq!(passes(&mut loaded), 6);
    assert_eq!(passes(&mut loaded), 2);
    loaded.prompts = loaded.prompts.replace("tok0", "first");
    assert_eq!(passes(&mut loaded), 6);
}

#[test]
fn a_search_whose_tensors_a_gpu_does_not_take_is_refused() {
    let case = Case::open("gpt2");
    let settings = |batch_size| DiscoverSettings {
        batch_size,
        algorithm: Algorithm::MaskGradient(MaskGradient::default()),
        ..DiscoverSettings::default()
    };
    let discover = |tensor: u64, batch_size| {
        let loaded = Loaded::open("gpt2", Limits::wasm_gpu(tensor));
        let prompts = Text { name: "prompts.json", text: &loaded.prompts };
        pollster::block_on(loaded.session.discover(prompts, &settings(batch_size), None, &(), &mut ())).map(|_| ())
    };
    // The residual stream and the outputs of the src nodes on four prompts of six tokens.
    let n_rows = (1 + case.graph(0).graph.srcs.len()) * 4 * 6;
    let bytes = (n_rows * case.config().d_model * 4) as u64;
    assert!(ModelMemory::of(&case.config()).largest_tensor < bytes / 2, "the weights are taken");
    assert_eq!(discover(bytes, 4), Ok(()));
    let error = discover(bytes - 1, 4).unwrap_err().to_string();
    assert!(error.contains("src nodes") && error.contains("this GPU takes tensors of at most"), "{error}");
    assert_eq!(discover(bytes - 1, 2), Ok(()));
}

/// The edit of an edge by its index.
fn edit(edge_idx: usize, mask: f32) -> MaskEdit {
    MaskEdit { edge: EdgeRef::Idx(edge_idx), mask }
}

/// What a question about an edited circuit finds is what it finds once the circuit was run, also where edges are patched with means
/// over all prompts.
#[test]
fn a_circuit_can_be_asked_about_before_and_after_it_is_run() {
    for ablation in [AblationType::Resample, AblationType::TokenwiseMeanCorrupt, AblationType::BatchTokenwiseMean] {
        let mut loaded = Loaded { ablation, ..Loaded::open("gpt2", Limits::default()) };
        loaded.run(&[0, 40], false, &mut Watching::default()).unwrap();
        let edits = vec![edit(0, 0.5), edit(109, 1.0)];
        let edited = CircuitChoice::Edited { edge_count: 40, edits: edits.clone() };
        let heads = || vec![Head { block: 1, head_idx: 3 }, Head { block: 0, head_idx: 0 }];
        let ask = |loaded: &Loaded, circuit: &CircuitChoice| {
            let patterns = pollster::block_on(loaded.session.attention(3, circuit, heads())).unwrap();
            (patterns, pollster::block_on(loaded.session.attribution(3, circuit)).unwrap())
        };
        let (before, unedited) = (ask(&loaded, &edited), ask(&loaded, &CircuitChoice::Ran { index: 1 }));
        loaded.edits = edits;
        let mut watching = Watching::default();
        let output = loaded.run(&[5, 40], true, &mut watching).unwrap();
        let after = ask(&loaded, &CircuitChoice::Ran { index: 1 });
        assert_eq!(before.0, after.0, "{ablation:?}");
        assert_eq!(after.1.0.circuit, output.circuits[1].circuit);
        assert_ne!(before.0.1[2], unedited.0.1[2], "{ablation:?}");
        assert_eq!([&before.0.1[0], &before.0.1[1]], [&unedited.0.1[0], &unedited.0.1[1]], "{ablation:?}");
        for (before, after) in before.1.1.iter().zip(&after.1.1) {
            assert_close("outputs", &before.outputs, &after.outputs);
        }
    }
}

#[test]
fn what_is_not_there_cannot_be_asked_about() {
    let mut loaded = Loaded::open("gpt2", Limits::default());
    let ran = |index| CircuitChoice::Ran { index };
    let attribution = |loaded: &Loaded, prompt, circuit: CircuitChoice| {
        pollster::block_on(loaded.session.attribution(prompt, &circuit)).unwrap_err().to_string()
    };
    assert_eq!(attribution(&loaded, 0, ran(0)), SessionError::NoRun.to_string());
    loaded.run(&[3], false, &mut Watching::default()).unwrap();
    let edited = |edge_count, edits| CircuitChoice::Edited { edge_count, edits };
    let rows = [
        (attribution(&loaded, 4, ran(0)), "`prompt` should be below 4, found 4"),
        (attribution(&loaded, 0, ran(1)), "`circuit` should be below 1, found 1"),
        (attribution(&loaded, 0, edited(111, Vec::new())), "at most 110"),
        (attribution(&loaded, 0, edited(1, vec![edit(110, 1.0)])), "`edits[0].edge` should be below 110"),
    ];
    for (error, part) in rows {
        assert!(error.contains(part), "{error}");
    }
    for (block, head_idx, part) in [(2, 0, "`block` should be below 2"), (0, 4, "`headIdx` should be below 4")] {
        let (circuit, heads) = (ran(0), vec![Head { block, head_idx }]);
        let error = pollster::block_on(loaded.session.attention(0, &circuit, heads)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_file_of_masks_is_one_circuit_whatever_edge_counts_are_asked_for() {
    let mut loaded = Loaded::open("gpt2", Limits::default());
    let g = Case::open("gpt2").graph(0);
    let circuit = g.scores.circuit(40).unwrap();
    let of_scores = loaded.run(&[40], false, &mut Watching::default()).unwrap();
    let file = |mask: Vec<f32>| PruneScores::new(mask).to_bytes(&g.graph, &ScoresInfo::default());
    let mask: Vec<f32> = g.scores.values().iter().map(|&score| f32::from(u8::from(circuit.contains(score)))).collect();
    (loaded.values, loaded.scores) = (EdgeValues::Mask, file(mask.clone()));
    let output = loaded.run(&[0, 7, 9], false, &mut Watching::default()).unwrap();
    assert_eq!(output.circuits.len(), 1);
    assert_eq!(output.circuits[0].circuit.n_edges, circuit.n_edges);
    assert_eq!(output.circuits[0].measurement, of_scores.circuits[0].measurement);
    // Edits are laid over a mask as well, and asked about in place of the run's.
    let edits = vec![edit(3, 0.5)];
    let before = pollster::block_on(
        loaded.session.attribution(0, &CircuitChoice::Edited { edge_count: 0, edits: edits.clone() }),
    );
    loaded.edits = edits;
    loaded.run(&[0], false, &mut Watching::default()).unwrap();
    let after = pollster::block_on(loaded.session.attribution(0, &CircuitChoice::Ran { index: 0 }));
    let (before, after) = (before.unwrap(), after.unwrap());
    assert_eq!(before.0, after.0);
    assert_close("patched", &before.1[2].outputs, &after.1[2].outputs);

    let infinite = mask.iter().map(|&mask| if mask == 1.0 { f32::INFINITY } else { 0.0 }).collect();
    loaded.scores = file(infinite);
    let error = loaded.run(&[0], false, &mut Watching::default()).unwrap_err().to_string();
    assert!(error.starts_with("scores.safetensors: `") && error.contains("finite"), "{error}");
}
