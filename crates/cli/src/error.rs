//! What a command can fail with, and the exit code that says so.

use std::io;
use std::process::ExitCode;

use circuitscope_core::CircuitError;
use circuitscope_engine::model::ModelError;
use circuitscope_engine::run::RunError;
use circuitscope_formats::{FormatError, NotUtf8, TextError};
use circuitscope_picture::pdf::SvgError;
use circuitscope_record::RecordError;
use thiserror::Error;

/// An error that ends a command.
#[derive(Debug, Error)]
pub enum CliError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A figure that is not what it was when it was recorded.
    #[error("{0}")]
    NotVerified(String),
    #[error("the picture cannot be written as PDF: {0}")]
    Picture(#[from] SvgError),
    #[error("{file}: cannot be read: {reason}")]
    Read { file: String, reason: io::Error },
    #[error("{file}: cannot be written: {reason}")]
    Write { file: String, reason: String },
    #[error("{dir}: neither config.json nor tl_config.json is there")]
    NoConfig { dir: String },
    /// The device that was asked for does not work.
    #[error("{0}")]
    Device(String),
    /// A file of several scores, of which none was chosen.
    #[error("{file}: choose one of its scores with --pick: {}", .choices.join(", "))]
    Choose { file: String, choices: Vec<String> },
    /// Scores of another graph than the options ask for.
    #[error(
        "{file}: these are scores of {found}, not of {expected}; choose the graph with --unfactorized, --joint-qkv and --token-wise"
    )]
    OtherGraph { file: String, expected: String, found: String },
    /// The command line is wrong in a way that its parser does not see.
    #[error("{0}\n\nFor more information, try '--help'.")]
    Usage(String),
}

impl CliError {
    /// 2 where the command line is wrong, as for what its parser refuses, else 1.
    pub fn exit_code(&self) -> ExitCode {
        if matches!(self, Self::Usage(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
    }
}
