//! Writes elements as text, fast: a drawing is written anew at every step of the cursor.

use super::tones::Tone;
use super::{Look, Medium};
use crate::geometry::{Curve, Point, TextAlign, TextSpot};
use crate::svg::write_escaped;

/// The text of a drawing as it is written.
pub(super) struct Pen<'a> {
    pub out: String,
    pub look: &'a Look<'a>,
}

impl<'a> Pen<'a> {
    pub fn new(look: &'a Look<'a>, capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity), look }
    }

    pub fn is_file(&self) -> bool {
        self.look.medium == Medium::File
    }

    /// Markup as it is.
    pub fn raw(&mut self, markup: &str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        write_escaped(&mut self.out, text);
        self
    }

    /// An attribute with a name or a label as its value.
    pub fn attribute(&mut self, name: &str, value: &str) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// An attribute with a length.
    pub fn length(&mut self, name: &str, value: f64) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").number(value).raw("\"")
    }

    /// An attribute with a colour.
    pub fn paint(&mut self, name: &str, tone: Tone) -> &mut Self {
        let colour = tone.of(self.look.theme);
        self.raw(" ").raw(name).raw("=\"").raw(colour).raw("\"")
    }

    /// A number to a tenth.
    pub fn number(&mut self, value: f64) -> &mut Self {
        push_tenths(&mut self.out, tenths(value));
        self
    }

    /// A number to a hundredth, between 0 and 1.
    pub fn share(&mut self, value: f64) -> &mut Self {
        let hundredths = (value.clamp(0.0, 1.0) * 100.0).round() as u8;
        match hundredths {
            100 => self.raw("1"),
            _ => {
                self.out.push_str("0.");
                self.out.push(char::from(b'0' + hundredths / 10));
                if !hundredths.is_multiple_of(10) {
                    self.out.push(char::from(b'0' + hundredths % 10));
                }
                self
            }
        }
    }

    /// A rectangle's place and size.
    pub fn rect(&mut self, rect: crate::geometry::Rect) -> &mut Self {
        self.length("x", rect.x).length("y", rect.y).length("width", rect.width).length("height", rect.height)
    }

    /// The `d` of curves of which each starts where the one before it ends.
    pub fn line(&mut self, curves: &[Curve]) -> &mut Self {
        push_line(&mut self.out, curves);
        self
    }

    /// A `<text>` with attributes, at a spot.
    pub fn label(&mut self, attributes: &str, text: &str, spot: TextSpot) -> &mut Self {
        let anchor = match spot.align {
            TextAlign::Start => "",
            TextAlign::Middle => " text-anchor=\"middle\"",
            TextAlign::End => " text-anchor=\"end\"",
        };
        self.raw("<text").raw(attributes).raw(anchor).length("x", spot.at.x).length("y", spot.at.y);
        self.raw(">").text(text).raw("</text>")
    }

    /// The same with a line around the letters in the ground's colour. In a file as two texts: few programs know `paint-order`.
    pub fn haloed(&mut self, attributes: &str, text: &str, spot: TextSpot) -> &mut Self {
        let halo = format!(
            " stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\"",
            super::tones::GROUND.of(self.look.theme)
        );
        if self.is_file() {
            self.label(&format!("{attributes}{halo}"), text, spot).label(attributes, text, spot)
        } else {
            self.label(&format!("{attributes}{halo} paint-order=\"stroke\""), text, spot)
        }
    }
}

fn tenths(value: f64) -> i64 {
    (value * 10.0).round() as i64
}

/// Appends a number of tenths: `-12.3`.
fn push_tenths(out: &mut String, tenths: i64) {
    if tenths < 0 {
        out.push('-');
    }
    let size = tenths.unsigned_abs();
    push_digits(out, size / 10);
    if !size.is_multiple_of(10) {
        out.push('.');
        out.push(char::from(b'0' + (size % 10) as u8));
    }
}

fn push_digits(out: &mut String, mut n: u64) {
    let (mut digits, mut start) = ([0_u8; 20], 20);
    loop {
        start -= 1;
        digits[start] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    digits[start..].iter().for_each(|&digit| out.push(char::from(digit)));
}

/// Points are rounded to tenths, and written as the difference from the one before: short, and without drift.
fn push_line(out: &mut String, curves: &[Curve]) {
    let round = |point: Point| [tenths(point.x), tenths(point.y)];
    let Some(first) = curves.first() else { return };
    let mut here = round(first.start);
    out.push('M');
    push_pair(out, here, [0, 0]);
    for curve in curves {
        let points = [curve.start_control, curve.end_control, curve.end].map(round);
        let [_, _, end] = points;
        if points.iter().all(|point| point[1] == here[1]) {
            out.push('h');
            push_tenths(out, end[0] - here[0]);
        } else if points.iter().all(|point| point[0] == here[0]) {
            out.push('v');
            push_tenths(out, end[1] - here[1]);
        } else {
            out.push('c');
            for (i, point) in points.into_iter().enumerate() {
                if i > 0 && point[0] >= here[0] {
                    out.push(' ');
                }
                push_pair(out, point, here);
            }
        }
        here = end;
    }
}

fn push_pair(out: &mut String, point: [i64; 2], from: [i64; 2]) {
    push_tenths(out, point[0] - from[0]);
    if point[1] >= from[1] {
        out.push(' ');
    }
    push_tenths(out, point[1] - from[1]);
}
