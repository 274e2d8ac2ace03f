//! Fetching a file of a figure: no longer than it may be, with its progress, and no web page taken for it.

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, RequestInit, Response, Url};

use super::Trouble;
use crate::workers::js_text;
use circuitscope_core::size_label;

/// What is to be fetched.
pub struct Wanted<'a> {
    /// In full.
    pub url: &'a str,
    /// What it is called in messages.
    pub name: &'a str,
    /// No more bytes are taken.
    pub most: u64,
}

/// The page's own address.
pub fn page_address() -> String {
    web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// An address in full.
///
/// # Errors
/// When it is none of the web.
pub fn in_full(address: &str, base: &str) -> Result<Url, Trouble> {
    let wrong = || Trouble::Failed(format!("{address:?} is no address of a file"));
    let url = Url::new_with_base(address, base).map_err(|_| wrong())?;
    let is_web = matches!(url.protocol().as_str(), "http:" | "https:") && url.username().is_empty();
    if is_web { Ok(url) } else { Err(wrong()) }
}

/// Whether an address is of the host that the page is from.
pub fn is_own(url: &Url) -> bool {
    Url::new(&page_address()).is_ok_and(|page| page.host() == url.host())
}

/// Fetches a file. `on_progress` is told how many bytes there are, and says whether to go on.
///
/// # Errors
/// When the host cannot be asked or has it not, it answers with a web page, or the file is larger than it may be.
pub async fn fetch(wanted: &Wanted<'_>, on_progress: &dyn Fn(u64) -> bool) -> Result<Blob, Trouble> {
    let Wanted { url, name, most } = *wanted;
    let failed = |why: String| Trouble::Failed(format!("{name} could not be fetched from {}: {why}", host(url)));
    let response = request(url).await.map_err(|error| {
        failed(format!("it cannot be reached, or does not let other sites read the file ({})", js_text(&error)))
    })?;
    if !response.ok() {
        return Err(failed(format!("it answered {} {}", response.status(), response.status_text())));
    }
    if is_web_page(&response) {
        return Err(failed("it answered with a web page, so that the address is likely wrong".to_owned()));
    }
    let broken = |error: JsValue| failed(js_text(&error));
    let Some(body) = response.body() else { return Err(failed("the answer is empty".to_owned())) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let (chunks, mut n_bytes) = (Array::new(), 0);
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(broken)?;
        if Reflect::get(&part, &"done".into()).map_err(broken)?.is_truthy() {
            break;
        }
        let chunk: Uint8Array = Reflect::get(&part, &"value".into()).map_err(broken)?.unchecked_into();
        n_bytes += u64::from(chunk.length());
        chunks.push(&chunk);
        let too_large = n_bytes > most;
        if too_large || !on_progress(n_bytes) {
            // What it answers is of no interest.
            _ = reader.cancel();
            return Err(if too_large {
                failed(format!("it should be at most {}, and is more", size_label(most)))
            } else {
                Trouble::Superseded
            });
        }
    }
    Blob::new_with_u8_array_sequence(&chunks).map_err(broken)
}

/// Asks without cookies and without saying which page asks. From the page's own host no other is gone on to.
async fn request(url: &str) -> Result<Response, JsValue> {
    let init = RequestInit::new();
    let page = Url::new(&page_address()).map(|page| page.origin());
    let is_own = Url::new(url).is_ok_and(|url| page.is_ok_and(|page| page == url.origin()));
    let (mode, credentials) = if is_own { ("same-origin", "same-origin") } else { ("cors", "omit") };
    for (key, value) in [("mode", mode), ("credentials", credentials), ("referrerPolicy", "no-referrer")] {
        Reflect::set(&init, &key.into(), &value.into())?;
    }
    let global = js_sys::global();
    let fetch: Function = Reflect::get(&global, &"fetch".into())?.dyn_into()?;
    let asked: Promise = fetch.call2(&global, &url.into(), &init)?.dyn_into()?;
    JsFuture::from(asked).await?.dyn_into()
}

/// A page in place of a file: some hosts answer with one where there is no such file.
fn is_web_page(response: &Response) -> bool {
    let kind = Reflect::get(response, &"headers".into()).and_then(|headers| {
        let get: Function = Reflect::get(&headers, &"get".into())?.dyn_into()?;
        get.call1(&headers, &"content-type".into())
    });
    kind.ok().and_then(|kind| kind.as_string()).is_some_and(|kind| kind.starts_with("text/html"))
}

fn host(url: &str) -> String {
    Url::new(url).map_or_else(|_| url.to_owned(), |url| url.host())
}
