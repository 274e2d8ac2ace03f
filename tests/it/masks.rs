//! Runs of real-valued masks and of edits: by hand, then laws that hold for any model, then against the gradients of masks.

use std::rc::Rc;

use circuitscope_core::scores::known_circuit::edge_name;
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::settings::discovery::{GradFunction, MaskGradient};
use circuitscope_core::{
    AblationType, Algorithm, CircuitMasks, DiscoverSettings, EdgeCounts, EdgeRef, Graph, MaskEdit, MaskEdits, Metric,
    OutputSlice, PatchType, Prompts, PruneScores, RunSettings,
};
use circuitscope_engine::discover::{DiscoverInput, discover};
use circuitscope_engine::model::Model;
use circuitscope_engine::run::{Logits, RunInput, RunOutput, Stacking, run_circuits};

use crate::hand_worked::{self, HandWorked};
use crate::support::{CASES, Case, CaseGraph, assert_close, run_with_logits};

/// What is run, but for the circuits and the settings.
struct Ran<'a> {
    model: &'a dyn Model,
    prompts: &'a Prompts,
    graph: &'a Graph,
}

impl Ran<'_> {
    fn run(&self, circuits: CircuitMasks<'_>, settings: &RunSettings) -> (RunOutput, Vec<Rc<Logits>>) {
        let &Self { model, prompts, graph } = self;
        let (stacking, unpatched, keep_logits) = (Stacking::cpu(1 << 28), None, true);
        run_with_logits(&RunInput { model, prompts, graph, circuits, settings, stacking, unpatched, keep_logits })
    }

    /// The logits of the circuit of a mask.
    fn of_mask(&self, mask: Vec<f32>, settings: &RunSettings) -> Vec<f32> {
        self.run(CircuitMasks::of_mask(&PruneScores::new(mask)), settings).1[0].values.clone()
    }
}

fn edit(edge: &str, mask: f32) -> MaskEdit {
    MaskEdit { edge: EdgeRef::Name(edge.to_owned()), mask }
}

// By hand.

fn by_hand(mask: [f32; 6], settings: RunSettings) -> Vec<f32> {
    let (model, graph, prompts) = (HandWorked::new(), hand_worked::graph(None), hand_worked::prompts(1));
    let settings = RunSettings { separate_qkv: false, batch_size: 1, ..settings };
    Ran { model: &model, prompts: &prompts, graph: &graph }.of_mask(mask.to_vec(), &settings)
}

#[test]
fn an_edge_patch_gives_an_edge_a_part_of_its_clean_activation() {
    let edge = |mask| by_hand(mask, RunSettings::default());
    // Half of A0.0->A1.0: a1 = w1 ([4, 1] + [8, 3] + [-2, 0] / 2) = w1 [11, 4] = [-11, 20]; end = [4, 1] + [8, 3] + a1.
    assert_eq!(edge([0.0, 0.0, 0.5, 0.0, 0.0, 0.0]), [1.0, 24.0]);
    // Half of Resid Start->A0.0 too and a quarter of A0.0->A1.0: a0 = w0 [3.5, 1] = [7, 3];
    // a1 = w1 ([4, 1] + [7, 3] + ([6, 3] - [7, 3]) / 4) = w1 [10.75, 4] = [-10.75, 20]; end = [4, 1] + [7, 3] + a1.
    assert_eq!(edge([0.5, 0.0, 0.25, 0.0, 0.0, 0.0]), [0.25, 24.0]);
    // Beyond the clean activation and away from it: end = [0, 24] + 2 ([6, 3] - [8, 3]), and - ([6, 3] - [8, 3]).
    assert_eq!(edge([0.0, 0.0, 0.0, 0.0, 2.0, 0.0]), [-4.0, 24.0]);
    assert_eq!(edge([0.0, 0.0, 0.0, 0.0, -1.0, 0.0]), [2.0, 24.0]);
}

