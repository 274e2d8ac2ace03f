//! The choices of a search for a circuit: plain data, so that a page can offer them without the program that does the work.
//! The settings of each algorithm are in `algorithms`, what choices are called in `labels`; [`super::cost`] says what a search
//! takes.

mod algorithms;
mod labels;

pub use algorithms::{
    Acdc, AcdcPrompts, AnswerFunction, Exact, FaithfulnessTarget, GradFunction, IgPoints, InputGradient, MaskGradient,
    Official, PromptSide, Random, SubnetworkProbing,
};
pub use labels::AlgorithmLabels;

pub use crate::settings::cost::DiscoverCost;

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::graph::Graph;
use crate::scores::info::{ModelSize, ScoresInfo};
use crate::scores::selection::Selection;
use crate::settings::run::{DEFAULT_BATCH_SIZE, OutputSlice};

/// The settings of a search: all that it depends on apart from the model and the prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
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

/// Which edges' scores are kept; see [`crate::scores::selection::select`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
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
            batch_size: DEFAULT_BATCH_SIZE,
            algorithm: Algorithm::MaskGradient(MaskGradient::default()),
            keep: None,
        }
    }
}

/// How scores are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Algorithm {
    /// The gradient of a loss with respect to every edge's mask; with the default settings, edge attribution patching (Syed
    /// et al. 2023).
    #[serde(alias = "eap")]
    MaskGradient(MaskGradient),
    /// Edge attribution patching with gradients integrated over the inputs, EAP-IG (Hanna et al. 2024).
    #[serde(alias = "eap_ig")]
    InputGradient(InputGradient),
    /// Removes edges one after the other where that changes the output little (Conmy et al. 2023).
    Acdc(Acdc),
    /// The loss with each edge patched alone.
    Exact(Exact),
    /// Learned masks that keep the output faithful with few edges (Cao et al. 2021).
    SubnetworkProbing(SubnetworkProbing),
    /// The mean activation of the edge's src node. A baseline.
    ActivationMagnitude {},
    /// Random numbers from 0 to 1. A baseline.
    Random(Random),
    /// 1 for the edges of a published circuit, 0 for the others.
    Official(Official),
}

impl DiscoverSettings {
    /// The metadata of a file of the scores: where they come from.
    pub fn info(&self, prompts: &str, model: &ModelConfig, graph: &Graph) -> ScoresInfo {
        ScoresInfo {
            model: Some(ModelSize::of(model)),
            graph: Some(graph.config),
            algorithm: Some(self.algorithm.name().to_owned()),
            settings: serde_json::to_string(self).ok(),
            prompts: Some(prompts.to_owned()),
            date: None,
        }
    }
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
