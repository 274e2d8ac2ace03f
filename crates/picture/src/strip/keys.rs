//! What a key does to the knob.

use super::stops::Stops;

/// Shift and an arrow go over so many stops (NOTES.md of the design).
const FAR: usize = 10;
/// A Page key changes the count by this factor (NOTES.md of the design).
const PAGE: f64 = 1.5;

/// What follows from a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEffect {
    /// The key is not one of the knob's.
    Pass,
    /// The cursor moves to a stop, or to the count that was typed, which ties may make larger; digits are done with.
    Move(usize),
    /// These digits are typed now; none any more where empty.
    Type(String),
}

/// A key on the knob at `k`, with the digits that were typed before it.
///
/// Arrows go to the next stop, or over ten with Shift; Page keys by a factor of 1.5; Home to 0 and End to all edges. Digits
/// and then Enter ask for a count, Backspace takes one back, Escape drops them.
pub fn press(stops: &Stops, k: usize, typed: &str, key: &str, shift: bool) -> KeyEffect {
    let far = if shift { FAR } else { 1 };
    match key {
        "ArrowRight" | "ArrowUp" => KeyEffect::Move(stops.after(k, far)),
        "ArrowLeft" | "ArrowDown" => KeyEffect::Move(stops.before(k, far)),
        "PageUp" => KeyEffect::Move(page_up(stops, k)),
        "PageDown" => KeyEffect::Move(page_down(stops, k)),
        "Home" => KeyEffect::Move(0),
        "End" => KeyEffect::Move(stops.n_edges()),
        "Enter" if !typed.is_empty() => {
            KeyEffect::Move(typed.parse().map_or(stops.n_edges(), |k: usize| k.min(stops.n_edges())))
        }
        "Escape" if !typed.is_empty() => KeyEffect::Type(String::new()),
        "Backspace" if !typed.is_empty() => KeyEffect::Type(typed[..typed.len() - 1].to_owned()),
        _ => digit(stops, typed, key),
    }
}

/// A digit more, but never more digits than the number of edges has.
fn digit(stops: &Stops, typed: &str, key: &str) -> KeyEffect {
    let is_digit = key.len() == 1 && key.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digit {
        return KeyEffect::Pass;
    }
    let room = stops.n_edges().to_string().len();
    KeyEffect::Type(if typed.len() < room { format!("{typed}{key}") } else { typed.to_owned() })
}

fn page_up(stops: &Stops, k: usize) -> usize {
    let wanted = stops.at_least((k as f64 * PAGE).ceil() as usize);
    if wanted > k { wanted } else { stops.after(k, 1) }
}

fn page_down(stops: &Stops, k: usize) -> usize {
    let wanted = stops.at_most((k as f64 / PAGE).floor() as usize);
    if wanted < k { wanted } else { stops.before(k, 1) }
}
