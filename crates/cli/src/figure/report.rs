//! What is in a figure, for a terminal.

use std::fmt::Write;

use circuitscope_core::figure_file::recorded::FigureResults;
use circuitscope_core::{MeasuredCircuits, Metric, RunSettings, count_label, describe_graph};

use super::Opened;
use crate::error::CliError;
use crate::table;

/// Lines of a caption are no longer than this, in characters.
const WIDTH: usize = 100;

/// Title, caption, files and recorded circuits.
///
/// # Errors
/// When the figure is not of its model.
pub fn report(opened: &Opened) -> Result<String, CliError> {
    let Opened { file, figure, model, .. } = opened;
    let on_model = model.as_ref().map(|model| figure.on_model(file, model)).transpose()?;
    // Without the model the caption's numbers that need it are not known: it is shown as it is written.
    let caption = match &on_model {
        Some(on_model) => figure.caption_text(file, on_model)?,
        None => figure.caption.clone(),
    };
    let mut text = format!("{}\n\n", figure.title);
    if !caption.is_empty() {
        text += &(wrapped(&caption) + "\n");
    }
    text += &table::fields(&facts(opened));
    text += &format!("\n{}", files(opened));
    if let Some(results) = &figure.recorded {
        text += &format!("\n{}", circuits(results));
    }
    Ok(text)
}

/// The state of every file, a line each.
pub fn files(opened: &Opened) -> String {
    opened.files.iter().fold(String::new(), |mut text, file| {
        let url = file.url.as_ref().map_or(String::new(), |url| format!(" ({url})"));
        let _ = writeln!(text, "{}{url}: {}", file.field, file.state);
        text
    })
}

fn facts(opened: &Opened) -> Vec<(&'static str, String)> {
    let figure = &opened.figure;
    let RunSettings { patch_type, ablation, .. } = figure.run;
    let source = figure.source.as_ref().map(|source| match &source.url {
        Some(url) => format!("{} ({url})", source.text),
        None => source.text.clone(),
    });
    let recorded = figure.recorded.as_ref().map(|results| {
        let by = [&results.date, &results.program].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        format!("{by}; {}", count_label(results.baseline.n_prompts, "prompt", "prompts"))
    });
    let rows = [
        ("source", source),
        ("licence", figure.licence.clone()),
        ("graph", Some(describe_graph(&figure.graph))),
        ("run", Some(format!("{}, {}", patch_type.label(), ablation.label()))),
        ("recorded", recorded),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The metrics that apply.
fn circuits(results: &FigureResults) -> String {
    let baseline = &results.baseline;
    let measured = MeasuredCircuits {
        name: String::new(),
        n_edges: 0,
        circuits: results.measured(),
        unpatched: Some([baseline.clean.clone(), baseline.corrupt.clone()]),
        reverse: false,
    };
    let applies = |metric: &Metric| baseline.clean.get(*metric).is_some();
    table::means(&measured, &Metric::ALL.into_iter().filter(applies).collect::<Vec<_>>())
}

fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut width = 0;
        // No line is broken at a no-break space, such as that before a unit.
        for word in paragraph.split([' ', '\t']).filter(|word| !word.is_empty()) {
            let n = word.chars().count();
            if width > 0 && width + 1 + n > WIDTH {
                lines.push('\n');
                width = 0;
            } else if width > 0 {
                lines.push(' ');
                width += 1;
            }
            lines.push_str(word);
            width += n;
        }
        lines.push('\n');
    }
    lines
}
