//! A figure's files checked, and its circuits run again.

use circuitscope_record::{FileState, verify as run_again};
use circuitscope_wire::engine::DeviceChoice;

use super::{Opened, report};
use crate::error::CliError;
use crate::input::Computer;
use crate::output::print;
use crate::progress::PassesBar;

/// Prints the state of every file and how far the results are from those that were recorded.
///
/// # Errors
/// When a file is not what the figure says, the figure cannot be run here, or a number differs by more than `tolerance`.
pub async fn verify(opened: &Opened, tolerance: f64, device: DeviceChoice) -> Result<(), CliError> {
    let Opened { file, figure, files, .. } = opened;
    print(report::files(opened).as_bytes())?;
    let wrong: Vec<&str> = files.iter().filter(|file| is_wrong(&file.state)).map(|file| file.field.as_str()).collect();
    if !wrong.is_empty() {
        return Err(CliError::NotVerified(format!("{file}: not what the figure says: {}", wrong.join(", "))));
    }
    let mut session = Computer::open(device).await?.session();
    let mut bar = PassesBar::new();
    let verified = run_again(file, figure, files, &mut session, &mut bar).await?;
    bar.finish();
    if verified.is_within(tolerance) {
        return print(format!("verified: {verified}\n").as_bytes());
    }
    Err(CliError::NotVerified(format!("{file}: not verified: {verified}; at most {tolerance:e} passes")))
}

/// A file that is there and is another one. What is missing may not be needed.
fn is_wrong(state: &FileState) -> bool {
    matches!(state, FileState::Wrong { .. })
}
