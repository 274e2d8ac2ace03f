//! The names of enums, their labels and the defaults of settings, as constants of JavaScript.

use circuitscope_core::{
    AblationType, AcdcPrompts, Algorithm, AnswerFunction, DiscoverSettings, EdgeCounts, Extent, FORMATS,
    FaithfulnessTarget, GradFunction, GraphConfig, IgPoints, Metric, OfficialCircuit, OutputSlice, PatchType,
    PromptSettings, PromptSide, RunSettings, Selection,
};
use circuitscope_wire::engine::DeviceChoice;
use serde::Serialize;
use serde_json::{Map, Value, json};
use ts_rs::TS;

use crate::declarations::config;

/// The short names that [`Algorithm`] is also read by.
const ALGORITHM_ALIASES: [(&str, &str); 2] = [("eap", "mask_gradient"), ("eap_ig", "input_gradient")];

/// A constant of the module.
pub struct Constant {
    name: &'static str,
    doc: &'static str,
    /// Its type in TypeScript.
    type_name: String,
    value: Value,
}

impl Constant {
    /// For `schema.d.ts`.
    pub fn declaration(&self) -> String {
        let Self { name, doc, type_name, .. } = self;
        format!("/** {doc} */\nexport const {name}: {type_name};\n")
    }

    /// For `schema.js`.
    pub fn definition(&self) -> String {
        format!("export const {} = {};\n", self.name, self.value)
    }
}

/// All constants, in the order of the file.
pub fn constants() -> Vec<Constant> {
    vec![
        list::<DeviceChoice>("DEVICES", "The devices that can be asked for."),
        list::<PatchType>("PATCH_TYPES", "Which edges of a circuit are patched."),
        list::<AblationType>("ABLATIONS", "What an edge is patched with, in auto-circuit's order."),
        list::<OutputSlice>("SLICES", "The positions of the output that are compared."),
        list::<EdgeCounts>("EDGE_COUNT_RULES", "The rules for edge counts."),
        list::<Selection>("SELECTIONS", "How edges are chosen of a search's scores."),
        list::<GradFunction>("GRAD_FUNCTIONS", "What is computed from the logits before an answer is looked up."),
        list::<AnswerFunction>("ANSWER_FUNCTIONS", "The losses of the answers' values."),
        list::<FaithfulnessTarget>("FAITHFULNESS_TARGETS", "Distances to the unpatched model's output."),
        list::<PromptSide>("PROMPT_SIDES", "The sides of a prompt pair."),
        list::<IgPoints>("IG_POINTS", "The points at which EAP-IG takes gradients."),
        list::<AcdcPrompts>("ACDC_PROMPTS", "The prompts that ACDC looks at."),
        list::<OfficialCircuit>("OFFICIAL_CIRCUITS", "Published circuits."),
        list::<Extent>("EXTENTS", "Which edges are written to a file."),
        formats(),
        metrics(),
        algorithms(),
        Constant {
            name: "ALGORITHM_ALIASES",
            doc: "Other names of algorithms.",
            type_name: "{ readonly eap: \"mask_gradient\"; readonly eap_ig: \"input_gradient\" }".to_owned(),
            value: ALGORITHM_ALIASES.iter().map(|&(alias, name)| (alias.to_owned(), json!(name))).collect(),
        },
        defaults::<GraphConfig>("GRAPH_DEFAULTS", "The graph of a model, unless another one is asked for."),
        defaults::<PromptSettings>("PROMPT_DEFAULTS", "How texts become prompts, unless a caller says otherwise."),
        defaults::<DiscoverSettings>("DISCOVER_DEFAULTS", "The settings of a search that a caller leaves out."),
        defaults::<RunSettings>("RUN_DEFAULTS", "The settings of a run that a caller leaves out."),
    ]
}

/// The names of an enum, in its order.
fn list<T: TS>(name: &'static str, doc: &'static str) -> Constant {
    let type_name = match T::ident(&config()).as_str() {
        // A rule, not a list of counts.
        "EdgeCounts" => "readonly Extract<EdgeCounts, string>[]".to_owned(),
        ident => format!("readonly {ident}[]"),
    };
    Constant { name, doc, type_name, value: json!(literals::<T>()) }
}

