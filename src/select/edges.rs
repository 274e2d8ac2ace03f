//! The circuit's edges, or the strongest of all, as lines of a table.

use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::load::Shared;
use crate::state::scores::Scored;
use crate::words::grouped;
use circuitscope_core::Circuit;
use circuitscope_figure::names::{edge_title, signed};
use circuitscope_picture::drawn::Side;
use circuitscope_picture::view::{self, Shown};

/// As many lines are shown at once: a browser is slow with very long tables.
const A_PAGE: usize = 100;
/// As many of all edges are listed, the strongest: five pages are more than a person reads, and a graph may have 400,000.
const MOST_LISTED: usize = 500;

/// Which edges are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listed {
    /// Those of the circuit, and those that were taken out of it.
    #[default]
    Circuit,
    /// The strongest of all edges of the graph.
    All,
}

impl Listed {
    pub const ALL: [Self; 2] = [Self::Circuit, Self::All];

    pub fn label(self) -> &'static str {
        match self {
            Self::Circuit => "In the circuit",
            Self::All => "All edges",
        }
    }

    /// What the table is, for those who hear it.
    pub fn caption(self) -> &'static str {
        match self {
            Self::Circuit => "The edges of the circuit",
            Self::All => "The strongest edges of the graph, in the circuit or not",
        }
    }
}

/// What the lines are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Rank,
    Src,
    Dest,
    Score,
}

impl Column {
    pub const ALL: [Self; 4] = [Self::Rank, Self::Src, Self::Dest, Self::Score];

    pub fn label(self) -> &'static str {
        match self {
            Self::Rank => "Rank",
            Self::Src => "From",
            Self::Dest => "To",
            Self::Score => "Score",
        }
    }
}

/// The order of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub column: Column,
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::Rank, descending: false }
    }
}

impl Order {
    /// By a column; the other way where it is sorted by it already.
    pub fn by(self, column: Column) -> Self {
        let descending = if self.column == column { !self.descending } else { column == Column::Score };
        Self { column, descending }
    }
}

/// What the lines depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgesRequest {
    scored: Shared<Scored>,
    requested: usize,
    edits: Edits,
    listed: Listed,
    order: Order,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeLine {
    pub edge_idx: usize,
    pub rank: String,
    pub src: String,
    pub dest: String,
    pub score: String,
    pub negative: bool,
    pub mask: f32,
    /// The mask, where it is neither 0 nor 1.
    pub mask_text: String,
}

/// Some of the lines.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgePage {
    pub page: usize,
    pub last: usize,
    /// The index of the first of `lines` among all.
    pub first: usize,
    pub n_edges: usize,
    pub lines: Vec<EdgeLine>,
}

impl EdgesRequest {
    pub fn new(state: &State, listed: Listed, order: Order) -> Option<Self> {
        let scored = state.inputs.scored.clone()?;
        Some(Self { scored, requested: state.picture.requested, edits: state.picture.edits.clone(), listed, order })
    }

    /// How many edges are not listed, as there are too many.
    pub fn n_left_out(&self) -> usize {
        match self.listed {
            Listed::Circuit => 0,
            Listed::All => self.scored.scores.n_edges().saturating_sub(MOST_LISTED),
        }
    }

    /// The edges in their order.
    pub fn edges(&self) -> Vec<Shown> {
        let scores = &self.scored.scores;
        let Ok(circuit) = scores.circuit(self.requested) else { return Vec::new() };
        let mut edges = match self.listed {
            Listed::Circuit => view::shown(scores, &view::edges_in_circuit(scores, &circuit), self.edits.map()),
            Listed::All => self.strongest(&circuit),
        };
        let ends: Vec<(usize, usize)> = match self.order.column {
            Column::Src | Column::Dest => view::edge_ends(&self.scored.graph).collect(),
            Column::Rank | Column::Score => Vec::new(),
        };
        let end = |shown: &Shown, pick: fn((usize, usize)) -> usize| ends.get(shown.edge_idx).copied().map(pick);
        edges.sort_by(|a, b| match self.order.column {
            Column::Rank => b.score.abs().total_cmp(&a.score.abs()),
            Column::Score => a.score.total_cmp(&b.score),
            Column::Src => end(a, |(src, _)| src).cmp(&end(b, |(src, _)| src)),
            Column::Dest => end(a, |(_, dest)| dest).cmp(&end(b, |(_, dest)| dest)),
        });
        if self.order.descending {
            edges.reverse();
        }
        edges
    }

    /// The strongest edges of the graph, by their indices, with how much of each is in the circuit.
    fn strongest(&self, circuit: &Circuit) -> Vec<Shown> {
        let (scores, values) = (&self.scored.scores, self.scored.scores.values());
        let Ok(largest) = scores.circuit(MOST_LISTED.min(scores.n_edges())) else { return Vec::new() };
        let mut edges = view::edges_in_circuit(scores, &largest);
        // Ties may be many more than are wanted.
        if edges.len() > MOST_LISTED {
            let by_strength = |&a: &usize, &b: &usize| values[b].abs().total_cmp(&values[a].abs()).then(a.cmp(&b));
            edges.select_nth_unstable_by(MOST_LISTED, by_strength);
            edges.truncate(MOST_LISTED);
            edges.sort_unstable();
        }
        let shown = |edge_idx: usize| {
            let score = values[edge_idx];
            let usual = f32::from(u8::from(circuit.contains(score)));
            Shown { edge_idx, score, mask: self.edits.mask(edge_idx).unwrap_or(usual), side: Side::One }
        };
        edges.into_iter().map(shown).collect()
    }
}

/// The edges of the chosen circuit, strongest first.
pub fn in_circuit(state: &State) -> Option<Vec<Shown>> {
    let edges = EdgesRequest::new(state, Listed::Circuit, Order::default())?.edges();
    Some(edges.into_iter().filter(Shown::is_in_circuit).collect())
}

/// Which lines are shown of how many, and how many edges are not listed.
pub fn page_line(page: &EdgePage, n_left_out: usize) -> String {
    let EdgePage { first, n_edges, lines, .. } = page;
    if *n_edges == 0 {
        return "No edges".to_owned();
    }
    let of = format!("{} to {} of {}", grouped(first + 1), grouped(first + lines.len()), grouped(*n_edges));
    if n_left_out == 0 { of } else { format!("{of}, the strongest; {} weaker not listed", grouped(n_left_out)) }
}

/// A page of the lines.
pub fn page(state: &State, edges: &[Shown], page: usize) -> EdgePage {
    let last = edges.len().saturating_sub(1) / A_PAGE;
    let page = page.min(last);
    let first = page * A_PAGE;
    let lines = edges.iter().skip(first).take(A_PAGE).filter_map(|shown| line(state, shown)).collect();
    EdgePage { page, last, first, n_edges: edges.len(), lines }
}

fn line(state: &State, shown: &Shown) -> Option<EdgeLine> {
    let scored = state.scored()?;
    let title = edge_title(&view::name_of(&scored.graph, shown.edge_idx)?);
    let (src, dest) = title.split_once(" → ")?;
    Some(EdgeLine {
        edge_idx: shown.edge_idx,
        rank: grouped(scored.scores.ranking().rank(shown.score)),
        src: src.to_owned(),
        dest: dest.to_owned(),
        score: signed(shown.score.into()),
        negative: shown.score < 0.0,
        mask: shown.mask,
        mask_text: if shown.mask == 0.0 || shown.mask == 1.0 { String::new() } else { format!("{:.2}", shown.mask) },
    })
}
