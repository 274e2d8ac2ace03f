//! `circuitscope`: find, test and draw circuits in small transformers, from a terminal.
//!
//! ```text
//! options ─► input (files) ─► run | discover | draw | figure | convert | models ─► table or file ─► output
//! ```
//!
//! A subcommand a file: [`run`], [`discover`], [`draw`], [`figure`], [`convert`] (with [`contents`]), [`models`]. They share their [`options`],
//! how files are read ([`input`]), [`progress`], [`table`]s and [`output`]. [`command`] has the help texts and the list of
//! subcommands; [`error`] the exit codes.

mod command;
mod contents;
mod convert;
mod discover;
mod draw;
mod error;
mod figure;
mod input;
mod logits;
mod models;
mod options;
mod output;
mod picture;
mod progress;
mod run;
mod table;

use std::process::ExitCode;

use circuitscope_memory::{MiMalloc, keep_freed_pages};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    keep_freed_pages();
    match command::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}
