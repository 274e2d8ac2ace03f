//! What is taken away from the page: pictures and edges as files, code on the clipboard.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, Url};
use yew::Callback;

use super::context::Tasks;
use super::save::{save_blob, save_text, text_blob, typed_blob};
use crate::select::export::{self as select, ExportRequest, Format};
use crate::state::State;
use crate::state::runs::Failure;
use crate::update::Action;
use crate::words::counted;
use crate::workers::js_text;
use circuitscope_picture::Size;
use circuitscope_picture::pdf::pdf;
use futures_channel::oneshot;

/// The edges as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgesFile {
    Csv,
    Json,
}

impl EdgesFile {
    pub const ALL: [Self; 2] = [Self::Csv, Self::Json];

    pub fn label(self) -> &'static str {
        match self {
            Self::Csv => "Edges as CSV",
            Self::Json => "Edges as JSON",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::Csv => "with scores and ranks",
            Self::Json => "can be dropped here again",
        }
    }
}

/// Saves the circuit's edges.
pub fn save_edges(tasks: &Tasks, state: &State, what: EdgesFile) {
    let name = select::file_name(state);
    let saved = match what {
        EdgesFile::Csv => select::csv(state).map(|csv| save_text(&format!("{name}.csv"), "text/csv", &csv)),
        EdgesFile::Json => {
            select::json(state).map(|json| save_text(&format!("{name}.json"), "application/json", &json))
        }
    };
    if let Some(Err(error)) = saved {
        let message = format!("The file could not be saved: {}", js_text(&error));
        tasks.dispatch(Action::Failed(Failure::plain(message)));
    }
}

/// Saves a picture, and says how that went.
pub fn save_picture(request: ExportRequest, on_done: Callback<Result<String, String>>) {
    spawn_local(async move { on_done.emit(saved(&request).await) });
}

async fn saved(request: &ExportRequest) -> Result<String, String> {
    let (svg, size) = request.svg().map_err(|error| error.to_string())?;
    let name = request.file_name();
    let mut note = String::new();
    let blob = match request.options.format {
        Format::Svg => text_blob("image/svg+xml", &svg),
        Format::Png => png(&svg, size, request.options.scale.into()).await,
        Format::Pdf => {
            let pdf = pdf(&svg).map_err(|error| error.to_string())?;
            if pdf.n_missing > 0 {
                let missing = counted(pdf.n_missing, "character");
                note = format!(" {missing} could not be written in the fonts of PDF readers: SVG keeps them.");
            }
            typed_blob("application/pdf", &Uint8Array::from(pdf.bytes.as_slice()))
        }
    };
    let failed = |error: JsValue| format!("{name} could not be saved: {}", js_text(&error));
    save_blob(&name, &blob.map_err(failed)?).map_err(failed)?;
    Ok(format!("Saved as {name}.{note}"))
}

/// A picture as pixels, drawn by the browser.
async fn png(svg: &str, size: Size, scale: f64) -> Result<Blob, JsValue> {
    let image = HtmlImageElement::new()?;
    let url = Url::create_object_url_with_blob(&text_blob("image/svg+xml", svg)?)?;
    let loaded = load(&image, &url).await;
    // The browser has read it, or never will.
    _ = Url::revoke_object_url(&url);
    loaded?;
    let document = web_sys::window().and_then(|window| window.document()).ok_or("there is no document")?;
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
    let [width, height] = [size.width, size.height].map(|length| (length * scale).round());
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas.get_context("2d")?.ok_or("the browser has no canvas")?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height)?;
    let (sender, receiver) = oneshot::channel();
    let take = Closure::once(move |blob: Option<Blob>| _ = sender.send(blob));
    canvas.to_blob(take.as_ref().unchecked_ref())?;
    let blob = receiver.await.ok().flatten();
    Ok(blob.ok_or("the picture is too large for this browser: choose a smaller scale")?)
}

async fn load(image: &HtmlImageElement, url: &str) -> Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve: Function, reject: Function| {
        image.set_onload(Some(&resolve));
        image.set_onerror(Some(&reject));
        image.set_src(url);
    });
    // The error is an event that says nothing.
    JsFuture::from(promise).await.map(|_| ()).map_err(|_| "the browser could not draw it".into())
}

/// Copies a text, and says how that went.
pub fn copy(text: String, on_done: Callback<Result<(), String>>) {
    spawn_local(async move {
        let copied = write_clipboard(&text).await;
        on_done.emit(copied.map_err(|error| format!("It could not be copied: {}", js_text(&error))));
    });
}

/// A page that was not fetched by HTTPS has no clipboard: the property is looked for first.
async fn write_clipboard(text: &str) -> Result<(), JsValue> {
    let navigator = web_sys::window().ok_or("there is no window")?.navigator();
    if Reflect::get(&navigator, &"clipboard".into())?.is_undefined() {
        return Err("the browser gives no access to the clipboard here".into());
    }
    JsFuture::from(navigator.clipboard().write_text(text)).await?;
    Ok(())
}
