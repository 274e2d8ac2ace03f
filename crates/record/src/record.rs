//! Runs the circuits of a figure and writes down what they give.

use std::collections::BTreeMap;
use std::path::Path;

use circuitscope_core::figure_file::edges::{EdgeScores, FigureEdges, ListedEdge};
use circuitscope_core::figure_file::files::{FigureFiles, FigureRef, Inline};
use circuitscope_core::figure_file::prompts::FigureTexts;
use circuitscope_core::figure_file::recorded::RecordedCircuit;
use circuitscope_core::figure_file::view::{CircuitSize, FigureView};
use circuitscope_core::figure_file::{FORMAT, FigureSource, InlineJson, Numbers, VERSION};
use circuitscope_core::{
    CircuitError, EdgeCounts, EdgeValues, FigureFile, MaskEdit, RunSettings, edge_counts, edge_rows,
};
use circuitscope_engine::run::Observer;
use circuitscope_engine::session::{Session, Text};
use circuitscope_wire::engine::Head;

use crate::error::RecordError;
use crate::files::{folder, reference};
use crate::inputs::{InputPaths, Inputs, open};
use crate::results::{Run, results};

/// Up to as many edges all scores are in the figure, in 22 KB; above, those of its largest circuit that can be drawn.
const MAX_ALL: usize = 4096;
/// More edges are not drawn (`circuitscope_picture::view::Limits`).
const MAX_LISTED: usize = 2000;

/// A figure to be recorded.
pub struct Draft<'a> {
    /// Where the figure will lie: its URLs are relative to this.
    pub out: &'a Path,
    pub paths: &'a InputPaths,
    pub inputs: &'a Inputs,
    pub words: Words,
    pub settings: RunSettings,
    pub view: FigureView,
    pub keep: Keep,
    /// `2026-11-23`.
    pub date: Option<String>,
    /// What computes: `CPU`.
    pub device: &'a str,
    /// What tokens are called where there is no tokenizer.
    pub token_texts: BTreeMap<u32, String>,
}

/// What a figure says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Words {
    pub title: String,
    /// With placeholders; see [`circuitscope_core::figure_file::caption`].
    pub caption: String,
    pub source: Option<FigureSource>,
    pub licence: Option<String>,
}

/// How much is kept of what was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Keep {
    /// So many prompts are in the figure, with the likeliest tokens of the circuit that is shown.
    pub n_prompts: usize,
    /// On so many of them the likeliest tokens of every other circuit are kept.
    pub n_prompts_each: usize,
    /// How many likeliest tokens.
    pub n_tokens: usize,
    /// Heads whose attention patterns are kept, on these prompts.
    pub heads: Vec<Head>,
    pub attention_prompts: Vec<usize>,
}

impl Default for Keep {
    /// A figure of a small model then takes about 100 KB.
    fn default() -> Self {
        Self { n_prompts: 32, n_prompts_each: 2, n_tokens: 5, heads: Vec::new(), attention_prompts: vec![0] }
    }
}

impl Keep {
    pub(crate) fn prompts_of(&self, is_shown: bool) -> usize {
        if is_shown { self.n_prompts } else { self.n_prompts.min(self.n_prompts_each) }
    }
}

/// Loads the model into a session, runs the figure's circuits, and gives the figure.
///
/// # Errors
/// When a file is not what it should be or does not fit the others, the run fails, or the figure would not be read again: its
/// caption has a number that was not computed, say.
pub async fn record(
    draft: Draft<'_>,
    session: &mut Session,
    observer: &mut impl Observer,
) -> Result<FigureFile, RecordError> {
    let inputs = draft.inputs;
    load(session, inputs).await?;
    let shown = shown(&draft)?;
    let settings = RunSettings { edge_counts: counts(&draft, shown)?, ..draft.settings.clone() };
    let run = Run {
        prompts: &inputs.prompts,
        graph: inputs.graph(),
        values: inputs.values(),
        meaning: EdgeValues::Scores,
        settings: &settings,
    };
    let output = run.run(session, &[], observer).await?;
    let mut recorded = results(session, &output, shown, &draft.keep).await?;
    let edits: Vec<MaskEdit> = draft.view.edits.iter().map(MaskEdit::from).collect();
    if !edits.is_empty() {
        let edited = run.edited(session, shown, &edits, observer).await?;
        recorded.edited = edited.map(|(circuit, measurement)| RecordedCircuit { circuit, measurement });
    }
    recorded.date.clone_from(&draft.date);
    recorded.program = Some(format!("circuitscope {}, {}", env!("CARGO_PKG_VERSION"), draft.device));
    let Words { title, caption, source, licence } = draft.words.clone();
    let mut figure = FigureFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        title,
        caption,
        source,
        licence,
        files: files(&draft)?,
        graph: inputs.graph_config(),
        circuit: Some(circuit(inputs, &settings, shown)),
        texts: FigureTexts::of(&inputs.prompts, draft.keep.n_prompts.min(output.baseline.n_prompts)),
        run: settings,
        view: draft.view.clone(),
        recorded: Some(recorded.rounded()),
    };
    figure.texts.tokens = token_texts(&figure, &draft);
    // What is written must be read again.
    let file = draft.out.display().to_string();
    figure.to_json(&file)?;
    figure.on_model(&file, &inputs.config)?;
    Ok(figure)
}

