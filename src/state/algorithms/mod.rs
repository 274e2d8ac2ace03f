//! The prune algorithms that are offered, and how the entries of a form become an `Algorithm`.

mod fields;
mod offer;
mod offers;

pub use fields::OFFICIAL_CIRCUIT;
pub use offer::{ChoiceOption, Field, Kind, Offer};
pub use offers::OFFERS;

use circuitscope_core::{Algorithm, DiscoverSettings, ScoresInfo};
use serde_json::json;

/// What the algorithm of some scores is called: `EAP, connected 10` for the `mask_gradient, connected 10`
/// of their file. A name that is no algorithm's is given as it is.
pub fn offered_name(info: &ScoresInfo) -> Option<String> {
    let algorithm = info.algorithm.as_deref()?;
    let (key, selected) = algorithm.find(',').map_or((algorithm, ""), |comma| algorithm.split_at(comma));
    let settings = info.settings.as_ref().and_then(|json| serde_json::from_str::<DiscoverSettings>(json).ok());
    let with_settings = settings.filter(|settings| settings.algorithm.name() == key).map(|settings| settings.algorithm);
    let found: Option<Algorithm> = with_settings.or_else(|| serde_json::from_value(json!({ "name": key })).ok());
    Some(found.map_or_else(|| algorithm.to_owned(), |found| format!("{}{selected}", found.label())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use circuitscope_core::OfficialCircuit;
    use circuitscope_core::settings::discovery::{
        Acdc, AcdcPrompts, Exact, FaithfulnessTarget, InputGradient, MaskGradient, Official, Random, SubnetworkProbing,
    };

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
        let Algorithm::Acdc(Acdc { mut thresholds, faithfulness_target, prompts }) = started(3) else {
            panic!("no ACDC")
        };
        assert_eq!((faithfulness_target, prompts), (FaithfulnessTarget::KlDiv, AcdcPrompts::All));
        let mut expected = Acdc::default().thresholds;
        thresholds.sort_by(f64::total_cmp);
        expected.sort_by(f64::total_cmp);
        assert_eq!(thresholds.len(), expected.len());
        assert!(thresholds.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9 * b));
    }

    #[test]
    fn scores_are_called_after_the_algorithm_as_it_is_offered() {
        for (i, offer) in OFFERS.iter().enumerate() {
            let settings = DiscoverSettings { algorithm: started(i), ..DiscoverSettings::default() };
            let (algorithm, json) = (settings.algorithm.name().to_owned(), serde_json::to_string(&settings).unwrap());
            let info = ScoresInfo { algorithm: Some(algorithm), settings: Some(json), ..ScoresInfo::default() };
            assert_eq!(offered_name(&info).as_deref(), Some(offer.labels.label));
        }
        let name = |text: &str| offered_name(&ScoresInfo { algorithm: Some(text.to_owned()), ..ScoresInfo::default() });
        assert_eq!(name("mask_gradient, connected 10").as_deref(), Some("EAP, connected 10"));
        assert_eq!(name("my-scores").as_deref(), Some("my-scores"));
        assert_eq!(offered_name(&ScoresInfo::default()), None);
    }

    #[test]
    fn every_choice_is_one_that_the_search_knows() {
        for offer in &OFFERS {
            for (i, field) in offer.fields.iter().enumerate() {
                let Kind::Choice(options) = field.kind else { continue };
                assert!(options().iter().any(|option| option.value == field.start), "{}", field.id);
                for option in options() {
                    let mut entries = offer.start();
                    option.value.clone_into(&mut entries[i]);
                    offer.algorithm(&entries).unwrap();
                }
            }
        }
    }

    #[test]
    fn algorithms_are_offered_under_their_own_names() {
        let labels: Vec<_> = OFFERS.iter().map(|offer| offer.labels).collect();
        assert_eq!(labels, Algorithm::offered().map(|algorithm| algorithm.labels()));
        for (i, of_offer) in labels.into_iter().enumerate() {
            assert_eq!(started(i).labels(), of_offer);
        }
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
        let thresholds = ["0.1, x", "all", "kl_div"].map(str::to_owned);
        assert!(OFFERS[3].algorithm(&thresholds).unwrap_err().starts_with("Thresholds: numbers above 0"));
    }
}
