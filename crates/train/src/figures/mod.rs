//! The figures of the demos: what each says and shows, recorded from the files of its folder.

mod recipes;

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use circuitscope_core::figure_file::FigureSource;
use circuitscope_core::figure_file::view::{CircuitSize, FigureView};
use circuitscope_core::{
    CircuitError, EdgeCounts, FigureFile, Metric, OutputSlice, PatchType, PromptSettings, RunSettings,
};
use circuitscope_engine::run::Stacking;
use circuitscope_engine::session::Session;
use circuitscope_picture::poster;
use circuitscope_record::{Draft, InputPaths, Inputs, Keep, RecordError, Words, record, write_figure, write_file};
use circuitscope_wire::engine::Head;

pub use recipes::{FIGURES, recipe};

/// About how many bytes the activations of a forward pass may take, as in the terminal's program.
const BUDGET_BYTES: u64 = 1 << 30;
/// That of the repository.
const LICENCE: &str = "MIT OR Apache-2.0";

/// What a demo's figure says and shows.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureRecipe {
    pub title: &'static str,
    /// With placeholders in place of numbers.
    pub caption: &'static str,
    pub source: &'static str,
    pub source_url: &'static str,
    /// How many edges are shown.
    pub edges: usize,
    /// Which circuits are run.
    pub edge_counts: &'static [usize],
    pub patch_type: PatchType,
    pub slice: OutputSlice,
    /// That of the curve.
    pub metric: Metric,
    /// Block and head of those whose attention patterns are recorded, on so many prompts.
    pub heads: &'static [(usize, usize)],
    pub n_attention_prompts: usize,
    /// What the caption says of several nodes, and which they are.
    pub groups: &'static [(&'static str, &'static [&'static str])],
    /// What the tokens of a model without a tokenizer are called, from id 0 on.
    pub tokens: &'static [&'static str],
}

/// Records the figure of a demo's folder, which is to lie in it as `figure.json`.
///
/// # Errors
/// See [`record()`].
pub async fn figure(dir: &Path, recipe: &FigureRecipe, date: Option<String>) -> Result<FigureFile, RecordError> {
    let paths = InputPaths {
        model: dir.to_path_buf(),
        prompts: dir.join("prompts.json"),
        tokenizer: None,
        scores: dir.join("scores.safetensors"),
        pick: None,
    };
    let settings = RunSettings {
        slice: recipe.slice,
        patch_type: recipe.patch_type,
        edge_counts: EdgeCounts::List(recipe.edge_counts.to_vec()),
        ..RunSettings::default()
    };
    let inputs = Inputs::open(&paths, &settings, PromptSettings::default())?;
    let settings = RunSettings { batch_size: inputs.prompts.pairs.len(), ..settings };
    let draft = Draft {
        out: &dir.join("figure.json"),
        paths: &paths,
        inputs: &inputs,
        words: recipe.words(),
        settings,
        view: recipe.view(),
        keep: recipe.keep(),
        date,
        device: "CPU",
        token_texts: recipe.token_texts(),
    };
    record(draft, &mut Session::new(Device::flex(), Stacking::cpu(BUDGET_BYTES)), &mut ()).await
}

/// Writes `figure.json` into a demo's folder, and `poster.svg`.
///
/// # Errors
/// See [`figure`].
pub async fn write(dir: &Path, recipe: &FigureRecipe, date: Option<String>) -> Result<(), RecordError> {
    let figure = figure(dir, recipe, date).await?;
    write_figure(&dir.join("figure.json"), &figure)?;
    let poster = poster_of("figure.json", &figure)?;
    write_file(&dir.join("poster.svg"), poster.as_bytes())
}

/// The poster of a figure whose config is inlined, with a line's end.
///
/// # Errors
/// See [`poster`].
pub fn poster_of(file: &str, figure: &FigureFile) -> Result<String, CircuitError> {
    let missing = || CircuitError::field(file, "files.config", "inlined", "a URL");
    let model = figure.inline_model(file)?.ok_or_else(missing)?;
    Ok(poster(file, figure, &model)? + "\n")
}

impl FigureRecipe {
    fn words(&self) -> Words {
        let source = FigureSource { text: self.source.to_owned(), url: Some(self.source_url.to_owned()) };
        Words {
            title: self.title.to_owned(),
            caption: self.caption.to_owned(),
            source: Some(source),
            licence: Some(LICENCE.to_owned()),
        }
    }

    fn view(&self) -> FigureView {
        let names = |nodes: &[&str]| nodes.iter().map(|&node| node.to_owned()).collect();
        let groups = self.groups.iter().map(|&(group, nodes)| (group.to_owned(), names(nodes))).collect();
        FigureView { metric: self.metric, groups, ..FigureView::new(CircuitSize::Edges(self.edges)) }
    }

    fn keep(&self) -> Keep {
        let heads = self.heads.iter().map(|&(block, head_idx)| Head { block, head_idx }).collect();
        Keep { heads, attention_prompts: (0..self.n_attention_prompts).collect(), ..Keep::default() }
    }

    fn token_texts(&self) -> BTreeMap<u32, String> {
        (0..).zip(self.tokens.iter().map(|&text| text.to_owned())).collect()
    }
}
