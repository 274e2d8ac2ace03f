//! Scores: reading those of other programs, and writing them in a format.

use std::rc::Rc;

use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::reader::not_understood;
use super::save;
use crate::select;
use crate::state::State;
use crate::state::files::Role;
use crate::state::imports::{ImportRequest, ImportedScores};
use crate::state::load::{Load, Shared};
use crate::state::runs::Failure;
use crate::update::Action;
use crate::workers::{Fault, js_text};
use circuitscope_core::{Extent, FormatId};
use circuitscope_wire::reader::{Event, Request};

/// Has a file of scores read.
pub fn import_scores(tasks: &Rc<Tasks>, request: ImportRequest) {
    let key = request.key.clone();
    tasks.dispatch(Action::ImportChanged(key.clone(), Load::Loading));
    let tasks = tasks.clone();
    spawn_local(async move {
        let import = match import(&tasks, request).await {
            Ok(imported) => Load::Ready(imported),
            Err(fault) => Load::Failed(Failure::from(fault).message),
        };
        tasks.dispatch(Action::ImportChanged(key, import));
    });
}

async fn import(tasks: &Tasks, ImportRequest { key, model, graph }: ImportRequest) -> Result<ImportedScores, Fault> {
    let attachments = Array::new();
    let scores = tasks.files.attach(key.file, &attachments)?;
    let (name, model) = (tasks.files.name(key.file), (*model).clone());
    let request = Request::ReadScores { scores, model, graph, seq_len: key.seq_len, pick: key.pick };
    match tasks.reader.call(request, &attachments).await? {
        (Event::Scores { found }, attachments) => {
            let bytes = Uint8Array::new(&attachments.get(0));
            let copy = Shared(bytes.to_vec().into());
            let file = tasks.files.add(name, JsValue::from(bytes));
            Ok(ImportedScores { file, bytes: copy, found: Shared::new(found) })
        }
        (other, _) => Err(Fault::Failed(not_understood(&other))),
    }
}

/// Saves the scores in use as a file.
pub fn save_scores(tasks: &Rc<Tasks>, state: &State, format: FormatId, extent: Extent) {
    let (Some(scored), Some(model)) = (state.scored(), &state.inputs.model) else { return };
    let Some(file) = state.inputs.run_files()[Role::Scores as usize] else { return };
    // A search's own file says more of the scores than could be written anew.
    let own = select::scores::found_bytes(state).filter(|_| format == FormatId::Safetensors).map(Uint8Array::from);
    let (graph, model, edge_count) = (scored.graph.config, (**model).clone(), state.picture.requested);
    let tasks = tasks.clone();
    spawn_local(async move {
        let saved = async {
            let attachments = Array::new();
            let scores = tasks.files.attach(file, &attachments)?;
            let name = tasks.files.name(file);
            let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
            let name = file_name(&stem, format, extent, edge_count);
            let unsaved = |e| Fault::Failed(format!("{name} could not be saved: {}", js_text(&e)));
            if let Some(bytes) = own {
                return save::save_bytes(&name, &bytes).map_err(unsaved);
            }
            let (algorithm, date) = (Some(stem.clone()), Some(today()));
            let request = Request::WriteScores { scores, model, graph, format, edge_count, extent, algorithm, date };
            match tasks.reader.call(request, &attachments).await? {
                (Event::Written, attachments) => {
                    save::save_bytes(&name, &Uint8Array::new(&attachments.get(0))).map_err(unsaved)
                }
                (other, _) => Err(Fault::Failed(not_understood(&other))),
            }
        };
        if let Err(fault) = saved.await {
            tasks.dispatch(Action::Failed(fault.into()));
        }
    });
}

/// `2026-11-23`.
fn today() -> String {
    String::from(Date::new_0().to_iso_string()).chars().take(10).collect()
}

/// What a file of scores is saved as, never under the name of the file that they came from.
fn file_name(stem: &str, format: FormatId, extent: Extent, edge_count: usize) -> String {
    let kind = match (format, extent) {
        (FormatId::MibJson, _) => "-mib".to_owned(),
        // Most are called scores already.
        (FormatId::Safetensors, _) if stem.contains("scores") => "-saved".to_owned(),
        (FormatId::Safetensors, _) => "-scores".to_owned(),
        (_, Extent::Circuit) => format!("-{edge_count}-edges"),
        (_, Extent::All) => "-edges".to_owned(),
    };
    format!("{stem}{kind}.{}", format.format().extensions[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_has_another_name_than_its_source_and_says_scores_once() {
        let name = |stem: &str, format| file_name(stem, format, Extent::All, 2);
        assert_eq!(name("eap", FormatId::Safetensors), "eap-scores.safetensors");
        assert_eq!(name("graph0.scores", FormatId::Safetensors), "graph0.scores-saved.safetensors");
        assert_eq!(name("graph0.scores", FormatId::MibJson), "graph0.scores-mib.json");
    }
}
