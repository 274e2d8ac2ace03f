//! Captions whose claims are computed from the figure's recorded results, not typed.
//!
//! In a caption `{…}` stands for a number. `METRIC` is a metric's key in the file (`logitDiff`, or `logit_diff`). `K` is a number of
//! edges of which a circuit was recorded, `all` for all edges of the graph, or `shown` for the circuit that the figure opens on.
//!
//! | placeholder | stands for | as |
//! | --- | --- | --- |
//! | `{edges:K}` | the number of edges that this circuit has | `1,519` |
//! | `{value:METRIC:K}` | the metric's mean over prompts | `−0.31`, `94 %` |
//! | `{spread:METRIC:K}` | its middle half over prompts | `2.9 to 3.4` |
//! | `{share:METRIC:K}` | its mean as a share of the unpatched model's | `95 %` |
//! | `{clean:METRIC}`, `{corrupt:METRIC}` | the unpatched model's mean | `3.21` |
//! | `{{`, `}}` | a brace | `{` |
//!
//! The unpatched model that a share is of is the one that the circuit of all edges stands for: on the clean prompts, or on the corrupt
//! ones where the run is reversed.

mod number;
mod template;

use super::recorded::{FigureResults, RecordedCircuit};
use super::{FigureFile, FigureOnModel};
use crate::error::CircuitError;
use crate::measure::measurement::{Measured, Measurement};
use crate::measure::metric::Metric;
use template::{Claim, Piece, Which, pieces};

/// What captions speak of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub results: Option<&'a FigureResults>,
    /// The number of edges of the graph.
    pub n_edges: usize,
    /// The number of edges that is shown, where it is known.
    pub shown: Option<usize>,
    /// Whether the circuit that is shown is the recorded one with edits.
    pub is_edited: bool,
    /// Whether clean and corrupt are swapped.
    pub reverse: bool,
}

impl FigureFile {
    /// The caption with its numbers; `file` is the figure's name in messages.
    ///
    /// # Errors
    /// See [`fill`].
    pub fn caption_text(&self, file: &str, on_model: &FigureOnModel) -> Result<String, CircuitError> {
        let facts = Facts {
            results: self.recorded.as_ref(),
            n_edges: on_model.graph.n_edges(),
            shown: on_model.requested,
            is_edited: !self.view.edits.is_empty(),
            reverse: self.run.reverse,
        };
        fill(file, &self.caption, &facts)
    }
}

/// A caption with its numbers.
///
/// # Errors
/// When a placeholder is not known, or the results have not what it stands for; the message names it.
pub fn fill(file: &str, caption: &str, facts: &Facts<'_>) -> Result<String, CircuitError> {
    let mut filled = String::with_capacity(caption.len());
    for piece in pieces(file, caption)? {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Claim { written, claim } => {
                let number = resolve(claim, facts).map_err(|missing| {
                    let field = format!("caption: {{{written}}}");
                    CircuitError::field(file, &field, format!("{missing} in the recorded results"), "none")
                })?;
                filled.push_str(&number);
            }
        }
    }
    Ok(filled)
}

/// Checks that a caption's placeholders are known ones.
pub(super) fn check(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    pieces(file, &figure.caption).map(|_| ())
}

/// The text of a claim, or what is missing.
fn resolve(claim: Claim, facts: &Facts<'_>) -> Result<String, String> {
    match claim {
        Claim::Edges(Which::All) => Ok(number::grouped(facts.n_edges)),
        Claim::Edges(which) => Ok(number::grouped(circuit(which, facts)?.circuit.n_edges)),
        Claim::Value(metric, which) => {
            Ok(number::value(metric.unit(), measured(metric, &circuit(which, facts)?.measurement)?.mean))
        }
        Claim::Spread(metric, which) => {
            let [low, _, high] = measured(metric, &circuit(which, facts)?.measurement)?.quartiles;
            let [low, high] = [low, high].map(|quartile| number::value(metric.unit(), quartile));
            Ok(format!("{low} to {high}"))
        }
        Claim::Share(metric, which) => {
            let of = measured(metric, unpatched(facts, facts.reverse)?)?.mean;
            let mean = measured(metric, &circuit(which, facts)?.measurement)?.mean;
            let share = mean / of;
            let missing = || format!("{} of the unpatched model that is not 0", metric.name());
            if share.is_finite() { Ok(number::percent(100.0 * share)) } else { Err(missing()) }
        }
        Claim::Clean(metric) => Ok(number::value(metric.unit(), measured(metric, unpatched(facts, false)?)?.mean)),
        Claim::Corrupt(metric) => Ok(number::value(metric.unit(), measured(metric, unpatched(facts, true)?)?.mean)),
    }
}

/// The circuit that was asked for, or that has as many edges.
fn circuit<'a>(which: Which, facts: &Facts<'a>) -> Result<&'a RecordedCircuit, String> {
    let n = match which {
        Which::Count(n) => Some(n),
        Which::All => Some(facts.n_edges),
        Which::Shown => facts.shown,
    };
    let Some(n) = n else { return Err("a known number of edges".to_owned()) };
    let missing = || format!("a circuit of {}", crate::labels::count_label(n, "edge", "edges"));
    let results = facts.results.ok_or_else(missing)?;
    if which == Which::Shown && facts.is_edited {
        return results.edited.as_ref().ok_or_else(|| "the circuit with its edits".to_owned());
    }
    let find = |is: fn(&RecordedCircuit) -> usize| results.circuits.iter().find(|recorded| is(recorded) == n);
    find(|recorded| recorded.circuit.requested)
        .or_else(|| find(|recorded| recorded.circuit.n_edges))
        .ok_or_else(missing)
}

fn unpatched<'a>(facts: &Facts<'a>, is_corrupt: bool) -> Result<&'a Measurement, String> {
    let baseline = &facts.results.ok_or_else(|| "the unpatched model".to_owned())?.baseline;
    Ok(if is_corrupt { &baseline.corrupt } else { &baseline.clean })
}

fn measured(metric: Metric, measurement: &Measurement) -> Result<Measured, String> {
    measurement.get(metric).ok_or_else(|| format!("the metric {}", metric.name()))
}
