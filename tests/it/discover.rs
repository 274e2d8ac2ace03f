//! Search: against the reference's scores, by comparison with circuits that are run, and by laws.

use std::collections::BTreeMap;
use std::rc::Rc;

use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::settings::discovery::{
    Acdc, AcdcPrompts, AnswerFunction, Exact, GradFunction, InputGradient, MaskGradient, Official, Random,
    SubnetworkProbing,
};
use circuitscope_core::{
    Algorithm, Answers, AttentionDir, DiscoverSettings, Edge, EdgeCounts, Graph, GraphConfig, Measurement, Metric,
    ModelConfig, OfficialCircuit, OutputSlice, PatchType, PromptPair, Prompts, PruneScores, RunSettings, ScoresInfo,
    Selection, TensorFile, select,
};
use circuitscope_engine::discover::{DiscoverInput, Discovery, discover};
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, RunError, Stacking};

use crate::support::{CASES, Case, CaseGraph, strings};

/// The algorithms whose scores are in the cases, as their maker set them.
fn reference_algorithms() -> [(&'static str, Algorithm); 5] {
    let gradient =
        |grad_function, answer_function| MaskGradient { grad_function, answer_function, ..Default::default() };
    let ig8 = gradient(GradFunction::Logprob, AnswerFunction::AvgVal);
    [
        ("eap", Algorithm::MaskGradient(MaskGradient::default())),
        ("prob_grad", Algorithm::MaskGradient(gradient(GradFunction::Prob, AnswerFunction::AvgVal))),
        ("logprob_grad", Algorithm::MaskGradient(gradient(GradFunction::Logprob, AnswerFunction::AvgVal))),
        ("ig8", Algorithm::MaskGradient(MaskGradient { integrated_grad_samples: Some(8), ..ig8 })),
        ("acdc", Algorithm::Acdc(reference_acdc())),
    ]
}

/// The reference looks at the first batch alone.
fn reference_acdc() -> Acdc {
    let prompts = AcdcPrompts::FirstBatch;
    Acdc { thresholds: vec![0.001, 0.01, 0.005, 0.05], prompts, ..Acdc::default() }
}

fn settings(case: &Case, g: &CaseGraph, algorithm: Algorithm) -> DiscoverSettings {
    let RunSettings { factorized, separate_qkv, token_wise, slice, batch_size, .. } =
        g.settings(case, &g.json["runs"][0]);
    DiscoverSettings { factorized, separate_qkv, token_wise, slice, batch_size, algorithm, keep: None }
}

fn try_discover(
    case: &Case,
    prompts: &Prompts,
    g: &CaseGraph,
    settings: &DiscoverSettings,
    observer: &mut impl Observer,
) -> Result<Discovery, RunError> {
    let model = case.model();
    let stacking = Stacking::cpu(1 << 28);
    let input = DiscoverInput { model: &model, prompts, graph: &g.graph, settings, stacking };
    pollster::block_on(discover(&input, &(), observer))
}

fn scores(case: &Case, g: &CaseGraph, algorithm: Algorithm) -> PruneScores {
    let settings = settings(case, g, algorithm);
    try_discover(case, &case.prompts(), g, &settings, &mut ()).unwrap().scores
}

/// The scores that the reference found, in the graph's edge order.
fn expected(case: &Case, g: &CaseGraph, algorithm: &str) -> Option<Vec<f32>> {
    let names = g.graph.dests.iter().map(|d| format!("graph{}.{algorithm}.{}", g.idx, d.module_name));
    names
        .map(|name| case.find_expected(&name).map(|(_, values)| values))
        .collect::<Option<Vec<_>>>()
        .map(|v| v.concat())
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |max, v| max.max(v.abs()))
}

#[track_caller]
fn assert_near(what: &str, found: &[f32], expected: &[f32], share_of_largest: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let tolerance = share_of_largest * largest(expected);
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let close = f == e || (f - e).abs() <= tolerance;
        assert!(close, "{what}: edge {i} scores {f}, expected {e} within {tolerance}");
    }
}

