//! The prune algorithms in words their users know, with the settings that each is offered with: a table, from which the form
//! is drawn and from whose entries an [`Algorithm`] is made.

use serde_json::{Map, Value, from_value, json};

use circuitscope_core::Algorithm;

/// An algorithm as it is offered.
pub struct Offer {
    /// What scores are called after it.
    pub short: &'static str,
    /// What it measures, and at what cost.
    pub about: &'static str,
    /// Where it was published; empty where it was not.
    pub paper: &'static str,
    /// Reads its settings. Each algorithm's are read by themselves: serde's way to read an enum by its tag would make the page
    /// some kilobytes larger.
    read: fn(Value) -> Result<Algorithm, serde_json::Error>,
    pub fields: &'static [Field],
}

/// A setting.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// Its name in [`Algorithm`].
    key: &'static str,
    /// Its control's id on the page.
    pub id: &'static str,
    pub label: &'static str,
    /// What it is, with the reference's word.
    pub title: &'static str,
    pub kind: Kind,
    /// What it is at first; of a choice the value.
    start: &'static str,
    /// Whether it is folded away.
    pub advanced: bool,
}

/// What can be entered.
#[derive(Debug, PartialEq)]
pub enum Kind {
    /// One of these values, with a label each.
    Choice(&'static [&'static str], &'static [&'static str]),
    /// A whole number of this range.
    Count(u64, u64),
    /// The same, or nothing.
    OptionalCount(u64, u64),
    /// A number of this range; whether its lower end is left out.
    Number { least: f64, most: f64, open: bool },
    /// Numbers above 0 with commas between.
    Numbers,
}

const fn field(key: &'static str, id: &'static str, label: &'static str, kind: Kind, start: &'static str) -> Field {
    Field { key, id, label, title: "", kind, start, advanced: false }
}