#[test]
fn a_tree_patch_gives_an_edge_what_is_left_of_its_corrupt_activation() {
    let settings = RunSettings { patch_type: PatchType::Tree, ..RunSettings::default() };
    // All but a quarter of Resid Start->Resid End is outside: end = [0, 24] + 0.75 ([4, 1] - [3, 1]).
    assert_eq!(by_hand([1.0, 1.0, 1.0, 0.25, 1.0, 1.0], settings), [0.75, 24.0]);
}

#[test]
fn an_edit_is_of_one_position_of_a_token_wise_graph() {
    let (model, graph, prompts) = (HandWorked::new(), hand_worked::graph(Some(2)), hand_worked::prompts(2));
    let settings = RunSettings {
        separate_qkv: false,
        token_wise: true,
        slice: OutputSlice::None,
        batch_size: 1,
        edge_counts: EdgeCounts::List(vec![0]),
        ..RunSettings::default()
    };
    let edits = [edit("0:A1.0->Resid End", 1.0), edit("1:A0.0->Resid End", 0.5)];
    let edits = MaskEdits::new(&edits, &graph).unwrap();
    let scores = PruneScores::new(vec![1.0; graph.n_edges()]);
    let ran = Ran { model: &model, prompts: &prompts, graph: &graph };
    let (output, logits) = ran.run(CircuitMasks::from(&scores).with_edits(&edits), &settings);
    // [0, 24] + ([-9, 20] - [-12, 20]) at position 0, [0, 24] + ([6, 3] - [8, 3]) / 2 at position 1.
    assert_eq!(logits[0].values, [3.0, 24.0, -1.0, 24.0]);
    assert_eq!((output.circuits[0].circuit.requested, output.circuits[0].circuit.n_edges), (0, 2));
}

// Laws.

/// The settings of a run of a case's graph.
fn settings(case: &Case, g: &CaseGraph) -> RunSettings {
    RunSettings {
        factorized: g.graph.config.factorized,
        separate_qkv: g.graph.config.separate_qkv,
        token_wise: g.graph.config.seq_len.is_some(),
        batch_size: case.batch_size(),
        slice: OutputSlice::None,
        ..RunSettings::default()
    }
}

/// Every patch type with every ablation, in one direction or the other.
fn variants(base: &RunSettings) -> impl Iterator<Item = RunSettings> {
    let all =
        PatchType::ALL.into_iter().flat_map(|patch_type| AblationType::ALL.map(|ablation| (patch_type, ablation)));
    all.enumerate().map(|(i, (patch_type, ablation))| RunSettings {
        patch_type,
        ablation,
        reverse: i % 3 == 0,
        ..base.clone()
    })
}

