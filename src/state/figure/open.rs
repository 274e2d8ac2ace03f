//! A figure's file as what is shown of it: files as if they had been dropped, settings, the view and the recorded results.

use std::rc::Rc;

use super::{OpenFigure, Origin, Part, Slot, view};
use crate::state::circuit::Edits;
use crate::state::files::{Content, FileEntry, FileId};
use crate::state::load::{Load, Shared};
use crate::state::picture::{Picture, Selection};
use crate::state::results::Recorded;
use crate::state::scores::Steps;
use crate::state::settings::{Machine, Settings};
use circuitscope_core::figure_file::edges::EdgeScores;
use circuitscope_core::figure_file::files::FigureRef;
use circuitscope_core::figure_file::recorded::{FigureResults, RecordedCircuit};
use circuitscope_core::figure_file::view::{CircuitSize, FigureSelection};
use circuitscope_core::{
    CircuitError, EdgeCounts, EdgeIndex, EdgeValues, FigureFile, FigureOnModel, ModelConfig, Prompts, PruneScores,
    ScoresInfo,
};
use circuitscope_wire::engine::CircuitResult;

/// A figure that is to be opened.
pub struct Opening {
    pub origin: Origin,
    /// What it is called in messages.
    pub name: String,
    /// Its config is inlined; see [`FigureFile::inline_model`].
    pub figure: FigureFile,
    /// The scores' file, where it was got because the figure has no edges.
    pub scores: Option<Vec<u8>>,
    /// The first of the numbers of its files, which are [`Opening::n_ids`].
    pub first_id: FileId,
}

/// The bytes of files that are in the figure, or were made of it, by their numbers.
pub type Made = Vec<(FileId, String, Vec<u8>)>;

/// Enough of a figure to show it.
struct Shown {
    on_model: FigureOnModel,
    scores: Option<PruneScores>,
    model: Shared<ModelConfig>,
}

impl Opening {
    /// How many files a figure may have.
    pub fn n_ids(figure: &FigureFile) -> u32 {
        Slot::Weights(figure.files.weights.len()).offset()
    }

    /// The open figure, and the bytes of those of its files that need not be fetched.
    ///
    /// # Errors
    /// When it names what its model has not.
    pub fn open(self) -> Result<(OpenFigure, Made), CircuitError> {
        let shown = self.shown()?;
        let caption = self.figure.caption_text(&self.name, &shown.on_model)?;
        let (parts, entries, made) = self.files(&shown);
        let picture = self.picture(&shown);
        let settings = self.settings();
        let recorded = self.figure.recorded.as_ref().map(recorded);
        let Self { origin, figure, .. } = self;
        Ok((OpenFigure { origin, figure, caption, parts, entries, settings, picture, recorded }, made))
    }

    fn shown(&self) -> Result<Shown, CircuitError> {
        let model = self.figure.inline_model(&self.name)?;
        let model = model.ok_or_else(|| CircuitError::field(&self.name, "files.config", "a model's config", "none"))?;
        let on_model = self.figure.on_model(&self.name, &model)?;
        let scores = match (&on_model.values, &self.scores) {
            (Some(values), _) => Some(values.clone()),
            (None, Some(bytes)) => Some(PruneScores::from_bytes("scores", bytes, &on_model.graph)?),
            (None, None) => None,
        };
        Ok(Shown { on_model, scores, model: Shared::new(model) })
    }

    fn settings(&self) -> Settings {
        let run = self.figure.run.clone();
        let counts_text = match &run.edge_counts {
            EdgeCounts::List(list) => list.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        };
        Settings { run, counts_text, counts_error: None, machine: Machine::default() }
    }

    fn picture(&self, shown: &Shown) -> Picture {
        let (on_model, figure) = (&shown.on_model, &self.figure);
        let by_size = || match (figure.view.size, &shown.scores) {
            (CircuitSize::Edges(n), _) => Some(n),
            (CircuitSize::Threshold(least), Some(scores)) => Some(scores.n_at_least(least)),
            (CircuitSize::Threshold(_), None) => None,
        };
        let first = || shown.scores.as_ref().map_or(0, |scores| Steps::new(scores).first_choice());
        let mut edits: Vec<_> = on_model.edits.iter().collect();
        let mut requested = on_model.requested.or_else(by_size).unwrap_or_else(first);
        if let Some(mask) = shown.scores.as_ref().filter(|_| self.is_mask()) {
            // The page cuts circuits from scores: what is in a mask by a part only is an edit of it.
            let edited = |edge_idx: usize| on_model.edits.iter().any(|(of, _)| of == edge_idx);
            let parts = mask.values().iter().copied().enumerate().filter(|(_, mask)| *mask != 0.0 && *mask != 1.0);
            edits.extend(parts.filter(|(edge_idx, _)| !edited(*edge_idx)));
            requested = mask.values().iter().filter(|mask| **mask != 0.0).count();
        }
        let index = EdgeIndex::new(&on_model.graph);
        let selection = figure.view.selection.as_ref().and_then(|selection| match selection {
            FigureSelection::Node(name) => Some(Selection::Node(name.clone())),
            FigureSelection::Edge(name) => index.find_named(name).map(|edge| Selection::Edge(edge.edge_idx)),
        });
        let view = view::read(&figure.view.look);
        Picture { requested, edits: Edits::from_iter(edits), newly_chosen: false, view, selection }
    }

