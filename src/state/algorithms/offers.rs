//! The prune algorithms in words their users know, with the settings that each is offered with.

use serde_json::from_value;

use super::fields::{
    ABLATION, ABLATION_PROMPTS, ANSWER_FUNCTION, GRAD_FUNCTION, OFFICIAL_CIRCUIT, SAMPLES, SEED, TARGET, field,
};
use super::offer::{Field, Kind, Offer};
use circuitscope_core::Algorithm;

/// All of them, the quickest that is of use first, baselines last.
pub const OFFERS: [Offer; 9] = [
    Offer {
        short: "EAP",
        about: "How the answer's lead begins to change when an edge carries the other prompt's activation: one gradient for \
                all edges at once. The quickest, and a good first try.",
        paper: "Syed et al. 2023",
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
        short: "EAP-IG",
        about: "EAP's gradient at several points on the way from the corrupt to the clean prompt's embedding, summed up. \
                More faithful than EAP where a single gradient misleads; as many times its cost as there are steps.",
        paper: "Hanna et al. 2024",
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
                    Kind::Choice(
                        &["zero_to_below_one", "above_zero_to_one"],
                        &["0, 1/m, … (m − 1)/m", "1/m, 2/m, … 1"],
                    ),
                    "zero_to_below_one",
                )
            },
            ABLATION,
        ],
    },
    Offer {
        short: "Integrated mask gradients",
        about: "EAP's gradient while all edges are patched more and more, from not at all to wholly, summed up. As many \
                times EAP's cost as there are steps.",
        paper: "Sundararajan et al. 2017, on masks as in auto-circuit",
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
        short: "ACDC",
        about: "Goes from the output back to the input and removes every edge without which the output stays the same, up \
                to a threshold. An edge's score is the least threshold that removes it. Slow: a pass for every edge, \
                threshold and batch.",
        paper: "Conmy et al. 2023",
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
                    Kind::Choice(&["all", "first_batch"], &["all prompts", "the first batch only"]),
                    "all",
                )
            },
            TARGET,
        ],
    },
    Offer {
        short: "One edge at a time",
        about: "What EAP estimates, exactly: how much the answer's lead changes when this one edge is patched. A pass for \
                every edge.",
        paper: "",
        read: |settings| from_value(settings).map(Algorithm::Exact),
        fields: &[ANSWER_FUNCTION, ABLATION, GRAD_FUNCTION],
    },
    Offer {
        short: "Subnetwork probing",
        about: "Learns for every edge how surely it belongs to a circuit that is both faithful and small. A forward and a \
                backward pass for every epoch and batch.",
        paper: "Cao et al. 2021, on edges as in auto-circuit",
        read: |settings| from_value(settings).map(Algorithm::SubnetworkProbing),
        fields: &[
            Field {
                title: "How often all prompts are seen",
                ..field("epochs", "find-epochs", "Epochs", Kind::Count(1, 100_000), "20")
            },
            Field {
                title: "What edges cost against unfaithfulness: a larger weight gives fewer edges (auto-circuit: \
                        regularize_lambda)",
                ..field(
                    "regularizeLambda",
                    "find-lambda",
                    "Size weight",
                    Kind::Number { least: 0.0, most: 1e9, open: false },
                    "10",
                )
            },
            Field {
                title: "The number of edges that is aimed at; fewer are not rewarded. Empty: the fewer, the better \
                        (auto-circuit: circuit_size)",
                ..field("circuitSize", "find-size", "Aim at edges", Kind::OptionalCount(1, u32::MAX as u64), "")
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
                    Kind::Choice(&["false", "true"], &["the circuit (edge patch)", "all else (tree patch)"]),
                    "false",
                )
            },
            Field { advanced: true, ..ABLATION },
            TARGET,
            SEED,
        ],
    },
    Offer {
        short: "Activation magnitude",
        about: "A baseline that knows nothing of the task: the mean activation of the edge's src node. Scores that are worth \
                something do better. A forward pass each batch.",
        paper: "",
        read: |_| Ok(Algorithm::ActivationMagnitude {}),
        fields: &[],
    },
    Offer {
        short: "Random",
        about: "A baseline: a random number for every edge. Any other scores should do better. No pass at all.",
        paper: "",
        read: |settings| from_value(settings).map(Algorithm::Random),
        fields: &[Field { advanced: false, ..SEED }],
    },
    Offer {
        short: "Official circuit",
        about: "A circuit known from a paper: 1 for its edges, 0 for all others. It needs the model that it is of. No pass at \
                all.",
        paper: "as listed in auto-circuit",
        read: |settings| from_value(settings).map(Algorithm::Official),
        fields: &[OFFICIAL_CIRCUIT],
    },
];

/// What the list of algorithms says, in the order of [`OFFERS`].
pub const LABELS: [&str; 9] = [
    "EAP: edge attribution patching",
    "EAP-IG: gradients along the inputs",
    "Integrated gradients along the masks",
    "ACDC: remove edges one by one",
    "Exact: patch each edge alone",
    "Subnetwork probing: learned masks",
    "Baseline: activation magnitude",
    "Baseline: random",
    "Official circuit of a paper",
];