#[test]
fn mask_gradients_are_those_of_the_reference() {
    let mut compared = 0;
    for case in CASES.map(Case::open) {
        for g in case.graphs() {
            for (name, algorithm) in reference_algorithms() {
                let Some(expected) = expected(&case, &g, name).filter(|_| name != "acdc") else { continue };
                let found = scores(&case, &g, algorithm);
                assert_near(&format!("{} graph{} {name}", case.name, g.idx), found.values(), &expected, 1e-3);
                compared += 1;
            }
        }
    }
    assert!(compared >= 18, "{compared} score sets were compared");
}

#[test]
fn acdc_removes_the_edges_that_the_reference_removes() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let expected = expected(&case, &g, "acdc").unwrap();
    let (_, algorithm) = reference_algorithms().into_iter().find(|(name, _)| *name == "acdc").unwrap();
    let found = scores(&case, &g, algorithm);
    assert_eq!(found.values(), expected);
}

/// The mean distance of two batches of two is that of one batch of four, but not that of the first batch.
#[test]
fn acdc_looks_at_all_prompts_unless_it_is_the_first_batch_that_is_asked_for() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let n_prompts = case.prompts().pairs.len();
    assert_eq!((n_prompts, case.batch_size()), (4, 2));
    let found = |prompts, batch_size| {
        let algorithm = Algorithm::Acdc(Acdc { prompts, ..reference_acdc() });
        let settings = DiscoverSettings { batch_size, ..settings(&case, &g, algorithm) };
        try_discover(&case, &case.prompts(), &g, &settings, &mut ()).unwrap().scores
    };
    let all = found(AcdcPrompts::All, 2);
    assert_eq!(all, found(AcdcPrompts::All, 4));
    assert_eq!(all, found(AcdcPrompts::FirstBatch, 4));
    assert_ne!(all, found(AcdcPrompts::FirstBatch, 2));
}

/// The loss of each edge patched alone is what `run_circuits` gives for the circuit of that edge.
#[test]
fn exact_scores_are_those_of_circuits_of_one_edge() {
    for (name, graph_idx) in [("gpt2", 0), ("gpt2", 1), ("gpt2", 2), ("gpt2", 3), ("attn-only-shortformer", 0)] {
        let case = Case::open(name);
        let (g, model) = (case.graph(graph_idx), case.model());
        let found = scores(&case, &g, Algorithm::Exact(Exact::default()));
        let n_edges = g.graph.n_edges();
        for edge in (0..n_edges).step_by(1 + n_edges / 12) {
            // The edge alone is the circuit; the clean prompts are run and it is patched with its corrupt activation.
            let one = PruneScores::new((0..n_edges).map(|e| if e == edge { 1.0 } else { 0.0 }).collect());
            let run = RunSettings {
                patch_type: PatchType::Edge,
                reverse: true,
                edge_counts: EdgeCounts::List(vec![0, 1]),
                ..g.settings(&case, &g.json["runs"][0])
            };
            let g = CaseGraph { scores: one, json: g.json.clone(), graph: g.graph.clone(), idx: g.idx };
            let (output, _) = case.run(&model, &g, &run);
            let diff = |place: usize| output.circuits[place].measurement.mean(Metric::LogitDiff).unwrap();
            // A loss is summed over batches, a measure is their mean; and a loss falls as the difference grows.
            let n_batches = (output.baseline.n_prompts / run.batch_size) as f64;
            let expected = (diff(0) - diff(1)) * n_batches;
            let close = (f64::from(found.values()[edge]) - expected).abs() <= 1e-4 + 1e-3 * expected.abs();
            assert!(close, "{name} edge {edge}: {}, expected {expected}", found.values()[edge]);
        }
    }
}

