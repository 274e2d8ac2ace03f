//! Writing a figure of what is on the screen: one JSON with what is small in it, or an archive with all files beside it.

use std::rc::Rc;

use js_sys::Date;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;
use yew::{Callback, UseReducerHandle};

use super::fetch::in_full;
use super::open::{bytes_of, text_of};
use super::zip::{Stored, zip};
use super::{Tasks, Trouble};
use crate::select::figure_file::{self as select, About};
use crate::state::State;
use crate::state::figure::{OpenFigure, Part};
use crate::state::files::{FileEntry, FileId, Role, in_use};
use crate::state::texts::Texts;
use crate::tasks::hash::sha_256_of;
use crate::tasks::save::{save_blob, text_blob};
use crate::workers::js_text;
use circuitscope_core::FigureFile;
use circuitscope_core::figure_file::files::FigureRef;

/// Up to this size prompts, scores and a tokenizer are in the JSON itself, in bytes: together they stay below a megabyte.
const SMALL: u64 = 256 << 10;
/// The most bytes of weights that can be in the JSON, which is at most 32 MiB and a third larger.
pub const MAX_INLINE_WEIGHTS: u64 = 16 << 20;

/// How a figure is to be saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Saving {
    pub about: About,
    /// Whether it is an archive with all files.
    pub archive: bool,
    /// Whether the weights are in the JSON itself.
    pub weights: bool,
}

/// What is written: how, and what is beside the JSON.
struct Writing<'a> {
    tasks: &'a Tasks,
    saving: &'a Saving,
    beside: Vec<Stored>,
}

/// Saves a figure, and says how that went.
pub fn save_figure(
    tasks: &Rc<Tasks>,
    state: &UseReducerHandle<State>,
    saving: Saving,
    on_done: Callback<Result<String, String>>,
) {
    let (tasks, state) = (tasks.clone(), state.clone());
    spawn_local(async move {
        on_done.emit(match save(&tasks, &state, &saving).await {
            Ok(said) => Ok(said),
            Err(Trouble::Failed(why)) => Err(why),
            Err(Trouble::Superseded | Trouble::Asks(_)) => Err("The figure was not saved.".to_owned()),
        });
    });
}

async fn save(tasks: &Tasks, state: &State, saving: &Saving) -> Result<String, Trouble> {
    let mut writing = Writing { tasks, saving, beside: Vec::new() };
    let figure = writing.figure(state).await?;
    let json = figure.to_json("figure.json").map_err(|error| Trouble::Failed(error.to_string()))?;
    let blob = text_blob("application/json", &json).map_err(|e| Trouble::Failed(js_text(&e)))?;
    let held: Vec<_> = writing.beside.iter().map(|stored| stored.name.clone()).collect();
    let (name, blob) = if saving.archive {
        let mut files = vec![Stored { name: "figure.json".to_owned(), blob }];
        files.append(&mut writing.beside);
        ("figure.zip", zip(&files).await?)
    } else {
        ("figure.json", blob)
    };
    save_blob(name, &blob).map_err(|e| Trouble::Failed(format!("{name} could not be saved: {}", js_text(&e))))?;
    Ok(format!("Saved as {name}.{}", what_else(&figure, &held)))
}

/// Which files were not saved, `held` being those of the archive: those to put beside it, and those that are fetched from where they are.
fn what_else(figure: &FigureFile, held: &[String]) -> String {
    let is_held = |file: &FigureRef| file.name().is_some_and(|name| held.iter().any(|held| held == name));
    let outside = || figure.files.all().map(|(_, file)| file).filter(|file| file.inline.is_none() && !is_held(file));
    let names = |files: Vec<&FigureRef>| files.into_iter().filter_map(FigureRef::name).collect::<Vec<_>>().join(", ");
    let (remote, beside): (Vec<_>, Vec<_>) = outside().partition(|file| file.host().is_some());
    let mut said = String::new();
    if !beside.is_empty() {
        said += &format!(" To run it, put beside it: {}.", names(beside));
    }
    if !remote.is_empty() {
        said += &format!(" A run of it fetches {} from where the figure here has them.", names(remote));
    }
    if outside().next().is_none() {
        said += " It needs no other file.";
    }
    said
}

