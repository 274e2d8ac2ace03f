//! Writes shapes as the one page of a PDF (PDF 32000-1:2008).
//!
//! What the page needs is counted first: opacities, and patterns with the coordinates that they are used in, since those of a PDF
//! pattern are the page's and not the shape's. Then comes the page, then its parts, by numbers that follow from the counts.

use pdf_writer::types::{ColorSpaceOperand, LineCapStyle, LineJoinStyle, PaintType, TextRenderingMode, TilingType};
use pdf_writer::{Content, Finish, Name, Rect, Ref, Str, TextStr};

use super::Pdf;
use super::fonts::{Font, encode};
use super::path::Segment;
use super::shapes::{Colour, Matrix, Outline, Paint, Pattern, Picture, Shape, Stroke, Text};

/// Points in a CSS pixel: 72 and 96 to the inch.
const POINTS: f64 = 0.75;
/// Stripes that reach from the upper to the lower end of a pattern are written as long as this many in one, as readers leave
/// hairlines between the tiles of a pattern.
const LONG_TILE: f64 = 40.0;

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const INFO: Ref = Ref::new(5);
const FIRST_FONT: i32 = 6;
const FIRST_STATE: i32 = FIRST_FONT + Font::ALL.len() as i32;

pub(super) fn write(picture: &Picture) -> Pdf {
    let needs = Needs::of(picture);
    let mut page = PageWriter { content: Content::new(), needs: &needs, n_missing: 0 };
    page.content.transform(numbers(page_matrix(picture)));
    picture.shapes.iter().for_each(|shape| page.shape(shape));
    let n_missing = page.n_missing;
    let content = page.content.finish();

    let mut pdf = pdf_writer::Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    write_page(&mut pdf, picture, &needs);
    pdf.stream(CONTENT, &content);
    write_info(&mut pdf, picture);
    for (i, font) in Font::ALL.into_iter().enumerate() {
        let mut written = pdf.type1_font(font_ref(i));
        written.base_font(Name(font.base_name()));
        if font != Font::Symbol {
            written.encoding_predefined(Name(b"WinAnsiEncoding"));
        }
    }
    for (i, [fill, stroke]) in needs.states.iter().enumerate() {
        let mut state = pdf.ext_graphics(Ref::new(FIRST_STATE + i as i32));
        state.non_stroking_alpha(*fill as f32).stroking_alpha(*stroke as f32);
    }
    for (i, (pattern, matrix)) in needs.patterns.iter().enumerate() {
        write_pattern(&mut pdf, needs.pattern_ref(i), &picture.patterns[*pattern], page_matrix(picture).after(*matrix));
    }
    Pdf { bytes: pdf.finish(), n_missing }
}

/// From pixels down from the upper left corner to points up from the lower left one.
fn page_matrix(picture: &Picture) -> Matrix {
    Matrix([POINTS, 0.0, 0.0, -POINTS, 0.0, POINTS * picture.height])
}

fn write_page(pdf: &mut pdf_writer::Pdf, picture: &Picture, needs: &Needs) {
    let mut page = pdf.page(PAGE);
    let [width, height] = [picture.width, picture.height].map(|length| (POINTS * length) as f32);
    page.parent(PAGES).media_box(Rect::new(0.0, 0.0, width, height)).contents(CONTENT);
    let mut resources = page.resources();
    let mut fonts = resources.fonts();
    for (i, font) in Font::ALL.into_iter().enumerate() {
        fonts.pair(Name(font.key()), font_ref(i));
    }
    fonts.finish();
    let mut states = resources.ext_g_states();
    for i in 0..needs.states.len() {
        states.pair(Name(key('S', i).as_bytes()), Ref::new(FIRST_STATE + i as i32));
    }
    states.finish();
    let mut patterns = resources.patterns();
    for i in 0..needs.patterns.len() {
        patterns.pair(Name(key('P', i).as_bytes()), needs.pattern_ref(i));
    }
}

