//! An algorithm as it is offered: its settings, and what may be entered.

use serde::Serialize;
use serde_json::{Map, Value, json};

use circuitscope_core::{Algorithm, AlgorithmLabels};

/// An algorithm as it is offered.
pub struct Offer {
    pub labels: AlgorithmLabels,
    /// Reads its settings. Each algorithm's are read by themselves: serde's way to read an enum by its tag would make the page
    /// some kilobytes larger.
    pub read: fn(Value) -> Result<Algorithm, serde_json::Error>,
    pub fields: &'static [Field],
}

/// A setting.
#[derive(Debug)]
pub struct Field {
    /// Its name in [`Algorithm`].
    pub key: &'static str,
    /// Its control's id on the page.
    pub id: &'static str,
    pub label: &'static str,
    /// What it is, with the reference's word.
    pub title: &'static str,
    pub kind: Kind,
    /// What it is at first; of a choice the value.
    pub start: &'static str,
    /// Whether it is folded away.
    pub advanced: bool,
}

/// What can be entered.
#[derive(Debug)]
pub enum Kind {
    /// One of these.
    Choice(fn() -> Vec<ChoiceOption>),
    /// A whole number of this range.
    Count(u64, u64),
    /// The same, or nothing.
    OptionalCount(u64, u64),
    /// A number of this range; whether its lower end is left out.
    Number { least: f64, most: f64, open: bool },
    /// Numbers above 0 with commas between.
    Numbers,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceOption {
    /// Its name in [`Algorithm`].
    pub value: String,
    pub label: &'static str,
}

/// Something to choose.
pub fn option(value: &str, label: &'static str) -> ChoiceOption {
    ChoiceOption { value: value.to_owned(), label }
}

/// All of an enum, by the names that serde has for them.
pub fn options<T: Copy + Serialize>(all: &[T], label: fn(T) -> &'static str) -> Vec<ChoiceOption> {
    let name = |one: T| serde_json::to_value(one).ok().and_then(|json| json.as_str().map(str::to_owned));
    all.iter().map(|&one| ChoiceOption { value: name(one).unwrap_or_default(), label: label(one) }).collect()
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
}
