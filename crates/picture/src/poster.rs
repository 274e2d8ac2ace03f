//! The poster of a figure: its drawing as a file without scripts, which stands where the figure will be and in galleries.
//!
//! The ground is the page's, and the colours follow the reader's colour scheme unless the figure has a theme of its own.

use circuitscope_core::figure_file::view::{FigureTheme, FigureView, Manner};
use circuitscope_core::{CircuitError, FigureFile, ModelConfig};

use crate::figure_view::drawn;
use crate::geometry::Size;
use crate::matrix;
use crate::sankey::svg::{About, Ground, svg_string};
use crate::sankey::{Options, Request, layout};
use crate::theme::Theme;

/// As wide as the text of a page on a large screen, and nearly as high as the pictures of social cards (1200 by 630).
pub const SIZE: Size = Size { width: 1200.0, height: 640.0 };

/// The poster as the text of an SVG file. A figure in auto-circuit's look has a poster in ours, whose size is known. `file` is the
/// figure's name in messages.
///
/// # Errors
/// When the figure is not on the model, or has not the edges that it shows.
pub fn poster(file: &str, figure: &FigureFile, model: &ModelConfig) -> Result<String, CircuitError> {
    let on_model = figure.on_model(file, model)?;
    let missing = || CircuitError::field(file, "circuit", "the edges that are drawn", "none");
    let drawn = drawn(figure, &on_model, model.attention_dir).ok_or_else(missing)?;
    let FigureView { look, theme, .. } = &figure.view;
    let colours = if *theme == FigureTheme::Dark { Theme::Dark } else { Theme::Light };
    if look.manner == Manner::Matrix {
        let request = matrix::Request { drawn: &drawn, size: SIZE, steps: matrix::STEPS };
        return Ok(matrix::svg::bare_svg_string(&matrix::layout(&request), colours));
    }
    let request = Request {
        orientation: look.orientation.into(),
        options: Options { layer_spacing: look.layer_spacing, merge_ports: look.merge_ports },
        ..Request::new(drawn, SIZE)
    };
    let caption = figure.caption_text(file, &on_model)?;
    let ground = if *theme == FigureTheme::Auto { Ground::EitherPage } else { Ground::Page };
    let about = About { title: &figure.title, description: &caption, legend: false, ground };
    Ok(svg_string(&layout(&request), colours, &about))
}