/// A mask gradient is the slope of what exact scores are the step of: for a model without a nonlinearity between an edge and
/// the output, here the edges into the end of the residual stream of a model without a final norm, both are the same.
#[test]
fn gradients_are_exact_where_the_model_is_linear() {
    let case = Case::open("tracr-reverse");
    let g = case.graph(0);
    let end = g.graph.first_edges()[g.graph.dests.len() - 1];
    let gradient = scores(&case, &g, Algorithm::MaskGradient(MaskGradient::default()));
    let exact = scores(&case, &g, Algorithm::Exact(Exact::default()));
    assert!(largest(&exact.values()[end..]) > 0.1);
    assert_near("edges into Resid End", &gradient.values()[end..], &exact.values()[end..], 1e-4);
}

/// As steps grow, the scores of the embedding's edges sum to what the loss changes by between the prompts.
#[test]
fn input_gradients_are_complete() {
    for name in ["gpt2", "attn-only-shortformer", "solu"] {
        let case = Case::open(name);
        let g = case.graph(0);
        let run = RunSettings { edge_counts: EdgeCounts::List(vec![0]), ..g.settings(&case, &g.json["runs"][0]) };
        let (output, _) = case.run(&case.model(), &g, &run);
        let n_batches = (output.baseline.n_prompts / run.batch_size) as f64;
        let diff = |measurement: &Measurement| measurement.mean(Metric::LogitDiff).unwrap();
        let change = diff(&output.baseline.clean) - diff(&output.baseline.corrupt);
        let gap = |steps: usize| {
            let found = scores(&case, &g, Algorithm::InputGradient(InputGradient { steps, ..Default::default() }));
            let of_embedding = g.graph.edges().filter(|e| e.src_idx == 0).map(|e| f64::from(found.score(e)));
            (of_embedding.sum::<f64>() - change * n_batches).abs()
        };
        let (few, many) = (gap(4), gap(256));
        assert!(many <= 0.02 * (change * n_batches).abs().max(0.5), "{name}: off by {many} of {change}");
        assert!(many < few, "{name}: {many} with many steps, {few} with few");
    }
}

#[test]
fn activation_magnitudes_are_those_of_the_reference() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    // The case has the sources' outputs on the first batch's corrupt prompts; the baseline looks at clean ones.
    let mut prompts = case.prompts();
    prompts.pairs.truncate(case.batch_size());
    let swap = |p: PromptPair| PromptPair { clean: p.corrupt, corrupt: p.clean, ..p };
    prompts.pairs = prompts.pairs.into_iter().map(swap).collect();
    let settings = settings(&case, &g, Algorithm::ActivationMagnitude {});
    let found = try_discover(&case, &prompts, &g, &settings, &mut ()).unwrap();
    let (shape, outs) = case.expected("graph0.src_outs.RESAMPLE");
    let per_src = outs.len() / shape[0];
    let magnitude = |src: usize| (outs[src * per_src..][..per_src].iter().sum::<f32>() / per_src as f32).abs();
    let expected: Vec<f32> = g.graph.edges().map(|e| magnitude(e.src_idx)).collect();
    assert_near("activation magnitude", found.scores.values(), &expected, 1e-4);
}

#[test]
fn random_scores_are_their_seeds() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let random = |seed| scores(&case, &g, Algorithm::Random(Random { seed }));
    assert_eq!(random(1), random(1));
    assert_ne!(random(1), random(2));
    assert!(random(1).values().iter().all(|v| (0.0..1.0).contains(v)));
    let mean = random(3).values().iter().sum::<f32>() / g.graph.n_edges() as f32;
    assert!((mean - 0.5).abs() < 0.1, "{mean}");
}

#[test]
fn official_circuits_are_those_of_the_reference() {
    for (name, circuit) in
        [("tracr-reverse", OfficialCircuit::TracrReverse), ("tracr-xproportion", OfficialCircuit::TracrXproportion)]
    {
        let case = Case::open(name);
        let g = case.graph(0);
        let found = scores(&case, &g, Algorithm::Official(Official { circuit }));
        let mut edges: Vec<String> =
            g.graph.edges().filter(|&e| found.score(e) == 1.0).map(|e| g.graph.edge_name(e)).collect();
        edges.sort();
        assert_eq!(edges, strings(&g.json["official_edges"]), "{name}");
    }
    let other = Case::open("gpt2").graph(0);
    for circuit in [OfficialCircuit::TracrReverse, OfficialCircuit::Ioi, OfficialCircuit::Docstring] {
        let error = circuit.scores(&other.graph, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("which has no edge"), "{error}");
    }
}

