//! A figure's view as the page's, and back.

use circuitscope_core::figure_file::view::{
    BlockWindow, FigureFocus, FigureLook, FigureOrientation, HeadBoxes, Manner,
};
use circuitscope_picture::Orientation;
use circuitscope_picture::view::{Focus, Heads};

use crate::state::picture::{Look, View};

const LOOKS: [(Look, Manner); 3] =
    [(Look::Flow, Manner::Flow), (Look::Matrix, Manner::Matrix), (Look::AutoCircuit, Manner::AutoCircuit)];

/// How a figure is drawn.
pub fn read(look: &FigureLook) -> View {
    View {
        look: LOOKS.into_iter().find(|(_, manner)| *manner == look.manner).map_or(Look::Flow, |(look, _)| look),
        orientation: look.orientation.into(),
        options: look.into(),
        compact: look.compact,
        layer_spacing: look.layer_spacing,
        by_mask: look.by_mask,
    }
}

/// How the page draws, as a figure says it.
pub fn written(view: &View) -> FigureLook {
    let View { look, orientation, options, compact, layer_spacing, by_mask } = view;
    FigureLook {
        manner: LOOKS.into_iter().find(|(of, _)| of == look).map_or(Manner::Flow, |(_, manner)| manner),
        orientation: match orientation {
            Orientation::Horizontal => FigureOrientation::Horizontal,
            Orientation::Vertical => FigureOrientation::Vertical,
        },
        compact: *compact,
        layer_spacing: *layer_spacing,
        by_mask: *by_mask,
        on_path_only: options.on_path_only,
        focus: options.focus.clone().map(|Focus { name, hops }| FigureFocus { node: name, hops }),
        heads: match options.heads {
            Heads::Auto => HeadBoxes::Auto,
            Heads::Apart => HeadBoxes::Apart,
            Heads::ByLayer => HeadBoxes::ByLayer,
        },
        opened: options.opened.iter().copied().collect(),
        closed: options.closed.iter().copied().collect(),
        window: options.window.clone().map(|window| BlockWindow { first: window.start, end: window.end }),
        merge_ports: options.merge_ports,
        merged_heads: options.merged_heads.iter().cloned().collect(),
        all_positions: options.all_positions,
    }
}
