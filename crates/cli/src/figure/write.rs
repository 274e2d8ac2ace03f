//! `figure write`: runs circuits and writes them down as a figure file.

use std::path::PathBuf;
use std::time::SystemTime;

use circuitscope_core::figure_file::FigureSource;
use circuitscope_core::figure_file::edges::EdgeEdit;
use circuitscope_core::figure_file::view::{CircuitSize, FigureView};
use circuitscope_core::{EdgeRef, MaskEdit, Metric};
use circuitscope_record::{Draft, InputPaths, Inputs, Keep, Words, date_of, record, write_figure};
use circuitscope_wire::engine::Head;
use clap::Args;
use serde_json::Value;

use crate::error::CliError;
use crate::input::Computer;
use crate::options::{ComputeOptions, PatchingOptions, ScoresOptions};
use crate::progress::PassesBar;

/// Run circuits and write them down as a figure file
///
/// The circuits of --edge-counts are run, and everything that shows them is written: the config and the scores, metrics with their
/// spread, likeliest tokens, prompts with the text of each token, attention patterns. The files are named by their paths from the
/// figure's own, with sizes and hashes: keep them together.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct WriteCommand {
    #[command(flatten)]
    compute: ComputeOptions,
    #[command(flatten)]
    scores: ScoresOptions,
    #[command(flatten)]
    patching: PatchingOptions,
    /// Open on the circuit of the N largest scores
    #[arg(long, value_name = "N", required_unless_present = "threshold", conflicts_with = "threshold")]
    edges: Option<usize>,
    /// Open on the edges whose absolute score is at least this
    #[arg(long, value_name = "X")]
    threshold: Option<f32>,
    /// How much of one edge is in the circuit that is shown, whatever its score: A0.1->MLP 1=0.5; may be given again
    #[arg(long, value_name = "EDGE=MASK", value_parser = MaskEdit::parse)]
    edit: Vec<MaskEdit>,
    /// A line
    #[arg(long)]
    title: String,
    /// A few sentences; numbers as placeholders, see below
    #[arg(long, default_value = "")]
    caption: String,
    /// Where it is from: a paper, a post
    #[arg(long)]
    source: Option<String>,
    /// A link for --source
    #[arg(long, value_name = "URL", requires = "source")]
    source_url: Option<String>,
    /// Such as CC BY 4.0
    #[arg(long)]
    licence: Option<String>,
    /// The metric of the curve, as in placeholders
    #[arg(long, value_name = "METRIC", default_value = "cleanKlDiv", value_parser = metric)]
    metric: Metric,
    /// The prompt that is shown first, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    prompt: usize,
    /// What a node is called in the drawing: A1.4=induction head; may be given again
    #[arg(long, value_name = "NODE=TEXT", value_parser = label)]
    label: Vec<(String, String)>,
    /// Heads whose attention patterns are recorded: A0.1,A1.2
    #[arg(long, value_name = "HEADS", value_delimiter = ',', value_parser = head)]
    attention: Vec<Head>,
    /// Prompts on which they are recorded, from 0
    #[arg(long, value_name = "PROMPTS", value_delimiter = ',', default_value = "0")]
    attention_prompts: Vec<usize>,
    /// How many prompts are in the figure, with the likeliest tokens of the circuit that is shown
    #[arg(long, value_name = "N", default_value_t = 32)]
    n_prompts: usize,
    /// Where to write it
    #[arg(long, value_name = "FIGURE.json")]
    out: PathBuf,
}

const NOTES: &str = "\
Placeholders of a caption, where K is a number of edges that is run, `all` or `shown`, and METRIC is cleanKlDiv, logitDiff,
answerProb or another of the metrics:
  {edges:K}                         the number of edges: 1,519
  {value:METRIC:K}                  the metric's mean over prompts
  {spread:METRIC:K}                 its middle half
  {share:METRIC:K}                  its mean as a share of the unpatched model's: 95 %
  {clean:METRIC}, {corrupt:METRIC}  the unpatched model's mean
  {{, }}                            a brace
A placeholder that the results cannot fill is an error.

