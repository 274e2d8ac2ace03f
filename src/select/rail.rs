//! The rail: a line for each thing that a run needs, the settings in a sentence, and how the work stands.

use super::files::{FileState, Remark};
use super::runs::{self, Progress};
use super::{figure_words, memory, scores, search_words};
use crate::state::State;
use crate::state::files::{FileEntry, Role, in_use};
use crate::state::inputs::Subject;
use crate::state::load::Load;
use crate::state::runs::{CANCELLED, KIB, Run};
use crate::state::screen::Section;
use crate::words::{counted, duration, grouped};
use circuitscope_core::settings::memory::size_label;
use circuitscope_core::{OutputSlice, RunSettings};

/// A line of the rail.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub section: Section,
    pub label: &'static str,
    /// What is in use, or what is wanted.
    pub value: String,
    /// Its size.
    pub detail: String,
    pub state: FileState,
}

/// How the work stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub kind: StatusKind,
    /// A word or two that stand out.
    pub title: String,
    pub text: String,
    pub progress: Option<Progress>,
    /// What can be done about it.
    pub remedy: Option<Remedy>,
}

/// The colour of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusKind {
    Quiet,
    Good,
    Busy,
    Stale,
    /// The last run was cancelled.
    Stopped,
    Wrong,
}

/// What a status offers to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    Run,
    Cancel,
    /// Gets the files of the figure, and runs its circuits.
    RunLive,
    CancelFetch,
    /// Opens a line of the rail.
    Open(Section),
}

/// The lines of model, prompts and scores.
pub fn lines(state: &State) -> [Line; 3] {
    [model(state), prompts(state), scores_line(state)]
}

/// The settings of a run in a sentence.
pub fn settings_sentence(state: &State) -> String {
    let run = &state.settings.run;
    let RunSettings { patch_type, ablation, slice, factorized, separate_qkv, token_wise, reverse, .. } = *run;
    let at = match slice {
        OutputSlice::LastSeq => "last position",
        OutputSlice::NotFirstSeq => "all positions but the first",
        OutputSlice::None => "all positions",
    };
    let graph = match (factorized, separate_qkv) {
        (false, _) => "nodes",
        (true, true) => "Q K V apart",
        (true, false) => "Q K V joined",
    };
    let mut parts = vec![
        format!("{} patch", patch_type.short_label()),
        ablation.short_label().to_owned(),
        at.to_owned(),
        graph.to_owned(),
    ];
    parts.extend(token_wise.then(|| "each position apart".to_owned()));
    parts.extend(reverse.then(|| "clean and corrupt swapped".to_owned()));
    parts.join(" · ")
}

/// How the work stands, and what can be done next.
pub fn status(state: &State) -> Status {
    if let Some(progress) = runs::progress(state) {
        return busy(state, progress);
    }
    if let Some(status) = figure_words::status(state) {
        return status;
    }
    if !runs::ready(state) {
        return not_ready(state);
    }
    let plain = |kind, title: &str, text: String, remedy| Status {
        kind,
        title: title.to_owned(),
        text,
        progress: None,
        remedy,
    };
    let outcome = match &state.run {
        Run::Idle(outcome) => outcome.clone(),
        Run::Running { .. } => None,
    };
    let ended = outcome.as_deref().and_then(|text| text.strip_prefix(CANCELLED)).filter(|_| state.stopped);
    if let Some(far) = ended {
        let text = [far.trim(), what_is_shown(state)].into_iter().filter(|part| !part.is_empty());
        return plain(StatusKind::Stopped, CANCELLED, text.collect::<Vec<_>>().join(" "), Some(Remedy::Run));
    }
    if let Some(failed) = outcome.clone().filter(|_| state.stopped) {
        return plain(StatusKind::Stopped, "", failed, Some(Remedy::Run));
    }
    if !state.has_results() {
        let text =
            outcome.unwrap_or_else(|| "The drawing shows scores alone. Run to see what the circuit does.".to_owned());
        return plain(StatusKind::Quiet, "Not run yet.", text, Some(Remedy::Run));
    }
    if !state.fresh() {
        let text = EARLIER.to_owned();
        return plain(StatusKind::Stale, "Settings or files changed.", text, Some(Remedy::Run));
    }
    if is_recorded(state) {
        let (title, text) = match outcome {
            // A run that came to nothing.
            Some(outcome) => ("", format!("{outcome} {RECORDED}")),
            None => ("Recorded", figure_words::recorded(state)),
        };
        return plain(StatusKind::Good, title, text, Some(Remedy::Run));
    }
    let outcome = outcome.unwrap_or_default();
    match figure_words::verified(state) {
        Some(Remark { text, wrong }) => {
            let kind = if wrong { StatusKind::Stale } else { StatusKind::Good };
            plain(kind, "", format!("{outcome} {text}"), Some(Remedy::Run))
        }
        None => plain(StatusKind::Good, "", outcome, Some(Remedy::Run)),
    }
}

/// What the curve and the numbers are of where the last run did not end.
fn what_is_shown(state: &State) -> &'static str {
    if !state.has_results() {
        "The drawing shows scores alone."
    } else if !state.fresh() {
        EARLIER
    } else if is_recorded(state) {
        RECORDED
    } else {
        ""
    }
}

