//! Opening figures: by an address, or from a file.

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, Url};

use super::fetch::{self, Wanted, fetch, in_full};
use super::parts::check;
use super::{Tasks, Trouble, ask};
use crate::state::demo;
use crate::state::figure::examples::{FIRST, named};
use crate::state::figure::{Asked, Asking, Made, OpenFigure, Opening, Origin, Slot, Stage};
use crate::state::files::FileId;
use crate::state::load::Shared;
use crate::tasks::link;
use crate::update::{Action, FigureAction, LinkAction};
use crate::workers::js_text;
use circuitscope_core::figure_file::MAX_BYTES;
use circuitscope_core::figure_file::files::FigureRef;
use circuitscope_core::{FigureFile, size_label};

/// The largest config and the largest scores that are fetched before a figure is shown: what the page takes of such files.
const MAX_CONFIG: u64 = 1 << 20;
const MAX_SCORES: u64 = 200_000_000;

/// The document alone is shown no longer while a figure is on its way, in milliseconds.
const PATIENCE_MS: u32 = 4000;

/// What the page opens on, where that is not the demo.
#[derive(Clone, PartialEq)]
pub enum First {
    Figure(Shared<OpenFigure>, Rc<Made>),
    /// A question, or why there is none.
    Stage(Stage),
    /// It takes long: the page shows the demo meanwhile.
    Later(String),
}

/// What may be asked, and for how long.
struct Leave<'a> {
    /// Those of some hosts that may not be.
    not_agreed: &'a dyn Fn(Vec<String>) -> Vec<String>,
    /// Whether to go on, told how many bytes there are.
    go_on: &'a dyn Fn(u64) -> bool,
}

/// A figure that was read, and the scores' file where it was fetched.
struct Got {
    origin: Origin,
    name: String,
    figure: FigureFile,
    scores: Option<Vec<u8>>,
}

/// The figure that the address names, or else the one that the page opens on, before the page takes over from the document.
pub async fn first() -> Option<First> {
    let link = named(link::figure())?;
    let (sender, receiver) = oneshot::channel();
    let sender = Rc::new(Cell::new(Some(sender)));
    // Whichever is first; what comes later is of no interest.
    let send = move |first| _ = sender.take().map(|sender| sender.send(first));
    let (send_later, later) = (send.clone(), link.clone());
    let _patience = Timeout::new(PATIENCE_MS, move || send_later(Some(First::Later(later))));
    spawn_local(async move { send(fetched(link).await) });
    receiver.await.ok().flatten()
}

async fn fetched(link: String) -> Option<First> {
    let got = get(&link, &Leave { not_agreed: &|hosts| hosts, go_on: &|_| true }).await;
    Some(match got.and_then(|got| open(got, demo::FILES.len() as FileId)) {
        Ok((open, made)) => First::Figure(Shared::new(open), Rc::new(made)),
        Err(Trouble::Asks(hosts)) => {
            let what = Asked::Figure { link, fragment: link::fragment() };
            First::Stage(Stage::Asking(Asking { hosts, what }))
        }
        Err(Trouble::Failed(why)) => First::Stage(Stage::Unopened(why)),
        Err(Trouble::Superseded) => return None,
    })
}

/// Opens the figure at an address, and then what a link says of it.
pub fn open_address(tasks: &Rc<Tasks>, link: String, fragment: String) {
    super::super::cancel(tasks);
    let turn = tasks.figure.begin();
    tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Opening(link.clone()))));
    let tasks = tasks.clone();
    spawn_local(async move {
        let not_agreed = |hosts| tasks.figure.not_agreed(hosts);
        let got = get(&link, &Leave { not_agreed: &not_agreed, go_on: &|_| tasks.figure.is_current(turn) }).await;
        if !tasks.figure.is_current(turn) {
            return;
        }
        match got.and_then(|got| show(&tasks, got)) {
            Ok(()) if fragment.is_empty() => {}
            Ok(()) => tasks.dispatch(Action::Link(LinkAction::Opened(fragment))),
            Err(Trouble::Asks(hosts)) => ask(&tasks, hosts, Asked::Figure { link, fragment }),
            Err(trouble) => fail(&tasks, trouble),
        }
    });
}

