//! Checks of a figure's recorded results, as far as they need no model.

use super::{MAX_NAME, at_most, below, finite, text};
use crate::error::CircuitError;
use crate::figure_file::recorded::{FigureResults, RecordedAttention, RecordedBaseline, RecordedCircuit};
use crate::figure_file::{FigureFile, MAX_FIGURE_EDGES};
use crate::measure::measurement::{Measured, Measurement, TokenProb};
use crate::measure::metric::Metric;

/// The most circuits with results: a point for every pixel of a curve is fewer.
const MAX_CIRCUITS: usize = 10_000;
/// Weights and probabilities of 1 may be this much above it, by rounding.
const ROUNDING: f64 = 1e-3;

pub fn recorded(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    let Some(results) = &figure.recorded else { return shown_prompt(file, figure, None) };
    for (field, name) in [("recorded.date", &results.date), ("recorded.program", &results.program)] {
        name.as_ref().map_or(Ok(()), |name| text(file, field, name, MAX_NAME))?;
    }
    shape(file, &results.baseline)?;
    measurement(file, "recorded.baseline.clean", &results.baseline.clean)?;
    measurement(file, "recorded.baseline.corrupt", &results.baseline.corrupt)?;
    circuits(file, results)?;
    tokens(file, results)?;
    for (i, head) in results.attention.iter().enumerate() {
        attention(file, &format!("recorded.attention[{i}]"), results, head)?;
    }
    shown_prompt(file, figure, Some(results))
}

/// The view names a prompt and a position.
fn shown_prompt(file: &str, figure: &FigureFile, results: Option<&FigureResults>) -> Result<(), CircuitError> {
    if !figure.texts.prompts.is_empty() {
        below(file, "view.prompt", figure.view.prompt, figure.texts.prompts.len(), "prompts")?;
    }
    let Some(FigureResults { baseline, .. }) = results else { return Ok(()) };
    below(file, "view.position", figure.view.position, baseline.n_positions, "positions of the output")
}

/// The shape of the logits has the numbers of prompts and positions once more.
fn shape(file: &str, baseline: &RecordedBaseline) -> Result<(), CircuitError> {
    let (n_prompts, n_positions) = (baseline.n_prompts, baseline.n_positions);
    let fits = match baseline.shape[..] {
        [prompts, _] => (prompts, 1) == (n_prompts, n_positions),
        [prompts, positions, _] => (prompts, positions) == (n_prompts, n_positions),
        _ => false,
    };
    if fits && n_prompts > 0 && n_positions > 0 {
        return Ok(());
    }
    let expected =
        format!("{n_prompts} prompts, {n_positions} positions (left out where there is one), and the logits");
    Err(CircuitError::field(
        file,
        "recorded.baseline.shape",
        expected,
        format!("{} sizes that differ", baseline.shape.len()),
    ))
}

fn circuits(file: &str, results: &FigureResults) -> Result<(), CircuitError> {
    at_most(file, "recorded.circuits", results.circuits.len(), MAX_CIRCUITS, "circuits")?;
    for (i, circuit) in results.circuits.iter().enumerate() {
        check_circuit(file, &format!("recorded.circuits[{i}]"), circuit)?;
    }
    if let Some(edited) = &results.edited {
        check_circuit(file, "recorded.edited", edited)?;
    }
    let requested = |i: usize| results.circuits[i].circuit.requested;
    match (1..results.circuits.len()).find(|&i| requested(i) <= requested(i - 1)) {
        Some(i) => {
            let (field, before) = (format!("recorded.circuits[{i}].circuit.requested"), requested(i - 1));
            Err(CircuitError::field(
                file,
                &field,
                format!("above {before}, that of the one before"),
                requested(i).to_string(),
            ))
        }
        None => Ok(()),
    }
}

fn check_circuit(file: &str, field: &str, recorded: &RecordedCircuit) -> Result<(), CircuitError> {
    let circuit = recorded.circuit;
    for (name, n) in [("requested", circuit.requested), ("nEdges", circuit.n_edges)] {
        at_most(file, &format!("{field}.circuit.{name}"), n, MAX_FIGURE_EDGES, "edges")?;
    }
    measurement(file, &format!("{field}.measurement"), &recorded.measurement)
}

fn measurement(file: &str, field: &str, measurement: &Measurement) -> Result<(), CircuitError> {
    let known = Metric::ALL.into_iter().filter_map(|metric| measurement.get(metric));
    for Measured { mean, std, quartiles } in known {
        [mean, std].into_iter().chain(quartiles).try_for_each(|number| finite(file, field, number))?;
    }
    Ok(())
}

fn tokens(file: &str, results: &FigureResults) -> Result<(), CircuitError> {
    let (n_prompts, n_positions) = (results.baseline.n_prompts, results.baseline.n_positions);
    at_most(file, "recorded.tokens", results.tokens.len(), results.circuits.len(), "lists, one for each circuit")?;
    for (c, prompts) in results.tokens.iter().enumerate() {
        at_most(file, &format!("recorded.tokens[{c}]"), prompts.len(), n_prompts, "lists, one for each prompt")?;
        for (p, positions) in prompts.iter().enumerate() {
            let field = format!("recorded.tokens[{c}][{p}]");
            at_most(file, &field, positions.len(), n_positions, "positions")?;
            let all = positions.iter().flat_map(|tokens| [&tokens.clean, &tokens.corrupt, &tokens.circuit]).flatten();
            all.into_iter().try_for_each(|token| check_token(file, &field, token))?;
        }
    }
    Ok(())
}

fn check_token(file: &str, field: &str, token: &TokenProb) -> Result<(), CircuitError> {
    finite(file, &format!("{field}: logit"), f64::from(token.logit))?;
    if (0.0..=1.0 + ROUNDING).contains(&token.prob) {
        return Ok(());
    }
    Err(CircuitError::field(file, &format!("{field}: prob"), "from 0 to 1", token.prob.to_string()))
}

fn attention(file: &str, field: &str, results: &FigureResults, head: &RecordedAttention) -> Result<(), CircuitError> {
    let name = |name: &str| format!("{field}.{name}");
    below(file, &name("circuit"), head.circuit, results.circuits.len(), "recorded circuits")?;
    below(file, &name("prompt"), head.prompt, results.baseline.n_prompts, "prompts that were run")?;
    for n_pads in head.n_pads {
        at_most(file, &name("nPads"), n_pads, head.seq, "pad tokens, the number of positions")?;
    }
    let patterns = &head.patterns;
    let sides = [("clean", &patterns.clean), ("corrupt", &patterns.corrupt), ("circuit", &patterns.circuit)];
    for (side, pattern) in sides {
        let (field, found) = (format!("{field}.patterns.{side}"), pattern.values().len());
        if head.seq.checked_mul(head.seq) != Some(found) || found == 0 {
            let expected = format!("{0} times {0} numbers, at least one", head.seq);
            return Err(CircuitError::field(file, &field, expected, found.to_string()));
        }
        let wrong = pattern.values().iter().find(|&&weight| !(0.0..=1.0 + ROUNDING as f32).contains(&weight));
        if let Some(weight) = wrong {
            return Err(CircuitError::field(file, &field, "numbers from 0 to 1", weight.to_string()));
        }
    }
    Ok(())
}
