//! Circuits of EAP-IG (Hanna et al. 2024) and of the MIB benchmark (Mueller et al. 2025).
//!
//! Such a file may hold a score for every edge, and a circuit: the edges that are marked `in_graph`. Both can be opened.
//! EAP-IG's graph is the factorized one with separate q, k and v; its `input` is the token embedding alone.
//!
//! [`json`] and [`torch`] read its two formats, and [`builder`] collects and checks what they find; [`write`] writes JSON.

mod builder;
pub mod json;
pub mod torch;
pub mod write;

use circuitscope_core::{CircuitError, FormatId, Graph, GraphConfig, ModelConfig, PruneScores, count_label};
use serde_json::Value;

use super::error::FormatError;
use super::read::{FoundScores, Wanted};
use super::values::check_size;

/// The choice of all scores.
const SCORES: &str = "scores";
/// The choice of the edges that the file marks.
const CIRCUIT: &str = "circuit";

/// EAP-IG's graph of a model.
const GRAPH: GraphConfig = GraphConfig { factorized: true, separate_qkv: true, seq_len: None };

/// What a file says of the edges of EAP-IG's graph, checked.
struct MibCircuit {
    /// In the graph's edge order, where the file has scores.
    scores: Option<Vec<f32>>,
    in_graph: Vec<bool>,
    notes: Vec<String>,
}

/// EAP-IG's graph of a model, if the model has one and the file is for this model.
///
/// # Errors
/// When the model has no MLPs or too many edges, or a field of the file's `cfg` differs from the model's.
fn graph_of(file: &str, cfg: impl Fn(&str) -> Option<Value>, model: &ModelConfig) -> Result<Graph, FormatError> {
    if model.attn_only() {
        let expected = "one with MLPs, as EAP-IG's graphs have them";
        return Err(FormatError::wrong(file, "the model", expected, "a model without MLPs"));
    }
    let expected = [
        ("n_layers", Value::from(model.n_layers)),
        ("n_heads", Value::from(model.n_heads)),
        ("d_model", Value::from(model.d_model)),
        ("parallel_attn_mlp", Value::from(model.parallel_attn_mlp)),
    ];
    for (field, expected) in expected {
        if let Some(found) = cfg(field).filter(|found| *found != expected) {
            let expected = format!("{expected}, as in the loaded model ({})", model.family);
            return Err(CircuitError::field(file, &format!("cfg.{field}"), expected, found.to_string()).into());
        }
    }
    let graph = Graph::try_new(model, GRAPH)?;
    check_size(file, || "the circuit".to_owned(), &graph)?;
    Ok(graph)
}

impl MibCircuit {
    /// The choice that is picked: the scores, or the circuit as scores.
    ///
    /// # Errors
    /// When the file has no such choice.
    fn choose(self, file: &str, format: FormatId, graph: Graph, wanted: &Wanted) -> Result<FoundScores, FormatError> {
        let n_circuit = Some(self.in_graph.iter().filter(|&&mark| mark).count()).filter(|&n| n > 0);
        let choices: Vec<&'static str> =
            [self.scores.as_ref().map(|_| SCORES), n_circuit.map(|_| CIRCUIT)].into_iter().flatten().collect();
        let chosen = chosen(file, &choices, wanted.pick)?;
        let Self { scores, in_graph, mut notes } = self;
        let values = match scores {
            Some(scores) if choices[chosen] == SCORES => {
                notes.extend(n_circuit.and_then(|n| circuit_note(&scores, &in_graph, n)));
                scores
            }
            scores => circuit_scores(scores, &in_graph),
        };
        Ok(FoundScores {
            choices: if choices.len() > 1 { choices.into_iter().map(str::to_owned).collect() } else { Vec::new() },
            chosen,
            n_circuit,
            notes,
            ..FoundScores::new(format, graph, PruneScores::new(values))
        })
    }
}

/// The index of the choice that is picked.
fn chosen(file: &str, choices: &[&str], pick: Option<&str>) -> Result<usize, FormatError> {
    if choices.is_empty() {
        return Err(FormatError::wrong(file, "the file", "one with scores or with edges in_graph", "neither"));
    }
    let Some(pick) = pick else { return Ok(0) };
    choices.iter().position(|choice| *choice == pick).ok_or_else(|| FormatError::NoSuchChoice {
        file: file.to_owned(),
        pick: pick.to_owned(),
        choices: choices.join(", "),
    })
}

/// A note where the circuit is not the edges of the largest scores.
fn circuit_note(scores: &[f32], in_graph: &[bool], n_circuit: usize) -> Option<String> {
    let strongest = PruneScores::new(scores.to_vec()).circuit(n_circuit).ok()?;
    let both = scores.iter().zip(in_graph).filter(|&(&score, &mark)| mark && strongest.contains(score)).count();
    (both < n_circuit || strongest.n_edges != n_circuit).then(|| {
        let marked = count_label(n_circuit, "edge", "edges");
        format!(
            "The file marks {marked} as its circuit, {both} of them among the {} of the largest scores. Choose \
             \"{CIRCUIT}\" for exactly the marked ones.",
            strongest.n_edges
        )
    })
}

/// A circuit as scores: the marked edges' own where none is 0, else 1, and 0 for all others.
fn circuit_scores(scores: Option<Vec<f32>>, in_graph: &[bool]) -> Vec<f32> {
    let own = scores.filter(|scores| scores.iter().zip(in_graph).all(|(&score, &mark)| !mark || score != 0.0));
    let score = |(edge, &mark): (usize, &bool)| if mark { own.as_ref().map_or(1.0, |own| own[edge]) } else { 0.0 };
    in_graph.iter().enumerate().map(score).collect()
}
