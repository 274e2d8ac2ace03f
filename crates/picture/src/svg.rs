//! A picture as a tree of elements, which is written as text here and as a page's nodes elsewhere, so that both are the same.

use std::fmt::Write;

use crate::geometry::{Size, TextAlign, TextSpot};
use crate::theme::Theme;

/// The fonts of a picture: common ones by name, as few programs know `system-ui`.
pub(crate) const FONTS: &str = "Arial, Helvetica, DejaVu Sans, sans-serif";

/// An element of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub tag: &'static str,
    pub attributes: Vec<(&'static str, String)>,
    /// Never markup: writers escape it.
    pub text: String,
    pub children: Vec<Element>,
}

/// What an `<svg>` element says of a picture as a whole.
pub(crate) struct Root {
    pub class: &'static str,
    pub size: Size,
    /// In pixels.
    pub font_size: &'static str,
    /// A sentence for readers who do not see the picture.
    pub description: String,
    pub theme: Theme,
}

impl Root {
    /// The `<svg>` element, still without children.
    pub fn element(self) -> Element {
        let (width, height) = (px(self.size.width), px(self.size.height));
        Element::new("svg")
            .with("xmlns", "http://www.w3.org/2000/svg")
            .with("class", self.class)
            .with("viewBox", format!("0 0 {width} {height}"))
            .with("width", width)
            .with("height", height)
            .with("role", "img")
            .with("aria-label", self.description)
            .with("fill", self.theme.text())
            .with("font-family", FONTS)
            .with("font-size", self.font_size)
    }
}

/// A rectangle in the background's colour below everything, so that a file looks the same on any ground.
pub(crate) fn background(size: Size, theme: Theme) -> Element {
    Element::new("rect")
        .with("class", "background")
        .with("width", px(size.width))
        .with("height", px(size.height))
        .with("fill", theme.background())
}

/// A picture as a standalone SVG document, for any program.
pub(crate) fn document(picture: Element) -> String {
    let mut text = String::with_capacity(8192);
    write_element(&mut text, &without_paint_order(picture));
    text
}

/// Writes `paint-order` out: an element whose outline goes below its fill becomes one with the outline and one without.
/// CairoSVG and others do not know the attribute, and would cover letters with their halo.
fn without_paint_order(mut element: Element) -> Element {
    element.children = element.children.into_iter().flat_map(|child| split(without_paint_order(child))).collect();
    element
}

fn split(mut element: Element) -> Vec<Element> {
    if element.attributes.iter().all(|(name, _)| *name != "paint-order") {
        return vec![element];
    }
    element.attributes.retain(|(name, _)| *name != "paint-order");
    let mut filled = element.clone();
    filled.attributes.retain(|(name, _)| !name.starts_with("stroke"));
    vec![element, filled]
}

impl Element {
    pub(crate) fn new(tag: &'static str) -> Self {
        Self { tag, attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    /// The `<title>` that browsers show at the pointer.
    pub(crate) fn title(text: &str) -> Self {
        Self::new("title").text(text)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    pub(crate) fn child(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// A line around letters in the background's colour, so that they can be read above ribbons and curves.
    pub(crate) fn halo(self, theme: Theme) -> Self {
        self.with("paint-order", "stroke")
            .with("stroke", theme.background())
            .with("stroke-width", "3")
            .with("stroke-linejoin", "round")
            .with("stroke-opacity", "0.85")
    }
}

pub(crate) fn group(class: &str) -> Element {
    Element::new("g").with("class", class)
}

pub(crate) fn text(shown: &str, spot: TextSpot) -> Element {
    let anchor = match spot.align {
        TextAlign::Start => "start",
        TextAlign::Middle => "middle",
        TextAlign::End => "end",
    };
    Element::new("text").with("x", px(spot.at.x)).with("y", px(spot.at.y)).with("text-anchor", anchor).text(shown)
}

/// Appends an element as text.
pub(crate) fn write_element(out: &mut String, element: &Element) {
    let _ = write!(out, "<{}", element.tag);
    for (name, value) in &element.attributes {
        let _ = write!(out, " {name}=\"");
        write_escaped(out, value);
        out.push('"');
    }
    if element.text.is_empty() && element.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    write_escaped(out, &element.text);
    element.children.iter().for_each(|child| write_element(out, child));
    let _ = write!(out, "</{}>", element.tag);
}

/// Writes text so that XML reads it as text. Characters that XML 1.0 has no way to write become U+FFFD.
pub(crate) fn write_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

/// A length in pixels, to a hundredth.
pub(crate) fn px(length: f64) -> String {
    let mut text = String::with_capacity(8);
    push_px(&mut text, length);
    text
}

/// Appends a length in pixels, to a hundredth.
pub(crate) fn push_px(out: &mut String, length: f64) {
    let hundredths = (length * 100.0).round() as i64;
    if hundredths < 0 {
        out.push('-');
    }
    let (whole, rest) = (hundredths.unsigned_abs() / 100, (hundredths.unsigned_abs() % 100) as u8);
    let _ = write!(out, "{whole}");
    if rest > 0 {
        out.push('.');
        out.push((b'0' + rest / 10) as char);
    }
    if rest % 10 > 0 {
        out.push((b'0' + rest % 10) as char);
    }
}
