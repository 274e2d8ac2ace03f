//! What is in a file of scores: as far as it says itself, or checked against a model.

use circuitscope_core::{FormatId, GraphConfig, ScoresInfo, TensorFile, count_label, describe_graph, recognise};
use circuitscope_formats::{FormatError, TorchFile, Wanted, read_scores};
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;
use crate::input::format_name;
use crate::table;

/// Keys that only EAP-IG's torch files have. torch stores a pickle as it is, so they stand in the file as text.
const MIB_KEYS: [&[u8]; 2] = [b"edges_scores", b"edges_in_graph"];

/// What is in a file. What is not known is left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatId>,
    /// The model that the file names.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    graph: Option<GraphConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n_edges: Option<usize>,
    /// How many edges have a score that is not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    n_scored: Option<usize>,
    /// How many edges the circuit has that the file marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    n_circuit: Option<usize>,
    /// The scores that can be picked, where there are several.
    choices: Vec<String>,
    /// Which of them is described.
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    notes: Vec<String>,
    /// The largest scores with their edges.
    #[serde(skip)]
    largest: String,
}

impl Contents {
    /// What a file says of itself.
    ///
    /// # Errors
    /// When it is of no format, or not what it seems to be.
    pub fn of_file(file: &str, bytes: &[u8]) -> Result<Self, CliError> {
        let kind = recognise(bytes);
        let format = FormatId::of_file(&kind).ok_or_else(|| {
            let expected = "one of the formats that `circuitscope models` lists".to_owned();
            FormatError::Unrecognised { file: file.to_owned(), expected, found: kind.to_string() }
        })?;
        let contents = Self { file: file.to_owned(), format: Some(format), ..Self::default() };
        match format {
            FormatId::Safetensors => contents.with_tensors(bytes),
            FormatId::Torch | FormatId::MibTorch => contents.with_torch(bytes),
            FormatId::MibJson => Ok(contents.with_mib(bytes)),
            FormatId::EdgeListJson | FormatId::EdgeListCsv => Ok(contents),
        }
    }

    fn with_tensors(self, bytes: &[u8]) -> Result<Self, CliError> {
        let tensors = TensorFile::from_bytes(&self.file, bytes)?;
        let info = ScoresInfo::from_metadata(&self.file, &tensors.metadata)?;
        let n_edges = tensors.tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum();
        Ok(Self { n_edges: Some(n_edges), ..self.with_info(info) })
    }

    fn with_torch(self, bytes: &[u8]) -> Result<Self, CliError> {
        if MIB_KEYS.iter().any(|key| bytes.windows(key.len()).any(|window| window == *key)) {
            return Ok(Self { format: Some(FormatId::MibTorch), ..self });
        }
        let file = self.file.clone();
        let choices = TorchFile::open(&file, bytes)?.choices()?.into_iter().map(|choice| choice.name);
        Ok(Self { choices: choices.filter(|name| !name.is_empty()).collect(), ..self })
    }

    /// A file that JSON's own rules refuse (EAP-IG writes `Infinity`) is described when a model is given.
    fn with_mib(self, bytes: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let edges = json["edges"].as_object();
        let marked = |edge: &&Value| edge["in_graph"] == true || **edge == true;
        let n_circuit = edges.map(|edges| edges.values().filter(marked).count());
        let size = |name: &str| json["cfg"][name].as_u64();
        let model = size("n_layers").zip(size("n_heads"));
        // More than a usize holds is no size of a model.
        let count = |n: u64, one: &str, many: &str| count_label(usize::try_from(n).unwrap_or(usize::MAX), one, many);
        let size_text = |(n_layers, n_heads)| {
            format!("{}, {}", count(n_layers, "layer", "layers"), count(n_heads, "head", "heads"))
        };
        Self { model: model.map(size_text), n_edges: edges.map(serde_json::Map::len), n_circuit, ..self }
    }

    /// What a file holds for a model.
    ///
    /// # Errors
    /// When it is of no format, cannot be read, or is not of the model.
    pub fn of_scores(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<Self, CliError> {
        let found = read_scores(file, bytes, wanted)?;
        let contents = Self {
            file: file.to_owned(),
            format: Some(found.format),
            n_edges: Some(found.graph.n_edges()),
            n_scored: Some(found.scores.values().iter().filter(|score| **score != 0.0).count()),
            n_circuit: found.n_circuit,
            chosen: found.choices.get(found.chosen).cloned(),
            choices: found.choices,
            notes: found.notes,
            largest: table::largest(&found.graph, &found.scores),
            ..Self::default()
        };
        Ok(Self { graph: Some(found.graph.config), ..contents.with_info(found.info) })
    }

    fn with_info(self, info: ScoresInfo) -> Self {
        let ScoresInfo { model, graph, algorithm, settings, prompts, date } = info;
        let model = model.map(|m| {
            let (layers, heads) = (count_label(m.n_layers, "layer", "layers"), count_label(m.n_heads, "head", "heads"));
            format!("{}, {layers}, {heads}", m.family)
        });
        Self { model, graph, algorithm, settings, prompts, date, ..self }
    }

    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("names and numbers can be written as JSON") + "\n"
    }

    pub fn text(&self) -> String {
        let count = |n: &usize| n.to_string();
        let rows = [
            ("model", self.model.clone()),
            ("graph", self.graph.as_ref().map(describe_graph)),
            ("edges", self.n_edges.as_ref().map(count)),
            ("scored", self.n_scored.map(|n| format!("{}, of a score other than 0", count_label(n, "edge", "edges")))),
            ("circuit", self.n_circuit.map(|n| format!("{}, as the file marks them", count_label(n, "edge", "edges")))),
            ("picked", self.chosen.clone()),
            ("choices", Some(self.choices.join(", ")).filter(|choices| !choices.is_empty())),
            ("algorithm", self.algorithm.clone()),
            ("settings", self.settings.clone()),
            ("prompts", self.prompts.clone()),
            ("date", self.date.clone()),
        ];
        let known: Vec<_> = rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let notes: String = self.notes.iter().map(|note| format!("  {note}\n")).collect();
        let largest: String = self.largest.lines().map(|line| format!("  {line}\n")).collect();
        let title = self.format.map(|id| format!("{} ({})", id.format().name, format_name(id))).unwrap_or_default();
        format!("{}: {title}\n{}{notes}{largest}", self.file, table::fields(&known))
    }
}
