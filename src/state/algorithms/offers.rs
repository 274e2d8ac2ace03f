//! The prune algorithms with the settings that each is offered with. What they and their choices are called, core says.

use serde_json::from_value;

use super::fields::{
    ABLATION, ABLATION_PROMPTS, ANSWER_FUNCTION, GRAD_FUNCTION, OFFICIAL_CIRCUIT, SAMPLES, SEED, TARGET, field,
};
use super::offer::{Field, Kind, Offer, option, options};
use circuitscope_core::{AcdcPrompts, Algorithm, AlgorithmLabels, IgPoints, PatchType};

/// All of them, in the order of [`Algorithm::offered`].
pub const OFFERS: [Offer; 9] = [
    Offer {
        labels: AlgorithmLabels::EAP,
        read: |settings| from_value(settings).map(Algorithm::MaskGradient),
        fields: &[
            ANSWER_FUNCTION,
            ABLATION,
            GRAD_FUNCTION,
            ABLATION_PROMPTS,
            Field {
                title: "How far every edge is patched where the gradient is taken: 0 not at all, 1 wholly (auto-circuit: \
                        mask_val)",
                advanced: true,
                ..field(
                    "maskValue",
                    "find-mask",
                    "Mask value",
                    Kind::Number { least: 0.0, most: 1.0, open: false },
                    "0",
                )
            },
        ],
    },
    Offer {
        labels: AlgorithmLabels::EAP_IG,
        read: |settings| from_value(settings).map(Algorithm::InputGradient),
        fields: &[
            Field { title: "Points on the way", ..field("steps", "find-steps", "Steps", SAMPLES, "5") },
            ANSWER_FUNCTION,
            GRAD_FUNCTION,
            Field {
                title: "Where the points lie on the way from the corrupt (0) to the clean embedding (1), for m steps: EAP-IG's \
                        code began with the second and now has the first; with one step the second is EAP",
                advanced: true,
                ..field(
                    "points",
                    "find-points",
                    "Points",
                    Kind::Choice(|| options(&IgPoints::ALL, IgPoints::label)),
                    "zero_to_below_one",
                )
            },
            ABLATION,
        ],
    },
    Offer {
        labels: AlgorithmLabels::INTEGRATED,
        read: |settings| from_value(settings).map(Algorithm::MaskGradient),
        fields: &[
            Field {
                title: "Mask values between 0 and 1 (auto-circuit: integrated_grad_samples)",
                ..field("integratedGradSamples", "find-samples", "Steps", SAMPLES, "8")
            },
            ANSWER_FUNCTION,
            ABLATION,
            GRAD_FUNCTION,
            ABLATION_PROMPTS,
        ],
    },
    Offer {
        labels: AlgorithmLabels::ACDC,
        read: |settings| from_value(settings).map(Algorithm::Acdc),
        fields: &[
            Field {
                title: "Each gives a circuit: a larger one, fewer edges (auto-circuit: tao_exps, tao_bases)",
                ..field(
                    "thresholds",
                    "find-thresholds",
                    "Thresholds",
                    Kind::Numbers,
                    "1e-5, 3e-5, 5e-5, 7e-5, 9e-5, 1e-4, 3e-4, 5e-4, 7e-4, 9e-4, \
                     0.001, 0.003, 0.005, 0.007, 0.009, 0.01, 0.03, 0.05, 0.07, 0.09",
                )
            },
            Field {
                title: "The prompts over which the distance to the unpatched model is averaged; auto-circuit takes the first \
                        batch",
                ..field(
                    "prompts",
                    "find-prompts",
                    "Look at",
                    Kind::Choice(|| options(&AcdcPrompts::ALL, AcdcPrompts::label)),
                    "all",
                )
            },
            TARGET,
        ],
    },
    Offer {
        labels: AlgorithmLabels::EXACT,
        read: |settings| from_value(settings).map(Algorithm::Exact),
        fields: &[ANSWER_FUNCTION, ABLATION, GRAD_FUNCTION],
    },
    Offer {
        labels: AlgorithmLabels::SUBNETWORK_PROBING,
        read: |settings| from_value(settings).map(Algorithm::SubnetworkProbing),
        fields: &[
            Field {
                title: "How often all prompts are seen",
                ..field("epochs", "find-epochs", "Epochs", Kind::Count(1, 100_000), "20")
            },
            Field {
                title: "What an edge costs, against what unfaithfulness costs: the larger, the fewer edges (lambda; \
                        auto-circuit: regularize_lambda)",
                ..field(
                    "regularizeLambda",
                    "find-lambda",
                    "Penalty for edges",
                    Kind::Number { least: 0.0, most: 1e9, open: false },
                    "10",
                )
            },
            Field {
                title: "The number of edges that is aimed at; fewer are not rewarded. Empty: the fewer, the better \
                        (auto-circuit: circuit_size)",
                ..field("circuitSize", "find-size", "Edges to aim at", Kind::OptionalCount(1, u32::MAX as u64), "")
            },
            Field {
                title: "Adam's step size",
                advanced: true,
                ..field(
                    "learningRate",
                    "find-rate",
                    "Learning rate",
                    Kind::Number { least: 0.0, most: 1e3, open: true },
                    "0.1",
                )
            },
            Field {
                title: "Which edges are patched while masks are learned (auto-circuit: tree_optimisation)",
                advanced: true,
                ..field(
                    "treeOptimisation",
                    "find-tree",
                    "Patch",
                    Kind::Choice(|| {
                        vec![option("false", PatchType::Edge.label()), option("true", PatchType::Tree.label())]
                    }),
                    "false",
                )
            },
            Field { advanced: true, ..ABLATION },
            TARGET,
            SEED,
        ],
    },
    Offer {
        labels: AlgorithmLabels::ACTIVATION_MAGNITUDE,
        read: |_| Ok(Algorithm::ActivationMagnitude {}),
        fields: &[],
    },
    Offer {
        labels: AlgorithmLabels::RANDOM,
        read: |settings| from_value(settings).map(Algorithm::Random),
        fields: &[Field { advanced: false, ..SEED }],
    },
    Offer {
        labels: AlgorithmLabels::OFFICIAL,
        read: |settings| from_value(settings).map(Algorithm::Official),
        fields: &[OFFICIAL_CIRCUIT],
    },
];
