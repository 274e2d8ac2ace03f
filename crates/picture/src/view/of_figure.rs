//! How a figure file says that its circuit is drawn, as options of a view.

use circuitscope_core::figure_file::view::{FigureLook, FigureOrientation, HeadBoxes};

use super::{Focus, Heads, ViewOptions};
use crate::Orientation;

impl From<&FigureLook> for ViewOptions {
    fn from(look: &FigureLook) -> Self {
        Self {
            on_path_only: look.on_path_only,
            focus: look.focus.as_ref().map(|focus| Focus { name: focus.node.clone(), hops: focus.hops }),
            heads: match look.heads {
                HeadBoxes::Auto => Heads::Auto,
                HeadBoxes::Apart => Heads::Apart,
                HeadBoxes::ByLayer => Heads::ByLayer,
            },
            opened: look.opened.iter().copied().collect(),
            closed: look.closed.iter().copied().collect(),
            window: look.window.map(|window| window.first..window.end),
            merge_ports: look.merge_ports,
            merged_heads: look.merged_heads.iter().cloned().collect(),
            all_positions: look.all_positions,
            ..Self::default()
        }
    }
}

impl From<FigureOrientation> for Orientation {
    fn from(orientation: FigureOrientation) -> Self {
        match orientation {
            FigureOrientation::Horizontal => Self::Horizontal,
            FigureOrientation::Vertical => Self::Vertical,
        }
    }
}
