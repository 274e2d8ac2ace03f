//! Writes `www/module/schema.d.ts` and `www/module/schema.js`.

use std::process::ExitCode;

use circuitscope_schema::generated_files;

fn main() -> ExitCode {
    for file in generated_files() {
        if let Err(error) = std::fs::write(&file.path, file.text) {
            eprintln!("{}: {error}", file.path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