/// Opens what the address says: a figure, or what the page opens on.
pub fn go_to(tasks: &Rc<Tasks>, figure: Option<String>, fragment: String) {
    match named(figure) {
        Some(link) => open_address(tasks, link, fragment),
        None => {
            super::cancel_fetch(tasks);
            tasks.dispatch(Action::DemoWanted);
            tasks.dispatch(Action::Link(LinkAction::Opened(fragment)));
        }
    }
}

/// Opens what the page opens on.
pub fn open_first(tasks: &Rc<Tasks>) {
    super::super::cancel(tasks);
    match FIRST {
        Some(link) => open_address(tasks, link.to_owned(), String::new()),
        None => {
            super::cancel_fetch(tasks);
            tasks.dispatch(Action::DemoWanted);
        }
    }
}

/// Opens a figure that was dropped or chosen; `others` came with it.
pub async fn open_file(tasks: &Rc<Tasks>, file: &File, others: &[File]) {
    super::super::cancel(tasks);
    let turn = tasks.figure.begin();
    let opened = match read_file(file, others).await {
        Ok(got) if tasks.figure.is_current(turn) => show(tasks, got),
        Ok(_) => return,
        Err(trouble) => Err(trouble),
    };
    if let Err(trouble) = opened {
        fail(tasks, trouble);
    }
}

/// Says that a figure cannot be opened.
pub fn fail(tasks: &Tasks, trouble: Trouble) {
    if let Trouble::Failed(why) = trouble {
        tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Unopened(why))));
    }
}

/// Numbers the files of a figure, and shows it.
fn show(tasks: &Tasks, got: Got) -> Result<(), Trouble> {
    let first_id = tasks.files.reserve(Opening::n_ids(&got.figure));
    let (open, made) = open(got, first_id)?;
    for (id, name, bytes) in made {
        tasks.files.put(id, name, &bytes);
    }
    let open = Shared::new(open);
    tasks.figure.open.replace(Some(open.clone()));
    tasks.dispatch(Action::Figure(FigureAction::Opened(open)));
    Ok(())
}

fn open(got: Got, first_id: FileId) -> Result<(OpenFigure, Made), Trouble> {
    let Got { origin, name, figure, scores } = got;
    let opening = Opening { origin, name, figure, scores, first_id };
    opening.open().map_err(|error| Trouble::Failed(error.to_string()))
}

/// Fetches a figure, and what else is needed to draw it.
async fn get(link: &str, leave: &Leave<'_>) -> Result<Got, Trouble> {
    let url = in_full(link, &fetch::page_address())?;
    let hosts = if fetch::is_own(&url) { Vec::new() } else { (leave.not_agreed)(vec![url.host()]) };
    if !hosts.is_empty() {
        return Err(Trouble::Asks(hosts));
    }
    let name = url.pathname().rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("figure").to_owned();
    let wanted = Wanted { url: &url.href(), name: &name, most: MAX_BYTES as u64 };
    let text = text_of(&name, &fetch(&wanted, leave.go_on).await?).await?;
    let figure = read(&name, &text)?;
    let mut got =
        Got { origin: Origin::Address { link: link.to_owned(), url: url.href() }, name, figure, scores: None };
    let needed: Vec<_> = needed(&got.figure).collect();
    for (slot, most) in needed {
        let Some(file) = slot.file(&got.figure.files).cloned() else { continue };
        let blob = fetch_ref(&file, &url, most, leave).await?;
        put(&mut got, slot, &file, &blob).await?;
    }
    Ok(got)
}

