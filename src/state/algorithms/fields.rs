//! Settings that several algorithms have.

use super::offer::{Field, Kind, options};
use circuitscope_core::{AblationType, AnswerFunction, FaithfulnessTarget, GradFunction, OfficialCircuit, PromptSide};

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
        Kind::Choice(|| options(&GradFunction::ALL, GradFunction::label)),
        "logit",
    )
};
pub const ANSWER_FUNCTION: Field = Field {
    title: "What is taken the gradient of (auto-circuit: answer_function)",
    ..field(
        "answerFunction",
        "find-answer",
        "Measure",
        Kind::Choice(|| options(&AnswerFunction::ALL, AnswerFunction::label)),
        "avg_diff",
    )
};
pub const ABLATION: Field = Field {
    title: "What a patched edge carries (auto-circuit: ablation_type)",
    ..field(
        "ablation",
        "find-ablation",
        "Patch with",
        Kind::Choice(|| options(&AblationType::ALL, AblationType::label)),
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
        Kind::Choice(|| options(&PromptSide::ALL, PromptSide::label)),
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
        Kind::Choice(|| options(&FaithfulnessTarget::ALL, FaithfulnessTarget::label)),
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
    Kind::Choice(|| options(&OfficialCircuit::ALL, OfficialCircuit::label)),
    "tracr_reverse",
);
pub const SAMPLES: Kind = Kind::Count(1, 1000);
