//! `draw`: a circuit as a picture. The graph comes from the config, so no weights are needed.

use std::path::PathBuf;

use circuitscope_core::{Circuit, CircuitError, Graph, Prompts};
use circuitscope_formats::{FoundScores, Wanted};
use clap::Args;

use crate::error::CliError;
use crate::input;
use crate::options::{GraphKind, ScoresOptions, TextOptions};
use crate::output;
use crate::picture::{Drawing, PictureOptions, at_least, picture};

/// Draw a circuit, as SVG or PDF
///
/// A box is a node, a ribbon an edge, as wide as its score is large, blue where it is positive, hatched or dashed orange where it is
/// negative. Token-wise scores get a band for every token position. Only the model's config is read, never its weights.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DrawCommand {
    /// A model's folder, or its config.json or tl_config.json
    #[arg(long, value_name = "DIR|CONFIG")]
    model: PathBuf,
    #[command(flatten)]
    scores: ScoresOptions,
    /// Draw the edges whose absolute score is at least this; the default is auto-circuit's
    #[arg(long, value_name = "X", default_value_t = 1e-2, conflicts_with = "edge_count")]
    score_threshold: f32,
    /// Draw the edges of the N largest absolute scores; equal ones come in together
    #[arg(long, value_name = "N")]
    edge_count: Option<usize>,
    #[command(flatten)]
    picture: PictureOptions,
    /// Prompts whose seq_labels stand at the token positions
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,
    #[command(flatten)]
    text: TextOptions,
    #[command(flatten)]
    graph: GraphKind,
    /// Where to write the picture [default: stdout]
    #[arg(long, value_name = "FILE.svg|FILE.pdf")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  circuitscope draw --model gpt2 --scores eap.safetensors --edge-count 30 --out circuit.svg
  circuitscope draw --model gpt2 --scores eap.safetensors --edge-count 30 --width 336 --height 260 --out column.pdf
  circuitscope draw --model gpt2/config.json --scores circuit.mib.json --pick circuit --look matrix > circuit.svg
  circuitscope draw --model tiny --scores token-wise.csv --prompts prompts.json --score-threshold 0.5 --out circuit.svg";

impl DrawCommand {
    /// # Errors
    /// When an input is wrong, does not fit the others, or the picture cannot be written.
    pub fn run(self) -> Result<(), CliError> {
        let model = input::open_config(&self.model)?;
        let prompts =
            self.prompts.as_ref().map(|path| input::open_prompts(path, &self.text, &self.model)).transpose()?;
        let seq_len = prompts.as_ref().map(|prompts| prompts.seq(0));
        let graph = input::graph_config(self.graph, None);
        let wanted = Wanted { model: &model, graph, seq_len, pick: self.scores.pick.as_deref() };
        let found = input::find_scores(&self.scores.scores, &wanted)?;
        let labels = labels(prompts.as_ref(), &found.graph)?;
        let drawing = Drawing {
            graph: &found.graph,
            scores: &found.scores,
            circuit: self.circuit(&found)?,
            dir: model.attention_dir,
            seq_labels: labels,
        };
        let picture = picture(&drawing, &self.picture, self.out.as_deref())?;
        match (picture.n_drawn, picture.n_rest) {
            (0, 0) => eprintln!("no edge is drawn: the largest absolute score is {}", largest(&found)),
            (n, 0) => eprintln!("edges drawn: {n} of {}", found.graph.n_edges()),
            (n, rest) => eprintln!("edges drawn: {n} of {}; {rest} more are in the circuit", found.graph.n_edges()),
        }
        output::write(self.out.as_deref(), &picture.bytes)
    }

    fn circuit(&self, found: &FoundScores) -> Result<Circuit, CircuitError> {
        match self.edge_count {
            Some(n) => found.scores.circuit(n),
            None => Ok(at_least(&found.scores, self.score_threshold)),
        }
    }
}

/// The labels of a token-wise graph's positions.
fn labels<'a>(prompts: Option<&'a Prompts>, graph: &Graph) -> Result<Option<&'a [String]>, CircuitError> {
    let labels = prompts.and_then(|prompts| Some((&prompts.file, prompts.seq_labels.as_deref()?)));
    let Some(((file, labels), seq_len)) = labels.zip(graph.config.seq_len) else { return Ok(None) };
    if labels.len() != seq_len {
        let expected = format!("{seq_len} labels, one for each token position of the scores");
        return Err(CircuitError::field(file, "seq_labels", expected, labels.len().to_string()));
    }
    Ok(Some(labels))
}

fn largest(found: &FoundScores) -> f32 {
    found.scores.values().iter().fold(0.0, |largest, score| largest.max(score.abs()))
}
