//! A picture as a tree of elements, which is written as text here and as a page's nodes elsewhere, so that both are the same.

use std::fmt::Write;

use crate::geometry::{TextAlign, TextSpot};

/// An element of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub tag: &'static str,
    pub attributes: Vec<(&'static str, String)>,
    /// Never markup: writers escape it.
    pub text: String,
    pub children: Vec<Element>,
}

pub(crate) fn group(class: &str) -> Element {
    Element::new("g").with("class", class)
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
}

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
fn write_escaped(out: &mut String, text: &str) {
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

pub(crate) fn text(shown: &str, spot: TextSpot) -> Element {
    let anchor = match spot.align {
        TextAlign::Start => "start",
        TextAlign::Middle => "middle",
        TextAlign::End => "end",
    };
    Element::new("text").with("x", px(spot.at.x)).with("y", px(spot.at.y)).with("text-anchor", anchor).text(shown)
}
