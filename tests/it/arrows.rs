//! The arrows of ARCHITECTURE.md: which folder of `src` may use which, read off the `use` lines and paths.

use std::path::{Path, PathBuf};

/// A folder and what it may name with `crate::`.
const ARROWS: [(&str, &[&str]); 10] = [
    ("circuit", &["circuit"]),
    ("formats", &["circuit"]),
    ("model", &["circuit", "model"]),
    ("run", &["circuit", "model", "run"]),
    ("discover", &["circuit", "model", "run", "discover"]),
    ("layout", &["circuit", "layout"]),
    ("view", &["circuit", "formats", "layout", "view"]),
    ("engine", &["circuit", "model", "run", "discover", "engine"]),
    ("reader", &["circuit", "formats", "reader"]),
    ("app", &["circuit", "formats", "layout", "view", "engine", "reader", "app"]),
];

/// Libraries that only some folders may name.
const LIBRARIES: [(&str, &[&str]); 6] = [
    ("burn", &["model", "run", "discover", "engine"]),
    ("yew", &["view", "app"]),
    ("web_sys", &["view", "app", "engine", "reader"]),
    ("tokenizers", &["reader"]),
    ("wgpu", &["engine"]),
    ("zip", &["formats"]),
];

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The folders named after `crate::` in code, not in comments.
fn named<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = String> + 'a {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(move |line| line.split(start).skip(1).map(word))
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn folders_use_only_what_they_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (folder, may_use) in ARROWS {
        let files = rust_files(&src.join(folder));
        assert!(!files.is_empty(), "{folder} has files");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for used in named(&text, "crate::") {
                assert!(may_use.contains(&used.as_str()), "{} uses crate::{used}", file.display());
            }
            for (library, folders) in LIBRARIES {
                let names = named(&text, &format!("{library}::")).next().is_some();
                assert!(!names || folders.contains(&folder), "{} uses {library}", file.display());
            }
        }
    }
}

#[test]
fn the_page_uses_only_the_workers_messages() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app");
    for file in rust_files(&app) {
        let text = std::fs::read_to_string(&file).unwrap();
        for worker in ["crate::engine::", "crate::reader::"] {
            for used in named(&text, worker) {
                let message =
                    used == "protocol" || used.is_empty() || used.chars().next().is_some_and(char::is_uppercase);
                assert!(message, "{} uses {worker}{used}", file.display());
            }
        }
    }
}
