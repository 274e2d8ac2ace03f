//! Random edges: what is run, and what is said of them.

use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::random::{RandomEdges, RandomPlan};
use crate::state::runs::{Plan, Run};
use crate::words::counted;
use circuitscope_core::{
    Algorithm, Circuit, DiscoverSettings, EdgeCounts, MeasuredCircuits, Measurement, Random, RunSettings,
};

/// Draws that the baseline is averaged over, as in the design: one draw is too ragged a line.
const N_DRAWS: usize = 5;

/// The run of random edges at the counts of the last sweep, where there was one with the files and settings as they are.
pub fn plan(state: &State) -> Option<RandomPlan> {
    if !state.inputs.ready() || !state.fresh() || state.results.rows.is_empty() {
        return None;
    }
    let counts = state.results.rows.iter().map(|row| row.result.circuit.n_edges).collect();
    let RunSettings { factorized, separate_qkv, token_wise, slice, batch_size, .. } = state.settings.run;
    let algorithm = Algorithm::Random(Random::default());
    let search = DiscoverSettings { factorized, separate_qkv, token_wise, slice, batch_size, algorithm, keep: None };
    let plan = Plan {
        key: state.key(),
        edge_counts: EdgeCounts::List(counts),
        edits: Edits::default(),
        machine: state.settings.machine,
        one_circuit: false,
    };
    Some(RandomPlan { plan, search, n_draws: N_DRAWS })
}

/// The switch of the curve of random edges.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomSwitch {
    /// Whether the curve is there.
    pub shown: bool,
    /// What it is, of how many draws, and what a press does.
    pub title: String,
    pub enabled: bool,
    /// Whether circuits of other sizes were run since, so that random edges of these sizes can be run too.
    pub behind: bool,
}

/// The switch, where there is a curve to compare random edges with.
pub fn switch(state: &State) -> Option<RandomSwitch> {
    const WHAT: &str = "as many edges drawn at random: what a circuit should beat";
    let can_run = can_run(state);
    Some(match state.random() {
        Some(random) => {
            let draws = match (random.n_begun(), is_running(state)) {
                (n, true) => format!("draw {n} of {}, of ", random.n_draws),
                (n, false) => format!("the mean of {} of ", counted(n, "draw")),
            };
            let press = if random.hidden { "show" } else { "hide" };
            let title = format!("Random edges, {draws}{WHAT}. Press to {press} the curve");
            RandomSwitch { shown: !random.hidden, title, enabled: true, behind: can_run && !random.hidden }
        }
        None => {
            plan(state)?;
            let title = format!("Runs {WHAT}. {N_DRAWS} draws, one where they are slow");
            RandomSwitch { shown: false, title, enabled: can_run, behind: false }
        }
    })
}

/// Every draw as circuits of its own, for files: with the spread over prompts, which a mean over draws has not.
pub fn measured(state: &State) -> Vec<MeasuredCircuits> {
    let Some(random) = state.random() else { return Vec::new() };
    let baseline = state.results.baseline.as_ref();
    let unpatched = baseline.map(|baseline| [baseline.clean.clone(), baseline.corrupt.clone()]);
    let draw = |(i, circuits): (usize, &Vec<(Circuit, Measurement)>)| MeasuredCircuits {
        name: format!("random edges, draw {}", i + 1),
        n_edges: state.scored().map_or(0, |scored| scored.scores.n_edges()),
        circuits: circuits.clone(),
        unpatched: unpatched.clone(),
        reverse: random.key.settings.reverse,
    };
    random.draws().iter().enumerate().map(draw).collect()
}

/// Whether random edges are being run.
fn is_running(state: &State) -> bool {
    matches!(&state.run, Run::Running { job, .. } if state.random().is_some_and(|random| random.job == *job))
}

/// Whether random edges can be run: something was run at other counts than they were, or they were not at all.
pub fn can_run(state: &State) -> bool {
    let idle = matches!(state.run, Run::Idle(_));
    let known = |random: &RandomEdges| state.results.rows.iter().all(|row| random.has(row.result.circuit.n_edges));
    idle && plan(state).is_some() && !state.random().is_some_and(known)
}

/// How the baseline was made, in words.
pub fn said(state: &State) -> Option<String> {
    let random = state.random()?;
    let n = random.n_begun();
    (n > 0).then(|| format!("Random edges: the mean of {} at random, each of as many edges.", counted(n, "draw")))
}
