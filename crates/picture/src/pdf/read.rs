//! Reads the SVG files that this crate writes: groups, rectangles, circles, paths, text, one picture within another, and patterns
//! of rectangles. Paints are literal, styles are attributes; all else is an error.

use roxmltree::{Document, Node};

use super::SvgError;
use super::fonts;
use super::path::{rectangle, segments};
use super::shapes::{Colour, Matrix, Outline, Paint, Pattern, Picture, Shape, Stroke, Text};

/// Attributes that say nothing of how an element looks. Those of data, too.
const SILENT: [&str; 11] =
    ["class", "role", "aria-label", "id", "font-family", "viewBox", "x", "y", "width", "height", "preserveAspectRatio"];

/// Reads a picture.
///
/// # Errors
/// When something in it is not understood.
pub(super) fn read(svg: &str) -> Result<Picture, SvgError> {
    let document = Document::parse(svg).map_err(|error| SvgError::Malformed(error.to_string()))?;
    let root = document.root_element();
    let mut reader = Reader { picture: Picture::default() };
    reader.picture.width = length(root, "width")?.unwrap_or(0.0);
    reader.picture.height = length(root, "height")?.unwrap_or(0.0);
    reader.picture.title = child_text(root, "title");
    reader.picture.description = child_text(root, "desc");
    for pattern in root.descendants().filter(|node| node.has_tag_name(tag(root, "pattern"))) {
        reader.picture.patterns.push(read_pattern(pattern)?);
    }
    reader.element(root, &Style::default())?;
    Ok(reader.picture)
}

/// A name in the namespace of the root.
fn tag<'a>(root: Node<'a, '_>, name: &'a str) -> (&'a str, &'a str) {
    (root.tag_name().namespace().unwrap_or_default(), name)
}

fn child_text(root: Node, name: &str) -> String {
    root.children()
        .find(|child| child.tag_name().name() == name)
        .and_then(|child| child.text())
        .unwrap_or("")
        .to_owned()
}

/// What elements inherit.
#[derive(Debug, Clone)]
struct Style {
    matrix: Matrix,
    fill: Option<Colour>,
    stroke: Option<Colour>,
    fill_opacity: f64,
    stroke_opacity: f64,
    /// The product of the opacities of an element and those around it.
    opacity: f64,
    stroke_width: f64,
    dashes: Vec<f64>,
    has_round_caps: bool,
    has_round_joins: bool,
    font_size: f64,
    is_bold: bool,
    anchor: Anchor,
}

/// Which part of a text is at its point.
#[derive(Debug, Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// The initial values of SVG.
impl Default for Style {
    fn default() -> Self {
        Self {
            matrix: Matrix::IDENTITY,
            fill: Some(Colour::Rgb([0.0; 3])),
            stroke: None,
            fill_opacity: 1.0,
            stroke_opacity: 1.0,
            opacity: 1.0,
            stroke_width: 1.0,
            dashes: Vec::new(),
            has_round_caps: false,
            has_round_joins: false,
            font_size: 16.0,
            is_bold: false,
            anchor: Anchor::Start,
        }
    }
}

struct Reader {
    picture: Picture,
}

impl Reader {
    fn element(&mut self, node: Node, around: &Style) -> Result<(), SvgError> {
        let name = node.tag_name().name();
        if ["title", "desc", "defs", "pattern"].contains(&name) {
            return Ok(());
        }
        let mut style = self.style(node, around)?;
        match name {
            "svg" => {
                style.matrix = style.matrix.after(view(node)?);
                self.children(node, &style)
            }
            "g" => self.children(node, &style),
            "rect" => {
                let outline = rectangle(rect(node)?, length(node, "rx")?.unwrap_or(0.0));
                self.shape(Outline::Path(outline), &style);
                Ok(())
            }
            "circle" => {
                let [cx, cy, r] = lengths(node, ["cx", "cy", "r"])?;
                self.shape(Outline::Path(rectangle([cx - r, cy - r, 2.0 * r, 2.0 * r], r)), &style);
                Ok(())
            }
            "path" => {
                let outline = segments(node.attribute("d").unwrap_or_default())?;
                self.shape(Outline::Path(outline), &style);
                Ok(())
            }
            "text" => self.text(node, &style),
            _ => Err(SvgError::Element(name.to_owned())),
        }
    }

