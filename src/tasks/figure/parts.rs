//! The files of the open figure: from the figure itself, from what was dropped, or from their addresses, each checked.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Date};
use web_sys::{Blob, File};

use super::fetch::{Wanted, fetch, in_full};
use super::open::{bytes_of, text_of};
use super::{Tasks, Trouble};
use crate::state::figure::{OpenFigure, Origin, Part, Slot, Stage};
use crate::state::files::{Content, FileEntry};
use crate::state::load::{Load, Shared};
use crate::state::recognise::{Unread, read_json};
use crate::state::runs::Failure;
use crate::state::texts::TokenizerKey;
use crate::tasks::hash::sha_256_of;
use crate::tasks::reader::not_understood;
use crate::update::{Action, FigureAction};
use circuitscope_core::figure_file::files::FigureRef;
use circuitscope_core::files::tensor_file::{SIZE_BYTES, header_bytes};
use circuitscope_core::{PromptSettings, Prompts, TensorFile};
use circuitscope_wire::reader::{Event, Request};

/// Progress is told no more often, in milliseconds.
const TELL_MS: f64 = 80.0;
/// A file whose size the figure does not say is taken up to this one: more than the weights of any model that runs here.
const MAX_UNSAID: u64 = 8 << 30;

/// Files that were got, and what is to be known about them.
pub type GotAll = (Vec<(FileEntry, Slot)>, Option<String>);

/// The hosts that would be asked for the files of a figure.
pub fn hosts(tasks: &Tasks, open: &OpenFigure) -> Vec<String> {
    let given = tasks.figure.given.borrow();
    let fetched: Vec<_> = open.to_fetch().filter(|(part, _)| !given.contains_key(&part.id)).collect();
    // A dropped figure's relative addresses are of no host, and what is not fetched asks none.
    let all = open.figure.other_hosts(open.origin.base());
    all.into_iter().filter(|host| fetched.iter().any(|(_, file)| file.host().as_ref() == Some(host))).collect()
}

/// Gets all files that a run needs.
pub async fn get_all(tasks: &Rc<Tasks>, turn: u32, open: &Shared<OpenFigure>) -> Result<GotAll, Trouble> {
    let total = open.to_fetch().filter_map(|(_, file)| file.bytes).sum();
    let (mut files, mut unchecked, mut done) = (Vec::new(), Vec::new(), 0);
    // Prompts that are texts are read with the tokenizer, which is got before.
    let mut parts: Vec<_> = open.awaited().collect();
    parts.sort_by_key(|(part, _)| part.slot == Slot::Prompts);
    for (part, file) in parts {
        let given = tasks.figure.given.borrow().get(&part.id).cloned();
        let blob = match (given, file.content()) {
            (Some(given), _) => given,
            (None, Some(bytes)) => blob_of(bytes)?,
            (None, None) => {
                let blob = fetch_part(tasks, (turn, done, total), open, (part, file)).await?;
                if !check(file, &blob).await? {
                    unchecked.push(part.name.clone());
                }
                blob
            }
        };
        done += if file.inline.is_none() { blob.size() as u64 } else { 0 };
        tasks.files.put_blob(part.id, part.name.clone(), &blob);
        let content = read(tasks, open, part, &blob).await?;
        let n_bytes = blob.size() as u64;
        let (id, name) = (part.id, part.name.clone());
        files.push((FileEntry { id, name, n_bytes, demo: true, content: Load::Ready(content) }, part.slot));
    }
    let note = (!unchecked.is_empty())
        .then(|| format!("Only the size of {} could be checked, not the contents.", unchecked.join(", ")));
    Ok((files, note))
}

/// Takes a dropped file as one of the open figure's, where it is one. What has the name of a file that a dropped figure lacks and is
/// another one is refused.
pub async fn offer(tasks: &Rc<Tasks>, file: &File) -> bool {
    let Some(open) = tasks.figure.open.borrow().clone() else { return false };
    let (name, n_bytes) = (file.name(), file.size() as u64);
    for part in &open.parts {
        let Some(wanted) = open.file(part.slot) else { continue };
        let same_size = wanted.bytes == Some(n_bytes) && wanted.sha256.is_some();
        if part.name != name && !same_size {
            continue;
        }
        let is_lacking = part.awaited && wanted.inline.is_none() && !tasks.figure.given.borrow().contains_key(&part.id);
        match check(wanted, file).await {
            Ok(_) if is_lacking => {
                // What it holds is read with all others.
                tasks.figure.given.borrow_mut().insert(part.id, file.clone().into());
                tasks.dispatch(Action::Figure(FigureAction::Given(part.id)));
                return true;
            }
            // The figure has it already.
            Ok(was_hashed) if was_hashed => return true,
            Err(Trouble::Failed(why)) if is_lacking && part.name == name && matches!(open.origin, Origin::File(_)) => {
                tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Failed(why))));
                return true;
            }
            _ => {}
        }
    }
    false
}

/// Checks a file's size and its hash. Whether the hash could be checked.
///
/// # Errors
/// When it is another file than the figure says.
pub async fn check(file: &FigureRef, blob: &Blob) -> Result<bool, Trouble> {
    let n_bytes = blob.size() as u64;
    let wanted = file.sha256.as_deref().unwrap_or_default();
    // The size is looked at before all is read.
    file.check_fetched(n_bytes, wanted).map_err(|error| Trouble::Failed(error.to_string()))?;
    if wanted.is_empty() {
        return Ok(false);
    }
    let Some(digits) = sha_256_of(blob).await else { return Ok(false) };
    file.check_fetched(n_bytes, &digits).map_err(|error| Trouble::Failed(error.to_string()))?;
    Ok(true)
}

