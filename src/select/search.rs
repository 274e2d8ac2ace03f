//! A search: what it is asked for, what it will take, or why there can be none.

use super::{figure_words, memory};
use crate::state::State;
use crate::state::algorithms::{Field, Kind, OFFICIAL_CIRCUIT};
use crate::state::circuit::Choice;
use crate::state::figure::{Next, Stage};
use crate::state::files::{Role, in_use};
use crate::state::inputs::Subject;
use crate::state::runs::{Plan, Run};
use crate::state::search::{SearchOrder, Timed, units};
use circuitscope_core::settings::discovery::Official;
use circuitscope_core::{Algorithm, DiscoverCost, DiscoverSettings, ModelMemory, OfficialCircuit, RunSettings};

/// What the search will take.
pub fn cost(state: &State) -> Option<DiscoverCost> {
    let (graph, settings) = (&state.inputs.graph.as_ref()?.graph, settings(state).ok()?);
    let (model, prompts) = (state.inputs.model.as_ref()?, state.inputs.prompts.as_ref()?);
    let n_batches = prompts.pairs.len() / settings.batch_size.max(1);
    let seq = (0..prompts.pairs.len()).map(|i| prompts.seq(i)).max().unwrap_or(1);
    Some(settings.cost(model, graph, n_batches, seq))
}

/// About how long the search will take in milliseconds, where a pass of this algorithm was timed.
pub fn expected_ms(state: &State) -> Option<f64> {
    let ms = state.discover.ms_a_unit(&timed(state))?;
    Some(ms * units(&cost(state)?)).filter(|ms| *ms > 0.0)
}

/// The search that is asked for, or why there can be none.
///
/// # Errors
/// What is missing, wrong, or too large.
pub fn order(state: &State, trial: bool) -> Result<SearchOrder, String> {
    let needed = [Role::Weights, Role::Config, Role::Prompts];
    let missing: Vec<_> = needed.into_iter().filter(|&r| state.inputs.file(r).is_none()).map(Role::label).collect();
    if !missing.is_empty() {
        return Err(format!("Still missing: {}.", missing.join(", ").to_lowercase()));
    }
    if state.inputs.awaiting {
        return Err(match figure_words::to_fetch(state) {
            Some(size) => format!("Fetches the figure's files first, {size}."),
            None => "The figure's files are not here yet.".to_owned(),
        });
    }
    // Other scores take the place of those that are wrong.
    let scores = state.inputs.file(Role::Scores).map(Subject::File);
    if let Some(problem) = state.inputs.problems.iter().find(|problem| Some(problem.about) != scores) {
        return Err(match problem.about {
            Subject::BatchSize => format!("Batch size: {}", problem.message),
            Subject::File(_) => problem.message.clone(),
        });
    }
    let settings = settings(state)?;
    let cost = cost(state).ok_or("The prompts are being read.")?;
    if let Some(problem) = memory_problem(state, &cost) {
        return Err(problem);
    }
    let plan = Plan { one_circuit: false, ..Plan::circuit(state.key(), Choice::default(), &state.settings) };
    let name = name(state, settings.algorithm.label());
    Ok(SearchOrder { plan, settings, trial, name, cost, timed: timed(state) })
}

/// Whether all that a search waits for are the files of the figure, which are fetched for it.
pub fn fetches_first(state: &State) -> bool {
    figure_words::is_waiting(state) && !matches!(state.figures.stage, Stage::Fetching { .. })
}

/// The search for which the figure's files were fetched.
pub fn search_after_fetch(state: &State) -> Option<SearchOrder> {
    let is_next = state.figures.next == Some(Next::Search) && matches!(state.run, Run::Idle(_));
    is_next.then(|| order(state, false).ok()).flatten()
}

/// What the fields of the chosen algorithm hold: as entered, but of official circuits the first that fits where the one entered
/// does not.
pub fn entries(state: &State) -> Vec<String> {
    let discover = &state.discover;
    let entry = |(field, entry): (&Field, &String)| match field.kind {
        Kind::Choice(options) if !can_choose(state, field, entry) => {
            let first = options().into_iter().find(|option| can_choose(state, field, &option.value));
            first.map_or_else(|| entry.clone(), |option| option.value)
        }
        _ => entry.clone(),
    };
    discover.offer().fields.iter().zip(discover.entries()).map(entry).collect()
}

/// Whether a value of a choice is offered: any but an official circuit of another model or graph.
pub fn can_choose(state: &State, field: &Field, value: &str) -> bool {
    let Some(chosen) = state.inputs.graph.as_ref().filter(|_| field.key == OFFICIAL_CIRCUIT.key) else { return true };
    serde_json::from_value::<OfficialCircuit>(value.into()).is_ok_and(|circuit| circuit.fits(&chosen.graph))
}

fn settings(state: &State) -> Result<DiscoverSettings, String> {
    let algorithm = state.discover.offer().algorithm(&entries(state))?;
    if let (Algorithm::Official(Official { circuit }), Some(chosen)) = (&algorithm, &state.inputs.graph)
        && !circuit.fits(&chosen.graph)
    {
        return Err("No official circuit is known for a model and a graph of this shape.".to_owned());
    }
    let RunSettings { factorized, separate_qkv, token_wise, slice, batch_size, .. } = state.settings.run;
    Ok(DiscoverSettings { factorized, separate_qkv, token_wise, slice, batch_size, algorithm, ..Default::default() })
}

fn timed(state: &State) -> Timed {
    let run = &state.settings.run;
    let mut files = state.key().files;
    files[Role::Scores as usize] = None;
    Timed { algorithm: state.discover.chosen, files, batch_size: run.batch_size, machine: state.settings.machine }
}

/// Why the search does not fit, with the numbers.
fn memory_problem(state: &State, cost: &DiscoverCost) -> Option<String> {
    let model = state.inputs.model.as_ref()?;
    let (memory, limits) = (ModelMemory::of(model), memory::limits(state));
    let checked = memory.check("The model", &limits).and_then(|()| memory.check_search(cost.bytes, &limits));
    checked.err().map(|error| error.to_string())
}

/// `EAP on reverse.safetensors`, or the same with a number where there is one already.
fn name(state: &State, algorithm: &str) -> String {
    let prompts = in_use(&state.files, Role::Prompts).map_or("prompts", |file| file.name.as_str());
    let task = if state.is_demo() { "reverse" } else { prompts.strip_suffix(".json").unwrap_or(prompts) };
    free_name(state, &format!("{algorithm} on {task}"))
}

/// A name that no file has yet.
pub fn free_name(state: &State, name: &str) -> String {
    let taken = |name: &String| state.files.iter().any(|file| file.name == *name);
    let numbered = (2..).map(|n| format!("{name} ({n}).safetensors"));
    std::iter::once(format!("{name}.safetensors")).chain(numbered).find(|n| !taken(n)).unwrap_or_default()
}
