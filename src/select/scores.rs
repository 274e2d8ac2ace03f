//! The scores in use: what is known about them, which others there are, and some of their edges as scores of their own.

use super::search::free_name;
use crate::state::State;
use crate::state::algorithms::offered_name;
use crate::state::files::{Content, FileEntry, FileId, Role, candidates, in_use};
use crate::state::imports::ImportRequest;
use crate::state::load::Load;
use crate::state::measures::ScoreSet;
use crate::state::scores::Scored;
use crate::state::search::SELECTIONS;
use crate::words::counted;
use circuitscope_core::{AlgorithmLabels, GraphConfig, ScoresInfo, Selection, TensorFile, select};
use circuitscope_wire::reader::ScoresFound;

/// What is said of the scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoresPanel {
    /// What they are, in a line.
    pub line: Option<String>,
    /// The names of the scores in their file, where there are several.
    pub choices: Vec<String>,
    pub chosen: usize,
    pub notes: Vec<String>,
    /// Whether there are scores to save.
    pub savable: bool,
}

/// Scores that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoresChoice {
    pub id: FileId,
    pub name: String,
    pub in_use: bool,
    pub removable: bool,
}

/// The file that the reader is to read next.
pub fn import_request(state: &State) -> Option<ImportRequest> {
    let (key, model) = (state.import_key()?, state.inputs.model.as_ref()?);
    let run = &state.settings.run;
    let seq_len = key.seq_len.filter(|_| run.token_wise);
    let graph = GraphConfig { factorized: run.factorized, separate_qkv: run.separate_qkv, seq_len };
    state.imports.get(&key).is_none().then(|| ImportRequest { key, model: model.clone(), graph })
}

/// What there is to know about the scores in use.
pub fn panel(state: &State) -> ScoresPanel {
    let mut panel = ScoresPanel { savable: state.scored().is_some(), ..ScoresPanel::default() };
    let Some(entry) = in_use(&state.files, Role::Scores) else { return panel };
    match &entry.content {
        Load::Ready(Content::Scores(bytes)) => panel.line = said(&entry.name, bytes),
        Load::Ready(Content::ForeignScores) if state.inputs.model.is_none() => {
            panel.notes.push("These scores are read once there is a config.".to_owned());
        }
        Load::Ready(Content::ForeignScores) => match state.imports.of_file(entry.id) {
            Some(Load::Ready(imported)) => describe(&mut panel, &imported.found),
            Some(Load::Failed(_)) => {}
            Some(Load::Loading) | None => panel.notes.push("Reading the scores…".to_owned()),
        },
        _ => {}
    }
    panel.notes.extend(own_size(state).map(str::to_owned));
    panel.notes.extend(equal_scores(state).map(str::to_owned));
    panel.notes.extend(others(state));
    panel
}

/// Says why there are no circuits to choose from, where that is so: as when clean and corrupt prompts are the same.
pub fn equal_scores(state: &State) -> Option<&'static str> {
    const EQUAL: &str = "All scores are equal: every circuit has all edges or none.";
    state.scored().is_some_and(Scored::all_equal).then_some(EQUAL)
}

/// Says that scores were learned for a circuit of one size, where subnetwork probing learned them: the curve's other sizes are none
/// of its aims.
pub fn own_size(state: &State) -> Option<&'static str> {
    const OWN: &str = "Subnetwork probing chooses how many edges its circuit has: those whose masks end above 0. These scores \
                       keep its order, from the surest edge on; sizes far from its own were not learned.";
    let info = scores_info(in_use(&state.files, Role::Scores)?)?;
    // A selection of its edges has another name.
    (info.algorithm.as_deref() == Some(AlgorithmLabels::SUBNETWORK_PROBING.name)).then_some(OWN)
}

/// Names other files of scores that were dropped: one is in use at a time.
fn others(state: &State) -> Option<String> {
    let found = |id: FileId| state.discover.found.iter().any(|(file, _)| *file == id);
    let used = state.inputs.file(Role::Scores);
    let others = candidates(&state.files, Role::Scores).filter(|f| !f.demo && !found(f.id) && Some(f.id) != used);
    let names: Vec<_> = others.map(|file| file.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("Other scores here: {}. Choose them under “Find a circuit”.", names.join(", ")))
}

