//! Reads a file as the official circuit of a graph.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::context::Tasks;
use crate::state::load::Shared;
use crate::state::measures::Official;
use crate::state::scores::Scored;
use crate::update::{Action, MeasureAction};
use crate::workers::js_text;
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{FileKind, PruneScores, recognise};

/// A list of all of GPT-2 small's edges is 1 MB.
const MAX_OFFICIAL_BYTES: f64 = 50e6;

/// Reads a file as the official circuit of a graph.
pub fn read_official(tasks: &Rc<Tasks>, file: File, scored: Shared<Scored>) {
    let tasks = tasks.clone();
    spawn_local(async move {
        let official = read(&file, &scored).await;
        tasks.dispatch(Action::Measure(MeasureAction::OfficialRead(official)));
    });
}

/// Edge names as JSON, or scores of the graph as safetensors.
async fn read(file: &File, scored: &Scored) -> Result<Official, String> {
    let name = file.name();
    if file.size() > MAX_OFFICIAL_BYTES {
        return Err(format!("{name}: an official circuit should be at most 50 MB, found {:.0} MB", file.size() / 1e6));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|e| format!("{name}: the browser could not read it: {}", js_text(&e)))?;
    let bytes = Uint8Array::new(&buffer).to_vec();
    let circuit = match recognise(&bytes) {
        FileKind::Safetensors => PruneScores::from_bytes(&name, &bytes, &scored.graph)
            .and_then(|scores| KnownCircuit::from_scores(&name, &scores, &scored.graph)),
        FileKind::MibJson | FileKind::EdgeListJson | FileKind::OtherJson { .. } => {
            KnownCircuit::from_json(&name, &String::from_utf8_lossy(&bytes))
        }
        kind => return Err(format!("{name}: expected names of edges (JSON) or scores (safetensors); {kind}")),
    };
    let circuit = circuit.map_err(|e| e.to_string())?;
    circuit.mask(&scored.graph).map_err(|e| format!("{name}: {e}"))?;
    Ok(Official { name, circuit })
}
