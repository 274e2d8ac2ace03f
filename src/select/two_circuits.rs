//! Two circuits, A and B: what B can be, and which edges both have. A is the circuit that is shown.

use super::measures::scores_name;
use crate::state::State;
use crate::state::circuit::Choice;
use crate::state::compare::With;
use crate::state::files::{Content, Role, candidates};
use crate::state::load::{Load, Shared};
use crate::state::scores::Scored;
use crate::words::{counted, grouped};
use circuitscope_core::{Overlap, PruneScores};
use circuitscope_figure::SideNames;
use circuitscope_figure::names::{edge_title, signed};
use circuitscope_picture::drawn::{Link, Side};
use circuitscope_picture::view::{self, Compared, Edits, Shown};

/// As many edges of each part are listed; the drawing and the table of edges show all.
const MOST_LINES: usize = 60;

/// What the shown circuit can be compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub with: With,
    pub label: String,
}

/// What B depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    pub scored: Shared<Scored>,
    pub requested: usize,
    /// Whether its edges have no scores of their own.
    known: bool,
}

/// What the edges of both depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct PairRequest {
    scored: Shared<Scored>,
    choice: Choice,
    other: Other,
}

/// The edges of both by where they are: only in A, in both, only in B.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub overlap: Overlap,
    pub parts: [Part; 3],
}

/// Edges of one of the two circuits, or of both, strongest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub side: Side,
    pub n_edges: usize,
    /// Which ranks its lines have.
    pub ranks: Ranks,
    /// The first of them.
    pub lines: Vec<PairLine>,
}

/// Which ranks of an edge say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranks {
    /// There is one score set only.
    One,
    A,
    B,
    Both,
}

/// An edge in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct PairLine {
    pub edge_idx: usize,
    pub title: String,
    /// Its rank among the scores of the circuit that it is not in; of an edge in both, among each.
    pub ranks: String,
    pub score: String,
    pub negative: bool,
}

/// What the shown circuit can be compared with, in the order of the picker. A pinned run stands for its file, since more is known
/// of it.
pub fn possible(state: &State) -> Vec<Candidate> {
    let Some(shown) = state.inputs.scored.as_ref() else { return Vec::new() };
    let same = Candidate { with: With::SameScores, label: "another size of these scores".to_owned() };
    let used = state.inputs.file(Role::Scores);
    let pins = state.measures.pins.iter().filter(|pin| {
        let other = |scored: &Shared<Scored>| scored.graph == shown.graph && scored.scores != shown.scores;
        pin.set.scored.as_ref().is_some_and(other)
    });
    let pin_files: Vec<_> = pins.clone().filter_map(|pin| pin.set.key.files[Role::Scores as usize]).collect();
    let files = candidates(&state.files, Role::Scores).filter(|file| {
        let read = matches!(file.content, Load::Ready(Content::Scores(_)));
        read && Some(file.id) != used && !pin_files.contains(&file.id)
    });
    let of_file = files.map(|file| Candidate { with: With::File(file.id), label: stem(&file.name).to_owned() });
    let of_pin = pins.map(|pin| Candidate { with: With::Pin(pin.style), label: format!("{}, pinned", pin.set.name) });
    let official = state
        .measures
        .official
        .iter()
        .map(|official| Candidate { with: With::Official, label: format!("official: {}", official.name) });
    [same].into_iter().chain(of_pin).chain(of_file).chain(official).collect()
}

/// What A and B are called; nothing where there is no B.
pub fn names(state: &State) -> Option<SideNames> {
    let compare = state.measures.compare.as_ref()?;
    let other = Other::new(state)?;
    let a = scores_name(state, &state.key());
    let b = match compare.with {
        With::SameScores => {
            let n_a = state.circuit().map_or(0, |circuit| circuit.n_edges);
            let size = |n: usize| format!("{a}, {}", counted(n, "edge"));
            return Some(SideNames { a: size(n_a), b: size(other.n_edges()) });
        }
        With::File(id) => state.files.iter().find(|file| file.id == id).map(|file| stem(&file.name).to_owned())?,
        With::Pin(style) => state.measures.pins.iter().find(|pin| pin.style == style)?.set.name.clone(),
        With::Official => state.measures.official.as_ref()?.name.clone(),
    };
    Some(SideNames { a, b })
}

