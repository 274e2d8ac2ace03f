//! What the views are told: the state in the words and numbers that are shown.

pub mod draft;
pub mod memory;

use std::rc::Rc;

use crate::state::files::{Content, FileEntry, Load, Role, Shared, size_label};
use crate::state::inputs::{Place, in_use};
use crate::state::results::Row;
use crate::state::texts::Texts;
use crate::state::{Engine, Run, State};
use crate::view::{
    FileRow, FileState, Mark, Progress, Remark, ResultRow, Slider, TablePage, TokenColumns, TokenPair, TokenRow, align,
};
use circuitscope_core::config::family;
use circuitscope_core::{Answers, Circuit, Metric, PromptPair, PromptSettings};
use circuitscope_wire::engine::{DeviceChoice, DeviceKind, Measurement, TokenProb, Tokens};

/// Stands under the picture until something is pointed at.
pub const HOVER_HINT: &str = "Point at an edge or a node to read its name and score.";

/// More rows are shown page by page: a browser is slow with very long tables.
const ROWS_A_PAGE: usize = 100;

/// The devices in the order of the form.
pub const DEVICES: [DeviceChoice; 3] = [DeviceChoice::Auto, DeviceChoice::Webgpu, DeviceChoice::Cpu];

/// The model in a line.
pub fn model_line(state: &State) -> String {
    let Some(model) = &state.inputs.model else { return "no model yet".to_owned() };
    let title = family::by_name(&model.family).map_or(model.family.as_str(), |family| family.title);
    let family = if state.is_demo() { "Tracr reverse (demo)" } else { title };
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut parts = vec![
        family.to_owned(),
        count(model.n_layers, "layer"),
        count(model.n_heads, "head"),
        format!("d_model {}", model.d_model),
    ];
    parts.extend(state.scored().map(|s| count(s.scores.n_edges(), "edge")));
    parts.join(" · ")
}

/// The device in a few words, and why it is used.
pub fn device_line(state: &State) -> (String, String) {
    match &state.engine {
        Engine::Closed => ("Engine not loaded".to_owned(), "It is fetched when something is run.".to_owned()),
        Engine::Opening => ("Starting the engine…".to_owned(), String::new()),
        Engine::Open(device) => {
            let kind = match device.kind {
                DeviceKind::Webgpu => "GPU",
                DeviceKind::Cpu => "CPU",
            };
            (format!("{kind}: {}", device.name), device.reason.clone())
        }
    }
}

/// The list of files: the one in use in each role or what is wanted, then those that are in none.
pub fn file_rows(state: &State) -> Vec<FileRow> {
    let row = |role: Role| match in_use(&state.files, role) {
        Some(entry) => ready_row(state, role, entry),
        None => wanted_row(role),
    };
    let others = state.files.iter().filter(|f| !matches!(f.content, Load::Ready(_)));
    let text_rows = Role::TEXT.into_iter().filter_map(|role| text_row(state, role));
    Role::ALL.into_iter().map(row).chain(text_rows).chain(others.map(other_row)).collect()
}

/// A tokenizer's row, where there is one or one is needed.
fn text_row(state: &State, role: Role) -> Option<FileRow> {
    let Some(entry) = in_use(&state.files, role) else {
        let prompts = in_use(&state.files, Role::Prompts).map(|file| &file.content);
        let needed = role == Role::Tokenizer && matches!(prompts, Some(Load::Ready(Content::TextPrompts(_))));
        return needed.then(|| wanted_row(role));
    };
    let mut row = ready_row(state, role, entry);
    let opened = Texts::tokenizer_key(&state.files).and_then(|key| state.texts.tokenizer(key));
    if role == Role::Tokenizer {
        match opened {
            Some(Load::Ready(_)) => {}
            Some(Load::Failed(message)) => (row.state, row.error) = (FileState::Wrong, Some(message.clone())),
            Some(Load::Loading) | None => row.state = FileState::Reading,
        }
    }
    Some(row)
}

/// What is to be said of the files that were dropped last, and whether it is wrong.
pub fn file_note(state: &State) -> Option<Remark> {
    state.note.as_ref().map(|note| Remark { text: note.text.clone(), wrong: note.wrong })
}

/// How much memory the model needs, or why it does not fit.
pub fn memory(state: &State) -> Option<Remark> {
    let problem = crate::select::memory::problem(state).map(|text| Remark { text, wrong: true });
    problem.or_else(|| crate::select::memory::line(state).map(|text| Remark { text, wrong: false }))
}

