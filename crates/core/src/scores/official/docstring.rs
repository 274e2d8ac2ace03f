//! Docstring completion in a 4-layer attention-only model (Heimersheim and Janiak 2023).

use super::edges::{Edges, Words};
use crate::error::CircuitError;

/// The edges between the named words of a definition and of its docstring.
pub fn edges(words: &Words) -> Result<Edges, CircuitError> {
    let (a_def, b_def, b_comma, c_def) = (words.at("A_def")?, words.at("B_def")?, words.at(",_B")?, words.at("C_def")?);
    let (a_doc, b_doc, param_3) = (words.at("A_doc")?, words.at("B_doc")?, words.at("param_3")?);
    let mut edges = Edges::default();
    let list: [(&str, &[usize]); 12] = [
        ("A0.5->A1.4.V", &[b_def, b_doc]),
        ("Resid Start->A0.5.V", &[b_def, c_def, b_doc]),
        ("Resid Start->A2.0.Q", &[c_def]),
        ("A0.5->A2.0.Q", &[c_def]),
        // The comma, where it would count, is the same in both prompts.
        ("Resid Start->A2.0.K", &[]),
        ("A0.5->A2.0.K", &[b_def]),
        ("A1.4->A2.0.V", &[b_comma]),
        ("Resid Start->A1.4.V", &[b_def, b_doc]),
        ("Resid Start->A1.2.K", &[a_def, b_def, a_doc, b_doc]),
        ("Resid Start->A1.2.Q", &[a_doc, b_doc]),
        ("A0.5->A1.2.Q", &[b_doc]),
        ("A0.5->A1.2.K", &[b_def, b_doc]),
    ];
    for (name, positions) in list {
        edges.add(name, positions);
    }
    for head in [0, 6] {
        edges.add(&format!("A3.{head}->Resid End"), &[param_3]);
        edges.add(&format!("A1.4->A3.{head}.Q"), &[param_3]);
        edges.add(&format!("Resid Start->A3.{head}.V"), &[c_def]);
        edges.add(&format!("A0.5->A3.{head}.V"), &[c_def]);
        edges.add(&format!("A2.0->A3.{head}.K"), &[c_def]);
        edges.add(&format!("A1.2->A3.{head}.K"), &[a_doc, b_doc]);
    }
    edges.required = edges.positions.keys().cloned().collect();
    Ok(edges)
}
