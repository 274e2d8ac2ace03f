//! What the areas of a faithfulness curve are called under the settings of a run.

use circuitscope_core::{AblationType, PatchType, RunSettings};

/// The headings of the two areas, what each is in a sentence, and what to know before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaNames {
    pub under: &'static str,
    pub from_one: &'static str,
    pub about_under: &'static str,
    pub about_from_one: &'static str,
    pub note: Option<&'static str>,
}

/// As the MIB benchmark has them (Mueller et al. 2025).
const MIB: AreaNames = AreaNames {
    under: "CPR",
    from_one: "CMD",
    about_under: "MIB's integrated circuit performance ratio: the area under f = (m(C) - m(no edges)) / (m(model) - m(no \
                  edges)) over the share of edges, from 0.001 to 1. Needs circuits of no and of all edges",
    about_from_one: "MIB's integrated circuit-model distance: the area under |1 - f| over the share of edges; 0 is best",
    note: None,
};

/// The same sums under other settings.
const OTHER: AreaNames = AreaNames {
    under: "Area under faithfulness",
    from_one: "Area from 1",
    about_under: "The area under f = (m(C) - m(no edges)) / (m(model) - m(no edges)) over the share of edges, from 0.001 to 1, \
                  under the settings that were run; it is MIB's CPR for the tree patch with resample ablation only. Needs \
                  circuits of no and of all edges",
    about_from_one: "The area under |1 - f| over the share of edges, under the settings that were run; it is MIB's CMD for the \
                     tree patch with resample ablation only",
    note: None,
};

const ALL_EDGES_ARE_NOT_THE_MODEL: &str = "Patching the circuit with anything but the other prompt: all edges together are not \
                                           the model, so faithfulness need not reach 1.";

impl AreaNames {
    /// The names for runs under some settings, which share a table: MIB's where all are MIB's, the tree patch with resample
    /// ablation on prompts that are not swapped.
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
                    let names = AreaNames::of([&run(patch_type, ablation, reverse)]);
                    let resample = ablation == AblationType::Resample;
                    let is_mib = patch_type == PatchType::Tree && resample && !reverse;
                    let expected = if is_mib { ("CPR", "CMD") } else { ("Area under faithfulness", "Area from 1") };
                    assert_eq!((names.under, names.from_one), expected, "{patch_type:?} {ablation:?} {reverse}");
                    assert_eq!(names.note.is_some(), patch_type == PatchType::Edge && !resample);
                }
            }
        }
    }

    #[test]
    fn runs_of_which_one_is_not_mibs_share_the_plain_names() {
        let mib = run(PatchType::Tree, AblationType::Resample, false);
        let zero = run(PatchType::Edge, AblationType::Zero, false);
        assert_eq!(AreaNames::of([&mib, &mib]).under, "CPR");
        let both = AreaNames::of([&mib, &zero]);
        assert_eq!((both.under, both.note.is_some()), ("Area under faithfulness", true));
    }
}
