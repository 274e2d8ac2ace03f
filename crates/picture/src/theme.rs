//! The colours of a picture's ground and text.
//!
//! Every element has its colours as literal attributes, which any program reads. A page's own style goes before attributes,
//! and sets them by CSS custom properties.

/// Light or dark. A saved file is light unless asked otherwise, whatever the program that shows it prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

impl Theme {
    /// The colour of text, axes and outlines.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Light => "#20242c",
            Self::Dark => "#e4e7ec",
        }
    }

    /// The colour below everything.
    pub const fn background(self) -> &'static str {
        match self {
            Self::Light => "#ffffff",
            Self::Dark => "#15181e",
        }
    }
}