/// The sentence over a drawing of two circuits.
pub fn caption(state: &State) -> Option<String> {
    let (SideNames { a, b }, other) = (names(state)?, Other::new(state)?);
    let n_a = state.circuit()?.n_edges;
    let sizes = match (state.measures.compare.as_ref()?.with, other.n_edges()) {
        (With::SameScores, _) => String::new(),
        (_, n_b) if n_b == n_a => format!(", {} each", counted(n_a, "edge")),
        (_, n_b) => format!(", {} and {}", counted(n_a, "edge"), counted(n_b, "edge")),
    };
    let edited = if state.picture.edits.is_empty() { "" } else { " A with your changes." };
    Some(format!("Two circuits in one drawing: {a} (A) and {b} (B){sizes}.{edited}"))
}

/// How many edges are in both and in either, in a line.
pub fn overlap_line(overlap: Overlap) -> String {
    let Overlap { n_shared, n_only_a, n_only_b } = overlap;
    let counts =
        format!("{} in both, {} only in A, {} only in B", grouped(n_shared), grouped(n_only_a), grouped(n_only_b));
    overlap.jaccard().map_or_else(|| counts.clone(), |jaccard| format!("{counts} · Jaccard {jaccard:.2}"))
}

/// What is said of an edge of two circuits: where it is, and its score and rank in each.
pub fn edge_line(state: &State, link: &Link) -> Option<String> {
    let (compare, scored) = (state.measures.compare.as_ref()?, state.scored()?);
    let place = match link.side {
        Side::One => return None,
        Side::Both => "in both",
        Side::OnlyA => "only in A",
        Side::OnlyB => "only in B",
    };
    let known = compare.with == With::Official;
    let said = |name: &str, scores: &PruneScores| {
        let score = *scores.values().get(link.edge_idx)?;
        Some(format!("{name} {}, rank {}", signed(score.into()), grouped(scores.ranking().rank(score))))
    };
    let parts = [said("A", &scored.scores), said("B", &compare.scored.scores).filter(|_| !known)];
    Some([place.to_owned()].into_iter().chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(" · "))
}

impl Other {
    pub fn new(state: &State) -> Option<Self> {
        let (compare, circuit) = (state.measures.compare.as_ref()?, state.circuit()?);
        let requested = compare.requested(circuit.n_edges);
        Some(Self { scored: compare.scored.clone(), requested, known: compare.with == With::Official })
    }

    /// Its realised number of edges.
    pub fn n_edges(&self) -> usize {
        self.scored.scores.circuit(self.requested).map_or(0, |circuit| circuit.n_edges)
    }

    /// The edges of A and B with their sides; `a` are A's, of some scores. A known circuit's edges are as wide as A has them.
    pub fn compared(&self, scores: &PruneScores, a: &[Shown]) -> Vec<Shown> {
        let b = self.shown();
        let of_a = Compared { scores, scale: 1.0, shown: a };
        let of_b = if self.known {
            Compared { shown: &b, ..of_a }
        } else {
            Compared { scores: &self.scored.scores, scale: view::scale_to(scores, &self.scored.scores), shown: &b }
        };
        view::compared(of_a, of_b)
    }

    fn shown(&self) -> Vec<Shown> {
        let scores = &self.scored.scores;
        let circuit = scores.circuit(self.requested).ok();
        circuit.map_or_else(Vec::new, |circuit| {
            view::shown(scores, &view::edges_in_circuit(scores, &circuit), &Edits::new())
        })
    }
}

impl PairRequest {
    /// The two circuits, where there are two.
    pub fn new(state: &State) -> Option<Self> {
        let other = Other::new(state)?;
        Some(Self { scored: state.inputs.scored.clone()?, choice: state.picture.choice(), other })
    }

    /// How many edges are in both, and in one only.
    pub fn overlap(&self) -> Overlap {
        let both = self.compared();
        let count = |side: Side| both.iter().filter(|shown| shown.side == side).count();
        Overlap { n_shared: count(Side::Both), n_only_a: count(Side::OnlyA), n_only_b: count(Side::OnlyB) }
    }

    /// The edges of each part.
    pub fn pair(&self) -> Pair {
        let both = self.compared();
        let parts = [Side::OnlyA, Side::Both, Side::OnlyB].map(|side| self.part(&both, side));
        let [n_only_a, n_shared, n_only_b] = [&parts[0], &parts[1], &parts[2]].map(|part| part.n_edges);
        Pair { overlap: Overlap { n_shared, n_only_a, n_only_b }, parts }
    }

