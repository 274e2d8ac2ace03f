//! The types of the JavaScript module: written from the Rust types, and checked by `tsc`.

use std::path::Path;

use crate::workspace::{Result, Workspace};

/// What `tsc` checks: the scripts of pages, and those of workers.
const PROJECTS: [&str; 2] = ["www/tsconfig.json", "www/tsconfig.worker.json"];

/// Writes `www/module/schema.d.ts` and `www/module/schema.js` from the Rust types.
///
/// # Errors
/// When they do not compile or cannot be written.
pub fn write_schema(workspace: &Workspace) -> Result<()> {
    workspace.run(workspace.command("cargo").args(["run", "--quiet", "--package", "circuitscope-schema"]))
}

/// Checks the scripts of `www/`, and an example of their use, with the `tsc` of a folder of npm packages.
///
/// # Errors
/// When a type is wrong, or a setting of the Rust types has no rule in the scripts.
pub fn check(workspace: &Workspace, node_modules: &Path) -> Result<()> {
    let tsc = node_modules.join("typescript").join("bin").join("tsc");
    for project in PROJECTS {
        workspace.run(workspace.command("node").arg(&tsc).args(["--project", project]))?;
    }
    Ok(())
}