/// The circuits of large models, by number and checksum (FNV-1a) of the sorted names of their edges, `position:edge` in
/// token-wise graphs, as auto-circuit 1.0.1 lists them for models of these shapes.
#[test]
fn official_circuits_of_large_models_are_those_of_the_reference() {
    let ioi_words = [("IO", 2), ("S1", 4), ("S1+1", 5), ("S2", 10), ("end", 14)];
    let docstring_words =
        [("A_def", 1), ("B_def", 3), (",_B", 4), ("C_def", 5), ("A_doc", 8), ("B_doc", 11), ("param_3", 14)];
    let gpt2 = ModelConfig { n_layers: 12, n_heads: 12, ..Case::open("gpt2").config() };
    let code = ModelConfig { n_layers: 4, n_heads: 8, ..Case::open("attn-only").config() };
    // Circuit, model, named words, number of edges, checksum.
    type Row<'a> = (OfficialCircuit, &'a ModelConfig, &'a [(&'a str, usize)], usize, u64);
    let expected: [Row; 5] = [
        (OfficialCircuit::Ioi, &gpt2, &[], 739, 0xa8a2_5d0a_3039_1969),
        (OfficialCircuit::Greaterthan, &gpt2, &[], 235, 0xc024_613e_fef8_0355),
        (OfficialCircuit::Docstring, &code, &[], 24, 0x3a2c_50f1_6188_8664),
        (OfficialCircuit::Ioi, &gpt2, &ioi_words, 869, 0xe42e_1f4a_9f23_7b88),
        (OfficialCircuit::Docstring, &code, &docstring_words, 34, 0x9ae9_cfdb_a7a2_b23f),
    ];
    for (circuit, config, words, n, checksum) in expected {
        let seq_len = (!words.is_empty()).then_some(15);
        let graph = Graph::new(config, GraphConfig { seq_len, ..GraphConfig::default() });
        let words = words.iter().map(|&(word, position)| (word.to_owned(), position)).collect();
        let scores = circuit.scores(&graph, &words).unwrap();
        let edges = graph.edges().filter(|&e| scores.score(e) == 1.0);
        let name = |e: Edge| e.seq_idx.map_or(String::new(), |seq_idx| format!("{seq_idx}:")) + &graph.edge_name(e);
        let mut names: Vec<String> = edges.map(name).collect();
        names.sort();
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let found = names.join("\n").bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
        assert_eq!((names.len(), found), (n, checksum), "{circuit:?} with {words:?}");
        if seq_len.is_some() {
            let error = circuit.scores(&graph, &BTreeMap::new()).unwrap_err().to_string();
            assert!(error.contains("`word_idxs` should be the position of"), "{error}");
        }
    }
}

/// Learned masks find a circuit that is at least as faithful as EAP's of the same size.
#[test]
fn probing_is_no_worse_than_attribution() {
    let case = Case::open("tracr-reverse");
    let g = case.graph(0);
    let model = case.model();
    let kl = |scores: PruneScores, n: usize| {
        let run = RunSettings {
            patch_type: PatchType::Tree,
            edge_counts: EdgeCounts::List(vec![n]),
            ..g.settings(&case, &g.json["runs"][0])
        };
        let g = CaseGraph { scores, json: g.json.clone(), graph: g.graph.clone(), idx: g.idx };
        let (output, _) = case.run(&model, &g, &run);
        (output.circuits[0].measurement.mean(Metric::CleanKlDiv).unwrap(), output.circuits[0].circuit.n_edges)
    };
    let probing = SubnetworkProbing {
        epochs: 60,
        regularize_lambda: 1.0,
        tree_optimisation: true,
        circuit_size: Some(4),
        ..SubnetworkProbing::default()
    };
    let learned = scores(&case, &g, Algorithm::SubnetworkProbing(probing.clone()));
    let eap = scores(&case, &g, Algorithm::MaskGradient(MaskGradient::default()));
    let (learned_kl, n) = kl(learned.clone(), 4);
    let (eap_kl, n_eap) = kl(eap, 4);
    assert!(n <= n_eap, "{n} edges against {n_eap}");
    assert!(learned_kl <= eap_kl + 1e-6, "{learned_kl} with learned masks, {eap_kl} with attribution");
    // A seed is a result.
    assert_eq!(learned, scores(&case, &g, Algorithm::SubnetworkProbing(probing)));
}

