//! The kernels of the CPU beside plain tensor operations, which are what other devices compute: the same circuits and scores.

use burn::tensor::Device;
use circuitscope_core::settings::discovery::{InputGradient, MaskGradient};
use circuitscope_core::{AblationType, Algorithm, DiscoverSettings, EdgeCounts, OutputSlice, PatchType, RunSettings};
use circuitscope_engine::discover::{DiscoverInput, discover};
use circuitscope_engine::model::{Model, Transformer, load_plain};
use circuitscope_engine::run::Stacking;

use crate::support::{CASES, Case, CaseGraph};

/// The case's model, run by plain tensor operations.
fn plain(case: &Case) -> Transformer {
    let (weights, device) = (case.dir.join("model.safetensors"), Device::flex());
    let loading = load_plain(case.config(), &weights, &device);
    pollster::block_on(loading).unwrap()
}

/// Numbers that are the same but for rounding: to within a part of the largest.
fn assert_same(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs())).max(1e-3);
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{what}: number {i} is {a}, by plain operations {b}");
    }
}

#[test]
fn circuits_are_those_of_plain_operations() {
    for name in CASES {
        let case = Case::open(name);
        let (by_kernels, plain) = (case.model(), plain(&case));
        assert!(by_kernels.uses_kernels() && !plain.uses_kernels());
        for g in case.graphs() {
            let n = g.graph.n_edges();
            for (patch_type, ablation) in
                [(PatchType::Edge, AblationType::Resample), (PatchType::Tree, AblationType::BatchTokenwiseMean)]
            {
                let settings = RunSettings {
                    factorized: g.graph.config.factorized,
                    separate_qkv: g.graph.config.separate_qkv,
                    token_wise: g.graph.config.seq_len.is_some(),
                    slice: OutputSlice::LastSeq,
                    patch_type,
                    ablation,
                    reverse: false,
                    batch_size: case.batch_size(),
                    // Few edges, most of them, and all.
                    edge_counts: EdgeCounts::List(vec![0, 1, n / 7, n / 2, n - n / 7, n]),
                };
                let (_, found) = case.run(&by_kernels, &g, &settings);
                let (_, expected) = case.run(&plain, &g, &settings);
                for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let what = format!("{name}, graph {}, {patch_type:?}, circuit {i}", g.idx);
                    assert_same(&what, &found.values, &expected.values, 2e-5);
                }
            }
        }
    }
}

fn scores(model: &Transformer, case: &Case, g: &CaseGraph, algorithm: Algorithm) -> Vec<f32> {
    let settings = DiscoverSettings {
        factorized: g.graph.config.factorized,
        separate_qkv: g.graph.config.separate_qkv,
        token_wise: g.graph.config.seq_len.is_some(),
        batch_size: case.batch_size(),
        algorithm,
        ..DiscoverSettings::default()
    };
    let (prompts, stacking) = (case.prompts(), Stacking::cpu(1 << 28));
    let input = DiscoverInput { model, prompts: &prompts, graph: &g.graph, settings: &settings, stacking };
    pollster::block_on(discover(&input, &(), &mut ())).unwrap().scores.values().to_vec()
}

#[test]
fn scores_are_those_of_plain_operations() {
    for name in CASES.into_iter().filter(|name| !name.starts_with("tracr")) {
        let case = Case::open(name);
        let (by_kernels, plain) = (case.model(), plain(&case));
        for g in case.graphs() {
            let algorithms =
                [Algorithm::MaskGradient(MaskGradient::default()), Algorithm::InputGradient(InputGradient::default())];
            for algorithm in algorithms {
                let what = format!("{name}, graph {}, {algorithm:?}", g.idx);
                let found = scores(&by_kernels, &case, &g, algorithm.clone());
                assert_same(&what, &found, &scores(&plain, &case, &g, algorithm), 1e-4);
            }
        }
    }
}
