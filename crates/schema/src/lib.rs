//! The types and the names of the JavaScript module, from the Rust that reads and writes its messages.
//!
//! [`declarations`] collects the types of the messages for `www/module/schema.d.ts`; [`names`] collects the names of enums, their
//! labels and the defaults of settings for `www/module/schema.js`. Both files are committed: `cargo xtask schema` writes them, and a
//! test fails when they are not what it would write.

pub mod declarations;
pub mod names;
mod printer;

use std::path::{Path, PathBuf};

/// What both files begin with.
const HEADER: &str = "// Generated from the Rust types by `cargo xtask schema`: change those, not this file.\n";

/// A generated file.
pub struct GeneratedFile {
    pub path: PathBuf,
    pub text: String,
}

/// Both files.
pub fn generated_files() -> [GeneratedFile; 2] {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/module");
    let constants = names::constants();
    let declared: Vec<_> = constants.iter().map(names::Constant::declaration).collect();
    let defined: Vec<_> = constants.iter().map(names::Constant::definition).collect();
    let types = declarations::declarations();
    [
        GeneratedFile { path: module.join("schema.d.ts"), text: format!("{HEADER}\n{types}\n{}", declared.join("\n")) },
        GeneratedFile { path: module.join("schema.js"), text: format!("{HEADER}\n{}", defined.join("\n")) },
    ]
}

#[cfg(test)]
mod tests {
    use super::generated_files;

    #[test]
    fn the_committed_files_are_those_that_the_types_give() {
        for file in generated_files() {
            let committed = std::fs::read_to_string(&file.path).unwrap_or_default();
            let name = file.path.file_name().unwrap().to_string_lossy();
            assert!(
                committed == file.text,
                "www/module/{name} is not what the Rust types give: run `cargo xtask schema`"
            );
        }
    }
}