Examples:
  circuitscope figure write --model gpt2 --prompts ioi.json --scores eap.safetensors --patch-type tree --edge-counts mib \\
      --edges 100 --metric logitDiff --title 'Indirect object identification' --source 'Wang et al. 2022' \\
      --caption '{edges:100} of {edges:all} edges keep {share:logitDiff:100} of the logit difference.' \\
      --attention A9.9,A10.0 --attention-prompts 0,1 --label 'A9.9=name mover' --out ioi/figure.json";

impl WriteCommand {
    /// # Errors
    /// When an input is wrong, does not fit the others, the caption cannot be filled, or the figure cannot be written.
    pub async fn run(self) -> Result<(), CliError> {
        let paths = self.paths();
        let inputs = Inputs::open(&paths, &self.patching.settings(&self.compute, 0), self.compute.text.settings())?;
        inputs.notes.iter().for_each(|note| eprintln!("note: {note}"));
        let computer = Computer::open(self.compute.device).await?;
        let draft = Draft {
            out: &self.out,
            paths: &paths,
            inputs: &inputs,
            words: self.words(),
            settings: self.patching.settings(&self.compute, inputs.prompts.pairs.len()),
            view: self.view(),
            keep: self.keep(),
            date: Some(today()),
            device: computer.kind(),
            token_texts: [].into(),
        };
        let mut bar = PassesBar::new();
        let figure = record(draft, &mut computer.session(), &mut bar).await?;
        bar.finish();
        Ok(write_figure(&self.out, &figure)?)
    }

    fn paths(&self) -> InputPaths {
        InputPaths {
            model: self.compute.model.clone(),
            prompts: self.compute.prompts.clone(),
            tokenizer: self.compute.text.tokenizer.clone(),
            scores: self.scores.scores.clone(),
            pick: self.scores.pick.clone(),
        }
    }

    fn words(&self) -> Words {
        let source = self.source.clone();
        Words {
            title: self.title.clone(),
            caption: self.caption.clone(),
            source: source.map(|text| FigureSource { text, url: self.source_url.clone() }),
            licence: self.licence.clone(),
        }
    }

    fn view(&self) -> FigureView {
        // The parser lets one of the two through.
        let size = match (self.edges, self.threshold) {
            (Some(n), _) => CircuitSize::Edges(n),
            (None, least) => CircuitSize::Threshold(least.unwrap_or(f32::INFINITY)),
        };
        let edit = |edit: &MaskEdit| match &edit.edge {
            EdgeRef::Name(edge) => Some(EdgeEdit { edge: edge.clone(), mask: edit.mask }),
            EdgeRef::Idx(_) => None,
        };
        FigureView {
            edits: self.edit.iter().filter_map(edit).collect(),
            prompt: self.prompt,
            // The answer is at the last position; where the output has several, the first is shown.
            position: 0,
            metric: self.metric,
            labels: self.label.iter().cloned().collect(),
            ..FigureView::new(size)
        }
    }

    fn keep(&self) -> Keep {
        Keep {
            n_prompts: self.n_prompts,
            heads: self.attention.clone(),
            attention_prompts: self.attention_prompts.clone(),
            ..Keep::default()
        }
    }
}

fn metric(text: &str) -> Result<Metric, String> {
    let names = || {
        let keys = Metric::ALL.map(|metric| serde_json::to_value(metric).ok()?.as_str().map(str::to_owned));
        format!("expected one of {}", keys.into_iter().flatten().collect::<Vec<_>>().join(", "))
    };
    serde_json::from_value(Value::from(text)).map_err(|_| names())
}

fn head(text: &str) -> Result<Head, String> {
    let parts = text.trim().strip_prefix('A').and_then(|head| head.split_once('.'));
    let head = parts.and_then(|(block, head)| Some((block.parse().ok()?, head.parse().ok()?)));
    let (block, head_idx) = head.ok_or("expected a head such as A0.1")?;
    Ok(Head { block, head_idx })
}

fn label(text: &str) -> Result<(String, String), String> {
    let (node, label) = text.split_once('=').ok_or("expected a node and its label such as A1.4=induction head")?;
    Ok((node.trim().to_owned(), label.trim().to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "a native program")]
fn today() -> String {
    date_of(SystemTime::now())
}
