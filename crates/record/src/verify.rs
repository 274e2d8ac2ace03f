//! A figure, run again from the files beside it.

use std::path::{Path, PathBuf};

use circuitscope_core::figure_file::edges::EdgeScores;
use circuitscope_core::figure_file::prompts::FigureTexts;
use circuitscope_core::figure_file::verify::{Verified, compare};
use circuitscope_core::{
    Circuit, CircuitError, EdgeCounts, EdgeValues, FigureFile, FigureOnModel, MaskEdit, Measurement, ModelConfig,
    PromptSettings, Prompts, PruneScores, RunSettings,
};
use circuitscope_engine::run::Observer;
use circuitscope_engine::session::{Session, Text};
use circuitscope_formats::{File, Tokenizer, read_prompts};

use crate::error::RecordError;
use crate::files::NamedFile;
use crate::inputs::open;
use crate::results::Run;

/// Runs a figure's recorded circuits again and says how far they are from what it has recorded. `files` are those of
/// [`crate::files()`].
///
/// # Errors
/// When something that a run needs is not there, does not fit, or the run fails.
pub async fn verify(
    file: &str,
    figure: &FigureFile,
    files: &[NamedFile],
    session: &mut Session,
    observer: &mut impl Observer,
) -> Result<Verified, RecordError> {
    let missing = |what: &str| RecordError::Missing { file: file.to_owned(), missing: what.to_owned() };
    let recorded = figure.recorded.as_ref().ok_or_else(|| missing("it has no recorded results"))?;
    let config = config(file, figure, files)?.ok_or_else(|| missing("its config is not here"))?;
    let model = ModelConfig::from_json(&config.name, config.text()?)?;
    let on_model = figure.on_model(file, &model)?;
    load(session, figure, files, &config).await?.ok_or_else(|| missing("its weights are not here"))?;
    let prompts = prompts(figure, files)?.ok_or_else(|| missing("its prompts are not here"))?;
    let values = values(figure, files, &on_model)?.ok_or_else(|| missing("its scores are not here"))?;
    let counts = recorded.circuits.iter().map(|recorded| recorded.circuit.requested);
    // Where the scores are those of some edges, larger circuits cannot be known.
    let counts: Vec<_> = counts.filter(|&n| values.n_known.is_none_or(|n_known| n <= n_known)).collect();
    let mut circuits: Vec<(Circuit, Measurement)> = Vec::new();
    let settings = RunSettings { edge_counts: EdgeCounts::List(counts.clone()), ..figure.run.clone() };
    let run = Run {
        prompts: &prompts,
        graph: &on_model.graph,
        values: &values.scores,
        meaning: figure.circuit.as_ref().map_or(EdgeValues::Scores, |circuit| circuit.values),
        settings: &settings,
    };
    if !counts.is_empty() {
        let output = run.run(session, &[], observer).await?;
        circuits.extend(output.circuits.iter().map(|ran| (ran.circuit, ran.measurement.clone())));
    }
    let mut expected = recorded.measured();
    if let Some(edited) = &recorded.edited {
        let edits: Vec<MaskEdit> = figure.view.edits.iter().map(MaskEdit::from).collect();
        circuits.extend(run.edited(session, edited.circuit.requested, &edits, observer).await?);
        expected.push((edited.circuit, edited.measurement.clone()));
    }
    Ok(compare(&expected, &circuits))
}

/// The scores that circuits are cut from.
struct Values {
    scores: PruneScores,
    /// How many edges have one, where it is not all.
    n_known: Option<usize>,
}

/// The file of a field, if it is as it should be.
fn path(files: &[NamedFile], field: &str) -> Option<PathBuf> {
    files.iter().find(|file| file.field == field)?.state.path().map(Path::to_path_buf)
}

/// The content of a field's file, inlined or beside the figure.
fn content(file: &str, figure: &FigureFile, files: &[NamedFile], field: &str) -> Result<Option<File>, RecordError> {
    let inlined = figure.files.all().find(|(name, _)| name == field).and_then(|(_, reference)| reference.content());
    match (inlined, path(files, field)) {
        (Some(bytes), _) => Ok(Some(File { name: format!("{file}: {field}"), bytes: bytes.to_vec() })),
        (None, path) => path.map(|path| open(&path)).transpose(),
    }
}

fn config(file: &str, figure: &FigureFile, files: &[NamedFile]) -> Result<Option<File>, RecordError> {
    content(file, figure, files, "files.config")
}

/// Loads the weights, where all of them are here.
async fn load(
    session: &mut Session,
    figure: &FigureFile,
    files: &[NamedFile],
    config: &File,
) -> Result<Option<()>, RecordError> {
    let shards = (0..figure.files.weights.len()).map(|i| path(files, &format!("files.weights[{i}]")));
    let Some(shards) = shards.collect::<Option<Vec<_>>>().filter(|shards| !shards.is_empty()) else { return Ok(None) };
    let index = content(&config.name, figure, files, "files.index")?;
    let index = index.as_ref().map(|file| Ok::<_, RecordError>(Text { name: &file.name, text: file.text()? }));
    let config = Text { name: &config.name, text: config.text()? };
    session.load_model(config, &shards, index.transpose()?, async |_, _| true).await?;
    Ok(Some(()))
}

/// The prompts in the figure where they are all that was run, or the file of prompts.
fn prompts(figure: &FigureFile, files: &[NamedFile]) -> Result<Option<Prompts>, RecordError> {
    let own = figure.texts.to_prompts("the figure's prompts");
    let n_run = figure.recorded.as_ref().map_or(0, |recorded| recorded.baseline.n_prompts);
    if own.pairs.len() >= n_run && n_run > 0 {
        return Ok(Some(own));
    }
    let Some(file) = content("the figure", figure, files, "files.prompts")? else { return Ok(None) };
    let tokenizer = content("the figure", figure, files, "files.tokenizer")?;
    let config = content("the figure", figure, files, "files.tokenizerConfig")?;
    let tokenizer = tokenizer.map(|tokenizer| Tokenizer::open(&tokenizer, config.as_ref())).transpose()?;
    // A figure does not say how its texts became tokens, but has some of these.
    let settings = [(true, true), (true, false), (false, true), (false, false)];
    for (prepend_bos, pad) in settings {
        let settings = PromptSettings { prepend_bos, pad };
        let Ok(read) = read_prompts(&file, tokenizer.as_ref(), settings) else { continue };
        if FigureTexts::of(&read.prompts, own.pairs.len()).prompts == figure.texts.prompts {
            return Ok(Some(read.prompts));
        }
    }
    let expected = "the prompts that the figure has as tokens";
    Err(CircuitError::field(&file.name, "prompts", expected, "other ones, or none that can be read").into())
}

/// The file of scores, or those in the figure.
fn values(figure: &FigureFile, files: &[NamedFile], on_model: &FigureOnModel) -> Result<Option<Values>, RecordError> {
    let meaning = figure.circuit.as_ref().map_or(EdgeValues::Scores, |circuit| circuit.values);
    if let Some(file) = content("the figure", figure, files, "files.scores")? {
        let scores = meaning.read(&file.name, &file.bytes, &on_model.graph)?;
        return Ok(Some(Values { scores, n_known: None }));
    }
    let is_listed = |scores: &EdgeScores| matches!(scores, EdgeScores::Listed(_));
    let some = figure.circuit.as_ref().is_some_and(|circuit| is_listed(&circuit.scores));
    let n_known = some.then_some(on_model.n_known);
    Ok(on_model.values.clone().map(|scores| Values { scores, n_known }))
}