    fn compared(&self) -> Vec<Shown> {
        let scores = &self.scored.scores;
        let Ok(circuit) = scores.circuit(self.choice.requested) else { return Vec::new() };
        let a = view::shown(scores, &view::edges_in_circuit(scores, &circuit), self.choice.edits.map());
        self.other.compared(scores, &a)
    }

    /// The edges of a part by their score in the circuit that they are in; those of both by A's.
    fn part(&self, both: &[Shown], side: Side) -> Part {
        let of_side = both.iter().filter(|shown| shown.side == side).map(|shown| shown.edge_idx);
        let mut edges: Vec<usize> = of_side.collect();
        let n_edges = edges.len();
        keep_strongest(&mut edges, self.own_scores(side));
        let lines = edges.into_iter().filter_map(|edge_idx| self.line(edge_idx, side)).collect();
        Part { side, n_edges, ranks: self.ranks(side), lines }
    }

    /// A known circuit has no ranks; an edge in one circuit has its place in the other.
    fn ranks(&self, side: Side) -> Ranks {
        match side {
            _ if self.scored == self.other.scored => Ranks::One,
            Side::OnlyA if !self.other.known => Ranks::B,
            Side::Both if !self.other.known => Ranks::Both,
            _ => Ranks::A,
        }
    }

    fn own_scores(&self, side: Side) -> &PruneScores {
        if side == Side::OnlyB && !self.other.known { &self.other.scored.scores } else { &self.scored.scores }
    }

    fn line(&self, edge_idx: usize, side: Side) -> Option<PairLine> {
        let score = *self.own_scores(side).values().get(edge_idx)?;
        let rank = |scores: &PruneScores| {
            let score = scores.values().get(edge_idx).copied().unwrap_or(0.0);
            grouped(scores.ranking().rank(score))
        };
        let (a, b) = (&self.scored.scores, &self.other.scored.scores);
        let ranks = match self.ranks(side) {
            Ranks::One | Ranks::A => rank(a),
            Ranks::B => rank(b),
            Ranks::Both => format!("{}, {}", rank(a), rank(b)),
        };
        let title = edge_title(&view::name_of(&self.scored.graph, edge_idx)?);
        Some(PairLine { edge_idx, title, ranks, score: signed(score.into()), negative: score < 0.0 })
    }
}

impl Ranks {
    /// As a list is headed.
    pub fn label(self) -> &'static str {
        match self {
            Self::One => "rank",
            Self::A => "rank in A",
            Self::B => "rank in B",
            Self::Both => "ranks in A, B",
        }
    }
}

/// Keeps the strongest [`MOST_LINES`] edges, strongest first. Only these are sorted: a part may have 400,000.
fn keep_strongest(edges: &mut Vec<usize>, scores: &PruneScores) {
    let strength = |edge_idx: usize| scores.values().get(edge_idx).map_or(0.0, |score| score.abs());
    let by_strength = |&a: &usize, &b: &usize| strength(b).total_cmp(&strength(a)).then(a.cmp(&b));
    if edges.len() > MOST_LINES {
        edges.select_nth_unstable_by(MOST_LINES, by_strength);
        edges.truncate(MOST_LINES);
    }
    edges.sort_unstable_by(by_strength);
}

/// A file's name without its ending.
fn stem(name: &str) -> &str {
    name.trim_end_matches(".safetensors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_edges_are_listed_whatever_their_sign() {
        // |score| is 0 for edge 0, then 1, 1, 2, 2 and so on.
        let values = (0..500).map(|i: i32| ((i + 1) / 2 * if i % 2 == 0 { 1 } else { -1 }) as f32).collect();
        let mut edges: Vec<usize> = (0..499).rev().collect();
        keep_strongest(&mut edges, &PruneScores::new(values));
        assert_eq!((edges.len(), &edges[..5]), (MOST_LINES, &[497, 498, 495, 496, 493][..]));
    }

    #[test]
    fn an_overlap_is_said_in_a_line() {
        let overlap = Overlap { n_shared: 25, n_only_a: 6, n_only_b: 6 };
        assert_eq!(overlap_line(overlap), "25 in both, 6 only in A, 6 only in B · Jaccard 0.68");
        assert_eq!(overlap_line(Overlap::default()), "0 in both, 0 only in A, 0 only in B");
    }
}