/// Calls `check` for every graph of every case.
fn for_each_graph(check: impl Fn(&str, &Case, &Ran<'_>, &CaseGraph)) {
    for case in CASES.map(Case::open) {
        let (model, prompts) = (case.model(), case.prompts());
        for g in case.graphs() {
            let ran = Ran { model: &model, prompts: &prompts, graph: &g.graph };
            check(&format!("{} graph {}", case.name, g.idx), &case, &ran, &g);
        }
    }
}

#[test]
fn a_mask_of_zeros_and_ones_is_the_circuit() {
    for_each_graph(|what, case, ran, g| {
        let n = g.graph.n_edges() / 3;
        for settings in variants(&settings(case, g)) {
            let settings = RunSettings { edge_counts: EdgeCounts::List(vec![n]), ..settings };
            let (output, logits) = ran.run((&g.scores).into(), &settings);
            let circuit = output.circuits[0].circuit;
            let is_in = |&score: &f32| f32::from(u8::from(circuit.contains(score)));
            let mask = PruneScores::new(g.scores.values().iter().map(is_in).collect());
            let (same, same_logits) = ran.run(CircuitMasks::of_mask(&mask), &settings);
            let what = format!("{what} {:?} {:?}", settings.patch_type, settings.ablation);
            assert_eq!(same_logits[0].values, logits[0].values, "{what}");
            assert_eq!(same.circuits[0].circuit.n_edges, circuit.n_edges, "{what}");
            assert_eq!(same.circuits[0].measurement, output.circuits[0].measurement, "{what}");
        }
    });
}

#[test]
fn no_edge_and_all_edges_are_the_unpatched_model() {
    for_each_graph(|what, case, ran, g| {
        let n_edges = g.graph.n_edges();
        for patch_type in PatchType::ALL {
            for reverse in [false, true] {
                let settings = RunSettings { patch_type, reverse, ..settings(case, g) };
                let found = |mask| ran.run(CircuitMasks::of_mask(&PruneScores::new(vec![mask; n_edges])), &settings);
                let (output, zeros) = found(0.0);
                let (_, ones) = found(1.0);
                let (clean, corrupt) = (
                    &output.unpatched.logits(PromptSide::Clean).values,
                    &output.unpatched.logits(PromptSide::Corrupt).values,
                );
                let (none, all) = if reverse { (clean, corrupt) } else { (corrupt, clean) };
                assert_close(&format!("{what} {patch_type:?} none"), &zeros[0].values, none);
                assert_close(&format!("{what} {patch_type:?} all"), &ones[0].values, all);
            }
        }
    });
}

/// Where the model has no norm, its logits are linear in the masks of the edges into the end of the residual stream.
#[test]
fn logits_are_linear_in_the_masks_of_the_last_edges_of_a_model_without_norms() {
    for name in ["tracr-reverse", "tracr-xproportion"] {
        let case = Case::open(name);
        let (model, prompts) = (case.model(), case.prompts());
        for g in case.graphs() {
            let ran = Ran { model: &model, prompts: &prompts, graph: &g.graph };
            let first_end = g.graph.edges().find(|&edge| g.graph.dest_name(edge) == "Resid End").unwrap().edge_idx;
            let mask_of = |edge_idx: usize, end: f32| {
                // An arbitrary mask elsewhere.
                if edge_idx >= first_end { end } else { (edge_idx * 7 % 11) as f32 / 10.0 }
            };
            for settings in variants(&settings(&case, &g)) {
                let at = |end| ran.of_mask((0..g.graph.n_edges()).map(|i| mask_of(i, end)).collect(), &settings);
                let (zero, one) = (at(0.0), at(1.0));
                for end in [0.25, 0.5, 1.5] {
                    let between: Vec<f32> = zero.iter().zip(&one).map(|(a, b)| a + end * (b - a)).collect();
                    assert_close(&format!("{name} graph {} {settings:?} {end}", g.idx), &at(end), &between);
                }
            }
        }
    }
}

/// An edit is the mask with that edge changed, and an edge that is edited to what it is changes nothing.
#[test]
fn an_edit_changes_one_edge_of_the_mask() {
    for_each_graph(|what, case, ran, g| {
        let n_edges = g.graph.n_edges();
        let counts = vec![n_edges / 4, n_edges / 2];
        let edits: Vec<MaskEdit> = [(0, 0.3), (n_edges / 2, 1.0), (n_edges - 1, 0.0)]
            .map(|(edge_idx, mask)| MaskEdit { edge: EdgeRef::Idx(edge_idx), mask })
            .to_vec();
        let edits = MaskEdits::new(&edits, &g.graph).unwrap();
        let settings = RunSettings { edge_counts: EdgeCounts::List(counts), ..settings(case, g) };
        let (output, logits) = ran.run(CircuitMasks::from(&g.scores).with_edits(&edits), &settings);
        for (circuit, logits) in output.circuits.iter().zip(&logits) {
            let unedited = g.scores.circuit(circuit.circuit.requested).unwrap();
            let mut mask: Vec<f32> =
                g.scores.values().iter().map(|&score| f32::from(u8::from(unedited.contains(score)))).collect();
            edits.iter().for_each(|(edge_idx, edited)| mask[edge_idx] = edited);
            let n_edges = mask.iter().filter(|&&mask| mask != 0.0).count();
            assert_eq!(circuit.circuit.n_edges, n_edges, "{what}");
            assert_close(what, &logits.values, &ran.of_mask(mask, &settings));
        }
        let first = g.graph.edges().next().unwrap();
        let is_in = g.scores.circuit(n_edges / 4).unwrap().contains(g.scores.score(first));
        let same = [edit(&edge_name(&g.graph, first), f32::from(u8::from(is_in)))];
        let same = MaskEdits::new(&same, &g.graph).unwrap();
        let settings = RunSettings { edge_counts: EdgeCounts::List(vec![n_edges / 4]), ..settings };
        let (plain, edited) = (
            ran.run((&g.scores).into(), &settings).1,
            ran.run(CircuitMasks::from(&g.scores).with_edits(&same), &settings).1,
        );
        assert_eq!(plain[0].values, edited[0].values, "{what}");
    });
}

/// The difference of the answers' logits a little above and below an edge's mask is the gradient that edge attribution patching
/// computes: with all masks at 0, and with all at one half.
#[test]
fn a_mask_s_slope_is_its_gradient() {
    let case = Case::open("gpt2");
    let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
    let batch_size = prompts.pairs.len();
    for mask_value in [0.0, 0.5] {
        let algorithm = MaskGradient { mask_value, grad_function: GradFunction::Logit, ..MaskGradient::default() };
        let settings = DiscoverSettings {
            algorithm: Algorithm::MaskGradient(algorithm),
            batch_size,
            ..DiscoverSettings::default()
        };
        let (graph, stacking) = (&g.graph, Stacking::cpu(1 << 28));
        let input = DiscoverInput { model: &model, prompts: &prompts, graph, settings: &settings, stacking };
        let scores = pollster::block_on(discover(&input, &(), &mut ())).unwrap().scores;
        // Searches run the clean prompts and patch with corrupt ones.
        let settings = RunSettings { batch_size, reverse: true, ..RunSettings::default() };
        let ran = Ran { model: &model, prompts: &prompts, graph };
        let logit_diff = |edge_idx: usize, by: f32| {
            let mut mask = vec![mask_value as f32; graph.n_edges()];
            mask[edge_idx] += by;
            let (output, _) = ran.run(CircuitMasks::of_mask(&PruneScores::new(mask)), &settings);
            output.circuits[0].measurement.mean(Metric::LogitDiff).unwrap()
        };
        let mut largest: Vec<usize> = (0..graph.n_edges()).collect();
        largest.sort_by(|&a, &b| scores.values()[b].abs().total_cmp(&scores.values()[a].abs()));
        for &edge_idx in &largest[..8] {
            // Small enough for a straight line, large enough for numbers of 32 bits.
            let step = 0.02;
            let slope = (logit_diff(edge_idx, step) - logit_diff(edge_idx, -step)) / f64::from(2.0 * step);
            // The loss is the difference with the opposite sign.
            let gradient = -f64::from(scores.values()[edge_idx]);
            let close = (slope - gradient).abs() <= 0.02 * gradient.abs() + 1e-4;
            assert!(close, "edge {edge_idx} at {mask_value}: slope {slope}, gradient {gradient}");
        }
    }
}

#[test]
fn masks_that_cannot_be_used_are_refused() {
    let case = Case::open("gpt2");
    let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
    let settings = RunSettings { batch_size: 2, ..RunSettings::default() };
    let error = |mask: Vec<f32>| {
        let values = PruneScores::new(mask);
        let input = RunInput {
            model: &model,
            prompts: &prompts,
            graph: &g.graph,
            circuits: CircuitMasks::of_mask(&values),
            settings: &settings,
            stacking: Stacking::cpu(1 << 20),
            unpatched: None,
            keep_logits: false,
        };
        pollster::block_on(run_circuits(&input, &(), &mut ())).unwrap_err().to_string()
    };
    let mut infinite = vec![1.0; 110];
    infinite[2] = f32::NEG_INFINITY;
    let found = error(infinite);
    assert!(found.contains("`Resid Start->A0.2.Q` should be a finite number") && found.contains("-inf"), "{found}");
    assert!(error(vec![1.0; 109]).contains("110 numbers"));
}
