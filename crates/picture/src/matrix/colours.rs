//! The colours of cells: those of the design's tokens, in four steps from the ground up.

use super::{Cell, SHARES};
use crate::drawn::Side;
use crate::theme::Theme;

/// What a cell's colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hue {
    Positive,
    Negative,
    Shared,
    OnlyA,
    OnlyB,
}

impl Hue {
    pub const ALL: [Self; 5] = [Self::Positive, Self::Negative, Self::Shared, Self::OnlyA, Self::OnlyB];

    /// Of one circuit the sign, of two the side.
    pub fn of(cell: &Cell) -> Self {
        match cell.side {
            Side::One if cell.score < 0.0 => Self::Negative,
            Side::One => Self::Positive,
            Side::Both => Self::Shared,
            Side::OnlyA => Self::OnlyA,
            Side::OnlyB => Self::OnlyB,
        }
    }

    /// Its class, and the page's custom property.
    pub fn key(self) -> &'static str {
        match self {
            Self::Positive => "pos",
            Self::Negative => "neg",
            Self::Shared => "cs",
            Self::OnlyA => "ca",
            Self::OnlyB => "cb",
        }
    }

    /// As a legend says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative, half as wide",
            Self::Shared => "in both",
            Self::OnlyA => "only in A",
            Self::OnlyB => "only in B",
        }
    }

    /// The colour at a step.
    pub fn at(self, step: usize, theme: Theme) -> String {
        let share = SHARES[step.min(SHARES.len() - 1)];
        let [colour, ground] = [self.rgb(theme), ground(theme)];
        let mixed = [16, 8, 0].map(|shift| {
            let [colour, ground] = [colour, ground].map(|rgb| rgb >> shift & 0xff);
            (colour * share + ground * (100 - share) + 50) / 100
        });
        format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
    }

    fn rgb(self, theme: Theme) -> u32 {
        match (self, theme) {
            (Self::Positive | Self::OnlyA, Theme::Light) => 0x2a_66_b4,
            (Self::Positive | Self::OnlyA, Theme::Dark) => 0x5c_9b_ec,
            (Self::Negative, Theme::Light) => 0xc9_69_0c,
            (Self::Negative, Theme::Dark) => 0xf5_a8_50,
            (Self::Shared, Theme::Light) => 0x86_8f_9b,
            (Self::Shared, Theme::Dark) => 0x6d_79_88,
            (Self::OnlyB, Theme::Light) => 0x6a_6f_1a,
            (Self::OnlyB, Theme::Dark) => 0xc8_cc_6a,
        }
    }
}

/// Below all cells; [`Theme::background`] as a number.
fn ground(theme: Theme) -> u32 {
    u32::from_str_radix(theme.background().trim_start_matches('#'), 16).unwrap_or(0xff_ff_ff)
}

/// Ticks and axis titles.
pub(super) fn muted(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "#57616e",
        Theme::Dark => "#a1acba",
    }
}

/// The stairs.
pub(super) fn line(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "#868f9b",
        Theme::Dark => "#6d7988",
    }
}

/// The ground of every second block.
pub(super) fn wash(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "#e9f0fa",
        Theme::Dark => "#1c2a3d",
    }
}
