//! Runs `tests/web`: Node's own test runner, which drives Chromium over the built site, and Firefox and WebKit for some of it.

use std::path::{Path, PathBuf};

use crate::workspace::{Result, Workspace, files};

/// What the browser tests are run with.
pub struct Browser {
    /// The browser's program.
    pub chromium: PathBuf,
    /// For each other browser that is missing: the variable by which its tests are told why.
    pub missing: Vec<(&'static str, String)>,
    /// The folder that the drivers were installed in.
    pub node_modules: PathBuf,
    /// The folder that Vite was installed in.
    pub vite: PathBuf,
    /// Whether every reference run is compared on WebGPU, or one of each graph.
    pub webgpu_all: bool,
}

/// The files whose tests take longest: first, so that nothing waits for them in the end.
const LONG: [&str; 3] = ["exactness.test.mjs", "discover.test.mjs", "drawing.test.mjs"];
/// The file that looks at how long the page's main thread is busy: alone, so that it is busy with the page only.
const ALONE: &str = "page.test.mjs";

/// Runs every `tests/web/*.test.mjs`, two at a time where that changes no result: each starts a browser.
///
/// # Errors
/// When a test fails, or there is none.
pub fn test(workspace: &Workspace, browser: &Browser) -> Result<()> {
    let is_one_of = |path: &PathBuf, names: &[&str]| names.iter().any(|name| path.ends_with(name));
    let (alone, mut together): (Vec<_>, Vec<_>) =
        test_files(workspace)?.into_iter().partition(|path| is_one_of(path, &[ALONE]));
    together.sort_by_key(|path| !is_one_of(path, &LONG));
    let passed = run(workspace, browser, 2, &together);
    run(workspace, browser, 1, &alone)?;
    passed
}

/// Draws the social cards of the demos, `www/demo/NAME/card.png`, over the built site.
///
/// # Errors
/// When one cannot be drawn.
pub fn cards(workspace: &Workspace, chromium: &Path, node_modules: &Path) -> Result<()> {
    let mut command = workspace.command("node");
    command.arg("tests/web/support/make_cards.mjs");
    workspace.run(command.env("CHROMIUM", chromium).env("CIRCUITSCOPE_NODE_MODULES", node_modules))
}

fn run(workspace: &Workspace, browser: &Browser, n_at_a_time: usize, files: &[PathBuf]) -> Result<()> {
    let mut command = workspace.command("node");
    command.args(["--test", "--test-reporter=spec", &format!("--test-concurrency={n_at_a_time}")]).args(files);
    command.env("CHROMIUM", &browser.chromium).env("CIRCUITSCOPE_NODE_MODULES", &browser.node_modules);
    command.envs(browser.missing.iter().map(|(variable, why)| (variable, why)));
    command.env("CIRCUITSCOPE_VITE", &browser.vite);
    if browser.webgpu_all {
        command.env("CIRCUITSCOPE_WEBGPU_ALL", "1");
    }
    workspace.run(&mut command)
}

/// Sorted, so that every machine runs them in the same order.
fn test_files(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let dir = workspace.root.join("tests").join("web");
    let is_test = |path: &PathBuf| path.parent() == Some(&dir) && path.to_string_lossy().ends_with(".test.mjs");
    let found: Vec<_> = files(&dir)?.into_iter().filter(is_test).collect();
    if found.is_empty() {
        return Err(format!("no browser tests in {}", dir.display()).into());
    }
    Ok(found)
}
