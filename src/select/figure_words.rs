//! What is said of a figure: its title and caption, how its files stand, what is asked, and how far a run is from what it recorded.

use super::files::Remark;
use super::memory;
use super::rail::{Remedy, Status, StatusKind};
use super::runs::Progress;
use crate::state::State;
use crate::state::figure::{Asked, Next, OpenFigure, Origin, Stage};
use crate::state::files::{Role, in_use};
use crate::state::load::Shared;
use circuitscope_core::figure_file::view::FigureTheme;
use circuitscope_core::size_label;

/// Results of two devices are this near to each other; the tests of this project ask as much of auto-circuit's.
const NEAR: f64 = 1e-4;

/// What stands over the drawing of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    pub title: String,
    /// A paragraph a line.
    pub caption: Vec<String>,
    /// Where it is from, with an address for a link.
    pub source: Option<(String, Option<String>)>,
    pub licence: Option<String>,
}

/// What is said of a figure over everything.
#[derive(Debug, Clone, PartialEq)]
pub enum FigureNotice {
    /// It is on its way.
    Opening(String),
    /// May these hosts be asked?
    Asks {
        text: String,
        button: String,
    },
    Wrong(String),
}

/// The title and the caption of the open figure, while its own scores are drawn.
pub fn heading(state: &State) -> Option<Heading> {
    let open = state.figure().filter(|_| in_use(&state.files, Role::Scores).is_some_and(|file| file.demo))?;
    let figure = &open.figure;
    Some(Heading {
        title: figure.title.clone(),
        caption: open.caption.lines().map(str::to_owned).collect(),
        source: figure.source.clone().map(|source| (source.text, source.url)),
        licence: figure.licence.clone(),
    })
}

/// What is to be said over everything.
pub fn notice(state: &State) -> Option<FigureNotice> {
    match &state.figures.stage {
        Stage::Idle | Stage::Fetching { .. } => None,
        Stage::Opening(link) => Some(FigureNotice::Opening(format!("Opening {link}…"))),
        Stage::Asking(asking) => {
            let hosts = listed(&asking.hosts);
            let text = match &asking.what {
                Asked::Figure { link, .. } => format!("To open the figure {link}, this page has to ask {hosts}."),
                Asked::Files(next) => {
                    let aim = if *next == Next::Run { "run this figure" } else { "search its model" };
                    format!("To {aim}, this page has to fetch {} from {hosts}.", to_fetch(state).unwrap_or_default())
                }
            };
            let text = format!("{text} A host can see who asks, and may pass the request on to another.");
            Some(FigureNotice::Asks { text, button: format!("Ask {hosts}") })
        }
        Stage::Unopened(why) => Some(FigureNotice::Wrong(format!("The figure cannot be opened. {why}"))),
        Stage::Failed(why) => Some(FigureNotice::Wrong(format!("The figure cannot be run here. {why}"))),
    }
}

/// How the open figure stands: recorded, its files being fetched, or run and compared; nothing where a run's own words say it.
pub fn status(state: &State) -> Option<Status> {
    let open = state.figure()?;
    match &state.figures.stage {
        Stage::Fetching { name, done, total } => Some(fetching(name, *done, *total)),
        _ => is_waiting(state).then(|| waiting(state, open)),
    }
}

/// Whether all that keeps the open figure from being run is that its files are not here.
pub fn is_waiting(state: &State) -> bool {
    let is_right = state.inputs.problems.is_empty() && state.settings.counts_error.is_none();
    state.figure().is_some() && state.inputs.awaiting && is_right && memory::problem(state).is_none()
}

/// How far the last run is from what the figure recorded; whether that is too far.
pub fn verified(state: &State) -> Option<Remark> {
    let verified = state.figures.verified.as_ref().filter(|_| state.figure().is_some() && state.fresh())?;
    let note = state.figures.note.as_ref().map_or(String::new(), |note| format!(" {note}"));
    Some(match verified.is_within(NEAR) {
        true => Remark { text: format!("verified: {verified}.{note}"), wrong: false },
        false => Remark { text: format!("not as recorded: {verified}.{note}"), wrong: true },
    })
}

