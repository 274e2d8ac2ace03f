//! The choices of a search for a circuit, and what it will cost: plain data, so that a page can offer them and say the price
//! without the program that does the work.

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::graph::Graph;
use crate::scores::official::OfficialCircuit;
use crate::scores::scores_info::{ModelSize, ScoresInfo};
use crate::scores::selection::Selection;
use crate::settings::run::{AblationType, OutputSlice};

/// Everything that a search is told, apart from the model and the prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoverSettings {
    pub factorized: bool,
    pub separate_qkv: bool,
    /// Whether the graph has an edge at every token position.
    pub token_wise: bool,
    /// The positions of the output that are looked at.
    pub slice: OutputSlice,
    /// Prompts a batch; a short last batch is dropped.
    pub batch_size: usize,
    pub algorithm: Algorithm,
    /// Keeps some edges' scores and sets the others' to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
}

/// Which edges' scores are kept; see [`super::select`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keep {
    pub selection: Selection,
    pub edge_count: usize,
}

impl Default for DiscoverSettings {
    fn default() -> Self {
        Self {
            factorized: true,
            separate_qkv: true,
            token_wise: false,
            slice: OutputSlice::default(),
            batch_size: 1,
            algorithm: Algorithm::MaskGradient(MaskGradient::default()),
            keep: None,
        }
    }
}

/// How scores are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Algorithm {
    /// The gradient of a loss with respect to every edge's mask; as it stands by default, edge attribution patching
    /// (Syed et al. 2023).
    #[serde(alias = "eap")]
    MaskGradient(MaskGradient),
    /// Edge attribution patching with gradients integrated over the inputs, EAP-IG (Hanna et al. 2024).
    #[serde(alias = "eap_ig")]
    InputGradient(InputGradient),
    /// Removes edges one after the other where that changes the output little (Conmy et al. 2023).
    Acdc(Acdc),
    /// The loss with each edge patched alone.
    Exact(Exact),
    /// Masks that are learned: faithful and few (Cao et al. 2021).
    SubnetworkProbing(SubnetworkProbing),
    /// The mean activation of the edge's src node. A baseline.
    ActivationMagnitude {},
    /// Random numbers from 0 to 1. A baseline.
    Random(Random),
    /// 1 for the edges of a published circuit, 0 for the others.
    Official(Official),
}

/// What is made of the logits before an answer is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum GradFunction {
    #[default]
    Logit,
    Prob,
    Logprob,
    /// Probabilities whose denominator counts as a constant.
    LogitExp,
}

/// The loss that is made of the answers' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFunction {
    /// The mean value of the wrong answers less that of the answers.
    #[default]
    AvgDiff,
    /// Less the mean value of the answers.
    AvgVal,
    /// The mean squared distance to answers that are numbers, not tokens.
    Mse,
}

/// One side of the prompt pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum PromptSide {
    Clean,
    #[default]
    Corrupt,
}

/// auto-circuit's `mask_gradient_prune_scores`. The model runs on the clean prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MaskGradient {
    pub grad_function: GradFunction,
    pub answer_function: AnswerFunction,
    /// The value of every mask, from 0 (no edge patched) to 1 (all patched).
    pub mask_value: f64,
    /// Instead of one mask value, the sum over the values `0, 1/n, …, 1`.
    pub integrated_grad_samples: Option<usize>,
    pub ablation: AblationType,
    /// The prompts from which activations to patch with are taken, where the ablation does not say itself.
    pub ablation_prompts: PromptSide,
}

/// EAP-IG (`EAP-IG-inputs`): the gradients along a line from the corrupt prompts' embedding to the clean ones'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Exact {
    pub grad_function: GradFunction,
    pub answer_function: AnswerFunction,
    pub ablation: AblationType,
}

/// Close to auto-circuit's `subnetwork_probing_prune_scores`: a mask for every edge, drawn from a hard concrete distribution
/// (Louizos et al. 2018) whose parameters are learned with Adam.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SubnetworkProbing {
    pub faithfulness_target: FaithfulnessTarget,
    pub learning_rate: f64,
    /// How often all batches are seen.
    pub epochs: usize,
    /// The weight of the number of edges in the loss.
    pub regularize_lambda: f64,
    /// The number of edges that is aimed at: fewer are not rewarded. `None` always rewards fewer.
    pub circuit_size: Option<usize>,
    /// Whether the clean prompts are run and what is outside the circuit is patched, or the corrupt ones are run and the
    /// circuit is patched.
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
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Random {
    pub seed: u64,
}

/// Scores of a published circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Official {
    pub circuit: OfficialCircuit,
}

/// What a search takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct DiscoverCost {
    /// Forward passes of one batch; several circuits stacked in one pass count each.
    pub forward_passes: usize,
    /// Backward passes of one batch.
    pub backward_passes: usize,
    /// About how many bytes of activations are held at once.
    pub bytes: u64,
}