fn wanted_row(role: Role) -> FileRow {
    FileRow {
        id: None,
        role: role.label(),
        name: role.wanted().to_owned(),
        size: String::new(),
        state: FileState::Wanted,
        error: None,
        fix: None,
        removable: false,
    }
}

fn ready_row(state: &State, role: Role, entry: &FileEntry) -> FileRow {
    let problem = state.inputs.problem(Place::File(entry.id));
    let shards = state.inputs.weights.as_ref().filter(|_| role == Role::Weights);
    let (name, n_bytes) = shards.map_or((&entry.name, entry.n_bytes), |weights| (&weights.name, weights.n_bytes));
    FileRow {
        id: Some(entry.id),
        role: role.label(),
        name: name.clone(),
        size: size_label(n_bytes),
        state: if problem.is_some() { FileState::Wrong } else { FileState::Ready },
        error: problem.map(|p| p.message.clone()),
        fix: problem.and_then(|p| p.fix).map(|choice| format!("Switch to {}", choice.label())),
        removable: !entry.demo,
    }
}

fn other_row(entry: &FileEntry) -> FileRow {
    let (file_state, error) = match &entry.content {
        Load::Failed(message) => (FileState::Wrong, Some(message.clone())),
        _ => (FileState::Reading, None),
    };
    FileRow {
        id: Some(entry.id),
        role: "",
        name: entry.name.clone(),
        size: size_label(entry.n_bytes),
        state: file_state,
        error,
        fix: None,
        removable: true,
    }
}

/// The slider over the edge count.
pub fn slider(state: &State) -> Option<Slider> {
    let (scored, circuit) = (state.scored()?, state.circuit()?);
    Some(Slider {
        position: scored.steps.position(circuit.n_edges),
        max: scored.steps.max(),
        requested: circuit.requested,
        n_edges: circuit.n_edges,
        n_graph_edges: scored.scores.n_edges(),
        threshold: threshold_label(&circuit),
    })
}

fn threshold_label(circuit: &Circuit) -> String {
    if circuit.requested == 0 {
        "no edge".to_owned()
    } else {
        format!("|score| ≥ {}", short(circuit.threshold.into()))
    }
}

/// What is being run, in words, but for a search, which tells of itself where it was started.
pub fn run_progress(state: &State) -> Option<Progress> {
    progress(state).filter(|_| state.searching().is_none())
}

/// What is being run or searched, in words.
pub fn progress(state: &State) -> Option<Progress> {
    let Run::Running { plan, done, total, label, .. } = &state.run else { return None };
    let what = match state.searching() {
        Some(search) if search.order.trial => "Timing a pass…",
        Some(_) => "Searching…",
        None if plan.one_circuit => "Running the chosen circuit…",
        None => "Running…",
    };
    let label = match (&state.engine, label.as_str()) {
        (Engine::Open(_), "") => "Getting ready".to_owned(),
        (_, "") => "Starting the engine".to_owned(),
        (_, label) => label.to_owned(),
    };
    Some(Progress { done: *done, total: *total, label, what: what.to_owned() })
}

/// How the last run ended, or why none can be started.
pub fn outcome(state: &State) -> Option<String> {
    if state.ready() {
        let Run::Idle(outcome) = &state.run else {
            return state.searching().map(|_| "A circuit is being searched for.".to_owned());
        };
        return outcome.clone();
    }
    let missing: Vec<_> = Role::ALL.into_iter().filter(|&r| state.inputs.file(r).is_none()).map(Role::label).collect();
    Some(match missing.as_slice() {
        [] if state.inputs.prompts.is_none() && state.inputs.problems.is_empty() => "Reading the prompts…".to_owned(),
        [] => "Put right what is marked wrong to run.".to_owned(),
        ["Scores"] => "Still missing: scores. Drop some, or find a circuit.".to_owned(),
        missing => format!("Still missing: {}.", missing.join(", ").to_lowercase()),
    })
}

/// The rows of the unpatched model.
pub fn baseline_rows(state: &State) -> Vec<ResultRow> {
    let rows = state.results.baseline.iter().flat_map(|baseline| {
        [("unpatched clean", &baseline.clean), ("unpatched corrupt", &baseline.corrupt)]
            .map(|(name, measurement)| result_row(name.to_owned(), None, measurement))
    });
    rows.collect()
}

