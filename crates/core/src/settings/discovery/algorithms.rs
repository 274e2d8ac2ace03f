//! The settings of each search algorithm, with the defaults of the programs and papers that they come from.

use serde::{Deserialize, Serialize};

use crate::scores::official::OfficialCircuit;
use crate::settings::run::AblationType;

/// The function of the logits whose values at the answers make the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum GradFunction {
    #[default]
    Logit,
    Prob,
    Logprob,
    /// Probabilities, with the denominator of the softmax treated as a constant.
    LogitExp,
}

/// The loss, a function of the answers' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AnswerFunction {
    /// The mean value of the wrong answers minus that of the answers.
    #[default]
    AvgDiff,
    /// Minus the mean value of the answers.
    AvgVal,
    /// The mean squared distance to answers that are numbers, not tokens.
    Mse,
}

/// One side of the prompt pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum PromptSide {
    Clean,
    #[default]
    Corrupt,
}

/// auto-circuit's `mask_gradient_prune_scores`. The model runs on the clean prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MaskGradient {
    pub grad_function: GradFunction,
    pub answer_function: AnswerFunction,
    /// The value of every mask, from 0 (no edge patched) to 1 (all patched).
    pub mask_value: f64,
    /// Instead of one mask value, the sum over the values `0, 1/n, …, 1`.
    pub integrated_grad_samples: Option<usize>,
    pub ablation: AblationType,
    /// The prompts from which activations to patch with are taken, where the ablation does not name them itself.
    pub ablation_prompts: PromptSide,
}

/// EAP-IG (`EAP-IG-inputs`): the gradients along a line from the corrupt prompts' embedding to the clean ones'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct InputGradient {
    pub grad_function: GradFunction,
    pub answer_function: AnswerFunction,
    /// How many points of the line are visited: `m`.
    pub steps: usize,
    /// Which `m` points.
    pub points: IgPoints,
    pub ablation: AblationType,
}

/// The points at which EAP-IG takes gradients, as shares of the way from the corrupt prompts' embedding (0) to the clean
/// ones' (1), for `m` steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum IgPoints {
    /// `0, 1/m, …, (m - 1)/m`: the current code of EAP-IG (`eap/attribute.py`, `get_scores_eap_ig`).
    #[default]
    ZeroToBelowOne,
    /// `1/m, 2/m, …, 1`: EAP-IG's earlier code. With one step it gives the scores of EAP.
    AboveZeroToOne,
}

impl IgPoints {
    /// The point of step `step`, counted from 0, of `steps`.
    pub fn share(self, step: usize, steps: usize) -> f64 {
        let number = match self {
            Self::ZeroToBelowOne => step,
            Self::AboveZeroToOne => step + 1,
        };
        number as f64 / steps as f64
    }
}

impl Default for InputGradient {
    fn default() -> Self {
        let (grad_function, answer_function) = Default::default();
        // The number of the paper.
        Self {
            grad_function,
            answer_function,
            steps: 5,
            points: IgPoints::default(),
            ablation: AblationType::default(),
        }
    }
}

/// How far an output is from the unpatched model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FaithfulnessTarget {
    /// Kullback-Leibler divergence.
    #[default]
    KlDiv,
    /// Mean squared difference of the logits.
    Mse,
}

/// auto-circuit's `acdc_prune_scores`: an edge's score is the least threshold that removes it, infinity where none does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Acdc {
    pub faithfulness_target: FaithfulnessTarget,
    /// An edge is removed where the distance to the unpatched model grows by less than this.
    pub thresholds: Vec<f64>,
    /// The prompts over which that distance is averaged.
    pub prompts: AcdcPrompts,
}

/// The prompts that ACDC looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AcdcPrompts {
    /// The prompts of all batches.
    #[default]
    All,
    /// The first batch only, as auto-circuit does (`prune_algos/ACDC.py` takes one batch of the loader).
    FirstBatch,
}

impl Default for Acdc {
    /// The reference's: 1, 3, 5, 7 and 9 times 10 to the -5, -4, -3 and -2.
    fn default() -> Self {
        let thresholds = [1.0, 3.0, 5.0, 7.0, 9.0].iter().flat_map(|base| (-5..-1).map(move |e| base * 10_f64.powi(e)));
        let (faithfulness_target, prompts) = Default::default();
        Self { faithfulness_target, thresholds: thresholds.collect(), prompts }
    }
}

/// What patching each edge alone does to a loss, the model running on the clean prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Exact {
    pub grad_function: GradFunction,
    pub answer_function: AnswerFunction,
    pub ablation: AblationType,
}

/// Close to auto-circuit's `subnetwork_probing_prune_scores`: a mask for every edge, drawn from a hard concrete distribution
/// (Louizos et al. 2018) whose parameters are learned with Adam.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SubnetworkProbing {
    pub faithfulness_target: FaithfulnessTarget,
    pub learning_rate: f64,
    /// How often all batches are seen.
    pub epochs: usize,
    /// The weight of the number of edges in the loss.
    pub regularize_lambda: f64,
    /// The target number of edges: fewer are not rewarded. `None` always rewards fewer.
    pub circuit_size: Option<usize>,
    /// True: the clean prompts are run and the edges outside the circuit are patched. False: the corrupt ones are run and
    /// the circuit's edges are patched.
    pub tree_optimisation: bool,
    pub ablation: AblationType,
    pub seed: u64,
}

impl Default for SubnetworkProbing {
    fn default() -> Self {
        Self {
            faithfulness_target: FaithfulnessTarget::default(),
            learning_rate: 0.1,
            epochs: 20,
            regularize_lambda: 10.0,
            circuit_size: None,
            tree_optimisation: false,
            ablation: AblationType::default(),
            seed: 0,
        }
    }
}

/// Random scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Random {
    pub seed: u64,
}

/// Scores of a published circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Official {
    pub circuit: OfficialCircuit,
}