async fn fetch_ref(file: &FigureRef, base: &Url, most: u64, leave: &Leave<'_>) -> Result<Blob, Trouble> {
    let url = in_full(file.url.as_deref().unwrap_or_default(), &base.href())?;
    let hosts = if url.host() == base.host() { Vec::new() } else { (leave.not_agreed)(vec![url.host()]) };
    if !hosts.is_empty() {
        return Err(Trouble::Asks(hosts));
    }
    let most = file.bytes.unwrap_or(most).min(most);
    let blob = fetch(&Wanted { url: &url.href(), name: file.name().unwrap_or("file"), most }, leave.go_on).await?;
    check(file, &blob).await?;
    Ok(blob)
}

/// What a figure cannot be drawn without and has not in it.
fn needed(figure: &FigureFile) -> impl Iterator<Item = (Slot, u64)> + use<> {
    let files = &figure.files;
    let config = files.config.inline.is_none().then_some((Slot::Config, MAX_CONFIG));
    let scores = figure.circuit.is_none().then_some((Slot::Scores, MAX_SCORES));
    config.into_iter().chain(scores)
}

/// Puts a file that was got into its place.
async fn put(got: &mut Got, slot: Slot, file: &FigureRef, blob: &Blob) -> Result<(), Trouble> {
    let name = file.name().unwrap_or("file").to_owned();
    if slot == Slot::Scores {
        got.scores = Some(bytes_of(&name, blob).await?);
        return Ok(());
    }
    let inlined = FigureRef::inline_json(&text_of(&name, blob).await?);
    let inlined = inlined.map_err(|error| Trouble::Failed(format!("{name} is no JSON: {error}")))?;
    got.figure.files.config.inline = inlined.inline;
    Ok(())
}

/// Reads a figure that was dropped, with what it cannot be drawn without from among the other files.
async fn read_file(file: &File, others: &[File]) -> Result<Got, Trouble> {
    let name = file.name();
    if file.size() > MAX_BYTES as f64 {
        // Its reader says the same, but only of a text that was read.
        let (most, found) = (size_label(MAX_BYTES as u64), size_label(file.size() as u64));
        return Err(Trouble::Failed(format!("{name}: a figure should be at most {most}, found {found}")));
    }
    let figure = read(&name, &text_of(&name, file).await?)?;
    let mut got = Got { origin: Origin::File(name.clone()), name: name.clone(), figure, scores: None };
    let slots: Vec<_> = needed(&got.figure).collect();
    for (slot, _) in slots {
        let Some(wanted) = slot.file(&got.figure.files).cloned() else { continue };
        if let Some(bytes) = wanted.content().filter(|_| slot == Slot::Scores) {
            got.scores = Some(bytes.to_vec());
            continue;
        }
        let file_name = wanted.name().unwrap_or("file");
        let found = others.iter().find(|other| other.name() == file_name);
        let missing = || Trouble::Failed(format!("{name} cannot be drawn without {file_name}: drop both together."));
        let found = found.ok_or_else(missing)?;
        check(&wanted, found).await?;
        put(&mut got, slot, &wanted, found).await?;
    }
    Ok(got)
}

fn read(name: &str, text: &str) -> Result<FigureFile, Trouble> {
    if text.trim_start().starts_with('<') {
        return Err(Trouble::Failed(format!("{name} is a web page and no figure: the address is likely wrong")));
    }
    FigureFile::from_json(name, text).map_err(|error| Trouble::Failed(error.to_string()))
}

pub(super) async fn text_of(name: &str, blob: &Blob) -> Result<String, Trouble> {
    String::from_utf8(bytes_of(name, blob).await?)
        .map_err(|_| Trouble::Failed(format!("{name}: expected a text in UTF-8")))
}

pub(super) async fn bytes_of(name: &str, blob: &Blob) -> Result<Vec<u8>, Trouble> {
    let buffer = JsFuture::from(blob.array_buffer()).await;
    let buffer =
        buffer.map_err(|e| Trouble::Failed(format!("{name}: the browser could not read it: {}", js_text(&e))))?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}
