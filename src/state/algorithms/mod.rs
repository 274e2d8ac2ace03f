//! The prune algorithms that are offered, and how the entries of a form become an [`Algorithm`].

mod fields;
mod offers;

use serde_json::{Map, Value, json};

use circuitscope_core::Algorithm;
pub use offers::{LABELS, OFFERS};

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
    use serde_json::from_value;

    use super::fields::ABLATION;
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
        let Algorithm::Acdc(Acdc { mut thresholds, faithfulness_target }) = started(3) else { panic!("no ACDC") };
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
