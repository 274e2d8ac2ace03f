//! What the areas of a faithfulness curve may be called under the settings of a run.

use crate::settings::run::{AblationType, PatchType, RunSettings};

/// The names of the two areas of [`super::curves::faithfulness_areas`], and what to say beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaLabels {
    /// Of the area under the faithfulness `f`.
    pub under: &'static str,
    /// Of the area under `|1 - f|`.
    pub from_one: &'static str,
    /// What the area under `f` is, in a sentence.
    pub about_under: &'static str,
    /// What the area under `|1 - f|` is, in a sentence.
    pub about_from_one: &'static str,
    /// What a reader must know before comparing the areas; `None` where there is nothing.
    pub note: Option<&'static str>,
}

/// As the MIB benchmark has them.
const MIB: AreaLabels = AreaLabels {
    under: "CPR",
    from_one: "CMD",
    about_under: "MIB's integrated circuit performance ratio: the area under f = (m(C) - m(no edges)) / (m(model) - m(no \
                  edges)) over the share of edges; larger is better",
    about_from_one: "MIB's integrated circuit-model distance: the area under |1 - f| over the share of edges; 0 is best",
    note: None,
};

/// The same sums under settings that are not MIB's.
const OTHER: AreaLabels = AreaLabels {
    under: "Area under faithfulness",
    from_one: "Area from 1",
    about_under: "The area under f = (m(C) - m(no edges)) / (m(model) - m(no edges)) over the share of edges; MIB's CPR is this \
                  for the tree patch with resample ablation",
    about_from_one: "The area under |1 - f| over the share of edges; MIB's CMD is this for the tree patch with resample ablation",
    note: None,
};

const ALL_EDGES_ARE_NOT_THE_MODEL: &str = "With edge patches and this ablation all edges together are not the model: its inputs \
    are the ablation's activations, so the curve need not end at 1.";

impl AreaLabels {
    /// The labels for the circuits of a run. CPR and CMD are MIB's for the tree patch with resample ablation: the clean prompt
    /// is run and every edge outside the circuit carries the corrupt prompt's activation (Mueller et al. 2025).
    pub fn of(settings: &RunSettings) -> Self {
        let RunSettings { patch_type, ablation, reverse, .. } = *settings;
        match (patch_type, ablation) {
            (PatchType::Tree, AblationType::Resample) if !reverse => MIB,
            (PatchType::Edge, ablation) if ablation != AblationType::Resample => {
                Self { note: Some(ALL_EDGES_ARE_NOT_THE_MODEL), ..OTHER }
            }
            _ => OTHER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(patch_type: PatchType, ablation: AblationType, reverse: bool) -> AreaLabels {
        AreaLabels::of(&RunSettings { patch_type, ablation, reverse, ..RunSettings::default() })
    }

    #[test]
    fn areas_are_mibs_with_the_tree_patch_and_resample_ablation_only() {
        let mib = labels(PatchType::Tree, AblationType::Resample, false);
        assert_eq!((mib.under, mib.from_one, mib.note), ("CPR", "CMD", None));
        for (patch_type, ablation, reverse, has_note) in [
            (PatchType::Tree, AblationType::Resample, true, false),
            (PatchType::Tree, AblationType::Zero, false, false),
            (PatchType::Edge, AblationType::Resample, false, false),
            (PatchType::Edge, AblationType::Zero, false, true),
            (PatchType::Edge, AblationType::TokenwiseMeanClean, true, true),
        ] {
            let found = labels(patch_type, ablation, reverse);
            assert_eq!((found.under, found.from_one), ("Area under faithfulness", "Area from 1"));
            assert_eq!(found.note.is_some(), has_note, "{patch_type:?} {ablation:?}");
        }
    }
}
