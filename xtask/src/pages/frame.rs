//! The frame that all pages have, and the templates of what is in it.

use std::fs;
use std::path::PathBuf;

use super::demo::Demo;
use super::template::{Values, escaped, fill};
use crate::workspace::Result;

/// Stands in pages for the address of the site, which social networks ask for in front of pictures.
pub const SITE_URL: &str = "__SITE_URL__";
/// The pages that the header links, with their names in it.
const NAV: [(&str, &str); 4] = [
    ("gallery.html", "Gallery"),
    ("read.html", "How to read a circuit"),
    ("embedding.html", "In your own page"),
    ("exactness.html", "How exact it is"),
];

/// A page of the site.
pub struct Page<'a> {
    pub title: &'a str,
    pub description: &'a str,
    /// The way back to the site's folder: empty, or `../../`.
    pub root: &'a str,
    /// The picture for social networks, by its path in the site.
    pub card: Option<&'a str>,
    /// What else belongs into the head, as markup.
    pub head: &'a str,
    /// A class that says how the page is laid out.
    pub kind: &'a str,
    pub main: &'a str,
}

/// The templates' folder.
pub struct Templates {
    pub dir: PathBuf,
}

impl Templates {
    /// A template's text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.dir.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// A template with its values.
    ///
    /// # Errors
    /// See [`fill`].
    pub fn fill(&self, name: &str, values: &Values) -> Result<String> {
        let no_claims = |name: &str| Err(format!("no figure for `{name}`").into());
        fill(&self.read(name)?, values, &no_claims).map_err(|error| format!("{name}: {error}").into())
    }

    /// A page of prose, whose numbers and posters are those of demos: `{{ioi:edges:40}}`, `{{{ioi:poster}}}`.
    ///
    /// # Errors
    /// When there is no such demo, or its figure has not recorded what is asked for.
    pub fn prose(&self, name: &str, values: &Values, demos: &[Demo]) -> Result<String> {
        let claim = |asked: &str| {
            let (of, asked) = asked.split_once(':').unwrap_or_default();
            let demo = demos.iter().find(|demo| demo.name == of);
            let demo = demo.ok_or_else(|| format!("there is no figure of the demo `{of}`"))?;
            if asked == "poster" {
                Ok(poster(demo, &format!("demo/{of}/")))
            } else {
                demo.claim(&format!("{{{asked}}}"))
            }
        };
        fill(&self.read(name)?, values, &claim).map_err(|error| format!("{name}: {error}").into())
    }

    /// A page in the frame that all have.
    ///
    /// # Errors
    /// When the frame is wrong.
    pub fn page(&self, page: &Page) -> Result<String> {
        let link = |(file, name): &(&str, &str)| format!("<a href=\"{}{file}\">{name}</a>", page.root);
        let nav: String = NAV.iter().map(link).collect();
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

/// What stands in a figure's place until it is there. `folder` is the demo's own, from the page.
pub fn poster(demo: &Demo, folder: &str) -> String {
    let alt = escaped(&format!("{} {}", demo.title(), demo.caption));
    if demo.has_poster {
        format!("<img slot=\"poster\" src=\"{folder}poster.svg\" alt=\"{alt}\">")
    } else {
        String::new()
    }
}
