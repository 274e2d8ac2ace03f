//! Runs the shown circuit under every setting.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::runs::drive;
use crate::state::measures::{SensitivityPlan, variants};
use crate::state::runs::{Outcome, Plan, RunKey};
use crate::update::{Action, MeasureAction};
use crate::workers::Fault;

/// Runs a circuit under every patch type, ablation and direction, in place of what is being run.
pub fn test_sensitivity(tasks: &Rc<Tasks>, request: SensitivityPlan) {
    let plan = request.plan.clone();
    let job = tasks.engine.begin(&plan);
    tasks.dispatch(Action::Measure(MeasureAction::SensitivityStarted(job, request)));
    let tasks = tasks.clone();
    spawn_local(async move {
        let mut outcome = Outcome::Finished("Done: the circuit under every setting.".to_owned());
        for (at, settings) in variants(&plan.key.settings).into_iter().enumerate() {
            tasks.engine.report(job);
            tasks.dispatch(Action::Measure(MeasureAction::SensitivityAt(job, at)));
            let key = RunKey { settings, ..plan.key.clone() };
            match drive(&tasks, job, &Plan { key, ..plan.clone() }).await {
                Ok(_) => {}
                Err(Fault::Cancelled) => outcome = Outcome::Cancelled,
                Err(fault) => outcome = Outcome::Failed(fault.into()),
            }
            if !matches!(outcome, Outcome::Finished(_)) {
                break;
            }
        }
        tasks.engine.end(job, outcome);
    });
}
