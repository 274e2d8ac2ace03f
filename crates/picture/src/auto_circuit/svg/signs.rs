//! The signs of scores: the colours of ribbons, the hatching of negative ones, and the legend.
//!
//! Hatching shows the sign too, for eyes that do not tell the colours apart.

use super::{Look, Medium};
use crate::geometry::{Point, Size, TextAlign, TextSpot};
use crate::svg::{Element, group, px, text};
use crate::theme::Theme;

/// The legend's distance from the lower left corner, in pixels.
const LEGEND_RISE: f64 = 14.0;
/// The length of a sample of a ribbon.
const SWATCH: f64 = 20.0;
/// About the width of a character of 11-pixel type.
const LEGEND_CHAR: f64 = 6.2;

/// The opacity of a negative ribbon between its stripes.
const PLAIN_OPACITY: &str = "0.36";

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sign {
    Positive,
    Negative,
    Zero,
}

/// All signs, in the order of the legend.
const SIGNS: [Sign; 3] = [Sign::Positive, Sign::Negative, Sign::Zero];

impl Sign {
    pub fn of(score: f32) -> Self {
        if score == 0.0 {
            Self::Zero
        } else if score > 0.0 {
            Self::Positive
        } else {
            Self::Negative
        }
    }

    /// What the legend says of it where the ribbons are those of a mask.
    fn mask_name(self) -> &'static str {
        match self {
            Self::Positive => "patched",
            Self::Negative => "patched, mask below 0",
            Self::Zero => "not patched",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Zero => "zero",
        }
    }

    fn colour(self, theme: Theme) -> &'static str {
        match (self, theme) {
            (Self::Positive, Theme::Light) => "#2f6fd6",
            (Self::Positive, Theme::Dark) => "#6aa5ff",
            (Self::Negative, Theme::Light) => "#d2452c",
            (Self::Negative, Theme::Dark) => "#ff7d5e",
            (Self::Zero, _) => "#8b919c",
        }
    }

    /// Ribbons show each other through. Hatching has opacities of its own.
    fn opacity(self, theme: Theme) -> &'static str {
        match (self, theme) {
            (Self::Negative, _) => "0.8",
            (_, Theme::Light) => "0.42",
            (_, Theme::Dark) => "0.5",
        }
    }
}

/// A path in the manner of a sign, hatched where that is negative.
pub(super) fn stroked(sign: Sign, look: Look, d: String, width: String) -> Element {
    let stroke = match sign {
        Sign::Negative => format!("url(#{}-negative)", look.id),
        Sign::Positive | Sign::Zero => sign.colour(look.theme).to_owned(),
    };
    path(sign, stroke, sign.opacity(look.theme), d, width)
}

/// The same in a file: hatching lies on a plain path there, as svglib and others know no patterns.
pub(super) fn stroked_in_file(sign: Sign, look: Look, d: String, width: String) -> Vec<Element> {
    let plain = || path(sign, sign.colour(look.theme).to_owned(), PLAIN_OPACITY, d.clone(), width.clone());
    let plain = (sign == Sign::Negative).then(plain);
    plain.into_iter().chain([stroked(sign, look, d, width)]).collect()
}

fn path(sign: Sign, stroke: String, opacity: &str, d: String, width: String) -> Element {
    Element::new("path")
        .with("class", sign.name())
        .with("stroke", stroke)
        .with("stroke-opacity", opacity)
        .with("d", d)
        .with("stroke-width", width)
}

/// The stripes of negative ribbons. In a page the space between them is part of the pattern, as a ribbon is one path there.
pub(super) fn hatching(look: Look) -> Element {
    let stripe = |width: &str, opacity: &str| {
        Element::new("rect")
            .with("class", "negative-mark")
            .with("width", width)
            .with("height", "6")
            .with("fill", Sign::Negative.colour(look.theme))
            .with("fill-opacity", opacity)
    };
    let pattern = Element::new("pattern")
        .with("id", format!("{}-negative", look.id))
        .with("patternUnits", "userSpaceOnUse")
        .with("width", "6")
        .with("height", "6")
        .with("patternTransform", "rotate(45)");
    match look.medium {
        Medium::Page => pattern.child(stripe("6", "0.45")).child(stripe("2.5", "0.6")),
        // Above a plain path of opacity 0.36 it is as dark as above 0.45 within the pattern: 0.62.
        Medium::File => pattern.child(stripe("2.5", "0.515")),
    }
}

/// What the colours of these signs mean, below the picture.
pub(super) fn legend(size: Size, look: Look, by_mask: bool, has: impl Fn(Sign) -> bool) -> Element {
    let (mut x, y) = (LEGEND_RISE, size.height - LEGEND_RISE);
    let note = |shown: &str, x: f64| {
        let spot = TextSpot { at: Point { x, y }, align: TextAlign::Start };
        text(shown, spot).with("font-size", "11").with("fill-opacity", "0.65")
    };
    let mut legend = group("legend");
    for sign in SIGNS.into_iter().filter(|&sign| has(sign)) {
        let swatch = format!("M{} {}h{SWATCH}", px(x), px(y - 4.0));
        let sample = match look.medium {
            Medium::Page => vec![stroked(sign, look, swatch, "8".to_owned())],
            Medium::File => stroked_in_file(sign, look, swatch, "8".to_owned()),
        };
        let name = if by_mask { sign.mask_name() } else { sign.name() };
        legend = legend.children(sample).child(note(name, x + SWATCH + 6.0));
        x += SWATCH + 24.0 + LEGEND_CHAR * name.len() as f64;
    }
    if by_mask { legend } else { legend.child(note("width: |score|", x)) }
}

/// The rules by which a page's custom properties set the colours.
pub(super) fn rules() -> String {
    let colour = |sign: Sign| format!("var(--circuit-{},{})", sign.name(), sign.colour(Theme::Light));
    format!(
        ".circuit .positive{{stroke:{}}}.circuit .zero{{stroke:{}}}.circuit .negative-mark{{fill:{}}}",
        colour(Sign::Positive),
        colour(Sign::Zero),
        colour(Sign::Negative)
    )
}
