//! `www/figure.schema.json` says what the reader reads: the same fields, the same words, the same that must be there.

use std::collections::{BTreeMap, BTreeSet};

use circuitscope_core::figure_file::prompts::FigureAnswers;
use circuitscope_core::figure_file::view::FigureSelection;
use circuitscope_core::{FigureFile, Metric};
use serde_json::{Value, json};

use super::random::{self, Random};
use super::sample::{demo, full, least, path};

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(path("www/figure.schema.json")).unwrap()).unwrap()
}

/// Figures that have every field and every kind of value between them.
fn figures() -> Vec<Value> {
    let mut other = full();
    other.view.selection = Some(FigureSelection::Edge("Resid Start->MLP 0".to_owned()));
    other.texts.prompts[0].answers = FigureAnswers::Tokens(vec![1]);
    other.texts.prompts[1].answers = FigureAnswers::Values(vec![vec![0.5]]);
    let figures = [full(), other, demo(), least()];
    figures.iter().map(|figure| serde_json::from_str(&figure.to_json("f").unwrap()).unwrap()).collect()
}

/// Compares values with a schema. Only what this schema is written in is known here: any other keyword is a failure.
struct Checker<'a> {
    schema: &'a Value,
    /// What does not fit, by the JSON pointers of the values.
    wrong: Vec<String>,
    /// The JSON pointer of a value, the first of its figure, for the pointer of each part of the schema that was met.
    met: BTreeMap<String, String>,
}

impl<'a> Checker<'a> {
    fn new(schema: &'a Value) -> Self {
        Self { schema, wrong: Vec::new(), met: BTreeMap::new() }
    }

    fn check(&mut self, part: &str, value: &Value, at: &str) {
        self.met.entry(part.to_owned()).or_insert_with(|| at.to_owned());
        let keywords = self.schema.pointer(part).and_then(Value::as_object).unwrap_or_else(|| panic!("no {part}"));
        for (keyword, given) in keywords {
            let number = || given.as_u64().unwrap();
            let fits = match (keyword.as_str(), value) {
                ("$ref", _) => {
                    self.check(given.as_str().unwrap().trim_start_matches('#'), value, at);
                    true
                }
                ("type", _) => given
                    .as_array()
                    .map_or_else(|| has_type(given, value), |all| all.iter().any(|t| has_type(t, value))),
                ("const", _) => given == value,
                ("enum", _) => given.as_array().unwrap().contains(value),
                ("anyOf", _) => {
                    (0..given.as_array().unwrap().len()).any(|i| self.fits(&format!("{part}/anyOf/{i}"), value, at))
                }
                ("properties", Value::Object(object)) => {
                    for (key, value) in object {
                        if given.get(key).is_some() {
                            self.check(&format!("{part}/properties/{key}"), value, &format!("{at}/{}", escaped(key)));
                        } else {
                            self.wrong.push(format!("{at}/{key} is not in the schema"));
                        }
                    }
                    true
                }
                ("additionalProperties", Value::Object(object)) => {
                    for (key, value) in object {
                        self.check(&format!("{part}/additionalProperties"), value, &format!("{at}/{}", escaped(key)));
                    }
                    true
                }
                ("items", Value::Array(list)) => {
                    for (i, item) in list.iter().enumerate() {
                        self.check(&format!("{part}/items"), item, &format!("{at}/{i}"));
                    }
                    true
                }
                ("required", Value::Object(object)) => {
                    given.as_array().unwrap().iter().all(|key| object.contains_key(key.as_str().unwrap()))
                }
                ("minimum", Value::Number(_)) => value.as_f64() >= given.as_f64(),
                ("maxLength", Value::String(text)) => text.chars().count() as u64 <= number(),
                ("pattern", Value::String(text)) => {
                    assert_eq!(given, "^[0-9a-f]{64}$");
                    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                }
                ("minItems", Value::Array(list)) => list.len() as u64 >= number(),
                ("maxItems", Value::Array(list)) => list.len() as u64 <= number(),
                ("minProperties", Value::Object(object)) => object.len() as u64 >= number(),
                ("maxProperties", Value::Object(object)) => object.len() as u64 <= number(),
                ("description" | "title" | "$schema" | "$defs", _) | ("minimum", Value::Null) => true,
                _ => panic!("{part}: {keyword} of {value}"),
            };
            if !fits {
                self.wrong.push(format!("{at}: {keyword} {given}, found {value}"));
            }
        }
    }

    /// Whether a value fits a part of the schema; what it met there counts if it does.
    fn fits(&mut self, part: &str, value: &Value, at: &str) -> bool {
        let keywords = self.schema.pointer(part).unwrap();
        if keywords.get("type").is_some_and(|t| !has_type(t, value)) {
            return false;
        }
        let mut inner = Checker::new(self.schema);
        inner.check(part, value, at);
        let fits = inner.wrong.is_empty();
        if fits {
            self.met.extend(inner.met);
        }
        fits
    }
}

fn has_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

/// A key as a JSON pointer has it (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// For each part of the schema, a figure and the pointer of a value in it.
fn met(schema: &Value) -> BTreeMap<String, (Value, String)> {
    let mut met = BTreeMap::new();
    for figure in figures() {
        let mut checker = Checker::new(schema);
        checker.check("", &figure, "");
        for (part, at) in checker.met {
            met.entry(part).or_insert_with(|| (figure.clone(), at));
        }
    }
    met
}

/// The error of a figure with another value somewhere; none where it is read.
fn error_with(figure: &Value, at: &str, value: Value) -> Option<String> {
    let mut changed = figure.clone();
    *changed.pointer_mut(at).unwrap() = value;
    FigureFile::from_json("f", &changed.to_string()).err().map(|error| error.to_string())
}

