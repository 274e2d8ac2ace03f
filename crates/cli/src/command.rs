//! The subcommands and what `--help` says of all of them.

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::convert::ConvertCommand;
use crate::discover::DiscoverCommand;
use crate::draw::DrawCommand;
use crate::error::CliError;
use crate::figure::FigureCommand;
use crate::models::ModelsCommand;
use crate::output;
use crate::run::RunCommand;

/// Find, test and draw circuits in small transformers.
///
/// A circuit is the part of a model's computation graph that does a task. Give a model and pairs of clean and corrupt prompts;
/// `discover` finds a score for every edge of the graph, `run` keeps the edges of the largest scores, patches them and measures
/// what is left of the model's behaviour, `draw` draws them, and `figure` writes and verifies all of it as one file. The semantics are those of auto-circuit.
#[derive(Debug, Parser)]
#[command(name = "circuitscope", version, after_long_help = TERMS, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(RunCommand),
    Discover(DiscoverCommand),
    Draw(DrawCommand),
    Figure(FigureCommand),
    Convert(ConvertCommand),
    Models(ModelsCommand),
    /// Print a script that completes this program's commands and options in a shell
    #[command(after_long_help = COMPLETIONS)]
    Completions {
        shell: Shell,
    },
}

impl Cli {
    /// Runs the subcommand to its end.
    ///
    /// # Errors
    /// See [`CliError`].
    pub fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::Run(command) => pollster::block_on(command.run()),
            Command::Discover(command) => pollster::block_on(command.run()),
            Command::Draw(command) => command.run(),
            Command::Figure(command) => pollster::block_on(command.run()),
            Command::Convert(command) => command.run(),
            Command::Models(command) => command.run(),
            Command::Completions { shell } => completions(shell),
        }
    }
}

fn completions(shell: Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "circuitscope", &mut script);
    output::print(&script)
}

const TERMS: &str = "\
Terms:
  node           the embedding (`Resid Start`), a head (`A0.1`, with the inputs `A0.1.Q`, `.K` and `.V`), an MLP (`MLP 0`), and
                 the end of the residual stream (`Resid End`)
  edge           what one node adds to another one's input: `A0.1->MLP 1`; at token position 3 of a token-wise graph
                 `3:A0.1->MLP 1`
  prune score    a number for every edge; the larger its absolute value, the more the edge matters
  circuit        the edges of the N largest prune scores. Equal scores come in together, so a circuit may have more edges than
                 were asked for
  mask           how much of an edge is in a circuit: 1 all of it, 0 none, 0.5 halfway between its activations in and out of it
  clean, corrupt a pair of prompts; the answers are those of the clean one
  patching       putting an activation of another run on an edge
  ablation       which activation that is: the other prompt's (resample), zero, or a mean

Results go to stdout or to the file that --out names; progress and remarks go to stderr.

Exit codes:
  0  done
  1  an input is wrong or something failed; the message names the file, the field, what was expected and what was found
  2  the command line is wrong

Examples:
  circuitscope models
  circuitscope discover --model DIR --prompts ioi.json --algorithm eap --out scores.safetensors
  circuitscope run --model DIR --prompts ioi.json --scores scores.safetensors --edge-counts 0,10,100
  circuitscope draw --model DIR --scores scores.safetensors --edge-count 30 --out circuit.svg
  circuitscope figure --verify figure.json
  circuitscope convert scores.pt --model DIR --to edge-list-csv --out edges.csv";

const COMPLETIONS: &str = "\
Examples:
  bash  circuitscope completions bash > ~/.local/share/bash-completion/completions/circuitscope
  zsh   circuitscope completions zsh > ~/.zfunc/_circuitscope    (with ~/.zfunc in fpath)
  fish  circuitscope completions fish > ~/.config/fish/completions/circuitscope.fish";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_fit_together() {
        Cli::command().debug_assert();
    }
}
