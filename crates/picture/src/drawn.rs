//! What is drawn of a circuit: the boxes that there may be, and the links of each token position.
//!
//! It is made of a graph and the edges of a circuit, and changed by what a reader chooses (heads in one box, one part of the
//! model, the strongest edges); `sankey` and `matrix` say where it goes. Whatever is left out is counted in
//! [`Rest`].

use std::rc::Rc;

/// What is drawn of a circuit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drawn {
    pub nodes: Rc<Nodes>,
    /// In the order of the token positions; one for a graph without positions.
    pub bands: Vec<Band>,
    pub rest: Rest,
}

/// The boxes that there may be, drawn or not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Nodes {
    /// A node's index does not depend on which edges are drawn.
    pub nodes: Vec<Node>,
    /// What each layer of the graph is: attention and MLP of a block count as a layer each.
    pub layers: Vec<Layer>,
    /// How many blocks the model has.
    pub n_blocks: usize,
    /// The names of a reader's groups of nodes.
    pub groups: Vec<String>,
}

/// A box that may be drawn: a node of the graph with the q, k and v inputs of a head in one, or several heads of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// auto-circuit's name without `.Q`, `.K` or `.V`: `A0.1`, `MLP 3`, `Resid Start`. Of the heads of block 3 in one box, `A3`.
    pub name: String,
    /// `Embed`, `A0.1`, `MLP 3`, `Unembed`; `3 ×5` for five heads of block 3 in one box.
    pub label: String,
    /// The label where there is little room: `M3`.
    pub short_label: String,
    pub kind: NodeKind,
    /// The index in [`Nodes::layers`].
    pub layer: usize,
    /// How many heads the box stands for; 1 where it is a node of the graph.
    pub n_members: usize,
    /// The place among all nodes of its layer, from the top: the same in every circuit of the graph.
    pub place: f64,
    /// The index in [`Nodes::groups`], where the node is in one of them.
    pub group: Option<usize>,
    /// Whether a reader gave it its label.
    pub is_renamed: bool,
}

/// Which part of a transformer a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    Embed,
    Head,
    Mlp,
    /// The residual stream between blocks, in node graphs.
    Resid,
    Unembed,
}

/// A layer of a graph: the nodes that are computed at the same depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    pub part: LayerPart,
    /// None for the embedding and the end.
    pub block: Option<usize>,
}

/// Which part of a block a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayerPart {
    Embed,
    Attn,
    Mlp,
    Resid,
    Unembed,
    /// All layers before a window of them; the block is the last of these.
    Earlier,
    /// All layers after a window of them; the block is the first of these.
    Later,
}

/// The links of one token position, or of all positions at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// The token position, in a token-wise graph.
    pub seq_idx: Option<usize>,
    /// The position's label, where there is one.
    pub label: Option<String>,
    /// In the graph's edge order.
    pub links: Vec<Link>,
}

/// A drawn edge, or several that are drawn as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The index among all edges of the graph; of several, that of the strongest.
    pub edge_idx: usize,
    /// How many edges it stands for.
    pub n_edges: usize,
    /// `A0.0->A1.1.K`, with the position in front where there is one: `3:A0.0->A1.1.K`.
    pub name: String,
    /// Indices in [`Nodes::nodes`].
    pub src: usize,
    pub dest: usize,
    /// Which input of a head it ends at; none for other nodes, and where the inputs are joint or merged.
    pub port: Option<Port>,
    /// Its sign is shown by colour and texture, its size by the width. Of several, their sum.
    pub score: f32,
    /// How much of it is in the circuit: 1 all, 0 nothing.
    pub mask: f32,
    pub side: Side,
    /// Whether it lies on a path of the circuit's edges from the embedding to the end.
    pub on_path: bool,
}

/// An input of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    Q,
    K,
    V,
}

/// Which of two compared circuits an edge is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Side {
    /// There is one circuit only.
    #[default]
    One,
    Both,
    OnlyA,
    OnlyB,
}

/// What is not drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rest {
    /// Edges that are in the circuit and not drawn one by one.
    pub n_in_circuit: usize,
    /// Edges of the graph that are not in the circuit and not drawn.
    pub n_outside: usize,
    /// Of the first those that are too weak to be drawn; the others are not in the part that a reader looks at.
    pub n_weaker: usize,
    /// How many links these would be.
    pub n_weaker_links: usize,
    /// For each gap between a layer and the next the summed |score| of the edges too weak to be drawn that pass it; empty where
    /// there are none.
    pub stream: Vec<f64>,
}

impl Port {
    pub const ALL: [Self; 3] = [Self::Q, Self::K, Self::V];

    /// `Q`, `K` or `V`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Q => "Q",
            Self::K => "K",
            Self::V => "V",
        }
    }
}

impl NodeKind {
    /// As a legend names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Embed => "Embed",
            Self::Head => "Attention head",
            Self::Mlp => "MLP",
            Self::Resid => "Residual stream",
            Self::Unembed => "Unembed",
        }
    }

    /// As a class or a custom property: `embed`, `head`, `mlp`, `resid`, `unembed`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Head => "head",
            Self::Mlp => "mlp",
            Self::Resid => "resid",
            Self::Unembed => "unembed",
        }
    }
}

impl Link {
    /// Whether any of it is in the circuit, and not taken out.
    pub fn is_in_circuit(&self) -> bool {
        self.mask > 0.0
    }
}

impl Drawn {
    /// How many edges of the circuit the drawn links stand for: one that was taken out is drawn, but is none of them.
    pub fn n_edges(&self) -> usize {
        self.links().filter(|link| link.is_in_circuit()).map(|link| link.n_edges).sum()
    }

    /// How many edges are drawn as taken out.
    pub fn n_taken_out(&self) -> usize {
        self.links().filter(|link| !link.is_in_circuit()).map(|link| link.n_edges).sum()
    }

    /// The links of all bands.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.bands.iter().flat_map(|band| &band.links)
    }
}