#[test]
fn every_figure_fits_the_schema_and_every_field_is_in_it() {
    let schema = schema();
    let mut random = Random(5);
    let others = (0..20).map(|_| serde_json::from_str(&random::figure(&mut random).to_json("f").unwrap()).unwrap());
    for figure in figures().into_iter().chain(others) {
        let mut checker = Checker::new(&schema);
        checker.check("", &figure, "");
        assert_eq!(checker.wrong, Vec::<String>::new());
    }
}

/// The figures that are published.
#[test]
fn the_demos_fit_the_schema() {
    let schema = schema();
    for name in ["ioi", "induction", "greater-than", "tracr-reverse", "tracr-xproportion"] {
        let file = path("www/demo").join(name).join("figure.json");
        let figure = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let mut checker = Checker::new(&schema);
        checker.check("", &figure, "");
        assert_eq!(checker.wrong, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn every_field_of_the_schema_is_in_a_figure() {
    let schema = schema();
    let met = met(&schema);
    let mut unmet = Vec::new();
    for_each_part(&schema, "", &mut |part, _| {
        if part.contains("/properties/") && !met.contains_key(part) {
            unmet.push(part.to_owned());
        }
    });
    assert_eq!(unmet, Vec::<String>::new());
    let metrics: BTreeSet<String> =
        Metric::ALL.iter().map(|metric| json!(metric).as_str().unwrap().to_owned()).collect();
    let named = schema["$defs"]["measurement"]["properties"].as_object().unwrap().keys().cloned();
    assert_eq!(named.collect::<BTreeSet<_>>(), metrics);
}

#[test]
fn what_must_be_there_is_what_the_reader_needs() {
    let schema = schema();
    for (part, (figure, at)) in met(&schema) {
        let given = schema.pointer(&part).unwrap();
        let (Some(properties), None) = (given["properties"].as_object(), given.get("maxProperties")) else { continue };
        for key in properties.keys() {
            let mut changed = figure.clone();
            let object = changed.pointer_mut(&at).unwrap().as_object_mut().unwrap();
            if object.remove(key).is_none() {
                continue;
            }
            let is_required = given["required"].as_array().is_some_and(|all| all.contains(&json!(key)));
            let error = FigureFile::from_json("f", &changed.to_string()).err().map(|error| error.to_string());
            let is_missed = error.as_ref().is_some_and(|error| {
                error.contains(&format!("{key}` should be given, found nothing"))
                    || matches!(key.as_str(), "format" | "version") && error.contains(&format!("`{key}` should be"))
            });
            assert_eq!(is_missed, is_required, "{at}/{key}: {error:?}");
        }
    }
}

#[test]
fn the_words_of_the_schema_are_those_of_the_reader() {
    let schema = schema();
    let mut n_checked = 0;
    for (part, (figure, at)) in met(&schema) {
        let given = schema.pointer(&part).unwrap();
        let words: BTreeSet<String> = match (words_of(given), part.as_str()) {
            (_, part) if part.contains("/anyOf/") || part.ends_with("/score") => continue,
            (words, _) if words.is_empty() => continue,
            (words, _) => words,
        };
        // A word where there are objects, and an object where there are words, is answered otherwise.
        let wrong = if given.get("maxProperties").is_some() { json!({"nonsense": 0}) } else { json!("nonsense") };
        let error = error_with(&figure, &at, wrong).expect("nonsense");
        let (_, expected) = error.split_once(" should be ").unwrap();
        let (expected, _) = expected.split_once(", found `nonsense`").unwrap_or_else(|| panic!("{at}: {error}"));
        let expected: BTreeSet<String> = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(words, expected, "{at}");
        n_checked += 1;
    }
    assert!(n_checked >= 16, "{n_checked}");
}

#[test]
fn a_value_of_another_type_is_refused() {
    let schema = schema();
    for (part, (figure, at)) in met(&schema) {
        let given = schema.pointer(&part).unwrap();
        if given.get("type").is_none() || part.contains("/anyOf/") {
            continue;
        }
        let types = given["type"].as_array().cloned().unwrap_or_else(|| vec![given["type"].clone()]);
        let others = [json!(true), json!("x"), json!(1.5), json!([true]), json!({"x": true})];
        // serde reads a list in place of an object, as the fields in their order.
        let is_other = |other: &Value| !types.iter().any(|t| has_type(t, other) || t == "object" && other.is_array());
        for other in others.into_iter().filter(is_other) {
            assert!(error_with(&figure, &at, other.clone()).is_some(), "{at}: {other} is read");
        }
    }
}

/// The words of an enumeration, and the keys of objects with one key.
fn words_of(given: &Value) -> BTreeSet<String> {
    let words = given["enum"].as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned());
    let keys = given["properties"].as_object().filter(|_| given.get("maxProperties").is_some());
    let keys = keys.into_iter().flat_map(|keys| keys.keys().cloned());
    let parts = given["anyOf"].as_array().into_iter().flatten().flat_map(words_of);
    words.chain(keys).chain(parts).collect()
}

/// Every part of a schema with its pointer.
fn for_each_part(given: &Value, at: &str, each: &mut impl FnMut(&str, &Value)) {
    each(at, given);
    let Some(keywords) = given.as_object() else { return };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(parts)) => {
                parts.iter().for_each(|(key, part)| for_each_part(part, &format!("{at}/{keyword}/{key}"), each));
            }
            ("items" | "additionalProperties", part) => for_each_part(part, &format!("{at}/{keyword}"), each),
            ("anyOf", Value::Array(parts)) => {
                parts.iter().enumerate().for_each(|(i, part)| for_each_part(part, &format!("{at}/anyOf/{i}"), each));
            }
            _ => {}
        }
    }
}