/// Every loss is reported as it falls, and a search stops when asked to.
#[test]
fn searches_tell_their_loss_and_can_be_stopped() {
    struct Watching {
        losses: Vec<f64>,
        passes: Vec<(usize, usize)>,
        stop_after: usize,
    }
    impl Observer for Watching {
        async fn progress(&mut self, done: usize, total: usize, _: &str) -> bool {
            self.passes.push((done, total));
            self.passes.len() < self.stop_after
        }
        fn circuit(&mut self, _: &CircuitOutput, _: Option<Rc<Logits>>) {}
        fn loss(&mut self, loss: f64) {
            self.losses.push(loss);
        }
    }
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let all: Vec<Algorithm> = reference_algorithms()
        .into_iter()
        .map(|(_, a)| a)
        .chain([
            Algorithm::InputGradient(InputGradient::default()),
            Algorithm::Exact(Exact::default()),
            Algorithm::SubnetworkProbing(SubnetworkProbing::default()),
            Algorithm::ActivationMagnitude {},
        ])
        .collect();
    for algorithm in all {
        let settings = settings(&case, &g, algorithm);
        let mut watching = Watching { losses: Vec::new(), passes: Vec::new(), stop_after: usize::MAX };
        let found = try_discover(&case, &case.prompts(), &g, &settings, &mut watching).unwrap();
        let &(done, total) = watching.passes.last().unwrap();
        assert_eq!(done, total, "{settings:?}");
        assert_eq!(found.last_loss, watching.losses.last().copied());
        let gradients = matches!(
            settings.algorithm,
            Algorithm::MaskGradient(_) | Algorithm::InputGradient(_) | Algorithm::SubnetworkProbing(_)
        );
        assert_eq!(watching.losses.len(), found.cost.backward_passes, "{settings:?}");
        assert_eq!(!watching.losses.is_empty(), gradients);
        let mut stopping = Watching { losses: Vec::new(), passes: Vec::new(), stop_after: 2 };
        let stopped = try_discover(&case, &case.prompts(), &g, &settings, &mut stopping);
        assert!(matches!(stopped, Err(RunError::Cancelled)), "{settings:?}");
    }
}

/// Where every corrupt prompt is its clean one, patching changes nothing: what differs is rounding.
#[test]
fn a_search_says_that_its_scores_give_no_circuit() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let settings = settings(&case, &g, Algorithm::MaskGradient(MaskGradient::default()));
    let mut prompts = case.prompts();
    let different = try_discover(&case, &prompts, &g, &settings, &mut ()).unwrap();
    assert_eq!(different.note, None);
    prompts.pairs.iter_mut().for_each(|pair| pair.corrupt = pair.clean.clone());
    let same = try_discover(&case, &prompts, &g, &settings, &mut ()).unwrap();
    assert!(largest(same.scores.values()) < 1e-4 * largest(different.scores.values()));
    assert!(same.note.unwrap().contains("corrupt prompt equals its clean one"));
}

