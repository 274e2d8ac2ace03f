//! What a person does on the page, and what follows: the reducer and the selectors together.

mod carried;
mod compare;
mod export;
mod figure;
mod files;
mod link;
mod measures;
mod picture;
mod runs;
mod scores;
mod search;
mod texts;
mod values;

use crate::state::State;
use crate::state::files::{Content, FileEntry, FileId, Refusal};
use crate::state::load::Load;
use crate::state::recognise::read_json;
use crate::state::runs::Outcome;
use crate::update::Action;
use circuitscope_core::{AblationType, Measurement, RunSettings};
use circuitscope_wire::engine::{Baseline, CircuitResult, Event};

/// The number of the first file of a person's own.
const OWN: FileId = 10;

/// Drops a file that is read at once.
fn drop_file(state: &mut State, id: FileId, name: &str, content: Result<Content, String>) {
    let entry = FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content: Load::Loading };
    state.apply(Action::FileFound(entry));
    state.apply(Action::FileRead(id, content.map_err(|why| Refusal { why, meant: None })));
}

fn json(name: &str, text: &str) -> Result<Content, String> {
    read_json(name, text).map_err(|e| e.to_string())
}

fn event(state: &State, n: usize, index: usize) -> Event {
    let circuit = state.scored().unwrap().scores.circuit(n).unwrap();
    Event::Circuit {
        result: CircuitResult { index, circuit, shape: vec![6, 5, 3], measurement: Measurement::default() },
    }
}

fn done() -> Outcome {
    let (clean, corrupt) = (Measurement::default(), Measurement::default());
    let shape = vec![6, 5, 3];
    Outcome::Done(Baseline { shape, clean, corrupt, n_prompts: 6, n_positions: 5, forward_passes: 1 }, 1)
}

fn zero_ablation(state: &State) -> Action {
    Action::SettingsChanged(RunSettings { ablation: AblationType::Zero, ..state.settings.run.clone() })
}
