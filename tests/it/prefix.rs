//! Positions before the prompts of a pair first differ: they are run once, and circuits give what they gave when they ran them too.

use circuitscope_core::{AblationType, AttentionDir, EdgeCounts, OutputSlice, PatchType, Prompts, RunSettings};
use circuitscope_engine::run::{RunInput, RunOutput, Stacking};

use crate::support::{CASES, Case, CaseGraph, run_with_logits};

/// The prompts of a case, of which both of a pair begin with the same `n` tokens.
fn beginning_alike(case: &Case, n: usize) -> Prompts {
    let mut prompts = case.prompts();
    for pair in &mut prompts.pairs {
        let (clean, corrupt) = (pair.clean.clone(), &mut pair.corrupt);
        corrupt[..n].copy_from_slice(&clean[..n]);
        // They differ right after, so that the prefix is no longer than that.
        if corrupt[n] == clean[n] {
            corrupt[n] = if clean[n] == 0 { 1 } else { clean[n] - 1 };
        }
    }
    prompts
}

fn settings(case: &Case, g: &CaseGraph, patch_type: PatchType) -> RunSettings {
    let n = g.graph.n_edges();
    RunSettings {
        factorized: g.graph.config.factorized,
        separate_qkv: g.graph.config.separate_qkv,
        token_wise: g.graph.config.seq_len.is_some(),
        slice: OutputSlice::LastSeq,
        patch_type,
        ablation: AblationType::Resample,
        reverse: false,
        batch_size: case.batch_size(),
        edge_counts: EdgeCounts::List(vec![0, 1, n / 7, n / 2, n]),
    }
}

/// With room for what is kept of the unpatched runs, or none.
fn run(case: &Case, g: &CaseGraph, prompts: &Prompts, settings: &RunSettings, keeps: bool) -> (RunOutput, Vec<f32>) {
    let model = case.model();
    let stacking = Stacking::cpu(if keeps { 1 << 28 } else { 1 });
    let (output, logits) = run_with_logits(&RunInput {
        model: &model,
        prompts,
        graph: &g.graph,
        circuits: (&g.scores).into(),
        settings,
        stacking,
        unpatched: None,
        keep_logits: true,
    });
    (output, logits.iter().flat_map(|logits| logits.values.clone()).collect())
}

/// How many positions circuits did not run, in each batch.
fn prefix_lens(output: &RunOutput) -> Vec<usize> {
    let at_hand = &output.unpatched.at_hand;
    let len = |batch: usize| at_hand.batch(batch)?.prefix.as_ref().map(|prefix| prefix.len);
    (0..output.unpatched.outputs.len()).map(|batch| len(batch).unwrap_or(0)).collect()
}

#[test]
fn circuits_are_the_same_where_the_first_positions_are_not_run_again() {
    for name in CASES {
        let case = Case::open(name);
        let seq = case.prompts().pairs[0].clean.len();
        if case.config().attention_dir != AttentionDir::Causal {
            continue;
        }
        let prompts = beginning_alike(&case, seq / 2);
        for g in case.graphs() {
            for patch_type in [PatchType::Edge, PatchType::Tree] {
                let what = format!("{name}, graph {}, {patch_type:?}", g.idx);
                let settings = settings(&case, &g, patch_type);
                let (output, found) = run(&case, &g, &prompts, &settings, true);
                let (whole, expected) = run(&case, &g, &prompts, &settings, false);
                assert!(prefix_lens(&output).iter().all(|&len| len == seq / 2), "{what}: {:?}", prefix_lens(&output));
                assert!(prefix_lens(&whole).iter().all(|&len| len == 0), "{what}");
                let scale = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
                for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert!(
                        (found - expected).abs() <= 1e-5 * scale,
                        "{what}: logit {i} is {found}, expected {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn all_positions_are_run_where_something_else_is_patched_in_or_asked_for() {
    let case = Case::open("gpt2-prefix");
    let (g, prompts) = (case.graph(0), case.prompts());
    let usual = settings(&case, &g, PatchType::Edge);
    let lens = |settings: &RunSettings, prompts: &Prompts| prefix_lens(&run(&case, &g, prompts, settings, true).0);
    assert!(lens(&usual, &prompts).iter().all(|&len| len == 4));
    let none = |settings: RunSettings, prompts: &Prompts| lens(&settings, prompts).iter().all(|&len| len == 0);
    for ablation in [AblationType::Zero, AblationType::BatchTokenwiseMean, AblationType::TokenwiseMeanCorrupt] {
        assert!(none(RunSettings { ablation, ..usual.clone() }, &prompts), "{ablation:?}");
    }
    assert!(none(RunSettings { slice: OutputSlice::None, ..usual.clone() }, &prompts), "all logits are asked for");
    let lens_of_one = lens(&RunSettings { slice: OutputSlice::NotFirstSeq, ..usual.clone() }, &prompts);
    assert!(lens_of_one.iter().all(|&len| len == 1), "{lens_of_one:?}");
    // One prompt of a batch is shorter: it is padded.
    let mut padded = prompts.clone();
    padded.pad_token = Some(0);
    padded.pairs[0].clean.remove(0);
    padded.pairs[0].corrupt.remove(0);
    assert_eq!(lens(&usual, &padded)[0], 0);
}

#[test]
fn prompts_that_are_alike_run_their_last_position() {
    let case = Case::open("gpt2");
    let g = case.graph(0);
    let mut prompts = case.prompts();
    for pair in &mut prompts.pairs {
        pair.corrupt.clone_from(&pair.clean);
    }
    let settings = settings(&case, &g, PatchType::Tree);
    let (output, found) = run(&case, &g, &prompts, &settings, true);
    let (_, expected) = run(&case, &g, &prompts, &settings, false);
    assert!(prefix_lens(&output).iter().all(|&len| len + 1 == prompts.pairs[0].clean.len()));
    assert!(found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-5));
}
