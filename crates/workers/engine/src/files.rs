//! The files of a request.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use circuitscope_engine::model::ModelError;
use circuitscope_engine::session::Text;
use circuitscope_wire::browser::OpenSource;
use circuitscope_wire::{ByteSource, ReadError, Source};

/// A file that was read whole.
pub struct WholeFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl WholeFile {
    /// # Errors
    /// When it cannot be read.
    pub async fn read(source: &Source, attachments: &Array) -> Result<Self, ModelError> {
        let source = OpenSource::open_whole(source, attachments).await?;
        Ok(Self { name: source.name().to_owned(), bytes: source.read_all().await? })
    }

    /// # Errors
    /// When it is no text.
    pub fn text(&self) -> Result<Text<'_>, ModelError> {
        let text = std::str::from_utf8(&self.bytes);
        let text = text.map_err(|e| ReadError::new(&self.name, format!("expected text in UTF-8 ({e})")))?;
        Ok(Text { name: &self.name, text })
    }

    /// As the next attachment.
    pub fn attach(&self, attachments: &Array) -> Source {
        let index = attachments.push(&Uint8Array::from(self.bytes.as_slice())) as usize - 1;
        Source::Attached { index, name: self.name.clone() }
    }
}

/// Opens sources to be read in ranges.
///
/// # Errors
/// When one cannot be opened.
pub async fn open_all(sources: &[Source], attachments: &Array) -> Result<Vec<OpenSource>, ModelError> {
    let mut opened = Vec::new();
    for source in sources {
        opened.push(OpenSource::open(source, attachments).await?);
    }
    Ok(opened)
}

/// The same attachments, to be handed on later: bytes become blobs, which the browser keeps outside of any program's memory.
pub fn lasting(attachments: &Array) -> Array {
    let blob = |attachment: JsValue| match attachment.is_instance_of::<Blob>() {
        true => attachment,
        false => Blob::new_with_u8_array_sequence(&Array::of1(&attachment)).map_or(attachment, Into::into),
    };
    attachments.iter().map(blob).collect()
}