/// The texts in an enum's type: the names that serde reads.
fn literals<T: TS>() -> Vec<String> {
    let union = T::inline(&config());
    let names = union.split(" | ").filter_map(|one| one.strip_prefix('"')?.strip_suffix('"'));
    names.map(str::to_owned).collect()
}

fn defaults<T: TS + Default + Serialize>(name: &'static str, doc: &'static str) -> Constant {
    let value = serde_json::to_value(T::default()).expect("settings can be written as JSON");
    Constant { name, doc, type_name: format!("Readonly<{}>", T::ident(&config())), value }
}

fn formats() -> Constant {
    let formats =
        FORMATS.iter().map(|format| json!({ "id": format.id, "name": format.name, "written": format.written }));
    let types = FORMATS
        .iter()
        .map(|format| format!("{{ id: {}; name: string; written: {} }}", json!(format.id), format.written));
    Constant {
        name: "FORMATS",
        doc: "The formats of scores and circuits; all are read.",
        type_name: format!("readonly ({})[]", types.collect::<Vec<_>>().join(" | ")),
        value: formats.collect(),
    }
}

/// auto-circuit's metrics with its keys; what is measured of an output comes in this order.
fn metrics() -> Constant {
    let keys: Vec<_> = Metric::ALL.iter().map(|metric| format!("\"{}\"", metric.key())).collect();
    let metrics = Metric::ALL.iter().map(|metric| {
        let unit = format!("{:?}", metric.unit()).to_lowercase();
        json!({ "key": metric.key(), "name": metric, "label": metric.name(), "unit": unit })
    });
    Constant {
        name: "METRICS",
        doc: "auto-circuit's metrics in its order, in which they are in a `Measurement`; `name` is the engine's.",
        type_name: format!("readonly {{ key: {}; name: Metric; label: string; unit: string }}[]", keys.join(" | ")),
        value: metrics.collect(),
    }
}

/// Every algorithm's own settings with their defaults; none for a setting without one.
fn algorithms() -> Constant {
    let union = Algorithm::inline(&config());
    let names = union.split("\"name\": \"").skip(1).filter_map(|rest| rest.split('"').next());
    let own_settings = |name: &str| {
        let algorithm = serde_json::from_value::<Algorithm>(json!({ "name": name }));
        let mut settings = algorithm.map_or(json!({}), |algorithm| json!(algorithm));
        settings.as_object_mut().map(|fields| fields.remove("name"));
        settings
    };
    let value: Map<_, _> = names.map(|name| (name.to_owned(), own_settings(name))).collect();
    Constant {
        name: "ALGORITHMS",
        doc: "The algorithms of a search, each with the defaults of its own settings.",
        type_name: "{ readonly [Name in Algorithm[\"name\"]]: Readonly<Partial<Omit<Extract<Algorithm, { name: Name }>, \"name\">>> }"
            .to_owned(),
        value: Value::Object(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_serde_reads() {
        let ablations: Vec<AblationType> =
            literals::<AblationType>().into_iter().map(|name| serde_json::from_value(json!(name)).unwrap()).collect();
        assert_eq!(ablations, AblationType::ALL);
        let rules = literals::<EdgeCounts>();
        assert_eq!(rules, ["all", "logarithmic", "groups", "default", "mib"]);
    }

    #[test]
    fn an_alias_is_the_algorithm_of_its_name() {
        let read = |name: &str| serde_json::from_value::<Algorithm>(json!({ "name": name })).unwrap();
        for (alias, name) in ALGORITHM_ALIASES {
            assert_eq!(read(alias), read(name));
        }
    }

    #[test]
    fn every_algorithm_is_there_with_its_defaults() {
        let Constant { value, .. } = algorithms();
        assert_eq!(value["input_gradient"]["steps"], 5);
        assert_eq!(value["official"], json!({}));
        assert_eq!(value.as_object().unwrap().len(), 8);
    }
}
