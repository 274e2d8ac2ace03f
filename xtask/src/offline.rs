//! Writes `files.json`, from which the service worker knows the site's files: those that it fetches at once, and those that it keeps
//! when they are first used.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::workspace::{Result, files};

/// What the engine and the reader are; they are large, and not everybody runs something.
const PROGRAMS: [&str; 2] = ["engine", "reader"];
/// What no page of the site asks for.
const NOT_ASKED: [&str; 5] =
    ["service-worker.js", "files.json", "custom-elements.json", "figure.schema.json", "card.png"];

/// The files by their paths in the site, with their SHA-256 in hex.
#[derive(Serialize)]
struct FileList<'a> {
    build: &'a str,
    first: BTreeMap<String, String>,
    later: BTreeMap<String, String>,
}

/// When a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    First,
    Later,
    Never,
}

/// Writes the list of a site that is otherwise done; `build` is its name.
///
/// # Errors
/// When a file cannot be read or the list not be written.
pub fn write(dist: &Path, build: &str) -> Result<()> {
    let mut list = FileList { build, first: BTreeMap::new(), later: BTreeMap::new() };
    for file in files(dist)? {
        let names = file.strip_prefix(dist)?.iter().map(|name| name.to_string_lossy());
        let path = names.collect::<Vec<_>>().join("/");
        let kept = match kept(&path) {
            Kept::First => &mut list.first,
            Kept::Later => &mut list.later,
            Kept::Never => continue,
        };
        let hash = Sha256::digest(fs::read(&file)?);
        kept.insert(path, hash.iter().map(|byte| format!("{byte:02x}")).collect());
    }
    fs::write(dist.join("files.json"), serde_json::to_string(&list)?)?;
    Ok(())
}

fn kept(path: &str) -> Kept {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if NOT_ASKED.contains(&name) || name.ends_with(".d.ts") || matches!(extension, "md" | "csv") || name == "loss.svg" {
        return Kept::Never;
    }
    let is_program = folder.is_empty() && PROGRAMS.iter().any(|program| name.starts_with(program));
    // A demo's figure holds all that is seen of it; its model is for those who run it.
    let is_of_a_model = folder.starts_with("demo/") && !matches!(name, "figure.json" | "index.html" | "poster.svg");
    if is_program || is_of_a_model { Kept::Later } else { Kept::First }
}

#[cfg(test)]
mod tests {
    use super::{Kept, kept};

    #[test]
    fn pages_and_figures_come_first_and_programs_when_they_are_used() {
        let rows = [
            ("index.html", Kept::First),
            ("page-0123456789abcdef_bg.wasm", Kept::First),
            ("viewer_bg.wasm", Kept::First),
            ("module/live.js", Kept::First),
            ("demo/ioi/index.html", Kept::First),
            ("demo/ioi/figure.json", Kept::First),
            ("demo/ioi/poster.svg", Kept::First),
            ("demo/ioi/model.safetensors", Kept::Later),
            ("demo/ioi/tokenizer.json", Kept::Later),
            ("engine_bg.wasm", Kept::Later),
            ("engine-relaxed_bg.wasm", Kept::Later),
            ("engine-worker.js", Kept::Later),
            ("reader.js", Kept::Later),
            ("circuitscope.d.ts", Kept::Never),
            ("demo/ioi/README.md", Kept::Never),
            ("demo/ioi/loss.svg", Kept::Never),
            ("demo/ioi/card.png", Kept::Never),
            ("service-worker.js", Kept::Never),
        ];
        for (path, expected) in rows {
            assert_eq!(kept(path), expected, "{path}");
        }
    }
}
