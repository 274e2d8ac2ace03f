//! The plotted metric, pinned runs, random edges, the official circuit, and the circuit under every setting.

use std::rc::Rc;

use super::action::MeasureAction;
use super::compare;
use crate::state::State;
use crate::state::compare::With;
use crate::state::load::Shared;
use crate::state::measures::{Pin, ScoreSet, Sensitivity};
use crate::state::random::RandomEdges;
use crate::state::runs::Run;
use circuitscope_picture::SERIES;

/// Applies an action.
pub fn apply(state: &mut State, action: MeasureAction) {
    match action {
        MeasureAction::MetricChosen(metric) => (state.measures.metric, state.measures.log_y) = (metric, None),
        MeasureAction::LogYChosen(log_y) => state.measures.log_y = Some(log_y),
        MeasureAction::Pinned(set) => pin(state, set),
        MeasureAction::Unpinned(style) => {
            state.measures.pins.retain(|pin| pin.style != style);
            compare::follow(state);
        }
        MeasureAction::PinRenamed(style, name) => rename(state, style, name.trim()),
        MeasureAction::OfficialRead(read) => match read {
            Ok(official) => {
                (state.measures.official, state.measures.official_error) = (Some(Shared::new(official)), None);
                if state.measures.compare.as_ref().is_some_and(|compare| compare.with == With::Official) {
                    compare::read_again(state);
                }
            }
            Err(error) => state.measures.official_error = Some(error),
        },
        MeasureAction::OfficialDropped => {
            (state.measures.official, state.measures.official_error) = (None, None);
            compare::follow(state);
        }
        MeasureAction::SensitivityStarted(job, plan) => {
            state.measures.sensitivity = Some(Sensitivity::new(job, &plan));
        }
        MeasureAction::SensitivityAt(job, at) => {
            if let Some(sensitivity) = state.measures.sensitivity.as_mut().filter(|s| s.job == job) {
                sensitivity.at = at;
            }
        }
        MeasureAction::RandomStarted(job, plan) => state.measures.random = Some(RandomEdges::new(job, &plan)),
        MeasureAction::RandomDrawn(job) => {
            if let Some(random) = state.measures.random.as_mut().filter(|random| random.job == job) {
                random.begin_draw();
            }
        }
        MeasureAction::RandomToggled => {
            if let Some(random) = &mut state.measures.random {
                random.hidden = !random.hidden;
            }
        }
    }
}

fn pin(state: &mut State, set: ScoreSet) {
    let free = |style: &usize| state.measures.pins.iter().all(|pin| pin.style != *style);
    if let Some(style) = (1..SERIES.len()).find(free) {
        state.measures.pins.push(Shared(Rc::new(Pin { style, set })));
    }
}

/// A name of blanks is none.
fn rename(state: &mut State, style: usize, name: &str) {
    let pin = state.measures.pins.iter_mut().find(|pin| pin.style == style);
    if let Some(pin) = pin.filter(|_| !name.is_empty()) {
        *pin = Shared::new(Pin { style, set: ScoreSet { name: name.to_owned(), ..pin.set.clone() } });
    }
}

/// Random edges of other files or settings are forgotten, once they are not being run any more.
pub fn forget_random(state: &mut State) {
    let running = matches!(&state.run, Run::Running { job, .. } if state.measures.has_run(*job));
    if !running && state.random().is_none() {
        state.measures.random = None;
    }
}