async fn fetch_part(
    tasks: &Rc<Tasks>,
    (turn, before, total): (u32, u64, u64),
    open: &OpenFigure,
    (part, file): (&Part, &FigureRef),
) -> Result<Blob, Trouble> {
    let name = part.name.clone();
    let base = open.origin.base();
    let address = file.url.as_deref().unwrap_or_default();
    if base.is_empty() && file.host().is_none() {
        return Err(Trouble::Failed(format!("{name} is missing: drop it here, as it came with the figure.")));
    }
    let url = in_full(address, if base.is_empty() { address } else { base })?;
    let told = Cell::new(0.0);
    let on_progress = |n_bytes| {
        if Date::now() - told.get() >= TELL_MS {
            told.set(Date::now());
            let total = if total > 0 { total } else { before + file.bytes.unwrap_or(0) };
            let stage = Stage::Fetching { name: name.clone(), done: before + n_bytes, total };
            tasks.dispatch(Action::Figure(FigureAction::Stage(stage)));
        }
        tasks.figure.is_current(turn)
    };
    on_progress(0);
    fetch(&Wanted { url: &url.href(), name: &part.name, most: file.bytes.unwrap_or(MAX_UNSAID) }, &on_progress).await
}

fn blob_of(bytes: &[u8]) -> Result<Blob, Trouble> {
    let sequence = Array::of1(&js_sys::Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence(&sequence).map_err(|_| Trouble::Failed("there is no memory left".to_owned()))
}

/// What a file of the figure holds.
async fn read(tasks: &Rc<Tasks>, open: &OpenFigure, part: &Part, blob: &Blob) -> Result<Content, Trouble> {
    let name = &part.name;
    match part.slot {
        Slot::Weights(_) => Ok(Content::Weights(Shared::new(header(name, blob).await?))),
        Slot::Scores => Ok(Content::Scores(Shared(Rc::from(bytes_of(name, blob).await?)))),
        // The reader reads it, and says what is wrong with it.
        Slot::Tokenizer => Ok(Content::Tokenizer),
        Slot::TokenizerConfig => Ok(Content::TokenizerConfig),
        Slot::Config | Slot::Index | Slot::Prompts => {
            let text = text_of(name, blob).await?;
            let content = read_json(name, &text).map_err(|unread: Unread| Trouble::Failed(unread.to_string()))?;
            match (part.slot, content) {
                (Slot::Prompts, Content::TextPrompts(_)) => read_texts(tasks, open, part).await,
                (slot, content) if content.role() == slot.role() => Ok(content),
                _ => Err(Trouble::Failed(format!("{name} is another kind of file than the figure says"))),
            }
        }
    }
}

/// The tensors of weights, by their header.
async fn header(name: &str, blob: &Blob) -> Result<TensorFile, Trouble> {
    let n_bytes = blob.size() as u64;
    let slice = async |start: u64, end: u64| {
        let part = blob.slice_with_f64_and_f64(start as f64, end as f64);
        bytes_of(name, &part.map_err(|_| Trouble::Failed(format!("{name}: the browser could not read it")))?).await
    };
    let wrong = |error: circuitscope_core::CircuitError| Trouble::Failed(error.to_string());
    let size = header_bytes(name, &slice(0, SIZE_BYTES).await?, n_bytes).map_err(wrong)?;
    TensorFile::parse(name, &slice(SIZE_BYTES, SIZE_BYTES + size).await?, n_bytes).map_err(wrong)
}

/// Token ids of prompts that are texts: under the settings that give those which the figure shows.
async fn read_texts(tasks: &Rc<Tasks>, open: &OpenFigure, part: &Part) -> Result<Content, Trouble> {
    let name = &part.name;
    let tokenizer = open.id(Slot::Tokenizer);
    let tokenizer = tokenizer.ok_or_else(|| Trouble::Failed(format!("{name}: the figure has no tokenizer for it")))?;
    let key = TokenizerKey { tokenizer, config: open.id(Slot::TokenizerConfig) };
    let usual = PromptSettings::default();
    for settings in [usual, PromptSettings { prepend_bos: !usual.prepend_bos, ..usual }] {
        let prompts = ids(tasks, key, part, settings).await?;
        let shown = open.figure.texts.to_prompts(name);
        let same = |(a, b): (&circuitscope_core::PromptPair, &circuitscope_core::PromptPair)| {
            a.clean == b.clean && a.corrupt == b.corrupt
        };
        if prompts.pairs.len() >= shown.pairs.len() && prompts.pairs.iter().zip(&shown.pairs).all(same) {
            tasks.files.put(part.id, name.clone(), prompts.to_json().as_bytes());
            return Ok(Content::Prompts(Shared::new(prompts)));
        }
    }
    Err(Trouble::Failed(format!("{name} gives other tokens than the figure shows")))
}

async fn ids(tasks: &Tasks, key: TokenizerKey, part: &Part, settings: PromptSettings) -> Result<Prompts, Trouble> {
    let failed = |fault| Trouble::Failed(Failure::from(fault).message);
    let attachments = Array::new();
    let prompts = tasks.files.attach(part.id, &attachments).map_err(failed)?;
    let request = Request::ReadPrompts { prompts, settings };
    match tasks.reader.ask(&tasks.files, key, request, &attachments).await.map_err(failed)? {
        Event::Prompts { json, .. } => {
            Prompts::from_json(&part.name, &json).map_err(|error| Trouble::Failed(error.to_string()))
        }
        other => Err(Trouble::Failed(not_understood(&other))),
    }
}
