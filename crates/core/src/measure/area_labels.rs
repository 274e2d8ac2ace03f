//! The names of the areas under a faithfulness curve, which depend on the settings of a run.

use crate::settings::run::{AblationType, PatchType, RunSettings};

/// The names of the two areas of [`super::curves::faithfulness_areas`], and what to say beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaLabels {
    /// Of the area under the faithfulness `f`.
    pub under: &'static str,
    /// Of the area under `|1 - f|`.
    pub from_one: &'static str,
    /// Short names of both, for narrow tables.
    pub short: [&'static str; 2],
    /// What the area under `f` is, in a sentence.
    pub about_under: &'static str,
    /// What the area under `|1 - f|` is, in a sentence.
    pub about_from_one: &'static str,
    /// What a reader must know before comparing the areas; `None` where there is nothing.
    pub note: Option<&'static str>,
}

/// MIB's own names.
const MIB: AreaLabels = AreaLabels {
    under: "CPR",
    from_one: "CMD",
    short: ["CPR", "CMD"],
    about_under: "MIB's integrated circuit performance ratio: the area under f = (m(C) - m(no edges)) / (m(model) - m(no \
                  edges)) over the share of edges; larger is better. Needs circuits of no and of all edges",
    about_from_one: "MIB's integrated circuit-model distance: the area under |1 - f| over the share of edges; 0 is best",
    note: None,
};

/// The same sums under settings that are not MIB's.
const OTHER: AreaLabels = AreaLabels {
    under: "Area under faithfulness",
    from_one: "Area from 1",
    short: ["area f", "area 1-f"],
    about_under: "The area under f = (m(C) - m(no edges)) / (m(model) - m(no edges)) over the share of edges; MIB's CPR is this \
                  for the tree patch with resample ablation",
    about_from_one: "The area under |1 - f| over the share of edges; MIB's CMD is this for the tree patch with resample ablation",
    note: None,
};

const ALL_EDGES_ARE_NOT_THE_MODEL: &str = "With edge patches and this ablation all edges together are not the model: its inputs \
    are the ablation's activations, so the curve need not end at 1.";

impl AreaLabels {
    /// The labels for runs that share a table. CPR and CMD are MIB's where all of them are the tree patch with resample ablation on
    /// prompts that are not swapped: the clean prompt is run and every edge outside the circuit carries the corrupt prompt's
    /// activation (Mueller et al. 2025).
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a RunSettings>) -> Self {
        let (mut all_mib, mut note) = (true, None);
        for &RunSettings { patch_type, ablation, reverse, .. } in runs {
            all_mib &= patch_type == PatchType::Tree && ablation == AblationType::Resample && !reverse;
            if patch_type == PatchType::Edge && ablation != AblationType::Resample {
                note = Some(ALL_EDGES_ARE_NOT_THE_MODEL);
            }
        }
        Self { note, ..if all_mib { MIB } else { OTHER } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(patch_type: PatchType, ablation: AblationType, reverse: bool) -> RunSettings {
        RunSettings { patch_type, ablation, reverse, ..RunSettings::default() }
    }

    #[test]
    fn areas_are_mibs_with_the_tree_patch_and_resample_ablation_only() {
        for patch_type in [PatchType::Edge, PatchType::Tree] {
            for ablation in AblationType::ALL {
                for reverse in [false, true] {
                    let labels = AreaLabels::of([&run(patch_type, ablation, reverse)]);
                    let resample = ablation == AblationType::Resample;
                    let is_mib = patch_type == PatchType::Tree && resample && !reverse;
                    let expected = if is_mib { ("CPR", "CMD") } else { ("Area under faithfulness", "Area from 1") };
                    assert_eq!((labels.under, labels.from_one), expected, "{patch_type:?} {ablation:?} {reverse}");
                    assert_eq!(labels.note.is_some(), patch_type == PatchType::Edge && !resample);
                }
            }
        }
    }

    #[test]
    fn runs_of_which_one_is_not_mibs_share_the_plain_names() {
        let mib = run(PatchType::Tree, AblationType::Resample, false);
        let zero = run(PatchType::Edge, AblationType::Zero, false);
        assert_eq!(AreaLabels::of([&mib, &mib]).under, "CPR");
        let both = AreaLabels::of([&mib, &zero]);
        assert_eq!((both.under, both.note.is_some()), ("Area under faithfulness", true));
    }
}
