//! Random edges: what is run, and what is said of them.

use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::random::{RandomEdges, RandomPlan};
use crate::state::runs::{Plan, Run};
use crate::words::counted;
use circuitscope_core::{Algorithm, DiscoverSettings, EdgeCounts, Random, RunSettings};

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
        device: state.settings.device,
        one_circuit: false,
    };
    Some(RandomPlan { plan, search, n_draws: N_DRAWS })
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
