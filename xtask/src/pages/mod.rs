//! The site's pages around the tool: the gallery, a page for each demo, and those that explain. Written from the demos' figure files and
//! the templates of `www/pages`, so that what they claim is what was computed.
//!
//! 1. [`demo`]: what there is to say of a demo, and [`thumbnail`] its picture.
//! 2. [`guide`]: the tables of the embedding guide, from `custom-elements.json`.
//! 3. [`template`]: text with holes.

mod demo;
mod template;
mod thumbnail;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use self::demo::Demo;
use self::template::{Values, escaped, fill};
use crate::workspace::Result;

/// Stands in pages for the address of the site, which social networks ask for in front of pictures.
pub const SITE_URL: &str = "__SITE_URL__";
/// The check mark of results that a test runs again.
const CHECK: &str = "<svg width=\"12\" height=\"12\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><circle cx=\"6\" cy=\"6\" r=\"5.2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.2\"/><path d=\"M3.4 6.2l1.8 1.8 3.4-3.8\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.4\"/></svg>";
/// How often it is looked whether trunk has built the site: soon for a person, seldom for a disk.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// What the gallery says of itself, for search engines and social networks.
const GALLERY: &str = "Circuits of small transformers, drawn, measured and ready to take apart in a browser tab.";

/// A demo of `www/pages/demos.json`, in the gallery's order.
#[derive(Deserialize)]
struct Listed {
    name: String,
    /// What the gallery can be narrowed to.
    kind: String,
}

/// A page of the site.
struct Page<'a> {
    title: &'a str,
    description: &'a str,
    /// The way back to the site's folder: empty, or `../../`.
    root: &'a str,
    /// The picture for social networks, by its path in the site.
    card: Option<&'a str>,
    /// What else belongs into the head, as markup.
    head: &'a str,
    /// A class that says how the page is laid out.
    kind: &'a str,
    main: &'a str,
}

/// The pages that the header links, with their names in it.
const NAV: [(&str, &str); 1] = [("gallery.html", "Gallery")];

/// Writes the pages into a folder that has the site's other files, the demos among them.
///
/// # Errors
/// When a template or a figure is wrong, a demo is not listed, or a page cannot be written.
pub fn write(root: &Path, dist: &Path) -> Result<()> {
    let templates = Templates { dir: root.join("www").join("pages") };
    let demos = demos(&templates, dist)?;
    fs::write(dist.join("pages.css"), style(root)?)?;
    fs::write(dist.join("pages.js"), templates.read("pages.js")?)?;
    fs::write(dist.join("gallery.html"), gallery(&templates, &demos)?)?;
    for demo in &demos {
        fs::write(dist.join("demo").join(&demo.name).join("index.html"), demo_page(&templates, demo)?)?;
    }
    Ok(())
}

/// Writes the pages whenever trunk has built the site anew and left them out. It returns never: it is for a thread beside trunk's server.
pub fn keep_written(root: &Path) {
    let dist = root.join("dist");
    let mut tried = None;
    loop {
        let built = fs::metadata(dist.join("index.html")).and_then(|index| index.modified()).ok();
        if built.is_some() && built != tried && !dist.join("gallery.html").is_file() {
            tried = built;
            if let Err(error) = write(root, &dist) {
                eprintln!("xtask: the pages around the tool: {error}");
            }
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The templates' folder.
struct Templates {
    dir: PathBuf,
}

impl Templates {
    fn read(&self, name: &str) -> Result<String> {
        let path = self.dir.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn fill(&self, name: &str, values: &Values) -> Result<String> {
        let no_claims = |name: &str| Err(format!("no figure for `{name}`").into());
        fill(&self.read(name)?, values, &no_claims).map_err(|error| format!("{name}: {error}").into())
    }

    fn page(&self, page: &Page) -> Result<String> {
        let nav: String =
            NAV.iter().map(|(file, name)| format!("<a href=\"{}{file}\">{name}</a>", page.root)).collect();
        let nav = nav + &format!("<a class=\"button open\" href=\"{}index.html\">Open your own files…</a>", page.root);
        let card = page.card.map_or(String::new(), |path| {
            format!("<meta property=\"og:image\" content=\"{SITE_URL}{path}\">\n<meta property=\"og:image:width\" content=\"1200\">\n<meta property=\"og:image:height\" content=\"630\">\n")
        });
        let values = [
            ("title", page.title),
            ("description", page.description),
            ("root", page.root),
            ("card", &card),
            ("head", page.head),
            ("nav", &nav),
            ("kind", page.kind),
            ("main", page.main),
        ];
        self.fill("frame.html", &values)
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

/// The page's colours and type faces are those of the tool.
fn style(root: &Path) -> Result<String> {
    let files = [root.join("www").join("style").join("base.css"), root.join("www").join("pages").join("pages.css")];
    files.iter().map(|path| Ok(fs::read_to_string(path)?)).collect()
}

fn gallery(templates: &Templates, demos: &[Demo]) -> Result<String> {
    let cards: Vec<String> = demos.iter().map(|demo| card(templates, demo)).collect::<Result<_>>()?;
    let values = [("kinds", kinds(demos)), ("cards", cards.concat())];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let first_card = demos.iter().find(|demo| demo.has_card).map(|demo| format!("demo/{}/card.png", demo.name));
    templates.page(&Page {
        title: "Circuitscope: gallery",
        description: GALLERY,
        root: "",
        card: first_card.as_deref(),
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
fn recorded(demo: &Demo) -> String {
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

fn demo_page(templates: &Templates, demo: &Demo) -> Result<String> {
    let alt = escaped(&format!("{} {}", demo.title(), demo.caption));
    let poster =
        if demo.has_poster { format!("<img slot=\"poster\" src=\"poster.svg\" alt=\"{alt}\">") } else { String::new() };
    let values = [
        ("title", demo.title()),
        ("poster", &poster),
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
        head: "<script type=\"module\" src=\"../../element.js?v=__BUILD_ID__\"></script>\n",
        kind: "demo",
        main: &templates.fill("demo.html", &values)?,
    })
}