/// The page of the table that is shown: the one that was turned to, or the chosen circuit's.
pub fn table_page(state: &State) -> TablePage {
    let n_rows = state.results.rows.len();
    let chosen = chosen_row(state);
    let last = n_rows.saturating_sub(1) / ROWS_A_PAGE;
    let page = state.page.unwrap_or(chosen.unwrap_or(0) / ROWS_A_PAGE).min(last);
    let first = page * ROWS_A_PAGE;
    let circuit = |row: &Shared<Row>| {
        let Circuit { requested, n_edges, .. } = row.result.circuit;
        let other = (requested != n_edges).then(|| requested.to_string());
        result_row(n_edges.to_string(), other, &row.result.measurement)
    };
    let rows = state.results.rows.iter().skip(first).take(ROWS_A_PAGE).map(circuit).collect();
    TablePage { page, last, first, n_rows, rows, chosen: chosen.and_then(|chosen| chosen.checked_sub(first)) }
}

/// What is to be known about the table as a whole.
pub fn results_note(state: &State) -> Option<&'static str> {
    if !state.has_results() {
        Some("Nothing of this model has been run yet.")
    } else if !state.fresh() {
        Some("From other files or settings. Run again to bring it up to date.")
    } else if state.results.rows.iter().all(|row| row.job == 0) {
        Some("Recorded with the demo. Run to compute it here.")
    } else {
        None
    }
}

/// Why there is no picture.
pub fn no_picture(state: &State) -> &'static str {
    let has = |role| state.inputs.file(role).is_some();
    if !has(Role::Config) {
        "Drop the model's config to draw its circuit."
    } else if !has(Role::Scores) {
        "Drop prune scores to draw their circuit, or let “Find a circuit” make some."
    } else {
        "The scores do not fit this graph. The file list says why."
    }
}

fn result_row(name: String, requested: Option<String>, measurement: &Measurement) -> ResultRow {
    let shown = |metric: Metric| measurement.mean(metric).map_or_else(|| "–".to_owned(), short);
    ResultRow {
        name,
        requested,
        logit_diff: shown(Metric::LogitDiff),
        kl_clean: shown(Metric::CleanKlDiv),
        kl_corrupt: shown(Metric::CorruptKlDiv),
    }
}

/// The place of the drawn circuit among the rows.
fn chosen_row(state: &State) -> Option<usize> {
    let n_edges = state.circuit()?.n_edges;
    state.results.rows.iter().position(|row| row.result.circuit.n_edges == n_edges)
}

/// A label for each prompt: its number, and how it begins where its tokens are known as text.
pub fn prompt_labels(state: &State) -> Vec<String> {
    const MAX_CHARS: usize = 28;
    let Some(prompts) = &state.inputs.prompts else { return Vec::new() };
    let tokenizer = state.tokenizer();
    let label = |(i, pair): (usize, &PromptPair)| {
        let Some(tokenizer) = tokenizer else { return (i + 1).to_string() };
        let mut label = format!("{}: ", i + 1);
        for piece in pair.clean.iter().filter_map(|&token| tokenizer.piece(token)) {
            label += piece;
            if label.chars().count() > MAX_CHARS {
                return label + "…";
            }
        }
        label
    };
    prompts.pairs.iter().enumerate().map(label).collect()
}

/// A label for each position of a token-wise graph: the file's, else the token that all prompts have there, as text, or the
/// position's number.
pub fn seq_labels(state: &State) -> Option<Vec<String>> {
    let seq_len = state.scored()?.graph.config.seq_len?;
    let prompts = state.inputs.prompts.as_ref()?;
    if prompts.seq_labels.is_some() {
        return prompts.seq_labels.clone();
    }
    let tokenizer = state.tokenizer()?;
    let label = |position: usize| {
        let mut tokens =
            prompts.pairs.iter().flat_map(|pair| [&pair.clean, &pair.corrupt]).map(|row| row.get(position));
        let first = tokens.next().flatten();
        let piece = first.filter(|_| tokens.all(|token| token == first)).and_then(|&token| tokenizer.piece(token));
        piece.map_or_else(|| position.to_string(), str::to_owned)
    };
    Some((0..seq_len).map(label).collect())
}