    fn children(&mut self, node: Node, style: &Style) -> Result<(), SvgError> {
        node.children().filter(Node::is_element).try_for_each(|child| self.element(child, style))
    }

    fn text(&mut self, node: Node, style: &Style) -> Result<(), SvgError> {
        if let Some(child) = node.children().find(Node::is_element) {
            return Err(SvgError::Element(child.tag_name().name().to_owned()));
        }
        let text = node.text().unwrap_or_default().to_owned();
        let [x, y] = lengths(node, ["x", "y"])?;
        let width = fonts::encode(&text, style.is_bold).width * style.font_size / 1000.0;
        let x = match style.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        self.shape(Outline::Text(Text { text, x, y, size: style.font_size, is_bold: style.is_bold }), style);
        Ok(())
    }

    /// Adds a shape, where it is seen.
    fn shape(&mut self, outline: Outline, style: &Style) {
        let paint = |colour: Option<Colour>, opacity: f64| {
            let opacity = opacity * style.opacity;
            colour.filter(|_| opacity > 0.0).map(|colour| Paint { colour, opacity })
        };
        let stroke = paint(style.stroke, style.stroke_opacity).filter(|_| style.stroke_width > 0.0);
        let fill = paint(style.fill, style.fill_opacity);
        if fill.is_none() && stroke.is_none() {
            return;
        }
        let stroke = stroke.map(|paint| Stroke {
            paint,
            width: style.stroke_width,
            dashes: style.dashes.clone(),
            has_round_caps: style.has_round_caps,
            has_round_joins: style.has_round_joins,
        });
        self.picture.shapes.push(Shape { outline, matrix: style.matrix, fill, stroke });
    }

    /// The style of an element: that around it, with its own attributes.
    fn style(&self, node: Node, around: &Style) -> Result<Style, SvgError> {
        let mut style = around.clone();
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            let wrong = || SvgError::attribute(name, value);
            let number = || value.parse::<f64>().map_err(|_| wrong());
            match name {
                "fill" => style.fill = self.paint(value).ok_or_else(wrong)?,
                "stroke" => style.stroke = self.paint(value).ok_or_else(wrong)?,
                "fill-opacity" => style.fill_opacity = number()?,
                "stroke-opacity" => style.stroke_opacity = number()?,
                "opacity" => style.opacity *= number()?,
                "stroke-width" => style.stroke_width = number()?,
                "stroke-dasharray" => style.dashes = numbers(value).ok_or_else(wrong)?,
                "stroke-linecap" => style.has_round_caps = is_round(value, "butt").ok_or_else(wrong)?,
                "stroke-linejoin" => style.has_round_joins = is_round(value, "miter").ok_or_else(wrong)?,
                "font-size" => style.font_size = number()?,
                // Helvetica has two weights: from 600 on text is bold.
                "font-weight" => style.is_bold = number()? >= 600.0,
                "text-anchor" => style.anchor = anchor(value).ok_or_else(wrong)?,
                "transform" => style.matrix = style.matrix.after(transform(value).ok_or_else(wrong)?),
                "d" | "rx" | "cx" | "cy" | "r" => {}
                _ if SILENT.contains(&name) || name.starts_with("data-") => {}
                _ => return Err(wrong()),
            }
        }
        Ok(style)
    }

    /// None for `none`.
    fn paint(&self, value: &str) -> Option<Option<Colour>> {
        if value == "none" {
            return Some(None);
        }
        if let Some(id) = value.strip_prefix("url(#").and_then(|rest| rest.strip_suffix(')')) {
            let pattern = self.picture.patterns.iter().position(|pattern| pattern.id == id)?;
            return Some(Some(Colour::Pattern(pattern)));
        }
        Some(Some(Colour::Rgb(rgb(value)?)))
    }
}

