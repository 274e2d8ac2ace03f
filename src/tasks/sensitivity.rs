//! Runs the shown circuit under every setting, and reads a file as the official circuit.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use crate::state::files::Shared;
use crate::state::inputs::Scored;
use crate::state::measures::{MeasureAction, Official, variants};
use crate::state::results::{Plan, RunKey};
use crate::state::{Action, Outcome};
use crate::tasks::Tasks;
use crate::workers::engine::{Fault, js_text};
use circuitscope_core::PruneScores;
use circuitscope_core::scores::known_circuit::KnownCircuit;

/// A list of all of GPT-2 small's edges is 1 MB.
const MAX_OFFICIAL_BYTES: f64 = 50e6;

impl Tasks {
    /// Runs a circuit under every patch type, ablation and direction, in place of what is being run.
    pub fn sensitivity(self: &Rc<Self>, plan: Plan) {
        let job = self.begin(&plan);
        self.tell_measures(MeasureAction::SensitivityStarted(job));
        let tasks = self.clone();
        spawn_local(async move {
            let mut outcome = Outcome::Finished("Done: the circuit under every setting.".to_owned());
            for (at, settings) in variants(&plan.key.settings).into_iter().enumerate() {
                tasks.tell(job);
                tasks.tell_measures(MeasureAction::SensitivityAt(job, at));
                let key = RunKey { settings, ..plan.key.clone() };
                match tasks.drive(job, &Plan { key, ..plan.clone() }).await {
                    Ok(_) => {}
                    Err(Fault::Cancelled) => outcome = Outcome::Cancelled,
                    Err(fault) => outcome = Outcome::Failed(fault.into()),
                }
                if !matches!(outcome, Outcome::Finished(_)) {
                    break;
                }
            }
            tasks.end(job, outcome);
        });
    }

    /// Reads a file as the official circuit of a graph.
    pub fn read_official(self: &Rc<Self>, file: File, scored: Shared<Scored>) {
        let tasks = self.clone();
        spawn_local(async move {
            let read = read_official(&file, &scored).await;
            tasks.tell_measures(MeasureAction::OfficialRead(read));
        });
    }

    fn tell_measures(&self, action: MeasureAction) {
        self.dispatch(Action::Measure(action));
    }
}

/// Edge names as JSON, or scores of the graph as safetensors.
async fn read_official(file: &File, scored: &Scored) -> Result<Official, String> {
    let name = file.name();
    if file.size() > MAX_OFFICIAL_BYTES {
        return Err(format!("{name}: an official circuit should be at most 50 MB, found {:.0} MB", file.size() / 1e6));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|e| format!("{name}: the browser could not read it: {}", js_text(&e)))?;
    let bytes = Uint8Array::new(&buffer).to_vec();
    let circuit = match std::str::from_utf8(&bytes) {
        Ok(text) if text.trim_start().starts_with(['[', '{']) => KnownCircuit::from_json(&name, text),
        _ => PruneScores::from_bytes(&name, &bytes, &scored.graph)
            .and_then(|scores| KnownCircuit::from_scores(&name, &scores, &scored.graph)),
    };
    let circuit = circuit.map_err(|e| e.to_string())?;
    circuit.mask(&scored.graph).map_err(|e| format!("{name}: {e}"))?;
    Ok(Official { name, circuit })
}
