//! The plotted metric, pinned runs, the official circuit, and the circuit under every setting.

use std::rc::Rc;

use super::action::MeasureAction;
use crate::state::State;
use crate::state::load::Shared;
use crate::state::measures::{Pin, ScoreSet, Sensitivity};
use circuitscope_picture::SERIES;

/// Applies an action.
pub fn apply(state: &mut State, action: MeasureAction) {
    match action {
        MeasureAction::MetricChosen(metric) => (state.measures.metric, state.measures.log_y) = (metric, None),
        MeasureAction::LogYChosen(log_y) => state.measures.log_y = Some(log_y),
        MeasureAction::Pinned(set) => pin(state, set),
        MeasureAction::Unpinned(style) => state.measures.pins.retain(|pin| pin.style != style),
        MeasureAction::OfficialRead(read) => match read {
            Ok(official) => {
                (state.measures.official, state.measures.official_error) = (Some(Shared::new(official)), None);
            }
            Err(error) => state.measures.official_error = Some(error),
        },
        MeasureAction::OfficialDropped => {
            (state.measures.official, state.measures.official_error) = (None, None);
        }
        MeasureAction::SensitivityStarted(job, plan) => {
            state.measures.sensitivity = Some(Sensitivity::new(job, &plan));
        }
        MeasureAction::SensitivityAt(job, at) => {
            if let Some(sensitivity) = state.measures.sensitivity.as_mut().filter(|s| s.job == job) {
                sensitivity.at = at;
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
