//! What the browser remembers of the reader's choices between visits: a word each.

use web_sys::Storage;

/// What was remembered under a name.
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(&key(name)).ok()?
}

/// Remembers a word. A browser that keeps nothing asks again next time.
pub fn set(name: &str, word: &str) {
    if let Some(storage) = storage() {
        _ = storage.set_item(&key(name), word);
    }
}

fn key(name: &str) -> String {
    format!("circuitscope-{name}")
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
