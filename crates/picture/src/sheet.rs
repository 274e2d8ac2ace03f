//! A picture as a file of its own: at a chosen width, with a title, a description and a caption.
//!
//! The picture stays whole within the sheet, an `<svg>` within another, so that its names (`data-figure`, `data-node` and the
//! like) are where they are in any other file.

use crate::geometry::{Point, Size, TextAlign, TextSpot};
use crate::pdf::{SvgError, picture_size};
use crate::sankey::svg::{GROUND, INK, MUTED};
use crate::sankey::text::text_width;
use crate::svg::{FONTS, push_px, px, text, write_element, write_escaped};
use crate::theme::Theme;

/// The size of the caption's type and the distance of its lines, in pixels: those of labels, and a third more.
const FONT_SIZE: &str = "11";
const LINE: f64 = 15.0;
/// Left and right of the caption, above and below it.
const MARGIN: f64 = 12.0;

/// What a file says of its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet<'a> {
    /// In pixels; the picture is scaled to it.
    pub width: f64,
    /// Pixels of the file's own size for each pixel of the sheet: more for pictures of points.
    pub scale: f64,
    /// Shown by viewers.
    pub title: &'a str,
    pub description: &'a str,
    /// Below the picture; a paragraph each.
    pub caption: &'a [String],
    pub theme: Theme,
}

/// The text of the file, and the size of the sheet.
///
/// # Errors
/// When `picture` is not the text of a picture's SVG file.
pub fn sheet(picture: &str, sheet: &Sheet) -> Result<(String, Size), SvgError> {
    let inner = picture_size(picture)?;
    let zoom = sheet.width / inner.width;
    let lines: Vec<(bool, String)> = sheet
        .caption
        .iter()
        .enumerate()
        .flat_map(|(i, paragraph)| {
            wrapped(paragraph, sheet.width - 2.0 * MARGIN).into_iter().map(move |line| (i == 0, line))
        })
        .collect();
    let below = if lines.is_empty() { 0.0 } else { LINE * lines.len() as f64 + MARGIN };
    let size = Size { width: sheet.width, height: inner.height * zoom + below };
    let mut out = String::with_capacity(picture.len() + 2048);
    open(&mut out, sheet, size);
    out.push_str("<g transform=\"scale(");
    out.push_str(&zoom.to_string());
    out.push_str(")\">");
    out.push_str(picture);
    out.push_str("</g>");
    for (i, (is_first, line)) in lines.iter().enumerate() {
        let at = Point { x: MARGIN, y: inner.height * zoom + LINE * (i + 1) as f64 };
        let tone = if *is_first { INK } else { MUTED };
        let spot = TextSpot { at, align: TextAlign::Start };
        write_element(&mut out, &text(line, spot).with("class", "caption").with("fill", tone.of(sheet.theme)));
    }
    out.push_str("</svg>");
    Ok((out, size))
}

fn open(out: &mut String, sheet: &Sheet, size: Size) {
    let [width, height] = [px(size.width), px(size.height)];
    out.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"");
    write_escaped(out, sheet.title);
    out.push_str("\" viewBox=\"0 0 ");
    out.push_str(&format!("{width} {height}\" width=\""));
    push_px(out, size.width * sheet.scale);
    out.push_str("\" height=\"");
    push_px(out, size.height * sheet.scale);
    out.push_str(&format!("\" font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\"><title>"));
    write_escaped(out, sheet.title);
    out.push_str("</title><desc>");
    write_escaped(out, sheet.description);
    let ground = GROUND.of(sheet.theme);
    out.push_str(&format!(
        "</desc><rect class=\"background\" width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>"
    ));
}

/// A paragraph in lines of at most a width; a longer word has a line of its own.
fn wrapped(paragraph: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line) + text_width(" ") + text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole() {
        let lines = wrapped("a circuit of thirty one edges", 60.0);
        assert_eq!(lines.concat().replace(' ', ""), "acircuitofthirtyoneedges");
        assert!(lines.len() > 2 && lines.iter().all(|line| text_width(line) <= 60.0), "{lines:?}");
        assert_eq!(wrapped("incomprehensibilities", 10.0), ["incomprehensibilities"]);
        assert!(wrapped("", 10.0).is_empty());
    }
}
