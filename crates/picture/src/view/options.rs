//! What a reader chooses of a picture.

use std::collections::BTreeSet;
use std::ops::Range;

use super::focus::Focus;

/// What a reader chooses of a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ViewOptions {
    /// Whether edges that lie on no path from the embedding to the end are left out.
    pub on_path_only: bool,
    pub focus: Option<Focus>,
    pub heads: Heads,
    /// Blocks whose heads are apart where those of others are in one box.
    pub opened: BTreeSet<usize>,
    /// Blocks whose heads are in one box where those of others are apart.
    pub closed: BTreeSet<usize>,
    /// Blocks to look at closely; all where there is none.
    pub window: Option<Range<usize>>,
    /// Whether the links to a head's q, k and v are drawn as one.
    pub merge_ports: bool,
    /// Heads whose q, k and v are drawn as one where those of others are apart, by name.
    pub merged_heads: BTreeSet<String>,
    /// Whether of two circuits only the edges are drawn that are in one of them.
    pub differences_only: bool,
    /// Whether token positions without links have a band.
    pub all_positions: bool,
    pub limits: Limits,
}

impl ViewOptions {
    /// Whether heads are by layer where the part that a reader looks at has as many edges of the circuit: those drawn and
    /// [`crate::drawn::Rest::n_weaker`].
    pub fn is_by_layer(&self, n_edges: usize) -> bool {
        match self.heads {
            Heads::Auto => n_edges > self.limits.overview_above,
            Heads::Apart => false,
            Heads::ByLayer => true,
        }
    }
}

/// How heads are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Heads {
    /// By layer where there are many edges, else apart.
    #[default]
    Auto,
    /// A box each.
    Apart,
    /// Those of a layer in one box.
    ByLayer,
}

/// How much is drawn; the defaults are those of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Above as many edges [`Heads::Auto`] draws heads by layer.
    pub overview_above: usize,
    /// As many links where heads are by layer,
    pub by_layer: usize,
    /// where they are apart,
    pub apart: usize,
    /// and in a window.
    pub in_window: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { overview_above: 300, by_layer: 58, apart: 2000, in_window: 80 }
    }
}
