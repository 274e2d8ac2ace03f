//! What a figure must be besides its types. Every check names the field, what was expected and what was found.
//!
//! [`alone`] checks what needs no model, [`super::FigureFile::on_model`] (in `graph`) what does.

mod files;
mod graph;
mod recorded;
mod values;
mod view;

use super::{FigureFile, caption};
use crate::error::CircuitError;
use crate::settings::edge_counts::EdgeCounts;

/// The most characters of a name: a title, a label, a licence. More than a line is not read on a drawing.
const MAX_NAME: usize = 300;
/// The most characters of a caption: two pages.
const MAX_CAPTION: usize = 6_000;

/// Checks all that needs no model.
pub(super) fn alone(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    head(file, figure)?;
    text(file, "title", &figure.title, MAX_NAME)?;
    for (i, line) in figure.caption.split('\n').enumerate() {
        text(file, &format!("caption, line {}", i + 1), line, MAX_CAPTION)?;
    }
    at_most(file, "caption", figure.caption.chars().count(), MAX_CAPTION, "characters")?;
    if let Some(licence) = &figure.licence {
        text(file, "licence", licence, MAX_NAME)?;
    }
    settings(file, figure)?;
    files::files(file, figure)?;
    files::edges(file, figure)?;
    files::texts(file, &figure.texts)?;
    view::view(file, &figure.view)?;
    recorded::recorded(file, figure)?;
    caption::check(file, figure)
}

/// A figure that was made by a program may name another version than it has the fields of.
fn head(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    if figure.format != super::FORMAT {
        return Err(CircuitError::field(file, "format", super::FORMAT, shortened(&figure.format)));
    }
    if figure.version != super::VERSION {
        return Err(CircuitError::field(file, "version", super::VERSION.to_string(), figure.version.to_string()));
    }
    Ok(())
}

/// The settings name the graph once more.
fn settings(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    let (graph, run) = (&figure.graph, &figure.run);
    let rows = [
        ("run.factorized", run.factorized, graph.factorized),
        ("run.separateQkv", run.separate_qkv, graph.separate_qkv),
        ("run.tokenWise", run.token_wise, graph.seq_len.is_some()),
    ];
    if let Some((field, found, expected)) = rows.into_iter().find(|(_, found, expected)| found != expected) {
        return Err(CircuitError::field(file, field, format!("{expected}, as `graph` says"), found.to_string()));
    }
    if run.batch_size == 0 {
        return Err(CircuitError::field(file, "run.batchSize", "from 1", "0"));
    }
    match &run.edge_counts {
        EdgeCounts::List(list) if list.is_empty() => {
            Err(CircuitError::field(file, "run.edgeCounts.list", "at least one count", "none"))
        }
        _ => Ok(()),
    }
}

/// Checks a text that is shown in a line: some characters, none of which controls a terminal or turns the direction of other text.
fn text(file: &str, field: &str, text: &str, most: usize) -> Result<(), CircuitError> {
    at_most(file, field, text.chars().count(), most, "characters")?;
    match text.chars().find(|&c| c.is_control() || turns_text(c)) {
        Some(found) => {
            let found = format!("U+{:04X} in {:?}", u32::from(found), shortened(text));
            Err(CircuitError::field(file, field, "a text without control characters", found))
        }
        None => Ok(()),
    }
}

/// Whether a character makes other characters run the other way (Unicode's bidirectional embeddings, overrides and isolates), so that a
/// text is not what it looks like.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn at_most(file: &str, field: &str, found: usize, most: usize, what: &str) -> Result<(), CircuitError> {
    if found <= most {
        return Ok(());
    }
    Err(CircuitError::field(file, field, format!("at most {most} {what}"), found.to_string()))
}

/// Checks that an index is below a number of things.
fn below(file: &str, field: &str, found: usize, n: usize, what: &str) -> Result<(), CircuitError> {
    if found < n {
        return Ok(());
    }
    Err(CircuitError::field(file, field, format!("below {n}, the number of {what}"), found.to_string()))
}

fn finite(file: &str, field: &str, number: f64) -> Result<(), CircuitError> {
    if number.is_finite() {
        return Ok(());
    }
    Err(CircuitError::field(file, field, "a finite number", number.to_string()))
}

/// A text from a file as a message shows it.
pub(super) fn shortened(text: &str) -> String {
    /// Enough to know it by.
    const SHOWN: usize = 80;
    let start: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() || turns_text(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > SHOWN { start + "…" } else { start }
}

/// A name from a file as a message shows it.
fn quoted(name: &str) -> String {
    format!("{:?}", shortened(name))
}