/// Whether all results came with the example.
fn is_recorded(state: &State) -> bool {
    state.results.rows.iter().all(|row| row.job == 0) && state.results.edited.is_empty()
}

const EARLIER: &str = "The curve and the numbers show the earlier run.";
const RECORDED: &str = "What is shown was recorded with this example.";

fn busy(state: &State, progress: Progress) -> Status {
    let left = match &state.searching() {
        Some(search) => search.pace.ms_left().filter(|_| !search.order.trial),
        None => state.run.ms_left(),
    };
    let left = left.map(|ms| format!("{}{} left", if ms < 1000.0 { "" } else { "about " }, duration(ms)));
    let title = progress.what.trim_end_matches('…').to_owned();
    let text = [Some(how_far(&progress)), left].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    Status { kind: StatusKind::Busy, title, text, progress: Some(progress), remedy: Some(Remedy::Cancel) }
}

/// `pass 3 of 40, 12 edges, batch 1 of 2`, or how many bytes of how many.
fn how_far(progress: &Progress) -> String {
    let Progress { done, total, label, noun, .. } = progress;
    if *total == 0 {
        return label.clone();
    }
    // The engine counts what it reads in KiB, which its label says.
    match label.strip_suffix(KIB) {
        Some(what) => {
            let [done, total] = [done, total].map(|&kib| size_label(1024 * kib as u64));
            format!("{what}, {done} of {total}")
        }
        None => format!("{noun} {} of {}, {label}", grouped(*done), grouped(*total)),
    }
}

fn not_ready(state: &State) -> Status {
    let wrong =
        !state.inputs.problems.is_empty() || memory::problem(state).is_some() || state.settings.counts_error.is_some();
    let kind = if wrong { StatusKind::Wrong } else { StatusKind::Quiet };
    let section = match state.inputs.problems.first().map(|problem| problem.about) {
        Some(Subject::BatchSize) => Section::Settings,
        _ if state.settings.counts_error.is_some() => Section::Settings,
        _ if search_words::lacks_only_scores(state) => Section::Find,
        _ => Section::Model,
    };
    let problem =
        memory::problem(state).or_else(|| state.inputs.problems.first().map(|problem| problem.message.clone()));
    let text = problem.or_else(|| runs::outcome(state)).unwrap_or_default();
    let title = if wrong { "This cannot run." } else { "" };
    Status { kind, title: title.to_owned(), text, progress: None, remedy: Some(Remedy::Open(section)) }
}

fn model(state: &State) -> Line {
    let [weights, config] = [Role::Weights, Role::Config].map(|role| in_use(&state.files, role));
    let shards = state.inputs.weights.as_ref();
    let n_bytes = shards.map(|weights| weights.n_bytes).or_else(|| weights.map(|file| file.n_bytes));
    let value = match (weights, config) {
        (Some(_), Some(_)) if state.is_demo() => "Tracr reverse".to_owned(),
        (Some(file), Some(_)) => shards.map_or(file.name.clone(), |weights| weights.name.clone()),
        (None, Some(_)) => "weights missing".to_owned(),
        (Some(_), None) => "config missing".to_owned(),
        (None, None) => "none yet".to_owned(),
    };
    let others = state.files.iter().filter(|file| file.role().is_none());
    let parts = [weights, config].into_iter().flatten();
    line(
        state,
        Section::Model,
        "Model",
        value,
        n_bytes.map(size_label).unwrap_or_default(),
        parts.chain(others),
        weights.is_some() && config.is_some(),
    )
}

fn prompts(state: &State) -> Line {
    let file = in_use(&state.files, Role::Prompts);
    let value = file.map_or_else(|| "none yet".to_owned(), |file| file.name.clone());
    let detail = state.inputs.prompts.as_ref().map_or(String::new(), |prompts| counted(prompts.pairs.len(), "pair"));
    line(state, Section::Prompts, "Prompts", value, detail, file.into_iter(), state.inputs.prompts.is_some())
}

fn scores_line(state: &State) -> Line {
    let file = in_use(&state.files, Role::Scores);
    let value = match file {
        Some(file) if file.demo && state.figure().is_none() => "official circuit".to_owned(),
        Some(file) => scores::algorithm(file).unwrap_or_else(|| file.name.clone()),
        None => "none yet".to_owned(),
    };
    let detail = state.scored().map_or(String::new(), |scored| grouped(scored.scores.n_edges()));
    line(state, Section::Scores, "Scores", value, detail, file.into_iter(), state.scored().is_some())
}

/// A line about some files; `complete` says whether there is all that a run needs of them.
fn line<'a>(
    state: &State,
    section: Section,
    label: &'static str,
    value: String,
    detail: String,
    mut files: impl Iterator<Item = &'a FileEntry> + Clone,
    complete: bool,
) -> Line {
    let is_wrong = |file: &FileEntry| {
        matches!(file.content, Load::Failed(_)) || state.inputs.problem(Subject::File(file.id)).is_some()
    };
    let file_state = if files.clone().any(is_wrong) {
        FileState::Wrong
    } else if files.clone().any(|file| matches!(file.content, Load::Loading)) {
        FileState::Reading
    } else if complete {
        FileState::Ready
    } else if files.next().is_some() && section != Section::Model {
        FileState::Reading
    } else {
        FileState::Wanted
    };
    Line { section, label, value, detail, state: file_state }
}
