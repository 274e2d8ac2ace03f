//! The names of the algorithms of a search and of their choices, for forms, messages and files. The help of the command
//! line has its own.

use super::{
    Acdc, AcdcPrompts, Algorithm, AnswerFunction, Exact, FaithfulnessTarget, GradFunction, IgPoints, InputGradient,
    MaskGradient, Official, PromptSide, Random, SubnetworkProbing,
};
use crate::scores::official::OfficialCircuit;

/// The names of an algorithm, and what a reader should know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlgorithmLabels {
    /// Its key in files, in the public module and at the command line: `eap`, `acdc`.
    pub name: &'static str,
    /// Its short title, which scores are called after: `EAP`, `ACDC`.
    pub label: &'static str,
    /// Its line in a list of all: the title, and what it does in few words.
    pub title: &'static str,
    /// What it does and what it costs, in sentences.
    pub about: &'static str,
    /// Where it was published; empty where it was not.
    pub paper: &'static str,
}

impl Algorithm {
    /// Every algorithm with its default settings, in the order in which they are offered: the quickest useful one first,
    /// baselines last. Mask gradients are there twice, at one mask value and integrated over several.
    pub fn offered() -> [Self; 9] {
        let integrated = MaskGradient { integrated_grad_samples: Some(8), ..MaskGradient::default() };
        [
            Self::MaskGradient(MaskGradient::default()),
            Self::InputGradient(InputGradient::default()),
            Self::MaskGradient(integrated),
            Self::Acdc(Acdc::default()),
            Self::Exact(Exact::default()),
            Self::SubnetworkProbing(SubnetworkProbing::default()),
            Self::ActivationMagnitude {},
            Self::Random(Random::default()),
            Self::Official(Official { circuit: OfficialCircuit::TracrReverse }),
        ]
    }

    /// Its key; see [`AlgorithmLabels::name`]. The gradient at unpatched masks is `eap`, any other one `mask_gradient`.
    pub fn name(&self) -> &'static str {
        self.labels().name
    }

    /// Its short title.
    pub fn label(&self) -> &'static str {
        self.labels().label
    }

    /// All its names.
    pub fn labels(&self) -> AlgorithmLabels {
        match self {
            Self::MaskGradient(MaskGradient { integrated_grad_samples: Some(_), .. }) => AlgorithmLabels::INTEGRATED,
            Self::MaskGradient(MaskGradient { mask_value, .. }) if *mask_value == 0.0 => AlgorithmLabels::EAP,
            Self::MaskGradient(_) => AlgorithmLabels::MASK_GRADIENT,
            Self::InputGradient(_) => AlgorithmLabels::EAP_IG,
            Self::Acdc(_) => AlgorithmLabels::ACDC,
            Self::Exact(_) => AlgorithmLabels::EXACT,
            Self::SubnetworkProbing(_) => AlgorithmLabels::SUBNETWORK_PROBING,
            Self::ActivationMagnitude {} => AlgorithmLabels::ACTIVATION_MAGNITUDE,
            Self::Random(_) => AlgorithmLabels::RANDOM,
            Self::Official(_) => AlgorithmLabels::OFFICIAL,
        }
    }
}

impl AlgorithmLabels {
    pub const EAP: Self = Self {
        name: "eap",
        label: "EAP",
        title: "EAP: edge attribution patching",
        about: "How the answer's lead begins to change when an edge carries the other prompt's activation: one gradient for all \
                edges at once. The quickest, and a good first try.",
        paper: "Syed et al. 2023",
    };

    pub const MASK_GRADIENT: Self = Self {
        name: "mask_gradient",
        label: "Mask gradient",
        title: "Mask gradient: EAP at other masks",
        about: "EAP's gradient where every edge is partly patched. As quick as EAP.",
        paper: "Syed et al. 2023, at other masks as in auto-circuit",
    };

    pub const INTEGRATED: Self = Self {
        name: "mask_gradient",
        label: "Integrated mask gradients",
        title: "Integrated gradients along the masks",
        about: "EAP's gradient while all edges are patched more and more, from not at all to wholly, summed up. As many times \
                EAP's cost as there are steps.",
        paper: "Sundararajan et al. 2017, on masks as in auto-circuit",
    };

    pub const EAP_IG: Self = Self {
        name: "eap_ig",
        label: "EAP-IG",
        title: "EAP-IG: gradients along the inputs",
        about: "EAP's gradient at several points on the way from the corrupt to the clean prompt's embedding, summed up. More \
                faithful than EAP where a single gradient misleads; as many times its cost as there are steps.",
        paper: "Hanna et al. 2024",
    };

