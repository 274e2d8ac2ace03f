//! An opened figure: the file, its graph, and all that is computed of it once.

use std::rc::Rc;

use circuitscope_core::figure_file::FigureFile;
use circuitscope_core::figure_file::recorded::FigureResults;
use circuitscope_core::{CircuitError, Graph, ModelConfig, PruneScores};
use circuitscope_picture::drawn::Nodes;
use circuitscope_picture::figure_view;
use circuitscope_picture::strip::Stops;
use circuitscope_picture::view::Edits;

/// A figure that can be drawn.
#[derive(Debug)]
pub struct Opened {
    pub file: FigureFile,
    pub model: ModelConfig,
    pub graph: Graph,
    pub scores: PruneScores,
    /// The caption, its numbers filled in.
    pub caption: String,
    /// What the figure opens on.
    pub requested: usize,
    pub edits: Edits,
    /// The boxes of the graph, ordered once by all scores.
    pub nodes: Rc<Nodes>,
    pub stops: Stops,
    pub descending: Rc<[f32]>,
}

impl Opened {
    /// Opens the text of a figure file; `name` is what messages call it. `config` is the text of the model's config, where the figure
    /// only says where that is.
    ///
    /// # Errors
    /// When the figure or the config is wrong, or the figure has no edges of its own.
    pub fn read(name: &str, text: &str, config: Option<&str>) -> Result<Self, CircuitError> {
        let file = FigureFile::from_json(name, text)?;
        let missing = |field: &str, expected: &str| CircuitError::field(name, field, expected, "none");
        let model = match (file.inline_model(name)?, config) {
            (Some(model), _) => model,
            (None, Some(text)) => ModelConfig::from_json("config", text)?,
            (None, None) => return Err(missing("files.config", "the model's config, inlined or at a URL")),
        };
        let on_model = file.on_model(name, &model)?;
        let caption = file.caption_text(name, &on_model)?;
        let scores = on_model.values.ok_or_else(|| missing("circuit", "the edges with their scores"))?;
        let nodes = figure_view::nodes(&file, &on_model.graph, &scores);
        let descending: Rc<[f32]> = scores.ranking().descending().into();
        // A mask has one circuit.
        let n_masked = figure_view::is_mask(&file).then(|| descending.iter().filter(|&&mask| mask != 0.0).count());
        let stops = match n_masked {
            Some(n) => Stops::from_counts(descending.len(), [n]),
            None => Stops::from_descending(&descending),
        };
        Ok(Self {
            requested: n_masked.or(on_model.requested).unwrap_or(0),
            edits: on_model.edits.iter().collect(),
            stops,
            graph: on_model.graph,
            file,
            model,
            scores,
            caption,
            nodes,
            descending,
        })
    }

    pub fn recorded(&self) -> Option<&FigureResults> {
        self.file.recorded.as_ref()
    }
}