/// A label for each position of the output.
pub fn position_labels(state: &State) -> Vec<String> {
    let Some(prompts) = &state.inputs.prompts else { return Vec::new() };
    let seq = prompts.seq(state.prompt);
    let clean = &prompts.pairs[state.prompt].clean;
    // Where the file has no label, the clean prompt's own token is one.
    let piece = |position: usize| {
        let token = *clean.get(position.checked_sub(seq.saturating_sub(clean.len()))?)?;
        state.tokenizer()?.piece(token)
    };
    let label = |position: usize| {
        let label = prompts.seq_labels.as_ref().and_then(|labels| labels.get(position));
        let label = label.map(String::as_str).or_else(|| piece(position));
        label.map_or_else(|| format!("position {position}"), |label| format!("{position}: {label}"))
    };
    state.settings.run.slice.positions(seq).map(label).collect()
}

/// The clean and the corrupt prompt, token by token.
pub fn prompt_tokens(state: &State) -> Vec<TokenPair> {
    let Some(pair) = pair(state) else { return Vec::new() };
    let seq = state.inputs.prompts.as_ref().map_or(0, |prompts| prompts.seq(state.prompt));
    align(&pair.clean, &pair.corrupt, seq, |token| state.token_text(token))
}

/// How texts become prompts, where the prompts in use are texts.
pub fn prompt_settings(state: &State) -> Option<PromptSettings> {
    state.texts.prompts_key(&state.files).map(|key| key.settings)
}

fn pair(state: &State) -> Option<&PromptPair> {
    state.inputs.prompts.as_ref()?.pairs.get(state.prompt)
}

/// The likeliest tokens, or why there are none.
pub fn token_columns(state: &State) -> TokenColumns {
    let none = |why: &str| TokenColumns::None(why.to_owned());
    let n_prompts = state.results.baseline.as_ref().map_or(usize::MAX, |b| b.n_prompts);
    let Some(place) = state.place() else { return none("Needs a model, prompts and scores.") };
    if !state.fresh() || state.results.row(place.n_edges).is_none() {
        return match &state.run {
            Run::Running { .. } => none("Running…"),
            Run::Idle(_) => none("Run this circuit to see its tokens."),
        };
    }
    if state.prompt >= n_prompts {
        return none("This prompt was in a short last batch, which is not run.");
    }
    match state.results.tokens(place) {
        Some(Load::Ready(tokens)) => TokenColumns::Ready(columns(state, tokens)),
        Some(Load::Failed(why)) => none(why),
        Some(Load::Loading) | None => none("…"),
    }
}

fn columns(state: &State, tokens: &Rc<Tokens>) -> [Vec<TokenRow>; 3] {
    let column = |tokens: &Vec<TokenProb>| tokens.iter().map(|token| token_row(state, token)).collect();
    [&tokens.clean, &tokens.corrupt, &tokens.circuit].map(column)
}

fn token_row(state: &State, &TokenProb { token, prob, .. }: &TokenProb) -> TokenRow {
    let among = |answers: &Answers| match answers {
        Answers::Tokens(tokens) => tokens.contains(&token),
        Answers::PerPosition(rows) => rows.get(state.position).is_some_and(|row| row.contains(&token)),
        Answers::Values(_) => false,
    };
    let mark = match pair(state) {
        Some(pair) if among(&pair.answers) => Mark::Answer,
        Some(pair) if among(&pair.wrong_answers) => Mark::WrongAnswer,
        _ => Mark::None,
    };
    TokenRow { token: state.token_text(token), prob: percent(prob), width: 100.0 * prob, mark }
}

fn percent(prob: f64) -> String {
    if prob > 0.0 && prob < 0.0005 { "< 0.1 %".to_owned() } else { format!("{:.1} %", 100.0 * prob) }
}

/// A number with about three significant digits.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        format!("{x:.1e}")
    } else if size < 1.0 {
        format!("{x:.4}")
    } else if size < 10.0 {
        format!("{x:.3}")
    } else {
        format!("{x:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 1.0, -0.0123, 12.345, 1e-7, 3.2e6].map(short),
            ["0.0000", "1.000", "-0.0123", "12.3", "1.0e-7", "3.2e6"]
        );
        assert_eq!([0.0, 1e-9, 0.12345, 1.0].map(percent), ["0.0 %", "< 0.1 %", "12.3 %", "100.0 %"]);
    }
}