const GRAD_FUNCTION: Field = Field {
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
const ANSWER_FUNCTION: Field = Field {
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
const ABLATION: Field = Field {
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
const ABLATION_PROMPTS: Field = Field {
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
const TARGET: Field = Field {
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
const SEED: Field = Field {
    title: "The same seed gives the same scores",
    advanced: true,
    ..field("seed", "find-seed", "Seed", Kind::Count(0, u32::MAX as u64), "0")
};
const SAMPLES: Kind = Kind::Count(1, 1000);

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
                to a threshold. An edge's score is the least threshold that removes it. Slow: a pass for every edge and \
                threshold. Only the first batch of prompts counts.",
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
        fields: &[field(
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
        )],
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

impl Offer {
    /// What its fields hold at first.
    pub fn start(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.start.to_owned()).collect()
    }

    /// What is wrong with the entries, field by field.
    pub fn errors(&self, entries: &[String]) -> Vec<Option<String>> {
        self.fields.iter().zip(entries).map(|(field, entry)| field.value(entry).err()).collect()
    }

    /// The algorithm that the entries mean.
    ///
    /// # Errors
    /// When an entry is wrong.
    pub fn algorithm(&self, entries: &[String]) -> Result<Algorithm, String> {
        let mut settings = Map::new();
        for (field, entry) in self.fields.iter().zip(entries) {
            settings.insert(field.key.to_owned(), field.value(entry).map_err(|e| format!("{}: {e}", field.label))?);
        }
        (self.read)(Value::Object(settings)).map_err(|e| e.to_string())
    }
}

impl Field {
    /// The value that an entry means.
    fn value(&self, entry: &str) -> Result<Value, String> {
        let text = entry.trim();
        let count = |least: u64, most: u64| {
            let n = text.parse::<u64>().ok().filter(|n| (least..=most).contains(n));
            n.map(Value::from).ok_or_else(|| format!("a whole number from {least} to {most}"))
        };
        match self.kind {
            Kind::Choice(..) => Ok(match text {
                "true" | "false" => json!(text == "true"),
                _ => json!(text),
            }),
            Kind::Count(least, most) => count(least, most),
            Kind::OptionalCount(..) if text.is_empty() => Ok(Value::Null),
            Kind::OptionalCount(least, most) => count(least, most).map_err(|e| format!("{e}, or nothing")),
            Kind::Number { least, most, open } => {
                let fits = |x: &f64| (least..=most).contains(x) && !(open && *x == least);
                let from = if open { format!("above {least}") } else { format!("from {least}") };
                let number = text.parse::<f64>().ok().filter(fits);
                number.map(Value::from).ok_or_else(|| format!("a number {from} to {most}"))
            }
            Kind::Numbers => {
                let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x > 0.0);
                let numbers = text.split(',').map(number).collect::<Option<Vec<f64>>>();
                numbers
                    .map(Value::from)
                    .ok_or_else(|| "numbers above 0 with commas between, such as 0.001, 0.01".to_owned())
            }
        }
    }

    /// The place of an entry among the choices.
    pub fn choice(&self, entry: &str) -> usize {
        match self.kind {
            Kind::Choice(values, _) => values.iter().position(|value| *value == entry).unwrap_or(0),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use circuitscope_core::settings::discovery::{
        Acdc, Exact, FaithfulnessTarget, InputGradient, MaskGradient, Official, Random, SubnetworkProbing,
    };
    use circuitscope_core::{AblationType, OfficialCircuit};

    fn started(i: usize) -> Algorithm {
        OFFERS[i].algorithm(&OFFERS[i].start()).unwrap()
    }

    #[test]
    fn what_is_offered_first_are_the_defaults() {
        assert_eq!(started(0), Algorithm::MaskGradient(MaskGradient::default()));
        assert_eq!(started(1), Algorithm::InputGradient(InputGradient::default()));
        let integrated = MaskGradient { integrated_grad_samples: Some(8), ..MaskGradient::default() };
        assert_eq!(started(2), Algorithm::MaskGradient(integrated));
        assert_eq!(started(4), Algorithm::Exact(Exact::default()));
        assert_eq!(started(5), Algorithm::SubnetworkProbing(SubnetworkProbing::default()));
        assert_eq!(started(6), Algorithm::ActivationMagnitude {});
        assert_eq!(started(7), Algorithm::Random(Random::default()));
        assert_eq!(started(8), Algorithm::Official(Official { circuit: OfficialCircuit::TracrReverse }));
        let Algorithm::Acdc(Acdc { mut thresholds, faithfulness_target, .. }) = started(3) else { panic!("no ACDC") };
        assert_eq!(faithfulness_target, FaithfulnessTarget::KlDiv);
        let mut expected = Acdc::default().thresholds;
        thresholds.sort_by(f64::total_cmp);
        expected.sort_by(f64::total_cmp);
        assert_eq!(thresholds.len(), expected.len());
        assert!(thresholds.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9 * b));
    }

    #[test]
    fn every_choice_is_one_that_the_search_knows() {
        for offer in &OFFERS {
            for (i, field) in offer.fields.iter().enumerate() {
                let Kind::Choice(values, labels) = field.kind else { continue };
                assert_eq!(values.len(), labels.len(), "{}", field.id);
                for value in values {
                    let mut entries = offer.start();
                    (*value).clone_into(&mut entries[i]);
                    offer.algorithm(&entries).unwrap();
                    assert_eq!(values[field.choice(value)], *value);
                }
            }
        }
        let Kind::Choice(values, _) = ABLATION.kind else { panic!("no choice") };
        let all: Vec<AblationType> = values.iter().map(|value| from_value(json!(value)).unwrap()).collect();
        assert_eq!(all, AblationType::ALL);
    }

    #[test]
    fn wrong_entries_are_told_with_their_field() {
        let probing = &OFFERS[5];
        let with = |i: usize, text: &str| {
            let mut entries = probing.start();
            text.clone_into(&mut entries[i]);
            (probing.errors(&entries)[i].clone(), probing.algorithm(&entries).err())
        };
        let (at, whole) = with(0, "0");
        assert_eq!(at.as_deref(), Some("a whole number from 1 to 100000"));
        assert_eq!(whole.as_deref(), Some("Epochs: a whole number from 1 to 100000"));
        assert_eq!(with(2, " "), (None, None));
        assert_eq!(with(2, "20"), (None, None));
        assert_eq!(with(2, "-1").0.as_deref(), Some("a whole number from 1 to 4294967295, or nothing"));
        assert_eq!(with(3, "0").0.as_deref(), Some("a number above 0 to 1000"));
        assert_eq!(with(1, "NaN").0.as_deref(), Some("a number from 0 to 1000000000"));
        let thresholds = ["0.1, x".to_owned(), "kl_div".to_owned()];
        assert!(OFFERS[3].algorithm(&thresholds).unwrap_err().starts_with("Thresholds: numbers above 0"));
    }
}