/// Without a date: the same picture is the same file.
fn write_info(pdf: &mut pdf_writer::Pdf, picture: &Picture) {
    let mut info = pdf.document_info(INFO);
    info.title(TextStr(&picture.title)).creator(TextStr("Circuitscope"));
    if !picture.description.is_empty() {
        info.subject(TextStr(&picture.description));
    }
}

fn write_pattern(pdf: &mut pdf_writer::Pdf, id: Ref, pattern: &Pattern, matrix: Matrix) {
    let is_striped = pattern.rects.iter().all(|([_, y, _, height], _)| *y == 0.0 && *height >= pattern.height);
    let times = if is_striped { LONG_TILE } else { 1.0 };
    let mut content = Content::new();
    for ([x, y, width, height], colour) in &pattern.rects {
        set_fill(&mut content, *colour);
        let [x, y, width, height] = [*x, *y, *width, height * times].map(|length| length as f32);
        content.rect(x, y, width, height).fill_nonzero();
    }
    let content = content.finish();
    let [width, height] = [pattern.width, pattern.height * times].map(|length| length as f32);
    let mut written = pdf.tiling_pattern(id, &content);
    written.paint_type(PaintType::Colored).tiling_type(TilingType::NoDistortion);
    written.bbox(Rect::new(0.0, 0.0, width, height)).x_step(width).y_step(height);
    written.matrix(numbers(matrix.after(pattern.matrix)));
    written.resources();
}

fn font_ref(i: usize) -> Ref {
    Ref::new(FIRST_FONT + i as i32)
}

fn key(letter: char, i: usize) -> String {
    format!("{letter}{i}")
}

fn numbers(matrix: Matrix) -> [f32; 6] {
    matrix.0.map(|number| number as f32)
}

/// What the page needs besides its content, each once, in the order of first use.
struct Needs {
    /// The opacities of fill and stroke.
    states: Vec<[f64; 2]>,
    /// The index of a pattern, and the coordinates of the shapes that it is used for.
    patterns: Vec<(usize, Matrix)>,
}

impl Needs {
    fn of(picture: &Picture) -> Self {
        let mut needs = Self { states: Vec::new(), patterns: Vec::new() };
        for shape in &picture.shapes {
            let state = opacities(shape);
            if !needs.states.contains(&state) {
                needs.states.push(state);
            }
            for colour in paints(shape).map(|paint| paint.colour) {
                if let Colour::Pattern(pattern) = colour
                    && !needs.patterns.contains(&(pattern, shape.matrix))
                {
                    needs.patterns.push((pattern, shape.matrix));
                }
            }
        }
        needs
    }

    fn pattern_ref(&self, i: usize) -> Ref {
        Ref::new(FIRST_STATE + (self.states.len() + i) as i32)
    }
}

fn paints(shape: &Shape) -> impl Iterator<Item = Paint> {
    shape.fill.into_iter().chain(shape.stroke.as_ref().map(|stroke| stroke.paint))
}

fn opacities(shape: &Shape) -> [f64; 2] {
    let stroke = shape.stroke.as_ref().map_or(1.0, |stroke| stroke.paint.opacity);
    [shape.fill.map_or(1.0, |fill| fill.opacity), stroke]
}

struct PageWriter<'a> {
    content: Content,
    needs: &'a Needs,
    n_missing: usize,
}

