//! A picture as PDF: one page with vectors and text, for papers.
//!
//! The text of one of our SVG files is read, and written as a page; what another program's SVG may have besides is refused. Each
//! CSS pixel is 0.75 points, so that a picture has the size in a paper that its SVG has.
//!
//! 1. `read`: elements with what they inherit become `shapes`; `path` has the outlines.
//! 2. `fonts`: text in the fonts that every reader has, and its width.
//! 3. `write`: shapes become a page; hatching is a tiling pattern, opacity a graphics state.
//!
//! Names (`data-node` and the like) and the titles of single boxes stay in the SVG: PDF has no place for them that readers show.

mod fonts;
mod path;
mod read;
mod shapes;
mod write;

use thiserror::Error;

use crate::geometry::Size;

/// A picture as a PDF file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    /// How many characters the fonts of PDF readers lack, those of Asian scripts for example. They are written as question marks.
    pub n_missing: usize,
}

/// Something in an SVG that our pictures do not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SvgError {
    #[error("the SVG is not well-formed: {0}")]
    Malformed(String),
    #[error("the element <{0}> is not known")]
    Element(String),
    #[error("{name}=\"{value}\" is not understood")]
    Attribute { name: String, value: String },
}

impl SvgError {
    fn attribute(name: &str, value: &str) -> Self {
        Self::Attribute { name: name.to_owned(), value: value.to_owned() }
    }
}

/// The PDF of a picture, from the text of its SVG file.
///
/// # Errors
/// When there is something in it that no picture of ours has.
pub fn pdf(svg: &str) -> Result<Pdf, SvgError> {
    Ok(write::write(&read::read(svg)?))
}

/// The size of a picture, from the text of its SVG file.
///
/// # Errors
/// When it has none.
pub(crate) fn picture_size(svg: &str) -> Result<Size, SvgError> {
    let document = roxmltree::Document::parse(svg).map_err(|error| SvgError::Malformed(error.to_string()))?;
    let length = |name: &str| {
        let value = document.root_element().attribute(name).unwrap_or_default();
        value.parse().ok().filter(|length| *length > 0.0).ok_or_else(|| SvgError::attribute(name, value))
    };
    Ok(Size { width: length("width")?, height: length("height")? })
}
