//! Runs `tests/web`: Node's own test runner, which drives Chromium over the built site.

use std::path::PathBuf;

use crate::workspace::{Result, Workspace, files};

/// What the browser tests are run with.
pub struct Browser {
    /// The browser's program.
    pub chromium: PathBuf,
    /// The folder that the driver was installed in.
    pub node_modules: PathBuf,
    /// Whether every reference run is compared on WebGPU, or one of each graph.
    pub webgpu_all: bool,
}

/// Runs every `tests/web/*.test.mjs`, one after another: each starts a browser.
///
/// # Errors
/// When a test fails, or there is none.
pub fn test(workspace: &Workspace, browser: &Browser) -> Result<()> {
    let mut command = workspace.command("node");
    command.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(test_files(workspace)?);
    command.env("CHROMIUM", &browser.chromium).env("CIRCUITSCOPE_NODE_MODULES", &browser.node_modules);
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