impl PageWriter<'_> {
    fn shape(&mut self, shape: &Shape) {
        let is_moved = shape.matrix != Matrix::IDENTITY;
        if is_moved {
            self.content.save_state().transform(numbers(shape.matrix));
        }
        let state = opacities(shape);
        if let Some(i) = self.needs.states.iter().position(|known| *known == state) {
            self.content.set_parameters(Name(key('S', i).as_bytes()));
        }
        if let Some(fill) = shape.fill {
            self.fill(fill.colour, shape.matrix);
        }
        if let Some(stroke) = &shape.stroke {
            self.stroke(stroke, shape.matrix);
        }
        match &shape.outline {
            Outline::Path(segments) => self.path(segments, shape),
            Outline::Text(text) => self.text(text, shape),
        }
        if is_moved {
            self.content.restore_state();
        }
    }

    fn fill(&mut self, colour: Colour, matrix: Matrix) {
        match colour {
            Colour::Rgb(rgb) => set_fill(&mut self.content, rgb),
            Colour::Pattern(pattern) => {
                let name = self.pattern_name(pattern, matrix);
                self.content
                    .set_fill_color_space(ColorSpaceOperand::Pattern)
                    .set_fill_pattern([], Name(name.as_bytes()));
            }
        }
    }

    fn stroke(&mut self, stroke: &Stroke, matrix: Matrix) {
        match stroke.paint.colour {
            Colour::Rgb(rgb) => {
                let [r, g, b] = rgb.map(|part| part as f32);
                self.content.set_stroke_rgb(r, g, b);
            }
            Colour::Pattern(pattern) => {
                let name = self.pattern_name(pattern, matrix);
                self.content.set_stroke_color_space(ColorSpaceOperand::Pattern);
                self.content.set_stroke_pattern([], Name(name.as_bytes()));
            }
        }
        let (cap, join) = (
            if stroke.has_round_caps { LineCapStyle::RoundCap } else { LineCapStyle::ButtCap },
            if stroke.has_round_joins { LineJoinStyle::RoundJoin } else { LineJoinStyle::MiterJoin },
        );
        self.content.set_line_width(stroke.width as f32).set_line_cap(cap).set_line_join(join);
        self.content.set_dash_pattern(stroke.dashes.iter().map(|dash| *dash as f32), 0.0);
    }

    fn pattern_name(&self, pattern: usize, matrix: Matrix) -> String {
        let used = self.needs.patterns.iter().position(|known| *known == (pattern, matrix));
        key('P', used.unwrap_or_default())
    }

    fn path(&mut self, segments: &[Segment], shape: &Shape) {
        for segment in segments {
            let short = |point: [f64; 2]| point.map(|length| length as f32);
            match *segment {
                Segment::Move(point) => {
                    let [x, y] = short(point);
                    self.content.move_to(x, y);
                }
                Segment::Line(point) => {
                    let [x, y] = short(point);
                    self.content.line_to(x, y);
                }
                Segment::Curve(first, second, end) => {
                    let [[x1, y1], [x2, y2], [x3, y3]] = [first, second, end].map(short);
                    self.content.cubic_to(x1, y1, x2, y2, x3, y3);
                }
                Segment::Close => {
                    self.content.close_path();
                }
            }
        }
        match (shape.fill.is_some(), shape.stroke.is_some()) {
            (true, true) => self.content.fill_nonzero_and_stroke(),
            (true, false) => self.content.fill_nonzero(),
            (false, true) => self.content.stroke(),
            (false, false) => self.content.end_path(),
        };
    }

    /// Letters stand on their heads in coordinates that grow downwards, hence the matrix.
    fn text(&mut self, text: &Text, shape: &Shape) {
        let mode = match (shape.fill.is_some(), shape.stroke.is_some()) {
            (true, true) => TextRenderingMode::FillStroke,
            (false, true) => TextRenderingMode::Stroke,
            (_, false) => TextRenderingMode::Fill,
        };
        let encoded = encode(&text.text, text.is_bold);
        // A halo is the same text below: its letters count once.
        self.n_missing += if shape.stroke.is_some() { 0 } else { encoded.n_missing };
        self.content.begin_text().set_text_rendering_mode(mode);
        self.content.set_text_matrix([1.0, 0.0, 0.0, -1.0, text.x as f32, text.y as f32]);
        for (font, bytes) in encoded.runs {
            self.content.set_font(Name(font.key()), text.size as f32).show(Str(&bytes));
        }
        self.content.end_text();
    }
}

fn set_fill(content: &mut Content, rgb: [f64; 3]) {
    let [r, g, b] = rgb.map(|part| part as f32);
    content.set_fill_rgb(r, g, b);
}