impl Writing<'_> {
    async fn figure(&mut self, state: &State) -> Result<FigureFile, Trouble> {
        let missing = || Trouble::Failed("There is no circuit to make a figure of.".to_owned());
        let config = in_use(&state.files, Role::Config).ok_or_else(missing)?;
        let text = text_of(&config.name, &self.blob(config.id)?).await?;
        let config = FigureRef::inline_json(&text).map_err(|error| Trouble::Failed(error.to_string()))?;
        let date: String = String::from(Date::new_0().to_iso_string()).chars().take(10).collect();
        let mut figure = select::figure(state, &self.saving.about, config, &date).ok_or_else(missing)?;
        self.add_weights(state, &mut figure).await?;
        let entry = |role| in_use(&state.files, role);
        if let Some(prompts) = entry(Role::Prompts).filter(|_| state.inputs.prompts.is_some()) {
            figure.files.prompts = Some(self.reference(state, prompts, self.inlines(prompts)).await?);
        }
        let scores = entry(Role::Scores).filter(|_| self.saving.archive || !select::has_all_scores(&figure));
        if let (Some(scores), Some(id)) = (scores, state.inputs.run_files()[Role::Scores as usize]) {
            // Those of another program's format as the safetensors that were made of them.
            let name = if id == scores.id { scores.name.clone() } else { "scores.safetensors".to_owned() };
            let scores = FileEntry { id, name, ..scores.clone() };
            figure.files.scores = Some(self.reference(state, &scores, self.inlines(&scores)).await?);
        }
        if Texts::tokenizer_key(&state.files).is_some() {
            for (role, slot) in [
                (Role::Tokenizer, &mut figure.files.tokenizer),
                (Role::TokenizerConfig, &mut figure.files.tokenizer_config),
            ] {
                if let Some(file) = entry(role) {
                    *slot = Some(self.reference(state, file, self.inlines(file)).await?);
                }
            }
        } else if let Some(open) = state.figure() {
            figure.files.tokenizer = self.passed_on(open, open.figure.files.tokenizer.as_ref())?;
            figure.files.tokenizer_config = self.passed_on(open, open.figure.files.tokenizer_config.as_ref())?;
        }
        Ok(figure)
    }

    async fn add_weights(&mut self, state: &State, figure: &mut FigureFile) -> Result<(), Trouble> {
        let Some(weights) = &state.inputs.weights else { return Ok(()) };
        let inline = self.saving.weights && weights.n_bytes <= MAX_INLINE_WEIGHTS;
        for (id, is_index) in
            weights.files.shards.iter().map(|id| (*id, false)).chain(weights.files.index.map(|id| (id, true)))
        {
            let Some(file) = state.files.iter().find(|file| file.id == id) else { continue };
            let reference = self.reference(state, file, inline || is_index && self.inlines(file)).await?;
            match is_index {
                true => figure.files.index = Some(reference),
                false => figure.files.weights.push(reference),
            }
        }
        Ok(())
    }

    fn inlines(&self, file: &FileEntry) -> bool {
        !self.saving.archive && file.n_bytes <= SMALL
    }

    fn blob(&self, id: FileId) -> Result<Blob, Trouble> {
        self.tasks.files.blob(id).ok_or_else(|| Trouble::Failed("the file is gone".to_owned()))
    }

    /// A file as the figure names it. One of the open figure that was not fetched stays where it is.
    async fn reference(&mut self, state: &State, file: &FileEntry, inline: bool) -> Result<FigureRef, Trouble> {
        let Some(blob) = self.tasks.files.blob(file.id) else {
            let part = state.figure().and_then(|open| Some((open, open.part(file.id)?)));
            let (open, Part { slot, .. }) = part.ok_or_else(|| Trouble::Failed(format!("{} is gone", file.name)))?;
            let kept = self.passed_on(open, open.file(*slot))?;
            return kept.ok_or_else(|| Trouble::Failed(format!("{} is not here", file.name)));
        };
        if inline && !self.saving.archive {
            let bytes = bytes_of(&file.name, &blob).await?;
            let json = std::str::from_utf8(&bytes).ok().filter(|_| file.name.ends_with(".json"));
            let json = json.and_then(|text| FigureRef::inline_json(text).ok());
            return Ok(json.unwrap_or_else(|| FigureRef::inline_bytes(bytes)));
        }
        let sha256 = sha_256_of(&blob).await;
        let name = plain(&file.name);
        let reference = FigureRef { url: Some(name.clone()), bytes: Some(blob.size() as u64), sha256, inline: None };
        if self.saving.archive {
            self.beside.push(Stored { name, blob });
        }
        Ok(reference)
    }

    /// A file of the open figure that was not got: where it is, in full.
    fn passed_on(&self, open: &OpenFigure, file: Option<&FigureRef>) -> Result<Option<FigureRef>, Trouble> {
        let Some(file) = file else { return Ok(None) };
        let relative = file.inline.is_none() && file.host().is_none();
        match (&file.url, open.origin.base()) {
            (Some(_), "") if relative => Ok(Some(file.clone())),
            (Some(url), base) if relative => {
                Ok(Some(FigureRef { url: Some(in_full(url, base)?.href()), ..file.clone() }))
            }
            _ => Ok(Some(file.clone())),
        }
    }
}

/// A name that is the same in an archive, on a disk and in an address.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}