/// The scores that can be chosen, in the order of their arrival.
pub fn choices(state: &State) -> Vec<ScoresChoice> {
    let used = state.inputs.file(Role::Scores);
    let choice = |file: &FileEntry| ScoresChoice {
        id: file.id,
        name: if file.demo { format!("{} (the {}'s)", file.name, state.example_name()) } else { file.name.clone() },
        in_use: used == Some(file.id),
        removable: !file.demo,
    };
    let mut choices: Vec<_> = candidates(&state.files, Role::Scores).map(choice).collect();
    choices.sort_by_key(|choice| choice.id);
    choices
}

/// The file of the scores that a run was of, where it can be taken into use and is not.
pub fn file_of(state: &State, set: &ScoreSet) -> Option<FileId> {
    let ran = set.key.files[Role::Scores as usize]?;
    // What the reader made of a file in another format stands for that file.
    let stands_for = |file: &FileEntry| {
        let imported = matches!(state.imports.of_file(file.id), Some(Load::Ready(imported)) if imported.file == ran);
        file.id == ran || imported
    };
    let id = candidates(&state.files, Role::Scores).find(|file| stands_for(file))?.id;
    (state.inputs.file(Role::Scores) != Some(id)).then_some(id)
}

/// The file of the scores in use, where they were found here: it says where they come from.
pub fn found_bytes(state: &State) -> Option<&[u8]> {
    let entry = in_use(&state.files, Role::Scores)?;
    let Load::Ready(Content::Scores(bytes)) = &entry.content else { return None };
    state.discover.found.iter().any(|(file, _)| *file == entry.id).then_some(bytes)
}

/// The algorithm that gave the scores of a file, as it is offered here.
pub fn algorithm(file: &FileEntry) -> Option<String> {
    let info = scores_info(file)?;
    offered_name(&info).or(info.algorithm)
}

/// Some of the scores in use as a file: its name, its bytes and how many edges are kept.
///
/// # Errors
/// When there are no scores, or fewer edges than are wanted.
pub fn keep_some(state: &State) -> Result<(String, Vec<u8>, usize), String> {
    let (scored, model) =
        state.scored().zip(state.inputs.model.as_ref()).ok_or("There are no scores to choose from.")?;
    let n_edges = scored.scores.n_edges();
    let wanted = state.discover.n_kept.trim().parse().ok().filter(|n| (1..=n_edges).contains(n));
    let wanted = wanted.ok_or_else(|| format!("a whole number from 1 to {n_edges}"))?;
    let selection = SELECTIONS[state.discover.selection];
    let (scores, n_kept) =
        select(selection, &scored.scores, wanted, &scored.graph, model.attention_dir).map_err(|e| e.to_string())?;
    if n_kept == 0 {
        return Err("No edge among these lies on a path from the embedding to the output.".to_owned());
    }
    let (entry, word) = (in_use(&state.files, Role::Scores), selection_word(selection));
    let mut info = entry.and_then(scores_info).unwrap_or_default();
    let name = entry.map_or("scores", |file| file.name.trim_end_matches(".safetensors"));
    info.algorithm = Some(format!("{}, {word} {wanted}", info.algorithm.as_deref().unwrap_or(name)));
    Ok((free_name(state, &format!("{name}, {word} {wanted}")), scores.to_bytes(&scored.graph, &info), n_kept))
}

fn describe(panel: &mut ScoresPanel, found: &ScoresFound) {
    let circuit = found.n_circuit.map(|n| format!("a circuit of {}", counted(n, "edge")));
    let parts = [Some(found.format.format().name.replace('`', "")), circuit, info_line(&found.info)];
    panel.line = Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "));
    (panel.choices, panel.chosen) = (found.choices.clone(), found.chosen);
    panel.notes = found.notes.clone();
}

/// What a file of scores says of itself.
fn said(name: &str, bytes: &[u8]) -> Option<String> {
    let metadata = TensorFile::from_bytes(name, bytes).ok()?.metadata;
    info_line(&ScoresInfo::from_metadata(name, &metadata).ok()?)
}

/// What is known of scores, in a line, with their algorithm as it is offered here.
fn info_line(info: &ScoresInfo) -> Option<String> {
    ScoresInfo { algorithm: offered_name(info), ..info.clone() }.line()
}

fn selection_word(selection: Selection) -> &'static str {
    match selection {
        Selection::Top => "top",
        Selection::Connected => "connected",
        Selection::Greedy => "greedy",
    }
}

/// What a file of scores says of itself.
fn scores_info(entry: &FileEntry) -> Option<ScoresInfo> {
    let Load::Ready(Content::Scores(bytes)) = &entry.content else { return None };
    let metadata = TensorFile::from_bytes(&entry.name, bytes).ok()?.metadata;
    ScoresInfo::from_metadata(&entry.name, &metadata).ok()
}
