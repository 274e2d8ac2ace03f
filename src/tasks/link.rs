//! The page's address: it is written as the state changes, and read where a person goes back or forth, or changes it.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

use super::context::Tasks;
use super::figure::go_to;
use crate::state::link::{Address, form};
use crate::update::{Action, LinkAction};

/// The address is written no more often: Safari takes 100 changes in 30 seconds.
const WRITE_MS: u32 = 300;

/// The key of a figure among what the address asks.
const FIGURE: &str = "figure";

/// What the address said last, and what it is to say next.
pub struct AddressBar {
    /// The figure and the fragment, without `#`, that the state is of.
    seen: RefCell<(Option<String>, String)>,
    written: RefCell<Option<Address>>,
    next: RefCell<Option<Address>>,
    timer: RefCell<Option<Timeout>>,
}

impl Default for AddressBar {
    fn default() -> Self {
        Self {
            seen: RefCell::new((figure(), fragment())),
            written: RefCell::default(),
            next: RefCell::default(),
            timer: RefCell::default(),
        }
    }
}

/// The fragment of the address, without `#`.
pub fn fragment() -> String {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    hash.strip_prefix('#').unwrap_or(&hash).to_owned()
}

/// The figure that the address names: `?figure=…`.
pub fn figure() -> Option<String> {
    let pairs = form::read(search().trim_start_matches('?'));
    pairs.into_iter().find(|(key, figure)| key == FIGURE && !figure.is_empty()).map(|(_, figure)| figure)
}

fn search() -> String {
    web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default()
}

/// What the address asks besides, and the figure.
fn search_with(figure: Option<&str>) -> String {
    let search = search();
    let is_other = |part: &&str| !part.is_empty() && part.split('=').next() != Some(FIGURE);
    let others = search.trim_start_matches('?').split('&').filter(is_other).map(str::to_owned);
    let figure = figure.map(|figure| form::write(&[(FIGURE.to_owned(), figure.to_owned())]));
    let parts: Vec<_> = others.chain(figure).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// Whether the page was loaded again, and not come to by a link.
pub fn is_reloaded() -> bool {
    let performance = web_sys::window().and_then(|window| window.performance());
    let entries = performance.map(|performance| performance.get_entries_by_type("navigation"));
    let kind = entries.and_then(|entries| Reflect::get(&entries.get(0), &"type".into()).ok());
    kind.is_some_and(|kind| kind.as_string().as_deref() == Some("reload"))
}

/// Writes the address soon.
pub fn write_address(tasks: &Rc<Tasks>, address: Address) {
    // What the page opened with can be gone back to, however soon another circuit follows.
    tasks.address.written.borrow_mut().get_or_insert_with(|| address.clone());
    tasks.address.next.replace(Some(address));
    let mut timer = tasks.address.timer.borrow_mut();
    if timer.is_none() {
        let tasks = tasks.clone();
        *timer = Some(Timeout::new(WRITE_MS, move || tasks.address.write()));
    }
}

/// Listens for other addresses. The listeners end when they are dropped.
pub fn listen_to_address(tasks: &Rc<Tasks>) -> Vec<EventListener> {
    let Some(window) = web_sys::window() else { return Vec::new() };
    // Going back is told of twice where only the fragment is another.
    let changes = ["popstate", "hashchange"].map(|event| {
        let tasks = tasks.clone();
        EventListener::new(&window, event, move |_| read_address(&tasks))
    });
    let tasks = tasks.clone();
    let left = EventListener::new(&window, "pagehide", move |_| tasks.address.write());
    changes.into_iter().chain([left]).collect()
}

fn read_address(tasks: &Rc<Tasks>) {
    let (figure, text) = (figure(), fragment());
    let bar = &tasks.address;
    if *bar.seen.borrow() == (figure.clone(), text.clone()) {
        return;
    }
    // What was to be written belongs to another address.
    bar.next.take();
    let (before, _) = bar.seen.replace((figure.clone(), text.clone()));
    if before == figure {
        tasks.dispatch(Action::Link(LinkAction::Opened(text)));
    } else {
        go_to(tasks, figure, text);
    }
}

/// The page's address with a figure and a fragment.
pub fn address(figure: Option<&str>, fragment: &str) -> String {
    let href = web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default();
    let page = href.split(['?', '#']).next().unwrap_or_default().to_owned() + &search_with(figure);
    if fragment.is_empty() { page.to_owned() } else { format!("{page}#{fragment}") }
}

impl AddressBar {
    /// Writes what is to be written. A step that Back goes to is one between settled circuits or other files, and none that
    /// follows from a link.
    fn write(&self) {
        self.timer.take();
        let Some(next) = self.next.take() else { return };
        let before = self.written.replace(Some(next.clone()));
        let now = (next.figure.clone(), next.fragment.clone());
        if *self.seen.borrow() == now {
            return;
        }
        let is_step = before.is_some_and(|before| before.opened == next.opened && before.place != next.place);
        self.seen.replace(now);
        // A page that is embedded may be kept from it, and does without.
        _ = write(&next, is_step);
    }
}

fn write(Address { figure, fragment, .. }: &Address, is_step: bool) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or("there is no window")?;
    let (location, history) = (window.location(), window.history()?);
    let page = location.pathname()? + &search_with(figure.as_deref());
    let url = if fragment.is_empty() { page } else { format!("{page}#{fragment}") };
    if is_step {
        history.push_state_with_url(&JsValue::NULL, "", Some(&url))
    } else {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&url))
    }
}
