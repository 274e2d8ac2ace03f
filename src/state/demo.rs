//! The demo, part of the page so that it needs no network: Tracr's `reverse`, its official circuit as scores, and what was
//! computed of it natively. `www/make_demo.py` made the files; the native tests make and check `recorded.json`.

use std::rc::Rc;

use super::files::{Content, FileEntry};
use super::inputs::Inputs;
use super::load::{Load, Shared};
use super::measures::Official;
use super::recognise::read_json;
use super::results::Recorded;
use super::settings::{Machine, Settings};
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{EdgeCounts, OutputSlice, RunSettings, TensorFile};

/// Name and bytes of each file, in the order of [`super::files::Role::ALL`].
pub const FILES: [(&str, &[u8]); 4] = [
    ("model.safetensors", include_bytes!("../../www/demo/tracr-reverse/model.safetensors")),
    ("tl_config.json", include_bytes!("../../www/demo/tracr-reverse/tl_config.json")),
    ("prompts.json", include_bytes!("../../www/demo/tracr-reverse/prompts.json")),
    ("scores.safetensors", include_bytes!("../../www/demo/tracr-reverse/scores.safetensors")),
];

const RECORDED: &str = include_str!("../../www/demo/tracr-reverse/recorded.json");

/// The demo's files, as if they had been dropped; their ids are their indices.
pub fn files() -> Vec<FileEntry> {
    let entry = |(id, (name, bytes)): (usize, (&str, &[u8]))| FileEntry {
        id: id as u32,
        name: name.to_owned(),
        n_bytes: bytes.len() as u64,
        demo: true,
        content: read(id, name, bytes).map_or_else(Load::Failed, Load::Ready),
    };
    FILES.into_iter().enumerate().map(entry).collect()
}

/// Settings that suit the demo: its answers are at every position but the first.
pub fn settings() -> Settings {
    // A count for each of its different circuits: none, the official one, all edges.
    let edge_counts = EdgeCounts::List(vec![0, 2, 77]);
    let run = RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 6, edge_counts, ..RunSettings::default() };
    Settings { run, counts_text: "0, 2, 77".to_owned(), counts_error: None, machine: Machine::default() }
}

/// The demo's official circuit, which its scores are: 1 for an edge of it, 0 for any other.
pub fn official(inputs: &Inputs) -> Option<Shared<Official>> {
    let scored = inputs.scored.as_ref()?;
    let circuit = KnownCircuit::from_scores(FILES[3].0, &scored.scores, &scored.graph).ok()?;
    Some(Shared::new(Official { name: "Tracr's own circuit".to_owned(), circuit }))
}

/// The demo's results under [`settings`], computed natively on the CPU.
pub fn recorded() -> Option<Recorded> {
    serde_json::from_str(RECORDED).ok()
}

fn read(id: usize, name: &str, bytes: &[u8]) -> Result<Content, String> {
    match id {
        0 => {
            let header = TensorFile::from_bytes(name, bytes).map_err(|e| e.to_string())?;
            Ok(Content::Weights(Shared::new(header)))
        }
        3 => Ok(Content::Scores(Shared(Rc::from(bytes)))),
        _ => read_json(name, &String::from_utf8_lossy(bytes)).map_err(|e| e.to_string()),
    }
}