/// The theme that the open figure asks for.
pub fn theme(state: &State) -> Option<&'static str> {
    match state.figure()?.view().theme {
        FigureTheme::Auto => None,
        FigureTheme::Light => Some("light"),
        FigureTheme::Dark => Some("dark"),
    }
}

/// Where the recorded results are from.
pub fn recorded(state: &State) -> String {
    let recorded = state.figure().and_then(|open| open.figure.recorded.as_ref());
    let Some(recorded) = recorded else {
        return "with this example, checked against auto-circuit. Nothing has run here yet.".to_owned();
    };
    let date = recorded.date.as_ref().map_or(String::new(), |date| format!(" on {date}"));
    let program = recorded.program.as_ref().map_or(String::new(), |program| format!(" by {program}"));
    format!("with this figure{date}{program}. Nothing has run here yet.")
}

fn fetching(name: &str, done: u64, total: u64) -> Status {
    let far = if total > 0 { format!(", {} of {}", size_label(done), size_label(total)) } else { String::new() };
    let (what, label) = ("Fetching".to_owned(), format!("{name}{far}"));
    let progress =
        Progress { done: done as usize, total: total as usize, label: label.clone(), noun: "byte", what: what.clone() };
    Status {
        kind: StatusKind::Busy,
        title: what,
        text: label,
        progress: Some(progress),
        remedy: Some(Remedy::CancelFetch),
    }
}

/// It was not run here: what it takes to do so.
fn waiting(state: &State, open: &Shared<OpenFigure>) -> Status {
    let (kind, title, text) = if !state.has_results() {
        (StatusKind::Quiet, "Not run yet.", "The drawing shows scores alone.".to_owned())
    } else if state.fresh() {
        (StatusKind::Good, "Recorded", recorded(state))
    } else {
        (StatusKind::Stale, "Settings or files changed.", "What is shown was recorded with others.".to_owned())
    };
    let missing = missing(state, open);
    let (more, remedy) = if open.figure.files.weights.is_empty() {
        ("It comes without weights, so that it cannot be run here.".to_owned(), None)
    } else if !missing.is_empty() {
        (format!("To run it here, drop also: {}.", missing.join(", ")), None)
    } else {
        let fetched = to_fetch(state).map(|size| format!("Running it here fetches {size}."));
        (fetched.unwrap_or_default(), Some(Remedy::RunLive))
    };
    let text = [text, more].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Status { kind, title: title.to_owned(), text, progress: None, remedy }
}

/// The files of a dropped figure that did not come with it and are at no host.
fn missing(state: &State, open: &OpenFigure) -> Vec<String> {
    if !matches!(open.origin, Origin::File(_)) {
        return Vec::new();
    }
    let lacking =
        open.to_fetch().filter(|(part, file)| !state.figures.given.contains(&part.id) && file.host().is_none());
    let words = lacking.map(|(part, file)| match file.bytes {
        Some(n_bytes) => format!("{} ({})", part.name, size_label(n_bytes)),
        None => part.name.clone(),
    });
    words.collect()
}

/// How much is fetched to run the open figure; nothing where all is there.
pub fn to_fetch(state: &State) -> Option<String> {
    let open = state.figure()?;
    let sizes: Vec<_> = open
        .to_fetch()
        .filter(|(part, _)| !state.figures.given.contains(&part.id))
        .map(|(_, file)| file.bytes)
        .collect();
    let known = sizes.iter().flatten().sum::<u64>();
    match (sizes.is_empty(), sizes.iter().all(Option::is_some), known) {
        (true, ..) => None,
        (_, true, known) => Some(size_label(known)),
        (_, false, 0) => Some("files whose size it does not say".to_owned()),
        (_, false, known) => Some(format!("{} and files whose size it does not say", size_label(known))),
    }
}

/// `a, b and c`
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