#[test]
fn settings_that_make_no_sense_are_errors() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let bad = [
        (Algorithm::MaskGradient(MaskGradient { mask_value: f64::NAN, ..Default::default() }), "`maskValue`"),
        (
            Algorithm::MaskGradient(MaskGradient { integrated_grad_samples: Some(0), ..Default::default() }),
            "`integratedGradSamples`",
        ),
        (
            Algorithm::MaskGradient(MaskGradient { answer_function: AnswerFunction::Mse, ..Default::default() }),
            "prompts[0].answers",
        ),
        (Algorithm::InputGradient(InputGradient { steps: 0, ..Default::default() }), "`steps`"),
        (Algorithm::Acdc(Acdc { thresholds: vec![], ..Default::default() }), "`thresholds`"),
        (Algorithm::SubnetworkProbing(SubnetworkProbing { epochs: 0, ..Default::default() }), "`epochs`"),
    ];
    for (algorithm, part) in bad {
        let settings = settings(&case, &g, algorithm);
        let error = try_discover(&case, &case.prompts(), &g, &settings, &mut ()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let several =
        DiscoverSettings { slice: OutputSlice::None, ..settings(&case, &g, reference_algorithms()[0].1.clone()) };
    let error = try_discover(&case, &case.prompts(), &g, &several, &mut ()).unwrap_err().to_string();
    assert!(error.contains("each of the 6 positions"), "{error}");
}

/// A regression's answers are numbers. Along the masks' values the gradients sum to what the squared error changes by, from
/// the clean output to the corrupt one (trapezoid rule).
#[test]
fn regressions_have_gradients_of_their_error() {
    let case = Case::open("tracr-xproportion");
    let g = case.graph(0);
    let sum = |mask_value, samples| {
        let settings = MaskGradient {
            answer_function: AnswerFunction::Mse,
            mask_value,
            integrated_grad_samples: samples,
            ..Default::default()
        };
        scores(&case, &g, Algorithm::MaskGradient(settings)).values().iter().map(|&v| f64::from(v)).sum::<f64>()
    };
    let integral = (sum(0.0, Some(64)) - (sum(0.0, None) + sum(1.0, None)) / 2.0) / 64.0;

    let run = RunSettings { edge_counts: EdgeCounts::List(vec![0]), ..g.settings(&case, &g.json["runs"][0]) };
    let (output, _) = case.run(&case.model(), &g, &run);
    let prompts = case.prompts();
    let answers: Vec<f64> = prompts.pairs.iter().flat_map(|p| numbers_of(&p.answers)).collect();
    let error = |logits: &[f32]| {
        let squares = logits.iter().zip(&answers).map(|(l, a)| (f64::from(*l) - a).powi(2));
        squares.sum::<f64>() / logits.len() as f64
    };
    let n_batches = (output.baseline.n_prompts / run.batch_size) as f64;
    let change = error(&output.unpatched.logits(PromptSide::Corrupt).values)
        - error(&output.unpatched.logits(PromptSide::Clean).values);
    assert!(change > 0.01, "{change}");
    assert!((integral - change * n_batches).abs() < 0.02 * change * n_batches, "{integral}, expected {change}");
}

fn numbers_of(answers: &Answers) -> Vec<f64> {
    match answers {
        Answers::Values(rows) => rows.concat(),
        other => panic!("answers that are tokens: {other:?}"),
    }
}

/// Every edge that is kept lies on a path of kept edges from the embedding to the output, in every kind of graph.
#[test]
fn selected_edges_hang_together() {
    for case in ["gpt2", "attn-only", "tracr-reverse"].map(Case::open) {
        for g in case.graphs() {
            for selection in [Selection::Connected, Selection::Greedy] {
                for n in [1, 5, 20, g.graph.n_edges() / 2, g.graph.n_edges()] {
                    let n = n.min(g.graph.n_edges());
                    let (kept, n_kept) = select(selection, &g.scores, n, &g.graph, AttentionDir::Causal).unwrap();
                    let what = format!("{} graph{} {selection:?} {n}", case.name, g.idx);
                    let is_kept = |score: f32| score != 0.0;
                    let n_scored = kept.values().iter().filter(|&&s| is_kept(s)).count();
                    assert_eq!(n_scored, n_kept, "{what}");
                    assert!(n_kept <= g.scores.circuit(n).unwrap().n_edges, "{what}");
                    // What is kept hangs together: choosing again among it drops nothing.
                    if n_kept > 0 {
                        let (_, again) =
                            select(Selection::Connected, &kept, n_kept, &g.graph, AttentionDir::Causal).unwrap();
                        assert_eq!(again, n_kept, "{what}");
                    }
                    if n == g.graph.n_edges() && selection == Selection::Connected {
                        assert_eq!(n_kept, n, "{what}: the whole graph hangs together");
                    }
                }
            }
        }
    }
}

/// By hand, in a one-block attention-only model with one head: `Resid Start->A0.0.Q`, `.K`, `.V`, `Resid Start->Resid End`,
/// `A0.0->Resid End`.
#[test]
fn edges_that_reach_neither_end_are_dropped() {
    let config = ModelConfig { n_layers: 1, n_heads: 1, d_mlp: None, ..Case::open("attn-only").config() };
    let graph = Graph::new(&config, Default::default());
    let names: Vec<String> = graph.edges().map(|e| graph.edge_name(e)).collect();
    assert_eq!(names[3..], ["Resid Start->Resid End", "A0.0->Resid End"]);
    let kept = |selection, scores: [f32; 5], n| {
        let found = select(selection, &PruneScores::new(scores.to_vec()), n, &graph, AttentionDir::Causal).unwrap().0;
        found.values().to_vec()
    };
    // The head is read but leads nowhere: its edge goes.
    assert_eq!(kept(Selection::Connected, [5.0, 1.0, 1.0, 4.0, 2.0], 2), [0.0, 0.0, 0.0, 4.0, 0.0]);
    // The head leads on but reads nothing: its edge goes too.
    assert_eq!(kept(Selection::Connected, [1.0, 1.0, 1.0, 4.0, 5.0], 2), [0.0, 0.0, 0.0, 4.0, 0.0]);
    assert_eq!(kept(Selection::Connected, [3.0, 1.0, 1.0, 2.0, 5.0], 2), [3.0, 0.0, 0.0, 0.0, 5.0]);
    // The walk from the output takes the head's edge before it can take the larger ones into the head.
    assert_eq!(kept(Selection::Greedy, [9.0, 8.0, 1.0, 2.0, 3.0], 2), [9.0, 0.0, 0.0, 0.0, 3.0]);
    assert_eq!(kept(Selection::Greedy, [9.0, 8.0, 1.0, 2.0, 3.0], 3), [9.0, 8.0, 0.0, 0.0, 3.0]);
    assert_eq!(kept(Selection::Top, [9.0, 8.0, 1.0, 2.0, 3.0], 2), [9.0, 8.0, 0.0, 0.0, 0.0]);
    assert_eq!(kept(Selection::Greedy, [9.0, 8.0, 1.0, 2.0, 3.0], 0), [0.0; 5]);
}

/// What a file says of its scores can be read back into the settings that found them.
#[test]
fn provenance_holds_the_settings() {
    let settings = DiscoverSettings {
        algorithm: Algorithm::SubnetworkProbing(SubnetworkProbing { epochs: 3, ..Default::default() }),
        ..DiscoverSettings::default()
    };
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let info = settings.info("prompts.json", &case.config(), &g.graph);
    let bytes = g.scores.to_bytes(&g.graph, &info);
    let metadata = TensorFile::from_bytes("scores", &bytes).unwrap().metadata;
    let read = ScoresInfo::from_metadata("scores", &metadata).unwrap();
    assert_eq!(read, info);
    assert_eq!(
        (read.algorithm.as_deref(), read.prompts.as_deref()),
        (Some("subnetwork_probing"), Some("prompts.json"))
    );
    assert_eq!(serde_json::from_str::<DiscoverSettings>(&read.settings.unwrap()).unwrap(), settings);
    let short: DiscoverSettings = serde_json::from_str(r#"{"algorithm": {"name": "eap"}}"#).unwrap();
    assert_eq!(short, DiscoverSettings::default());
    let wrong = serde_json::from_str::<DiscoverSettings>(r#"{"algorithm": {"name": "acdc", "threshold": 1}}"#);
    assert!(wrong.unwrap_err().to_string().contains("threshold"));
}
