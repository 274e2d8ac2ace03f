//! The types of the messages as TypeScript: what the module sends to its workers and what they answer.
//!
//! The types of settings get their defaults as `@default` tags.

use std::collections::BTreeMap;

use circuitscope_core::{Acdc, Exact, InputGradient, MaskGradient, Random, SubnetworkProbing};
use circuitscope_core::{DiscoverSettings, GraphConfig, PromptSettings, RunSettings};
use circuitscope_wire::{engine, hub, reader};
use serde::Serialize;
use serde_json::Value;
use ts_rs::{Config, TS, TypeVisitor};

use crate::printer::pretty;

/// How types are written: numbers of 64 bits arrive in JavaScript as numbers.
pub fn config() -> Config {
    Config::new().with_large_int("number")
}

/// All types that a request or an event of a worker has in it, by name.
pub fn declarations() -> String {
    let mut types = Types { config: config(), defaults: defaults(), declared: BTreeMap::new() };
    types.visit::<engine::Request>();
    types.visit::<engine::Event>();
    types.visit::<reader::Request>();
    types.visit::<reader::Event>();
    types.visit::<hub::Request>();
    types.visit::<hub::Event>();
    types.declared.into_values().collect::<Vec<_>>().join("\n")
}

/// The settings that a caller may leave out, with what they are then.
fn defaults() -> BTreeMap<String, Value> {
    fn default<T: TS + Default + Serialize>() -> (String, Value) {
        (T::ident(&config()), serde_json::to_value(T::default()).expect("settings can be written as JSON"))
    }
    let settings = [
        default::<RunSettings>(),
        default::<DiscoverSettings>(),
        default::<GraphConfig>(),
        default::<PromptSettings>(),
        default::<MaskGradient>(),
        default::<InputGradient>(),
        default::<Acdc>(),
        default::<Exact>(),
        default::<SubnetworkProbing>(),
        default::<Random>(),
    ];
    settings.into_iter().collect()
}

/// The types that were found so far.
struct Types {
    config: Config,
    /// By type, then by field.
    defaults: BTreeMap<String, Value>,
    declared: BTreeMap<String, String>,
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::ident(&self.config);
        // Types of the standard library have no declaration of their own.
        if T::output_path().is_none() || self.declared.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let text = without_links(&format!("{docs}export {}", T::decl(&self.config))).replace("`None`", "`null`");
        self.declared.insert(name.clone(), pretty(&text, self.defaults.get(&name)));
        T::visit_dependencies(self);
    }
}

/// Rust's links to other items as plain names: ``[`super::select`]`` as `` `select` ``.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((link, after)) = after.split_once("`]") else { break };
        let name = ["crate::", "super::", "circuitscope_core::"]
            .iter()
            .fold(link, |name, start| name.trim_start_matches(start));
        plain += &format!("{before}`{name}`");
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::without_links;

    #[test]
    fn links_are_plain_names() {
        assert_eq!(
            without_links("see [`super::select`] and [`Metric::ALL`], [1]"),
            "see `select` and `Metric::ALL`, [1]"
        );
    }
}
