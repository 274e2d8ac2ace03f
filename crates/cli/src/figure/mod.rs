//! `figure`: figure files, written, read, verified and drawn.

mod report;
mod verify;
mod write;

use std::path::PathBuf;

use circuitscope_core::{CircuitError, FigureFile, ModelConfig};
use circuitscope_picture::poster;
use circuitscope_record::{NamedFile, RecordError, files};
use circuitscope_wire::engine::DeviceChoice;
use clap::{Args, Subcommand};

use self::write::WriteCommand;
use crate::error::CliError;
use crate::input;
use crate::options::device_choice;
use crate::output::{print, write_file};

/// Show, verify or draw a figure file, or write one
///
/// A figure file is a circuit with all that shows it: caption, edges, results, and where the model, the prompts and the scores are. It
/// is drawn without them; with them beside it, --verify runs it again. Nothing is fetched: a file on another host is named and left
/// alone.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct FigureCommand {
    #[command(subcommand)]
    write: Option<FigureAction>,
    /// The figure file
    #[arg(value_name = "FIGURE.json", required = true)]
    figure: Option<PathBuf>,
    /// Check the files beside it, run its circuits again, and say how far they are from what it has recorded
    #[arg(long)]
    verify: bool,
    /// With --verify, the largest difference that passes; a percentage point is 0.01
    #[arg(long, value_name = "X", default_value_t = 1e-4, requires = "verify")]
    tolerance: f64,
    /// Where to draw its circuit, without scripts and on no ground of its own
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// With --verify, what computes: the CPU, or the machine's GPU (built with --features gpu)
    #[arg(long, default_value = "cpu", value_parser = device_choice())]
    device: DeviceChoice,
}

#[derive(Debug, Subcommand)]
enum FigureAction {
    Write(Box<WriteCommand>),
}

const NOTES: &str = "\
Exit codes, with --verify:
  0  the files that it names are what it says, and no recorded number differs by more than --tolerance
  1  one of them is missing or is another file, a number differs, or it cannot be run here

Examples:
  circuitscope figure www/demo/ioi/figure.json
  circuitscope figure --verify www/demo/ioi/figure.json
  circuitscope figure figure.json --svg poster.svg
  circuitscope figure write --model gpt2 --prompts ioi.json --scores eap.safetensors --patch-type tree --edge-counts mib \\
      --edges 100 --title IOI --caption '{edges:100} of {edges:all} edges keep {share:logitDiff:100}.' --out figure.json";

/// A figure that was read, with its model where its config is here.
struct Opened {
    file: String,
    figure: FigureFile,
    files: Vec<NamedFile>,
    model: Option<ModelConfig>,
}

impl FigureCommand {
    /// # Errors
    /// When a figure or one of its files is not what it should be, cannot be run, or differs from what was recorded.
    pub async fn run(self) -> Result<(), CliError> {
        if let Some(FigureAction::Write(command)) = self.write {
            return command.run().await;
        }
        let opened = Opened::read(self.figure.unwrap_or_default())?;
        if let Some(path) = &self.svg {
            write_file(path, opened.poster()?.as_bytes())?;
        }
        if self.verify {
            verify::verify(&opened, self.tolerance, self.device).await
        } else if self.svg.is_none() {
            print(report::report(&opened)?.as_bytes())
        } else {
            Ok(())
        }
    }
}

impl Opened {
    fn read(path: PathBuf) -> Result<Self, CliError> {
        let file = input::name(&path);
        let bytes = input::read(&path)?;
        let text = circuitscope_formats::text(&file, &bytes)?;
        if looks_like_html(text) {
            let found = "HTML, such as a page that says why a file is not there";
            return Err(CircuitError::field(&file, "the file", "a figure's JSON", found).into());
        }
        let figure = FigureFile::from_json(&file, text)?;
        let files = files(&path, &figure)?;
        let mut opened = Self { file, figure, files, model: None };
        opened.model = opened.read_model()?;
        Ok(opened)
    }

    /// The model of the config that is inlined or beside the figure.
    fn read_model(&self) -> Result<Option<ModelConfig>, CliError> {
        if let Some(model) = self.figure.inline_model(&self.file)? {
            return Ok(Some(model));
        }
        let beside = self.files.iter().find(|file| file.field == "files.config").and_then(|file| file.state.path());
        beside.map(input::open_config).transpose()
    }

    fn poster(&self) -> Result<String, CliError> {
        let missing = || "its config is not here".to_owned();
        let model =
            self.model.as_ref().ok_or_else(|| RecordError::Missing { file: self.file.clone(), missing: missing() })?;
        Ok(poster(&self.file, &self.figure, model)? + "\n")
    }
}

/// What a server answers in place of a file that it does not have.
fn looks_like_html(text: &str) -> bool {
    let start = text.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html")
}