    fn is_mask(&self) -> bool {
        self.figure.circuit.as_ref().is_some_and(|circuit| circuit.values == EdgeValues::Mask)
    }

    /// Its files: all of them, those in use at first, and the bytes of these.
    fn files(&self, shown: &Shown) -> (Vec<Part>, Vec<FileEntry>, Made) {
        let files = &self.figure.files;
        let (mut parts, mut entries, mut made) = (Vec::new(), Vec::new(), Made::new());
        let slots = (0..files.weights.len()).map(Slot::Weights);
        let slots = slots.chain([
            Slot::Index,
            Slot::Config,
            Slot::Prompts,
            Slot::Scores,
            Slot::Tokenizer,
            Slot::TokenizerConfig,
        ]);
        for slot in slots {
            let file = slot.file(files);
            let Some((content, bytes)) = self.content(slot, file, shown) else { continue };
            let id = self.first_id + slot.offset();
            let name = file.and_then(FigureRef::name).filter(|name| !name.is_empty());
            let name = name.map_or_else(|| slot.usual_name(), str::to_owned);
            let awaited = match &content {
                Content::Awaited(_) | Content::Excerpt(_) => true,
                Content::Scores(_) => file.is_some() && !self.has_exact_scores(),
                _ => false,
            };
            parts.push(Part { id, slot, name: name.clone(), awaited });
            let is_text = matches!(slot, Slot::Index | Slot::Tokenizer | Slot::TokenizerConfig);
            if !is_text {
                let of_file = file.and_then(|file| file.bytes.or_else(|| Some(file.content()?.len() as u64)));
                let n_bytes = of_file.or(bytes.as_ref().map(|bytes| bytes.len() as u64)).unwrap_or(0);
                entries.push(FileEntry { id, name: name.clone(), n_bytes, demo: true, content: Load::Ready(content) });
            }
            made.extend(bytes.map(|bytes| (id, name, bytes)));
        }
        (parts, entries, made)
    }

    /// What is known of a file at first, with its bytes where it is there.
    fn content(&self, slot: Slot, file: Option<&FigureRef>, shown: &Shown) -> Option<(Content, Option<Vec<u8>>)> {
        let awaited = || file.map(|_| (Content::Awaited(slot.role()), None));
        match slot {
            Slot::Config => {
                let bytes = self.figure.files.config.content().map(<[u8]>::to_vec);
                Some((Content::Config(shown.model.clone()), bytes))
            }
            Slot::Prompts => match self.prompts() {
                Some((prompts, true)) => {
                    let bytes = prompts.to_json().into_bytes();
                    Some((Content::Prompts(Shared::new(prompts)), Some(bytes)))
                }
                Some((prompts, false)) => Some((Content::Excerpt(Shared::new(prompts)), None)),
                None => awaited(),
            },
            Slot::Scores => match (&shown.scores, &self.scores) {
                (Some(_), Some(bytes)) => Some((Content::Scores(Shared(Rc::from(&bytes[..]))), Some(bytes.clone()))),
                (Some(scores), None) => {
                    let bytes = scores.to_bytes(&shown.on_model.graph, &ScoresInfo::default());
                    Some((Content::Scores(Shared(Rc::from(&bytes[..]))), Some(bytes)))
                }
                (None, _) => awaited(),
            },
            Slot::Index | Slot::Tokenizer | Slot::TokenizerConfig | Slot::Weights(_) => awaited(),
        }
    }

    /// The prompts that the figure has as token ids, and whether they are all that were run, so that the file is not needed.
    fn prompts(&self) -> Option<(Prompts, bool)> {
        let texts = &self.figure.texts;
        if texts.prompts.is_empty() {
            return None;
        }
        let mut prompts = texts.to_prompts("prompts.json");
        let n_run = self.figure.recorded.as_ref().map(|recorded| recorded.baseline.n_prompts);
        let is_all = match n_run {
            Some(n_run) => prompts.pairs.len() >= n_run,
            None => false,
        };
        if let Some(n_run) = n_run.filter(|_| is_all) {
            prompts.pairs.truncate(n_run);
        }
        // Without a file they are all that there are.
        Some((prompts, is_all || self.figure.files.prompts.is_none()))
    }

    /// Whether the figure's own scores are those that were run, to the last bit.
    fn has_exact_scores(&self) -> bool {
        let of_file = self.scores.is_some();
        of_file
            || self.figure.circuit.as_ref().is_some_and(|circuit| match &circuit.scores {
                EdgeScores::All(numbers) => numbers.are_exact(),
                EdgeScores::Listed(_) => false,
            })
    }
}

/// Recorded results as those of a run.
fn recorded(results: &FigureResults) -> Recorded {
    let result = |index: usize, recorded: &RecordedCircuit| CircuitResult {
        index,
        circuit: recorded.circuit,
        shape: results.baseline.shape.clone(),
        measurement: recorded.measurement.clone(),
    };
    Recorded {
        circuits: results.circuits.iter().enumerate().map(|(index, circuit)| result(index, circuit)).collect(),
        baseline: results.baseline.clone().into(),
        tokens: results.tokens.clone(),
        edited: results.edited.as_ref().map(|edited| result(0, edited)),
    }
}
