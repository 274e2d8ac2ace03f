//! Makes the npm package: the scripts of `www/` and the programs of a built site, with what `npm/` has of its own.
//!
//! The programs are not linked by a query with the build's name as in the site: a package is installed whole, and a bundler takes
//! an address with a query for another file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::site::BUILD_ID;
use crate::workspace::{Result, Workspace, files};

/// What is for readers and not only for the page.
const FROM_WWW: [&str; 6] = [
    "circuitscope.js",
    "circuitscope.d.ts",
    "element.js",
    "element.d.ts",
    "custom-elements.json",
    "figure.schema.json",
];
/// What only the page's own hub worker imports.
const OF_THE_PAGE: [&str; 2] = ["hub-worker.js", "files.js"];
/// What trunk has built.
const FROM_SITE: [&str; 8] = [
    "engine.js",
    "engine_bg.wasm",
    "engine-relaxed.js",
    "engine-relaxed_bg.wasm",
    "reader.js",
    "reader_bg.wasm",
    "viewer.js",
    "viewer_bg.wasm",
];
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
/// Stands in `npm/package.json` for the version.
const VERSION_MARK: &str = "__VERSION__";
/// That of the workspace, as this program's own.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The lines of `element.js` that say where the whole page is: a package has none.
const PAGE: [&str; 2] = ["const PAGE = \"index.html\";", "const PAGE = \"\";"];

/// Makes the folder that `npm pack` and `npm publish` take, and gives its path.
///
/// # Errors
/// When there is no built site, or a file cannot be read or written.
pub fn make(workspace: &Workspace) -> Result<PathBuf> {
    let root = &workspace.root;
    let [www, site, own] = ["www", "dist", "npm"].map(|dir| root.join(dir));
    let package = root.join("target").join("npm");
    if package.is_dir() {
        fs::remove_dir_all(&package)?;
    }
    fs::create_dir_all(package.join("module"))?;
    for name in FROM_WWW {
        write(&www.join(name), &package.join(name))?;
    }
    for path in files(&www.join("module"))? {
        let name = path.file_name().unwrap_or_default();
        if !OF_THE_PAGE.iter().any(|of_the_page| name == *of_the_page) {
            write(&path, &package.join("module").join(name))?;
        }
    }
    for path in files(&own)? {
        write(&path, &package.join(path.file_name().unwrap_or_default()))?;
    }
    let programs = FROM_SITE.iter().map(|name| (site.join(name), name));
    for (path, name) in programs.chain(LICENCES.iter().map(|name| (root.join(name), name))) {
        let missing = |error| format!("{}: {error}; `cargo xtask build` makes the site", path.display());
        fs::copy(&path, package.join(name)).map_err(missing)?;
    }
    Ok(package)
}

/// Writes a text of the sources as the package has it.
fn write(from: &Path, to: &Path) -> Result<()> {
    let text = fs::read_to_string(from).map_err(|error| format!("{}: {error}", from.display()))?;
    if from.ends_with("www/element.js") && !text.contains(PAGE[0]) {
        return Err(format!("{} should have the line `{}`", from.display(), PAGE[0]).into());
    }
    fs::write(to, packaged(&text))?;
    Ok(())
}

/// A source without what only the site has: queries with the build's name, and the whole page.
fn packaged(text: &str) -> String {
    let text = text.replace(&format!("?v={BUILD_ID}"), "").replace(BUILD_ID, VERSION);
    text.replace(VERSION_MARK, VERSION).replace(PAGE[0], PAGE[1])
}

#[cfg(test)]
mod tests {
    use super::{VERSION, packaged};

    #[test]
    fn addresses_have_no_query_and_the_build_is_the_version() {
        let source = "import(\"./viewer.js?v=__BUILD_ID__\");\nconst BUILD_ID = \"__BUILD_ID__\";";
        assert_eq!(packaged(source), format!("import(\"./viewer.js\");\nconst BUILD_ID = \"{VERSION}\";"));
    }

    #[test]
    fn a_package_leads_to_no_page() {
        assert_eq!(packaged("const PAGE = \"index.html\";"), "const PAGE = \"\";");
    }
}