/// Writes a figure to a file, with a line's end.
///
/// # Errors
/// When it is not a good figure, or cannot be written.
pub fn write_figure(path: &Path, figure: &FigureFile) -> Result<(), RecordError> {
    let text = figure.to_json(&path.display().to_string())? + "\n";
    write_file(path, text.as_bytes())
}

/// Writes a file.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    std::fs::write(path, bytes).map_err(|reason| RecordError::Write { file: path.display().to_string(), reason })
}

async fn load(session: &mut Session, inputs: &Inputs) -> Result<(), RecordError> {
    let index = inputs.folder.index.as_ref().map(|_| open(&inputs.index_path())).transpose()?;
    let index = index.as_ref().map(|file| Ok::<_, RecordError>(Text { name: &file.name, text: file.text()? }));
    let config = Text { name: &inputs.config_file.name, text: inputs.config_file.text()? };
    session.load_model(config, &inputs.folder.weights, index.transpose()?, async |_, _| true).await?;
    Ok(())
}

/// The edge count that the figure opens on.
fn shown(draft: &Draft<'_>) -> Result<usize, CircuitError> {
    let values = draft.inputs.values();
    match draft.view.size {
        CircuitSize::Edges(n) => values.circuit(n).map(|_| n),
        CircuitSize::Threshold(least) => Ok(values.n_at_least(least)),
    }
}

/// The edge counts as a list, ascending, with the one that is shown.
fn counts(draft: &Draft<'_>, shown: usize) -> Result<EdgeCounts, CircuitError> {
    let mut counts = edge_counts(&draft.settings.edge_counts, draft.inputs.values())?;
    counts.push(shown);
    counts.sort_unstable();
    counts.dedup();
    Ok(EdgeCounts::List(counts))
}

fn files(draft: &Draft<'_>) -> Result<FigureFiles, RecordError> {
    let (folder, inputs) = (folder(draft.out), draft.inputs);
    let at = |path: &Path| reference(folder, path);
    let maybe = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| at(path)).transpose();
    let [tokenizer, tokenizer_config] = &inputs.tokenizer_paths;
    let json = InlineJson::new(inputs.config_file.text()?)
        .map_err(|error| CircuitError::json(&inputs.config_file.name, &error))?;
    Ok(FigureFiles {
        config: FigureRef { inline: Some(Inline::Json(json)), ..at(&inputs.folder.config)? },
        weights: inputs.folder.weights.iter().map(|path| at(path)).collect::<Result<_, _>>()?,
        index: inputs.folder.index.as_ref().map(|_| at(&inputs.index_path())).transpose()?,
        tokenizer: maybe(tokenizer)?,
        tokenizer_config: maybe(tokenizer_config)?,
        prompts: Some(at(&draft.paths.prompts)?),
        scores: if inputs.has_safetensors() { Some(at(&draft.paths.scores)?) } else { None },
    })
}

/// The scores of all edges where they are few or in no file that a figure can name, else those of the largest circuit that can be
/// drawn.
fn circuit(inputs: &Inputs, settings: &RunSettings, shown: usize) -> FigureEdges {
    let (graph, values) = (inputs.graph(), inputs.values());
    if graph.n_edges() <= MAX_ALL || !inputs.has_safetensors() {
        let all = EdgeScores::All(Numbers::f32(values.values().to_vec()));
        return FigureEdges { values: EdgeValues::Scores, scores: all };
    }
    let counts = if let EdgeCounts::List(counts) = &settings.edge_counts { counts.as_slice() } else { &[] };
    let largest = counts.iter().copied().filter(|&n| n <= MAX_LISTED).max().unwrap_or(0).max(shown);
    let threshold = values.ranking().threshold(largest).unwrap_or(f32::INFINITY);
    let listed = values.values().iter().copied().enumerate();
    let listed = listed.filter(|(_, score)| score.abs() >= threshold && *score != 0.0).map(|(edge, _)| (edge, 1.0));
    let rows = edge_rows(graph, values, listed.collect::<Vec<_>>()).into_iter();
    let scores = rows.map(|row| ListedEdge { edge: row.name, score: row.score }).collect();
    FigureEdges { values: EdgeValues::Scores, scores: EdgeScores::Listed(scores) }
}

fn token_texts(figure: &FigureFile, draft: &Draft<'_>) -> BTreeMap<u32, String> {
    let text = |token: u32| match (draft.token_texts.get(&token), &draft.inputs.tokenizer) {
        (Some(text), _) => Some((token, text.clone())),
        (None, Some(tokenizer)) => Some((token, tokenizer.text_of(token))),
        (None, None) => None,
    };
    figure.token_ids().into_iter().filter_map(text).collect()
}
