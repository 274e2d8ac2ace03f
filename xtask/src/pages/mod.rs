//! The site's pages around the tool: the gallery, a page for each demo, and those that explain. Written from the demos' figure files and
//! the templates of `www/pages`, so that what they claim is what was computed.
//!
//! 1. [`demo`]: what there is to say of a demo, and [`thumbnail`] its picture.
//! 2. [`gallery`]: a card for each; [`guide`]: the tables of the embedding guide, from `custom-elements.json`; [`exactness`]: the table of
//!    what a test found.
//! 3. [`template`]: text with holes, and [`frame`] what all pages have around it.

mod demo;
mod exactness;
mod frame;
mod gallery;
mod guide;
mod template;
mod thumbnail;

use std::fs;
use std::path::Path;
use std::time::Duration;

use circuitscope_core::size_label;
use serde::Deserialize;

use self::demo::Demo;
use self::exactness::{TOLERANCE, Table, small, table};
pub use self::frame::SITE_URL;
use self::frame::{Page, Templates, poster};
use self::gallery::{gallery, recorded};
use self::guide::{Guide, guide};
use crate::site;
use crate::workspace::Result;

/// How often it is looked whether trunk has built the site: soon for a person, seldom for a disk.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The file beside a demo's page that says how other sites embed it (oembed.com).
pub const OEMBED: &str = "oembed.json";
/// The size of a figure's frame that it asks for, in pixels: the width of a column of text, and what is in it.
const FRAME: [usize; 2] = [720, 800];
/// A demo of `www/pages/demos.json`, in the gallery's order.
#[derive(Deserialize)]
struct Listed {
    name: String,
    /// What the gallery can be narrowed to.
    kind: String,
}

/// What a page with figures in it asks for.
const ELEMENT: &str = "<script type=\"module\" src=\"element.js?v=__BUILD_ID__\"></script>\n";
/// What pages say of themselves, for search engines and social networks.
const READ: &str = "Nodes, edges, the residual stream, clean and corrupt prompts, patching, scores and faithfulness, with figures to drag.";
const EMBEDDING: &str = "A script and a tag show a circuit in any page: attributes, events, styles, policies, frames.";
const EXACTNESS: &str = "What is computed here, compared with auto-circuit, number by number.";

/// Writes the pages into a folder that has the site's other files, the demos among them.
///
/// # Errors
/// When a template or a figure is wrong, a demo is not listed, or a page cannot be written.
pub fn write(root: &Path, dist: &Path) -> Result<()> {
    let templates = Templates { dir: root.join("www").join("pages") };
    let demos = demos(&templates, dist)?;
    fs::write(dist.join("pages.css"), style(root)?)?;
    fs::write(dist.join("pages.js"), templates.read("pages.js")?)?;
    fs::write(dist.join("read.html"), read_page(&templates, &demos)?)?;
    fs::write(dist.join("embedding.html"), embedding(root, &templates, &demos)?)?;
    fs::write(dist.join("exactness.html"), exactness_page(&templates, &demos)?)?;
    for demo in &demos {
        let dir = dist.join("demo").join(&demo.name);
        fs::write(dir.join("index.html"), demo_page(&templates, demo)?)?;
        fs::write(dir.join(OEMBED), oembed(demo))?;
    }
    // Last, for [`keep_written`] knows by it that all are there.
    fs::write(dist.join("gallery.html"), gallery(&templates, &demos)?)?;
    Ok(())
}