impl DiscoverSettings {
    /// What the search will take on `n_batches` batches of prompts of `seq` tokens. ACDC's is the most it can be: a pass that
    /// begins in a later block costs less.
    pub fn cost(&self, model: &ModelConfig, graph: &Graph, n_batches: usize, seq: usize) -> DiscoverCost {
        let rows = (self.batch_size as u64).saturating_mul(seq as u64);
        let n = |size: usize| size as u64;
        let per_pass = pass_bytes(model).saturating_mul(rows);
        let srcs = rows.saturating_mul(n(graph.srcs.len()) * n(model.d_model) * F32_BYTES);
        let times = |n_times: usize, bytes: u64| n(n_times).saturating_mul(bytes);
        let sum = |parts: &[u64]| parts.iter().fold(0_u64, |sum, &part| sum.saturating_add(part));
        let means =
            |ablation: AblationType| ablation.dataset_means().map_or(1, |(a, b)| usize::from(a) + usize::from(b));
        let per_batch = |forward: usize, backward: usize, bytes: u64| DiscoverCost {
            forward_passes: n_batches.saturating_mul(forward),
            backward_passes: n_batches.saturating_mul(backward),
            bytes,
        };
        // A backward pass holds what every block puts out; the sources of both prompts and their differences are held too.
        let with_gradients = sum(&[times(model.n_layers, per_pass), times(3, srcs)]);
        match &self.algorithm {
            Algorithm::MaskGradient(MaskGradient { integrated_grad_samples, ablation, .. }) => {
                let n = integrated_grad_samples.map_or(1, |n| n.saturating_add(1));
                per_batch(means(*ablation) + n, n, with_gradients)
            }
            Algorithm::InputGradient(InputGradient { steps, ablation, .. }) => {
                per_batch(steps.saturating_add(means(*ablation) + 1), *steps, with_gradients)
            }
            Algorithm::Acdc(Acdc { thresholds, .. }) => DiscoverCost {
                forward_passes: 2 + thresholds.len() * graph.n_edges(),
                backward_passes: 0,
                bytes: sum(&[times(thresholds.len(), sum(&[per_pass, srcs])), times(2, srcs)]),
            },
            Algorithm::Exact(Exact { ablation, .. }) => {
                per_batch(means(*ablation) + 1 + graph.n_edges(), 0, sum(&[per_pass, times(2, srcs)]))
            }
            Algorithm::SubnetworkProbing(SubnetworkProbing { epochs, ablation, .. }) => {
                // Each group of dest nodes keeps the sources before it; what is patched with is kept for all batches.
                let bytes = sum(&[with_gradients, times(model.n_layers, srcs), times(n_batches, srcs)]);
                per_batch(epochs.saturating_add(means(*ablation) + 1), *epochs, bytes)
            }
            Algorithm::ActivationMagnitude {} => per_batch(1, 0, sum(&[per_pass, srcs])),
            Algorithm::Random(_) | Algorithm::Official(_) => DiscoverCost::default(),
        }
    }

    /// The algorithm's name.
    pub fn algorithm_name(&self) -> String {
        let algorithm = serde_json::to_value(&self.algorithm).unwrap_or_default();
        algorithm["name"].as_str().unwrap_or_default().to_owned()
    }

    /// What a file of the scores says of where they come from.
    pub fn info(&self, prompts: &str, model: &ModelConfig, graph: &Graph) -> ScoresInfo {
        ScoresInfo {
            model: Some(ModelSize::of(model)),
            graph: Some(graph.config),
            algorithm: Some(self.algorithm_name()),
            settings: serde_json::to_string(self).ok(),
            prompts: Some(prompts.to_owned()),
            date: None,
        }
    }
}

const F32_BYTES: u64 = size_of::<f32>() as u64;

/// About how many bytes of activations a block puts out for a row of one circuit: the inputs of its heads before and after
/// their norm, the projections, the heads' outputs, and the MLP's hidden layer with its nonlinearity.
fn pass_bytes(model: &ModelConfig) -> u64 {
    let &ModelConfig { n_heads, d_model, d_head, d_mlp, .. } = model;
    let [n_heads, d_model, d_head, d_mlp] = [n_heads, d_model, d_head, d_mlp.unwrap_or(0)].map(|size| size as u64);
    (7 * n_heads * d_model + 8 * n_heads * d_head + 6 * d_mlp + 8 * d_model) * F32_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_eap_ig_begin_at_the_corrupt_embedding_or_end_at_the_clean_one() {
        let points = |kind: IgPoints| (0..4).map(|step| kind.share(step, 4)).collect::<Vec<_>>();
        assert_eq!(points(IgPoints::ZeroToBelowOne), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(points(IgPoints::AboveZeroToOne), [0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn settings_that_a_file_does_not_name_are_the_defaults() {
        let parse = |json: &str| serde_json::from_str::<DiscoverSettings>(json).map(|settings| settings.algorithm);
        let acdc = parse(r#"{"algorithm": {"name": "acdc", "prompts": "first_batch"}}"#).unwrap();
        assert_eq!(acdc, Algorithm::Acdc(Acdc { prompts: AcdcPrompts::FirstBatch, ..Acdc::default() }));
        let acdc = parse(r#"{"algorithm": {"name": "acdc"}}"#).unwrap();
        assert_eq!(acdc, Algorithm::Acdc(Acdc { prompts: AcdcPrompts::All, ..Acdc::default() }));
        let eap_ig = parse(r#"{"algorithm": {"name": "eap_ig", "points": "above_zero_to_one"}}"#).unwrap();
        let expected = InputGradient { points: IgPoints::AboveZeroToOne, ..InputGradient::default() };
        assert_eq!(eap_ig, Algorithm::InputGradient(expected));
    }
}
