//! The gallery: a card for each demo, and which kinds of them are shown.

use super::demo::Demo;
use super::first_card;
use super::frame::{Page, Templates};
use super::template::escaped;
use crate::workspace::Result;

/// The check mark of results that a test runs again.
const CHECK: &str = "<svg width=\"12\" height=\"12\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><circle cx=\"6\" cy=\"6\" r=\"5.2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.2\"/><path d=\"M3.4 6.2l1.8 1.8 3.4-3.8\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.4\"/></svg>";
/// What the gallery says of itself, for search engines and social networks.
const GALLERY: &str = "Circuits of small transformers, drawn, measured and ready to take apart in a browser tab.";

/// The page.
///
/// # Errors
/// When a template is wrong.
pub fn gallery(templates: &Templates, demos: &[Demo]) -> Result<String> {
    let cards: Vec<String> = demos.iter().map(|demo| card(templates, demo)).collect::<Result<_>>()?;
    let values = [("kinds", kinds(demos)), ("cards", cards.concat())];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    templates.page(&Page {
        title: "Circuitscope: gallery",
        description: GALLERY,
        root: "",
        card: first_card(demos).as_deref(),
        head: &format!("<style>{}</style>\n", narrowing(demos)),
        kind: "gallery",
        main: &templates.fill("gallery.html", &values)?,
    })
}

fn card(templates: &Templates, demo: &Demo) -> Result<String> {
    let values = [
        ("kind", &*demo.kind),
        ("thumbnail", &demo.thumbnail),
        ("name", &demo.name),
        ("title", demo.title()),
        ("task", demo.task()),
        ("size", &demo.size()),
        ("recorded", &recorded(demo)),
    ];
    templates.fill("card.html", &values)
}

/// A native test runs every demo again and compares: what is recorded is verified.
pub fn recorded(demo: &Demo) -> String {
    demo.recorded().map_or(String::new(), |date| {
        format!("<span class=\"verified\" title=\"Recorded {}; run again and compared by a test\">{CHECK}recorded, verified</span>", escaped(date))
    })
}

/// The kinds of the demos, each once, in their order.
fn kinds_of(demos: &[Demo]) -> Vec<&str> {
    let mut kinds = Vec::new();
    for demo in demos {
        if !kinds.contains(&&*demo.kind) {
            kinds.push(&*demo.kind);
        }
    }
    kinds
}

/// The gallery's choices, as radio buttons: narrowing takes no script.
fn kinds(demos: &[Demo]) -> String {
    let choice = |(i, text): (usize, String)| {
        let checked = if i == 0 { " checked" } else { "" };
        format!("<label><input type=\"radio\" name=\"kind\" id=\"kind-{i}\"{checked}>{}</label>\n", escaped(&text))
    };
    let all = std::iter::once(format!("All, {}", demos.len()));
    all.chain(kinds_of(demos).into_iter().map(str::to_owned)).enumerate().map(choice).collect()
}

/// Which cards each choice leaves out.
fn narrowing(demos: &[Demo]) -> String {
    let rule = |(i, kind): (usize, &str)| {
        format!(".gallery:has(#kind-{}:checked) .card:not([data-kind=\"{}\"]){{display:none}}", i + 1, escaped(kind))
    };
    kinds_of(demos).into_iter().enumerate().map(rule).collect()
}
