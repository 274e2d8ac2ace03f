//! The size of the screen.

/// Below this width the setup starts folded, so that the picture is on the first screen; the style has the same.
const NARROW: &str = "(max-width: 700px)";

/// Whether the screen is that of a phone.
pub fn is_narrow() -> bool {
    let query = web_sys::window().and_then(|window| window.match_media(NARROW).ok().flatten());
    query.is_some_and(|query| query.matches())
}