/// From the coordinates within an `<svg>` to those around it.
fn view(node: Node) -> Result<Matrix, SvgError> {
    let [x, y] = lengths(node, ["x", "y"])?;
    let Some(value) = node.attribute("viewBox") else { return Ok(Matrix::translation(x, y)) };
    let wrong = || SvgError::attribute("viewBox", value);
    let Some(&[left, top, width, height]) = numbers(value).as_deref() else { return Err(wrong()) };
    let size = [length(node, "width")?.unwrap_or(width), length(node, "height")?.unwrap_or(height)];
    if width <= 0.0 || height <= 0.0 {
        return Err(wrong());
    }
    let scaling = Matrix::scaling(size[0] / width, size[1] / height);
    Ok(Matrix::translation(x, y).after(scaling).after(Matrix::translation(-left, -top)))
}

fn read_pattern(node: Node) -> Result<Pattern, SvgError> {
    let [width, height] = lengths(node, ["width", "height"])?;
    let matrix = match node.attribute("patternTransform") {
        None => Matrix::IDENTITY,
        Some(value) => transform(value).ok_or_else(|| SvgError::attribute("patternTransform", value))?,
    };
    let mut rects = Vec::new();
    for child in node.children().filter(Node::is_element) {
        let fill = child.attribute("fill").unwrap_or_default();
        rects.push((rect(child)?, rgb(fill).ok_or_else(|| SvgError::attribute("fill", fill))?));
    }
    Ok(Pattern { id: node.attribute("id").unwrap_or_default().to_owned(), width, height, matrix, rects })
}

fn rect(node: Node) -> Result<[f64; 4], SvgError> {
    lengths(node, ["x", "y", "width", "height"])
}

/// Lengths in pixels; 0 where they are left out.
fn lengths<const N: usize>(node: Node, names: [&str; N]) -> Result<[f64; N], SvgError> {
    let mut found = [0.0; N];
    for (found, name) in found.iter_mut().zip(names) {
        *found = length(node, name)?.unwrap_or(0.0);
    }
    Ok(found)
}

fn length(node: Node, name: &str) -> Result<Option<f64>, SvgError> {
    let Some(value) = node.attribute(name) else { return Ok(None) };
    let length = value.parse().ok().filter(|length: &f64| length.is_finite());
    length.map(Some).ok_or_else(|| SvgError::attribute(name, value))
}

/// `translate(1 2) rotate(-90)`, and `rotate(-90 1 2)` around a point.
fn transform(value: &str) -> Option<Matrix> {
    let mut matrix = Matrix::IDENTITY;
    for part in value.split_inclusive(')') {
        let (name, arguments) = part.trim().strip_suffix(')')?.split_once('(')?;
        let step = match (name, numbers(arguments)?.as_slice()) {
            ("translate", &[x, y]) => Matrix::translation(x, y),
            ("scale", &[scale]) => Matrix::scaling(scale, scale),
            ("rotate", &[degrees]) => Matrix::rotation(degrees),
            ("rotate", &[degrees, x, y]) => {
                Matrix::translation(x, y).after(Matrix::rotation(degrees)).after(Matrix::translation(-x, -y))
            }
            _ => return None,
        };
        matrix = matrix.after(step);
    }
    Some(matrix)
}

fn numbers(value: &str) -> Option<Vec<f64>> {
    value.split([' ', ',']).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
}

fn rgb(value: &str) -> Option<[f64; 3]> {
    let digits = value.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let all = u32::from_str_radix(digits, 16).ok()?;
    Some([16, 8, 0].map(|shift| f64::from(all >> shift & 0xff) / 255.0))
}

/// Whether a cap or a join is round, or as it is without a word.
fn is_round(value: &str, usual: &str) -> Option<bool> {
    match value {
        "round" => Some(true),
        _ => (value == usual).then_some(false),
    }
}

fn anchor(value: &str) -> Option<Anchor> {
    match value {
        "start" => Some(Anchor::Start),
        "middle" => Some(Anchor::Middle),
        "end" => Some(Anchor::End),
        _ => None,
    }
}