    pub const ACDC: Self = Self {
        name: "acdc",
        label: "ACDC",
        title: "ACDC: remove edges one by one",
        about: "Goes from the output back to the input and removes every edge without which the output stays the same, up to a \
                threshold. An edge's score is the least threshold that removes it. Slow: a pass for every edge, threshold and \
                batch.",
        paper: "Conmy et al. 2023",
    };

    pub const EXACT: Self = Self {
        name: "exact",
        label: "One edge at a time",
        title: "Exact: patch each edge alone",
        about: "What EAP estimates, exactly: how much the answer's lead changes when this one edge is patched. A pass for every \
                edge.",
        paper: "",
    };

    pub const SUBNETWORK_PROBING: Self = Self {
        name: "subnetwork_probing",
        label: "Subnetwork probing",
        title: "Subnetwork probing: learned masks",
        about: "Learns for every edge how surely it belongs to a circuit that is both faithful and small. A forward and a \
                backward pass for every epoch and batch.",
        paper: "Cao et al. 2021, on edges as in auto-circuit",
    };

    pub const ACTIVATION_MAGNITUDE: Self = Self {
        name: "activation_magnitude",
        label: "Activation magnitude",
        title: "Baseline: activation magnitude",
        about: "A baseline that knows nothing of the task: the mean activation of the edge's src node. Scores that are worth \
                something do better. A forward pass each batch.",
        paper: "",
    };

    pub const RANDOM: Self = Self {
        name: "random",
        label: "Random",
        title: "Baseline: random",
        about: "A baseline: a random number for every edge. Any other scores should do better. No pass at all.",
        paper: "",
    };

    pub const OFFICIAL: Self = Self {
        name: "official",
        label: "Official circuit",
        title: "Official circuit of a paper",
        about: "A circuit known from a paper: 1 for its edges, 0 for all others. It needs the model that it was found in. No pass \
                at all.",
        paper: "as listed in auto-circuit",
    };
}

impl GradFunction {
    pub const ALL: [Self; 4] = [Self::Logit, Self::Prob, Self::Logprob, Self::LogitExp];

    /// The function, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Logit => "logits",
            Self::Prob => "probabilities",
            Self::Logprob => "log probabilities",
            Self::LogitExp => "exponentiated logits",
        }
    }
}

impl AnswerFunction {
    pub const ALL: [Self; 3] = [Self::AvgDiff, Self::AvgVal, Self::Mse];

    /// The loss, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::AvgDiff => "answers vs wrong ones",
            Self::AvgVal => "answers alone",
            Self::Mse => "squared error of numbers",
        }
    }
}

impl PromptSide {
    pub const ALL: [Self; 2] = [Self::Corrupt, Self::Clean];

    /// The side, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Corrupt => "corrupt",
        }
    }
}

impl IgPoints {
    pub const ALL: [Self; 2] = [Self::ZeroToBelowOne, Self::AboveZeroToOne];

    /// The points, as a form offers them.
    pub fn label(self) -> &'static str {
        match self {
            Self::ZeroToBelowOne => "from the corrupt embedding on (0 to (m - 1)/m)",
            Self::AboveZeroToOne => "up to the clean embedding (1/m to 1)",
        }
    }
}

impl FaithfulnessTarget {
    pub const ALL: [Self; 2] = [Self::KlDiv, Self::Mse];

    /// The distance, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::KlDiv => "KL divergence",
            Self::Mse => "squared error of logits",
        }
    }
}

impl AcdcPrompts {
    pub const ALL: [Self; 2] = [Self::All, Self::FirstBatch];

    /// The prompts, as a form offers them.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all prompts",
            Self::FirstBatch => "the first batch (as auto-circuit)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::discovery::DiscoverSettings;

    #[test]
    fn every_algorithm_is_found_again_by_its_name() {
        for algorithm in Algorithm::offered() {
            let mut json = serde_json::to_value(&algorithm).unwrap();
            json["name"] = algorithm.name().into();
            assert_eq!(serde_json::from_value::<Algorithm>(json).unwrap(), algorithm);
        }
    }

    #[test]
    fn a_gradient_at_unpatched_masks_is_called_eap() {
        assert_eq!(DiscoverSettings::default().algorithm.name(), "eap");
        let halfway = Algorithm::MaskGradient(MaskGradient { mask_value: 0.5, ..MaskGradient::default() });
        assert_eq!((halfway.name(), halfway.label()), ("mask_gradient", "Mask gradient"));
    }
}
