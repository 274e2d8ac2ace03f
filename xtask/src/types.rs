//! The types of the JavaScript module, written from the Rust types.

use crate::workspace::{Result, Workspace};

/// Writes `www/module/schema.d.ts` and `www/module/schema.js` from the Rust types.
///
/// # Errors
/// When they do not compile or cannot be written.
pub fn write_schema(workspace: &Workspace) -> Result<()> {
    workspace.run(workspace.command("cargo").args(["run", "--quiet", "--package", "circuitscope-schema"]))
}