/// Writes the pages whenever trunk has built the site anew and left them out. It returns never: it is for a thread beside trunk's server.
pub fn keep_written(root: &Path) {
    let dist = root.join("dist");
    let mut failed = None;
    loop {
        let built = fs::metadata(dist.join("index.html")).and_then(|index| index.modified()).ok();
        // While trunk still copies files some are missing: it is tried again, and said once.
        if built.is_some()
            && !dist.join("gallery.html").is_file()
            && let Err(error) = write(root, &dist)
            && failed.replace(built) != Some(built)
        {
            eprintln!("xtask: the pages around the tool: {error}");
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The demos whose figures are there, in the order of `demos.json`.
fn demos(templates: &Templates, dist: &Path) -> Result<Vec<Demo>> {
    let listed: Vec<Listed> = serde_json::from_str(&templates.read("demos.json")?)?;
    for entry in fs::read_dir(dist.join("demo"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let has_figure = dist.join("demo").join(&name).join("figure.json").is_file();
        if has_figure && !listed.iter().any(|listed| listed.name == name) {
            return Err(
                format!("demo/{name} has a figure, and www/pages/demos.json does not say of what kind it is").into()
            );
        }
    }
    let dirs = listed.iter().map(|listed| (dist.join("demo").join(&listed.name), listed));
    let there = dirs.filter(|(dir, _)| dir.join("figure.json").is_file());
    there.map(|(dir, listed)| Demo::read(&dir, &listed.name, &listed.kind)).collect()
}

/// The style of all pages, whose colours and type faces are those of the tool.
fn style(root: &Path) -> Result<String> {
    let files = ["style/base.css", "pages/pages.css", "pages/gallery.css"].map(|file| root.join("www").join(file));
    files.iter().map(|path| Ok(fs::read_to_string(path)?)).collect()
}

fn read_page(templates: &Templates, demos: &[Demo]) -> Result<String> {
    templates.page(&Page {
        title: "How to read a circuit",
        description: READ,
        root: "",
        card: first_card(demos).as_deref(),
        head: ELEMENT,
        kind: "prose",
        main: &templates.prose("read.html", &[], demos)?,
    })
}

fn embedding(root: &Path, templates: &Templates, demos: &[Demo]) -> Result<String> {
    let manifest = fs::read_to_string(root.join("www").join("custom-elements.json"))?;
    let Guide { attributes, methods, events, properties, parts, slots } = guide(&manifest)?;
    let limits = [site::ELEMENT_LIMIT, site::VIEWER_LIMIT, site::ENGINE_LIMIT].map(|limit| size_label(limit as u64));
    let values = [
        ("element", &*limits[0]),
        ("viewer", &limits[1]),
        ("engine", &limits[2]),
        ("attributes", &*attributes),
        ("methods", &methods),
        ("events", &events),
        ("properties", &properties),
        ("parts", &parts),
        ("slots", &slots),
    ];
    templates.page(&Page {
        title: "A circuit in your own page",
        description: EMBEDDING,
        root: "",
        card: first_card(demos).as_deref(),
        head: ELEMENT,
        kind: "prose",
        main: &templates.prose("embedding.html", &values, demos)?,
    })
}

fn exactness_page(templates: &Templates, demos: &[Demo]) -> Result<String> {
    let Table { rows, graphs, runs, circuits, logits, largest } = table(&templates.read("exactness.json")?)?;
    let values = [
        ("tolerance", &*small(TOLERANCE)),
        ("rows", &rows),
        ("graphs", &graphs),
        ("runs", &runs),
        ("circuits", &circuits),
        ("logits", &logits),
        ("largest", &largest),
    ];
    templates.page(&Page {
        title: "How exact Circuitscope is",
        description: EXACTNESS,
        root: "",
        card: first_card(demos).as_deref(),
        head: "",
        kind: "prose",
        main: &templates.fill("exactness.html", &values)?,
    })
}

/// The picture of the pages that are of no one demo.
fn first_card(demos: &[Demo]) -> Option<String> {
    demos.iter().find(|demo| demo.has_card).map(|demo| format!("demo/{}/card.png", demo.name))
}

fn demo_page(templates: &Templates, demo: &Demo) -> Result<String> {
    let values = [
        ("title", demo.title()),
        ("poster", &poster(demo, "")),
        ("thumbnail", &demo.thumbnail),
        ("caption", &demo.caption),
        ("size", &demo.size()),
        ("recorded", &recorded(demo)),
        ("name", &demo.name),
        ("licence", demo.licence()),
    ];
    let card = demo.has_card.then(|| format!("demo/{}/card.png", demo.name));
    templates.page(&Page {
        title: demo.title(),
        description: &demo.caption,
        root: "../../",
        card: card.as_deref(),
        head: "<link rel=\"alternate\" type=\"application/json+oembed\" href=\"oembed.json\">\n<script type=\"module\" src=\"../../element.js?v=__BUILD_ID__\"></script>\n",
        kind: "demo",
        main: &templates.fill("demo.html", &values)?,
    })
}

/// How other sites embed a demo, as oEmbed's `rich` type. Its addresses are whole where the site's own is known.
fn oembed(demo: &Demo) -> String {
    let [width, height] = FRAME;
    let name = &demo.name;
    let frame = format!(
        "<iframe src=\"{SITE_URL}embed.html?figure=demo/{name}/figure.json\" width=\"{width}\" height=\"{height}\" style=\"border:0;max-width:100%\" title=\"A circuit\"></iframe>"
    );
    let mut answer = serde_json::json!({
        "version": "1.0", "type": "rich", "title": demo.title(), "provider_name": "Circuitscope", "provider_url": SITE_URL,
        "html": frame, "width": width, "height": height,
    });
    if demo.has_card {
        answer["thumbnail_url"] = format!("{SITE_URL}demo/{name}/card.png").into();
        answer["thumbnail_width"] = 1200.into();
        answer["thumbnail_height"] = 630.into();
    }
    answer.to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::write;
    use crate::workspace::files;

    /// A folder with the demos' figures and pictures, as a built site has them.
    fn site(name: &str) -> (PathBuf, PathBuf) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        let dist = std::env::temp_dir().join(format!("circuitscope-pages-{}-{name}", std::process::id()));
        let demos = root.join("www").join("demo");
        for file in files(&demos).unwrap() {
            if file.extension().is_some_and(|e| e == "json" || e == "svg" || e == "png") {
                let to = dist.join("demo").join(file.strip_prefix(&demos).unwrap());
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(&file, to).unwrap();
            }
        }
        (root, dist)
    }

    fn text(dist: &Path, page: &str) -> String {
        fs::read_to_string(dist.join(page)).unwrap()
    }

    #[test]
    fn every_demo_has_a_card_and_a_page_and_the_same_ones_each_time() {
        let (root, dist) = site("written");
        write(&root, &dist).unwrap();
        let gallery = text(&dist, "gallery.html");
        let demos = files(&dist.join("demo")).unwrap();
        let demos: Vec<_> = demos.iter().filter(|file| file.ends_with("figure.json")).collect();
        assert_eq!(gallery.matches("<svg class=\"thumb\"").count(), demos.len());
        assert!(gallery.contains("40 of 262 edges"));
        for page in ["gallery.html", "read.html", "exactness.html", "demo/ioi/index.html"] {
            assert!(!text(&dist, page).contains("{{"), "{page}");
        }
        let ioi = text(&dist, "demo/ioi/index.html");
        assert!(ioi.contains("40 of 262 edges keep 95\u{a0}% of the logit difference"));
        assert!(ioi.contains("<img slot=\"poster\" src=\"poster.svg\""));
        assert!(ioi.contains("og:image\" content=\"__SITE_URL__demo/ioi/card.png\""));
        write(&root, &dist).unwrap();
        assert_eq!(text(&dist, "gallery.html"), gallery);
        fs::remove_dir_all(dist).unwrap();
    }

    #[test]
    fn a_figure_that_is_not_listed_or_cannot_be_read_is_named() {
        let (root, dist) = site("wrong");
        fs::create_dir_all(dist.join("demo").join("new")).unwrap();
        fs::copy(dist.join("demo/ioi/figure.json"), dist.join("demo/new/figure.json")).unwrap();
        let error = write(&root, &dist).unwrap_err().to_string();
        assert!(error.contains("demo/new") && error.contains("demos.json"), "{error}");
        fs::remove_dir_all(dist.join("demo").join("new")).unwrap();
        fs::write(dist.join("demo/ioi/figure.json"), "<!DOCTYPE html>").unwrap();
        let error = write(&root, &dist).unwrap_err().to_string();
        assert!(error.contains("ioi") && error.contains("figure.json"), "{error}");
        fs::remove_dir_all(dist).unwrap();
    }
}
