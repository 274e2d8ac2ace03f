//! What the reader is asked for about scores: reading them, and writing them in a format.

use std::rc::Rc;

use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::state::files::{Load, Role, Shared};
use crate::state::imports::{ImportWish, ImportedScores};
use crate::state::{Action, Failure, State};
use crate::tasks::Tasks;
use crate::tasks::save;
use crate::tasks::texts::not_understood;
use crate::workers::engine::{Fault, js_text};
use circuitscope_core::Source;
use circuitscope_core::{Extent, FormatId};
use circuitscope_wire::reader::{Event, Request};

impl Tasks {
    /// Has a file of scores read.
    pub fn import_scores(self: &Rc<Self>, wish: ImportWish) {
        let key = wish.key.clone();
        self.dispatch.dispatch(Action::ScoresTold(key.clone(), Load::Loading));
        let tasks = self.clone();
        spawn_local(async move {
            let told = match tasks.imported(wish).await {
                Ok(imported) => Load::Ready(imported),
                Err(fault) => Load::Failed(Failure::from(fault).message),
            };
            tasks.dispatch.dispatch(Action::ScoresTold(key, told));
        });
    }

    async fn imported(self: &Rc<Self>, ImportWish { key, model, graph }: ImportWish) -> Result<ImportedScores, Fault> {
        let attachments = Array::new();
        let scores = self.attach_file(key.file, &attachments)?;
        let Source::Attached { name, .. } = &scores else { return Err(Fault::Cancelled) };
        let (name, model) = (name.clone(), (*model).clone());
        let request = Request::ReadScores { scores, model, graph, seq_len: key.seq_len, pick: key.pick };
        match self.text.reader.call(request, &attachments).await? {
            (Event::Scores { found }, attachments) => {
                let bytes = Uint8Array::new(&attachments.get(0));
                let copy = Shared(bytes.to_vec().into());
                let file = self.keep(name, JsValue::from(bytes));
                Ok(ImportedScores { file, bytes: copy, found: Shared::new(found) })
            }
            (other, _) => Err(Fault::Failed(not_understood(&other))),
        }
    }

    /// Saves the scores in use as a file.
    pub fn save_scores(self: &Rc<Self>, state: &State, format: FormatId, extent: Extent) {
        let (Some(scored), Some(model)) = (state.scored(), &state.inputs.model) else { return };
        let Some(file) = state.inputs.run_files()[Role::Scores as usize] else { return };
        // A search's own file says more of the scores than could be written anew.
        let own = state.found_bytes().filter(|_| format == FormatId::Safetensors).map(Uint8Array::from);
        let (graph, model, edge_count) = (scored.graph.config, (**model).clone(), state.requested);
        let tasks = self.clone();
        spawn_local(async move {
            let attachments = Array::new();
            let saved = async {
                let scores = tasks.attach_file(file, &attachments)?;
                let Source::Attached { name, .. } = &scores else { return Err(Fault::Cancelled) };
                let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
                let name = file_name(&stem, format, extent, edge_count);
                let unsaved = |e| Fault::Failed(format!("{name} could not be saved: {}", js_text(&e)));
                if let Some(bytes) = own {
                    return save::save_bytes(&name, &bytes).map_err(unsaved);
                }
                let (algorithm, date) = (Some(stem.clone()), Some(today()));
                let request =
                    Request::WriteScores { scores, model, graph, format, edge_count, extent, algorithm, date };
                match tasks.text.reader.call(request, &attachments).await? {
                    (Event::Written, attachments) => {
                        save::save_bytes(&name, &Uint8Array::new(&attachments.get(0))).map_err(unsaved)
                    }
                    (other, _) => Err(Fault::Failed(not_understood(&other))),
                }
            };
            if let Err(fault) = saved.await {
                tasks.dispatch.dispatch(Action::Failed(fault.into()));
            }
        });
    }
}

/// `2026-11-23`.
fn today() -> String {
    String::from(Date::new_0().to_iso_string()).chars().take(10).collect()
}

/// What a file of scores is saved as, never under the name of the file that they came from.
fn file_name(stem: &str, format: FormatId, extent: Extent, edge_count: usize) -> String {
    let kind = match (format, extent) {
        (FormatId::MibJson, _) => "-mib".to_owned(),
        (FormatId::Safetensors, _) => "-scores".to_owned(),
        (_, Extent::Circuit) => format!("-{edge_count}-edges"),
        (_, Extent::All) => "-edges".to_owned(),
    };
    format!("{stem}{kind}.{}", format.format().extensions[0])
}
