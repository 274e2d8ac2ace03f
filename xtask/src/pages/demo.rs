//! What the pages say of a demo, read from its figure file.

use std::fs;
use std::path::Path;

use circuitscope_core::figure_file::caption::{Facts, fill};
use circuitscope_core::{FigureFile, FigureOnModel, size_label};

use super::thumbnail::{Circuit, thumbnail};
use crate::workspace::Result;

/// A demo with its figure.
pub struct Demo {
    /// Its folder below `demo/`.
    pub name: String,
    /// Which of the gallery's kinds it is of.
    pub kind: String,
    /// With its numbers filled in.
    pub caption: String,
    pub thumbnail: String,
    pub has_poster: bool,
    pub has_card: bool,
    pub n_layers: usize,
    file: FigureFile,
    on_model: FigureOnModel,
}

impl Demo {
    /// Reads `figure.json` of a demo's folder.
    ///
    /// # Errors
    /// When it cannot be read, is wrong, or has no circuit of its own.
    pub fn read(dir: &Path, name: &str, kind: &str) -> Result<Self> {
        let path = dir.join("figure.json");
        let said = path.display().to_string();
        let file = FigureFile::from_json(&said, &fs::read_to_string(&path)?)?;
        let missing = |what: &str| format!("{said}: has no {what} of its own");
        let model = file.inline_model(&said)?.ok_or_else(|| missing("config"))?;
        let on_model = file.on_model(&said, &model)?;
        let scores = on_model.values.as_ref().ok_or_else(|| missing("circuit"))?;
        let n_edges = on_model.requested.ok_or_else(|| missing("size"))?;
        let circuit = Circuit { model: &model, graph: &on_model.graph, scores, cut: scores.circuit(n_edges)? };
        Ok(Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            caption: file.caption_text(&said, &on_model)?,
            thumbnail: thumbnail(&circuit, &format!("The circuit of {}", file.title)),
            has_poster: dir.join("poster.svg").is_file(),
            has_card: dir.join("card.png").is_file(),
            n_layers: on_model.graph.n_layers,
            file,
            on_model,
        })
    }

    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// What the caption says first: the task.
    pub fn task(&self) -> &str {
        self.caption.split_once(". ").map_or(&*self.caption, |(first, _)| first).trim_end_matches('.')
    }

    /// `3 layers, 326 kB · 40 of 262 edges`
    pub fn size(&self) -> String {
        let layers = if self.n_layers == 1 { "1 layer".to_owned() } else { format!("{} layers", self.n_layers) };
        let bytes: u64 = self.file.files.weights.iter().filter_map(|file| file.bytes).sum();
        let edges = self.claim("{edges:shown} of {edges:all} edges").unwrap_or_default();
        format!("{layers}, {} · {edges}", size_label(bytes))
    }

    /// The day on which its results were recorded.
    pub fn recorded(&self) -> Option<&str> {
        self.file.recorded.as_ref()?.date.as_deref()
    }

    pub fn licence(&self) -> &str {
        self.file.licence.as_deref().unwrap_or_default()
    }

    /// A sentence whose placeholders are those of captions, with its numbers.
    ///
    /// # Errors
    /// When the figure has not recorded what a placeholder asks for.
    pub fn claim(&self, sentence: &str) -> Result<String> {
        let facts = Facts {
            results: self.file.recorded.as_ref(),
            n_edges: self.on_model.graph.n_edges(),
            shown: self.on_model.requested,
            is_edited: !self.file.view.edits.is_empty(),
            reverse: self.file.run.reverse,
        };
        Ok(fill(&self.name, sentence, &facts)?)
    }
}
