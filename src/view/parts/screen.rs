//! The size of the screen.

/// Up to this width the parts of the page are below each other; `phone.css` has the same.
const NARROW: &str = "(max-width: 700px)";
/// Up to this width the setup would lie over the drawing, and starts folded; `phone.css` has the same.
const TIGHT: &str = "(max-width: 1100px)";

/// Whether the screen is that of a phone.
pub fn is_narrow() -> bool {
    matches(NARROW)
}

/// Whether the setup has no room of its own.
pub fn is_tight() -> bool {
    matches(TIGHT)
}

fn matches(query: &str) -> bool {
    let query = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    query.is_some_and(|query| query.matches())
}
