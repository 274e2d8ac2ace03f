//! What the algorithms of a search and their choices are called, for forms, messages and files: here and nowhere else.

use super::{
    Acdc, AcdcPrompts, Algorithm, AnswerFunction, Exact, FaithfulnessTarget, GradFunction, IgPoints, InputGradient,
    MaskGradient, Official, PromptSide, Random, SubnetworkProbing,
};
use crate::scores::official::OfficialCircuit;

/// How an algorithm is introduced to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlgorithmLabels {
    /// Its key in files, in the public module and at the command line: `eap`, `acdc`.
    pub name: &'static str,
    /// Its short title: `EAP`, `ACDC`.
    pub label: &'static str,
    /// What it does and what it costs, in sentences.
    pub about: &'static str,
    /// Where it was published; empty where it was not.
    pub paper: &'static str,
}

impl Algorithm {
    /// Every algorithm with its default settings, in the order in which they are offered: the quickest that is of use first,
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

    /// All that it is called.
    pub fn labels(&self) -> AlgorithmLabels {
        match self {
            Self::MaskGradient(MaskGradient { integrated_grad_samples: Some(_), .. }) => INTEGRATED,
            Self::MaskGradient(MaskGradient { mask_value, .. }) if *mask_value == 0.0 => EAP,
            Self::MaskGradient(_) => MASK_GRADIENT,
            Self::InputGradient(_) => EAP_IG,
            Self::Acdc(_) => ACDC,
            Self::Exact(_) => EXACT,
            Self::SubnetworkProbing(_) => SUBNETWORK_PROBING,
            Self::ActivationMagnitude {} => ACTIVATION_MAGNITUDE,
            Self::Random(_) => RANDOM,
            Self::Official(_) => OFFICIAL,
        }
    }
}

const EAP: AlgorithmLabels = AlgorithmLabels {
    name: "eap",
    label: "EAP",
    about: "How the answer's lead begins to change when an edge carries the other prompt's activation: one gradient for all \
            edges at once. The quickest, and a good first try.",
    paper: "Syed et al. 2023",
};

const MASK_GRADIENT: AlgorithmLabels = AlgorithmLabels {
    name: "mask_gradient",
    label: "Mask gradient",
    about: "EAP's gradient where every edge is partly patched. As quick as EAP.",
    paper: "Syed et al. 2023, at other masks as in auto-circuit",
};

const INTEGRATED: AlgorithmLabels = AlgorithmLabels {
    name: "mask_gradient",
    label: "Integrated mask gradients",
    about: "EAP's gradient while all edges are patched more and more, from not at all to wholly, summed up. As many times \
            EAP's cost as there are steps.",
    paper: "Sundararajan et al. 2017, on masks as in auto-circuit",
};

const EAP_IG: AlgorithmLabels = AlgorithmLabels {
    name: "eap_ig",
    label: "EAP-IG",
    about: "EAP's gradient at several points on the way from the corrupt to the clean prompt's embedding, summed up. More \
            faithful than EAP where a single gradient misleads; as many times its cost as there are steps.",
    paper: "Hanna et al. 2024",
};

const ACDC: AlgorithmLabels = AlgorithmLabels {
    name: "acdc",
    label: "ACDC",
    about: "Goes from the output back to the input and removes every edge without which the output stays the same, up to a \
            threshold. An edge's score is the least threshold that removes it. Slow: a pass for every edge, threshold and \
            batch.",
    paper: "Conmy et al. 2023",
};

const EXACT: AlgorithmLabels = AlgorithmLabels {
    name: "exact",
    label: "One edge at a time",
    about: "What EAP estimates, exactly: how much the answer's lead changes when this one edge is patched. A pass for every \
            edge.",
    paper: "",
};

const SUBNETWORK_PROBING: AlgorithmLabels = AlgorithmLabels {
    name: "subnetwork_probing",
    label: "Subnetwork probing",
    about: "Learns for every edge how surely it belongs to a circuit that is both faithful and small. A forward and a \
            backward pass for every epoch and batch.",
    paper: "Cao et al. 2021, on edges as in auto-circuit",
};

const ACTIVATION_MAGNITUDE: AlgorithmLabels = AlgorithmLabels {
    name: "activation_magnitude",
    label: "Activation magnitude",
    about: "A baseline that knows nothing of the task: the mean activation of the edge's src node. Scores that are worth \
            something do better. A forward pass each batch.",
    paper: "",
};

const RANDOM: AlgorithmLabels = AlgorithmLabels {
    name: "random",
    label: "Random",
    about: "A baseline: a random number for every edge. Any other scores should do better. No pass at all.",
    paper: "",
};

const OFFICIAL: AlgorithmLabels = AlgorithmLabels {
    name: "official",
    label: "Official circuit",
    about: "A circuit known from a paper: 1 for its edges, 0 for all others. It needs the model that it was found in. No pass \
            at all.",
    paper: "as listed in auto-circuit",
};

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
