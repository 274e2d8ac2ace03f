//! The colours: literal ones for attributes, by theme, and the custom properties by which a page sets them.
//!
//! Signs differ in hue and in lightness, so that they are told apart by colour-blind readers; negative is hatched or dashed as
//! well. Contrasts are those of the design: text on kinds at least 5.3, graphics on the ground at least 3.

use crate::drawn::{NodeKind, Side};
use crate::theme::Theme;

/// A colour in both themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    /// The custom property: `--pos`.
    pub property: &'static str,
    pub light: &'static str,
    pub dark: &'static str,
}

impl Tone {
    const fn new(property: &'static str, light: &'static str, dark: &'static str) -> Self {
        Self { property, light, dark }
    }

    /// The literal colour of a theme.
    pub fn of(self, theme: Theme) -> &'static str {
        match theme {
            Theme::Light => self.light,
            Theme::Dark => self.dark,
        }
    }

    /// The colour in a page's style: the page's own, or else the literal one of its colour scheme.
    pub fn css(self) -> String {
        format!("var({},light-dark({},{}))", self.property, self.light, self.dark)
    }
}

pub const GROUND: Tone = Tone::new("--bg", "#ffffff", "#11151b");
pub const INK: Tone = Tone::new("--ink", "#1a2029", "#e7ebf0");
pub const MUTED: Tone = Tone::new("--muted", "#57616e", "#a1acba");
/// Axes, and what is not drawn.
pub const CONTROL: Tone = Tone::new("--ctl", "#868f9b", "#6d7988");
/// Every second block.
pub const BAND: Tone = Tone::new("--band", "#f8f9fb", "#141920");
pub const ACCENT: Tone = Tone::new("--accent", "#1f5db8", "#82b3f7");
pub const POSITIVE: Tone = Tone::new("--pos", "#2a66b4", "#5c9bec");
pub const POSITIVE_SOFT: Tone = Tone::new("--pos-soft", "#7fa9de", "#3f74ba");
pub const NEGATIVE: Tone = Tone::new("--neg", "#c9690c", "#f5a850");
/// Between the stripes of a hatched ribbon.
pub const NEGATIVE_SOFT: Tone = Tone::new("--neg-soft", "#f5c48f", "#7a5426");
/// Letters on boxes.
pub const ON_KIND: Tone = Tone::new("--on-kind", "#ffffff", "#10141a");
pub const EMBED: Tone = Tone::new("--k-embed", "#2b7768", "#62c2ad");
pub const HEAD: Tone = Tone::new("--k-head", "#4a5464", "#aab5c5");
pub const MLP: Tone = Tone::new("--k-mlp", "#7b539e", "#c2a0e2");
/// Contrast 5.1 and 9.2.
pub const RESID: Tone = Tone::new("--k-resid", "#806529", "#cdb87a");
pub const UNEMBED: Tone = Tone::new("--k-unembed", "#93376a", "#e58fb8");
/// Compared circuits: edges of A only, of B only, and shared ones, which are background on purpose.
pub const ONLY_A: Tone = Tone::new("--ca", "#2a66b4", "#5c9bec");
pub const ONLY_A_SOFT: Tone = Tone::new("--ca-soft", "#7fa9de", "#3f74ba");
pub const ONLY_B: Tone = Tone::new("--cb", "#6a6f1a", "#c8cc6a");
pub const ONLY_B_SOFT: Tone = Tone::new("--cb-soft", "#cfd28e", "#5f6230");
pub const SHARED: Tone = Tone::new("--cs", "#868f9b", "#6d7988");
pub const SHARED_SOFT: Tone = Tone::new("--cs-soft", "#cdd2d8", "#3a434e");

/// All of them.
pub const TONES: [Tone; 22] = [
    GROUND,
    INK,
    MUTED,
    CONTROL,
    BAND,
    ACCENT,
    POSITIVE,
    POSITIVE_SOFT,
    NEGATIVE,
    NEGATIVE_SOFT,
    ON_KIND,
    EMBED,
    HEAD,
    MLP,
    RESID,
    UNEMBED,
    ONLY_A,
    ONLY_A_SOFT,
    ONLY_B,
    ONLY_B_SOFT,
    SHARED,
    SHARED_SOFT,
];

/// The colour of a kind of box.
pub fn kind_tone(kind: NodeKind) -> Tone {
    match kind {
        NodeKind::Embed => EMBED,
        NodeKind::Head => HEAD,
        NodeKind::Mlp => MLP,
        NodeKind::Resid => RESID,
        NodeKind::Unembed => UNEMBED,
    }
}

/// The colours of a ribbon: its own, and the softer one between its stripes where it is hatched.
pub fn ribbon_tones(side: Side, score: f32) -> (Tone, Tone) {
    match side {
        Side::Both => (SHARED, SHARED_SOFT),
        Side::OnlyA => (ONLY_A, ONLY_A_SOFT),
        Side::OnlyB => (ONLY_B, ONLY_B_SOFT),
        Side::One if score < 0.0 => (NEGATIVE, NEGATIVE_SOFT),
        Side::One if score == 0.0 => (CONTROL, CONTROL),
        Side::One => (POSITIVE, POSITIVE_SOFT),
    }
}
