//! Settings that several algorithms have.

use super::offer::{Field, Kind};

/// A setting without a title that is not folded away.
pub const fn field(key: &'static str, id: &'static str, label: &'static str, kind: Kind, start: &'static str) -> Field {
    Field { key, id, label, title: "", kind, start, advanced: false }
}

pub const GRAD_FUNCTION: Field = Field {
    title: "What is made of the logits before the answers are looked up (auto-circuit: grad_function)",
    advanced: true,
    ..field(
        "gradFunction",
        "find-grad",
        "Of answers'",
        Kind::Choice(
            &["logit", "prob", "logprob", "logit_exp"],
            &["logits", "probabilities", "log probabilities", "exponentiated logits"],
        ),
        "logit",
    )
};
pub const ANSWER_FUNCTION: Field = Field {
    title: "What is taken the gradient of (auto-circuit: answer_function)",
    ..field(
        "answerFunction",
        "find-answer",
        "Measure",
        Kind::Choice(
            &["avg_diff", "avg_val", "mse"],
            &["answers vs wrong ones", "answers alone", "squared error of numbers"],
        ),
        "avg_diff",
    )
};
pub const ABLATION: Field = Field {
    title: "What a patched edge carries (auto-circuit: ablation_type)",
    ..field(
        "ablation",
        "find-ablation",
        "Patch with",
        Kind::Choice(
            &[
                "resample",
                "zero",
                "tokenwise_mean_clean",
                "tokenwise_mean_corrupt",
                "tokenwise_mean_clean_and_corrupt",
                "batch_tokenwise_mean",
                "batch_all_tok_mean",
            ],
            &[
                "other prompt (resample)",
                "zero",
                "tokenwise mean, clean",
                "tokenwise mean, corrupt",
                "tokenwise mean, both",
                "batch tokenwise mean",
                "batch all-token mean",
            ],
        ),
        "resample",
    )
};
pub const ABLATION_PROMPTS: Field = Field {
    title: "The prompts from which patched activations are taken (auto-circuit: clean_corrupt)",
    advanced: true,
    ..field(
        "ablationPrompts",
        "find-side",
        "Patch from",
        Kind::Choice(&["corrupt", "clean"], &["corrupt", "clean"]),
        "corrupt",
    )
};
pub const TARGET: Field = Field {
    title: "How far an output is from the unpatched model's (auto-circuit: faithfulness_target)",
    advanced: true,
    ..field(
        "faithfulnessTarget",
        "find-target",
        "Distance",
        Kind::Choice(&["kl_div", "mse"], &["KL divergence", "squared error of logits"]),
        "kl_div",
    )
};
pub const SEED: Field = Field {
    title: "The same seed gives the same scores",
    advanced: true,
    ..field("seed", "find-seed", "Seed", Kind::Count(0, u32::MAX as u64), "0")
};
pub const OFFICIAL_CIRCUIT: Field = field(
    "circuit",
    "find-circuit",
    "Circuit",
    Kind::Choice(
        &[
            "tracr_reverse",
            "tracr_reverse_acdc",
            "tracr_xproportion",
            "tracr_xproportion_acdc",
            "ioi",
            "docstring",
            "greaterthan",
        ],
        &[
            "Tracr reverse",
            "Tracr reverse, as compiled",
            "Tracr xproportion",
            "Tracr xproportion, as compiled",
            "IOI, GPT-2 small (Wang et al. 2022)",
            "Docstring, 4 layers (Heimersheim & Janiak 2023)",
            "Greater-than, GPT-2 small (Hanna et al. 2023)",
        ],
    ),
    "tracr_reverse",
);
pub const SAMPLES: Kind = Kind::Count(1, 1000);
