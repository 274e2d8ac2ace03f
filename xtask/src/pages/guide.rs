//! The tables of the embedding guide, from the manifest that editors read: `custom-elements.json`.

use serde::Deserialize;

use super::template::escaped;
use crate::workspace::Result;

/// The tables, as markup.
pub struct Guide {
    pub attributes: String,
    pub methods: String,
    pub events: String,
    pub properties: String,
    pub parts: String,
    pub slots: String,
}

/// What of the manifest is read: that of the one element of the one module.
#[derive(Deserialize)]
struct Manifest {
    modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Module {
    declarations: Vec<Declaration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declaration {
    attributes: Vec<Item>,
    members: Vec<Item>,
    events: Vec<Item>,
    slots: Vec<Item>,
    css_parts: Vec<Item>,
    css_properties: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    /// Parameters have none.
    #[serde(default)]
    description: String,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    default: Option<String>,
    #[serde(default)]
    parameters: Vec<Item>,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
struct Kind {
    text: String,
}

/// The tables of a manifest's text.
///
/// # Errors
/// When it is no manifest of one element.
pub fn guide(manifest: &str) -> Result<Guide> {
    let Manifest { modules } = serde_json::from_str(manifest)?;
    let declaration = modules.into_iter().flat_map(|module| module.declarations).next();
    let element = declaration.ok_or("custom-elements.json: declares no element")?;
    let named = |items: &[Item], head: &str| table(&[head, "what it is"], items, |item| vec![code(&item.name)]);
    Ok(Guide {
        attributes: table(&["attribute", "values", "by default", "what it is"], &element.attributes, |item| {
            let default = item.default.as_deref().map_or(String::new(), code);
            vec![code(&item.name), kind(item), default]
        }),
        methods: table(&["method", "what it does"], &element.members, |item| vec![code(&call(item))]),
        events: table(&["event", "detail", "when"], &element.events, |item| {
            let detail = kind_text(item).strip_prefix("CustomEvent<").and_then(|text| text.strip_suffix('>'));
            vec![code(&item.name), detail.map_or(String::new(), code)]
        }),
        properties: named(&element.css_properties, "property"),
        parts: named(&element.css_parts, "part"),
        slots: named(&element.slots, "slot"),
    })
}

/// A row for each item: its cells, then its description.
fn table(heads: &[&str], items: &[Item], cells: impl Fn(&Item) -> Vec<String>) -> String {
    let heads: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    let row = |item: &Item| {
        let cells: String = cells(item).iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}<td>{}</td></tr>\n", escaped(&item.description))
    };
    let rows: String = items.iter().map(row).collect();
    format!(
        "<div class=\"table\" tabindex=\"0\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

fn kind_text(item: &Item) -> &str {
    item.kind.as_ref().map_or("", |kind| &kind.text)
}

/// A type; values that can be chosen one by one, without quotes.
fn kind(item: &Item) -> String {
    let values: Vec<_> = kind_text(item).split(" | ").map(|value| code(value.trim_matches('\''))).collect();
    values.join(" ")
}

/// `exportSvg(options?)`
fn call(item: &Item) -> String {
    let name = |item: &Item| format!("{}{}", item.name, if item.optional { "?" } else { "" });
    let parameters: Vec<_> = item.parameters.iter().map(name).collect();
    format!("{}({})", item.name, parameters.join(", "))
}

#[cfg(test)]
mod tests {
    use super::guide;

    #[test]
    fn the_elements_own_manifest_becomes_tables() {
        let guide = guide(include_str!("../../../www/custom-elements.json")).unwrap();
        for (table, expected) in [
            (&guide.attributes, "<td><code>lazy</code> <code>eager</code></td><td><code>lazy</code></td>"),
            (&guide.methods, "<code>exportSvg(options?)</code>"),
            (&guide.events, "<td><code>cs-error</code></td><td><code>{ message: string }</code></td>"),
            (&guide.events, "<td><code>cs-ready</code></td><td></td>"),
            (&guide.properties, "<code>--accent</code>"),
            (&guide.parts, "<code>caption</code>"),
            (&guide.slots, "<code>poster</code>"),
        ] {
            assert!(table.contains(expected), "{expected} in {table}");
        }
    }

    #[test]
    fn a_manifest_without_an_element_is_an_error() {
        assert!(guide(r#"{"modules": []}"#).is_err());
        assert!(guide("[]").is_err());
    }
}
