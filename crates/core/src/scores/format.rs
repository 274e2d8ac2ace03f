//! Which formats of scores and circuits there are.

use crate::files::recognise::FileKind;
use serde::{Deserialize, Serialize};

use crate::config::family::{FAMILIES, Family};

/// A format, by its name in settings and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FormatId {
    Safetensors,
    Torch,
    MibJson,
    MibTorch,
    EdgeListJson,
    EdgeListCsv,
}

/// A format of scores or circuits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Format {
    pub id: FormatId,
    /// Its name for people.
    pub name: &'static str,
    /// What is in such a file.
    pub what: &'static str,
    /// The usual extensions of its files; the first is used for writing.
    pub extensions: &'static [&'static str],
    /// Whether it is written; all are read.
    pub written: bool,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        id: FormatId::Safetensors,
        name: "safetensors of `PruneScores`",
        what: "dest module name (`blocks.0.hook_q_input`) → tensor `[seq?, head?, n_src]`; written with model, graph settings, \
               algorithm and date as metadata",
        extensions: &["safetensors"],
        written: true,
    },
    Format {
        id: FormatId::Torch,
        name: "torch file of `PruneScores`",
        what: "`torch.save` of `{module: tensor}`, `{algo: {module: tensor}}`, or auto-circuit's cache \
               `{task: {algo: {module: tensor}}}`, of which one is chosen",
        extensions: &["pt", "pkl", "pth"],
        written: false,
    },
    Format {
        id: FormatId::MibJson,
        name: "EAP-IG / MIB circuit, JSON",
        what: "`{cfg, nodes, edges: {\"a0.h0->m1\": {score, in_graph}}}`: the scores, or exactly the edges in the graph",
        extensions: &["json"],
        written: true,
    },
    Format {
        id: FormatId::MibTorch,
        name: "EAP-IG / MIB circuit, torch file",
        what: "`Graph.to_pt`: `edges_scores`, `edges_in_graph`, `nodes_in_graph`, `cfg`",
        extensions: &["pt"],
        written: false,
    },
    Format {
        id: FormatId::EdgeListJson,
        name: "edge list, JSON",
        what: "names, `{edge, position?, score?}` objects, or name → score; edges are named as in auto-circuit: `A0.1->MLP 1`, \
               `3:A0.1->MLP 1`",
        extensions: &["json"],
        written: true,
    },
    Format {
        id: FormatId::EdgeListCsv,
        name: "edge list, CSV",
        what: "columns `edge`, `position` (optional), `score` (optional); edges are named as in auto-circuit",
        extensions: &["csv", "tsv", "txt"],
        written: true,
    },
];

impl FormatId {
    /// The format of scores that a file may be in. Only opening it shows whether a zip archive is [`FormatId::Torch`] or
    /// [`FormatId::MibTorch`], and whether a safetensors file holds scores at all.
    pub fn of_file(kind: &FileKind) -> Option<Self> {
        match kind {
            FileKind::Safetensors => Some(Self::Safetensors),
            FileKind::Zip => Some(Self::Torch),
            FileKind::MibJson => Some(Self::MibJson),
            FileKind::EdgeListJson => Some(Self::EdgeListJson),
            FileKind::EdgeListCsv => Some(Self::EdgeListCsv),
            _ => None,
        }
    }

    /// What is known of the format.
    pub fn format(self) -> &'static Format {
        FORMATS.iter().find(|format| format.id == self).expect("every format is in the table")
    }
}

/// Which edges are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    #[default]
    All,
    /// Those of a circuit only; formats that hold all edges mark them instead.
    Circuit,
}

impl Extent {
    pub const ALL: [Self; 2] = [Self::All, Self::Circuit];

    /// Which edges they are.
    pub fn about(self) -> &'static str {
        match self {
            Self::All => "all edges",
            Self::Circuit => "those of the circuit",
        }
    }
}

/// Tables of what can be opened and saved, as README.md has them: the model families and the formats of scores.
pub fn supported_files() -> String {
    let mut tables = String::from("| models | such as | `model_type` | their maths |\n| --- | --- | --- | --- |\n");
    for Family { title, models, summary, model_types, .. } in FAMILIES {
        let types: Vec<_> = model_types.iter().map(|name| format!("`{name}`")).collect();
        tables += &format!("| {title} | {models} | {} | {summary} |\n", types.join(" "));
    }
    tables += "\n| scores and circuits | hold | files | read | written |\n| --- | --- | --- | --- | --- |\n";
    for Format { name, what, extensions, written, .. } in FORMATS {
        let files: Vec<_> = extensions.iter().map(|extension| format!("`.{extension}`")).collect();
        let written = if *written { "yes" } else { "no" };
        tables += &format!("| {name} | {what} | {} | yes | {written} |\n", files.join(" "));
    }
    tables
}
