//! Published circuits, by the names of their edges and, for token-wise graphs, the positions at which each counts.
//!
//! The edges are those that auto-circuit lists (`metrics/official_circuits`), which follow the papers and the ACDC
//! repository; each circuit names its source.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;
use crate::graph::node::SrcKind;
use crate::graph::{EdgeIndex, Graph};
use crate::scores::prune_scores::PruneScores;

/// A circuit that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OfficialCircuit {
    /// Tracr's `reverse` under resample ablation (Miller et al. 2024).
    TracrReverse,
    /// Tracr's `reverse` as compiled, meant for zero ablation (Conmy et al. 2023).
    TracrReverseAcdc,
    /// Tracr's `xproportion` under resample ablation (Miller et al. 2024).
    TracrXproportion,
    /// Tracr's `xproportion` as compiled, meant for zero ablation (Conmy et al. 2023).
    TracrXproportionAcdc,
    /// Indirect object identification in GPT-2 small (Wang et al. 2022).
    Ioi,
    /// Docstring completion in a 4-layer attention-only model (Heimersheim and Janiak 2023).
    Docstring,
    /// Greater-than in GPT-2 small (Hanna et al. 2023).
    Greaterthan,
}

impl OfficialCircuit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TracrReverse,
        Self::TracrReverseAcdc,
        Self::TracrXproportion,
        Self::TracrXproportionAcdc,
        Self::Ioi,
        Self::Docstring,
        Self::Greaterthan,
    ];

    /// What it is called, with the model and the paper where the name does not say them.
    pub fn label(self) -> &'static str {
        match self {
            Self::TracrReverse => "Tracr reverse",
            Self::TracrReverseAcdc => "Tracr reverse, as compiled",
            Self::TracrXproportion => "Tracr xproportion",
            Self::TracrXproportionAcdc => "Tracr xproportion, as compiled",
            Self::Ioi => "IOI, GPT-2 small (Wang et al. 2022)",
            Self::Docstring => "Docstring, 4 layers (Heimersheim & Janiak 2023)",
            Self::Greaterthan => "Greater-than, GPT-2 small (Hanna et al. 2023)",
        }
    }

    /// The circuits that could be of a graph; see [`OfficialCircuit::fits`].
    pub fn fitting(graph: &Graph) -> Vec<Self> {
        Self::ALL.into_iter().filter(|circuit| circuit.fits(graph)).collect()
    }

    /// Whether a graph has the shape of the circuit's model and the circuit's edges. (The weights of another model of the same
    /// shape cannot be told from those of the circuit's.)
    pub fn fits(self, graph: &Graph) -> bool {
        let n_heads = graph.srcs.iter().filter(|src| src.kind == SrcKind::Heads(0)).count();
        let attn_only = !graph.srcs.iter().any(|src| matches!(src.kind, SrcKind::Mlp(_)));
        let shape = ModelShape { n_layers: graph.n_layers, n_heads, attn_only };
        // Any word will do: which edges there are does not depend on the positions.
        let edges = self.edges(&Words::none());
        shape == self.shape() && edges.is_ok_and(|edges| edges.missing(&EdgeIndex::new(graph)).is_none())
    }

    /// The shape of the model that it was found in.
    fn shape(self) -> ModelShape {
        let shape = |n_layers, n_heads, attn_only| ModelShape { n_layers, n_heads, attn_only };
        match self {
            Self::TracrReverse | Self::TracrReverseAcdc => shape(4, 1, false),
            Self::TracrXproportion | Self::TracrXproportionAcdc => shape(2, 1, false),
            Self::Ioi | Self::Greaterthan => shape(12, 12, false),
            Self::Docstring => shape(4, 8, true),
        }
    }

    /// 1 for every edge of the circuit, 0 for the others. In a token-wise graph edges count at the circuit's positions, and
    /// `word_idxs` has those of the prompts' named words; otherwise they are not looked at (as in auto-circuit, whose tasks
    /// leave them out then).
    ///
    /// # Errors
    /// When the graph has none of the circuit's edges or lacks some, or is token-wise and a named word is missing.
    pub fn scores(self, graph: &Graph, word_idxs: &BTreeMap<String, usize>) -> Result<PruneScores, CircuitError> {
        let index = EdgeIndex::new(graph);
        let words = graph.config.seq_len.map_or(Words::none(), |_| Words { idxs: Some(word_idxs) });
        let edges = self.edges(&words)?;
        if let Some(name) = edges.missing(&index) {
            let expected = format!("a circuit of this model and graph, which has no edge {name}");
            return Err(CircuitError::field("settings", "circuit", expected, self.label()));
        }
        let mut values = vec![0.0; graph.n_edges()];
        for (name, positions) in &edges.positions {
            for seq_idx in positions.of(graph) {
                if let Some(edge) = index.find(name, seq_idx) {
                    values[edge.edge_idx] = 1.0;
                }
            }
        }
        Ok(PruneScores::new(values))
    }

    fn edges(self, words: &Words) -> Result<Edges, CircuitError> {
        match self {
            // Position 3 is the middle of 5 tokens after BOS: reversed it is itself.
            Self::TracrReverse => Ok(Edges::at(&[1, 2, 4, 5], &["Resid Start->A3.0.V", "A3.0->Resid End"])),
            Self::TracrReverseAcdc => Ok(Edges::at(
                &[1, 2, 4, 5],
                &[
                    "A3.0->Resid End",
                    "MLP 2->A3.0.Q",
                    "Resid Start->A3.0.K",
                    "Resid Start->A3.0.V",
                    "MLP 1->MLP 2",
                    "MLP 0->MLP 1",
                    "Resid Start->MLP 1",
                    "A0.0->MLP 0",
                    "Resid Start->MLP 0",
                    "Resid Start->A0.0.V",
                ],
            )),
            Self::TracrXproportion => {
                Ok(Edges::at(&[1, 2, 3, 4, 5], &["Resid Start->MLP 0", "MLP 0->A1.0.V", "A1.0->Resid End"]))
            }
            Self::TracrXproportionAcdc => Ok(Edges::at(
                &[1, 2, 3, 4, 5],
                &[
                    "A1.0->Resid End",
                    "Resid Start->A1.0.Q",
                    "Resid Start->A1.0.K",
                    "MLP 0->A1.0.V",
                    "Resid Start->MLP 0",
                ],
            )),
            Self::Ioi => ioi(words),
            Self::Docstring => docstring(words),
            Self::Greaterthan => Ok(greaterthan()),
        }
    }
}

/// The positions at which an edge counts.
#[derive(Debug, Clone, PartialEq)]
enum Positions {
    All,
    These(BTreeSet<usize>),
}

impl Positions {
    /// The positions of a token-wise graph, or the one of another graph, which is none.
    fn of(&self, graph: &Graph) -> Vec<Option<usize>> {
        match (graph.config.seq_len, self) {
            (None, _) => vec![None],
            (Some(seq_len), Self::All) => (0..seq_len).map(Some).collect(),
            (Some(_), Self::These(positions)) => positions.iter().copied().map(Some).collect(),
        }
    }
}

/// What a model must share with the one that a circuit was found in.
#[derive(PartialEq)]
struct ModelShape {
    n_layers: usize,
    n_heads: usize,
    attn_only: bool,
}

/// The edges of a circuit.
#[derive(Default)]
struct Edges {
    positions: BTreeMap<String, Positions>,
    /// Edges that a graph of the circuit's model has in any case.
    required: Vec<String>,
}

impl Edges {
    /// The same positions for all.
    fn at(positions: &[usize], names: &[&str]) -> Self {
        let mut edges = Self::default();
        for name in names {
            edges.add(name, positions);
            edges.required.push((*name).to_owned());
        }
        edges
    }

    /// An edge that the circuit needs and a graph lacks.
    fn missing(&self, index: &EdgeIndex) -> Option<&str> {
        let is_there = |name: &str| index.find(name, index.is_token_wise().then_some(0)).is_some();
        self.required.iter().map(String::as_str).find(|name| !is_there(name))
    }

    fn add(&mut self, name: &str, positions: &[usize]) {
        let entry = self.positions.entry(name.to_owned()).or_insert_with(|| Positions::These(BTreeSet::new()));
        if let Positions::These(these) = entry {
            these.extend(positions);
        }
    }
}

/// The positions of the named words of a prompts file; `None` where the graph is not token-wise.
struct Words<'a> {
    idxs: Option<&'a BTreeMap<String, usize>>,
}

impl Words<'_> {
    fn none() -> Self {
        Self { idxs: None }
    }

    /// The position of a word. Without positions every word is at 0, which also says that no MLP before the output is on a
    /// path of the IOI circuit: so auto-circuit's tasks have it.
    fn at(&self, word: &str) -> Result<usize, CircuitError> {
        let Some(idxs) = self.idxs else { return Ok(0) };
        idxs.get(word).copied().ok_or_else(|| {
            let expected = format!("the position of {word:?}, for the circuit's token positions");
            CircuitError::field("prompts", "word_idxs", expected, "nothing")
        })
    }
}

/// A block and a head.
type Head = (usize, usize);

/// Some heads, or the embedding where there are none; the heads that read them; and by which inputs, at which positions.
type Read<'a> = (Option<&'a [Head]>, &'a [Head], &'a [(char, usize)]);

const NAME_MOVERS: &[Head] = &[(9, 9), (10, 0), (9, 6)];
const BACKUP_NAME_MOVERS: &[Head] = &[(10, 10), (10, 6), (10, 2), (10, 1), (11, 2), (9, 7), (9, 0), (11, 9)];
const NEGATIVE: &[Head] = &[(10, 7), (11, 10)];
const S2_INHIBITION: &[Head] = &[(7, 3), (7, 9), (8, 6), (8, 10)];
const INDUCTION: &[Head] = &[(5, 5), (5, 8), (5, 9), (6, 9)];
const DUPLICATE_TOKEN: &[Head] = &[(0, 1), (0, 10), (3, 0)];
const PREVIOUS_TOKEN: &[Head] = &[(2, 2), (4, 11)];

/// The groups of heads of Wang et al. 2022 and which reads which, with the MLPs between two groups as part of the path.
fn ioi(words: &Words) -> Result<Edges, CircuitError> {
    let (io, s1, after_s1, s2) = (words.at("IO")?, words.at("S1")?, words.at("S1+1")?, words.at("S2")?);
    let end = words.at("end")?;
    let mut edges = Edges::default();
    // From nothing: from the embedding.
    let embedding: Option<&[Head]> = None;
    let reads: [Read; 12] = [
        (embedding, PREVIOUS_TOKEN, &[('Q', after_s1), ('K', s1), ('V', s1)]),
        (embedding, DUPLICATE_TOKEN, &[('Q', s2), ('K', s1), ('V', s1)]),
        (embedding, S2_INHIBITION, &[('Q', end)]),
        (embedding, NEGATIVE, &[('K', io), ('V', io)]),
        (embedding, NAME_MOVERS, &[('K', io), ('V', io)]),
        (embedding, BACKUP_NAME_MOVERS, &[('K', io), ('V', io)]),
        (Some(PREVIOUS_TOKEN), INDUCTION, &[('K', after_s1), ('V', after_s1)]),
        (Some(INDUCTION), S2_INHIBITION, &[('K', s2), ('V', s2)]),
        (Some(DUPLICATE_TOKEN), S2_INHIBITION, &[('K', s2), ('V', s2)]),
        (Some(S2_INHIBITION), NEGATIVE, &[('Q', end)]),
        (Some(S2_INHIBITION), NAME_MOVERS, &[('Q', end)]),
        (Some(S2_INHIBITION), BACKUP_NAME_MOVERS, &[('Q', end)]),
    ];
    for (from, to, inputs) in reads {
        let dests = to.iter().flat_map(|(block, head)| {
            inputs.iter().map(move |(input, position)| (format!("A{block}.{head}.{input}"), *position))
        });
        let blocks = first_block(from)..to.iter().map(|h| h.0).max().unwrap_or(0);
        let positions: Vec<usize> = inputs.iter().map(|i| i.1).collect();
        connect(&mut edges, from, dests.collect(), blocks, &positions);
    }
    for from in [NEGATIVE, NAME_MOVERS, BACKUP_NAME_MOVERS] {
        // As in the reference, where MLPs before the output count up to the block of the last position's number.
        let blocks = first_block(Some(from))..end;
        connect(&mut edges, Some(from), vec![("Resid End".to_owned(), end)], blocks, &[end]);
    }
    edges.required = vec!["Resid Start->A9.9.K".to_owned(), "A11.10->Resid End".to_owned()];
    Ok(edges)
}

fn first_block(from: Option<&[Head]>) -> usize {
    from.and_then(|heads| heads.iter().map(|h| h.0).min()).unwrap_or(0)
}

/// Adds the edges from some heads to some dest nodes, directly and through the MLPs of some blocks.
fn connect(
    edges: &mut Edges,
    from: Option<&[Head]>,
    mut dests: Vec<(String, usize)>,
    blocks: std::ops::Range<usize>,
    positions: &[usize],
) {
    let mut srcs: Vec<String> = match from {
        None => vec!["Resid Start".to_owned()],
        Some(heads) => heads.iter().map(|(block, head)| format!("A{block}.{head}")).collect(),
    };
    for block in blocks {
        srcs.push(format!("MLP {block}"));
        dests.extend(positions.iter().map(|&position| (format!("MLP {block}"), position)));
    }
    for src in &srcs {
        for (dest, position) in &dests {
            edges.add(&format!("{src}->{dest}"), &[*position]);
        }
    }
}

fn docstring(words: &Words) -> Result<Edges, CircuitError> {
    let (a_def, b_def, b_comma, c_def) = (words.at("A_def")?, words.at("B_def")?, words.at(",_B")?, words.at("C_def")?);
    let (a_doc, b_doc, param_3) = (words.at("A_doc")?, words.at("B_doc")?, words.at("param_3")?);
    let mut edges = Edges::default();
    let list: [(&str, &[usize]); 12] = [
        ("A0.5->A1.4.V", &[b_def, b_doc]),
        ("Resid Start->A0.5.V", &[b_def, c_def, b_doc]),
        ("Resid Start->A2.0.Q", &[c_def]),
        ("A0.5->A2.0.Q", &[c_def]),
        // The comma, where it would count, is the same in both prompts.
        ("Resid Start->A2.0.K", &[]),
        ("A0.5->A2.0.K", &[b_def]),
        ("A1.4->A2.0.V", &[b_comma]),
        ("Resid Start->A1.4.V", &[b_def, b_doc]),
        ("Resid Start->A1.2.K", &[a_def, b_def, a_doc, b_doc]),
        ("Resid Start->A1.2.Q", &[a_doc, b_doc]),
        ("A0.5->A1.2.Q", &[b_doc]),
        ("A0.5->A1.2.K", &[b_def, b_doc]),
    ];
    for (name, positions) in list {
        edges.add(name, positions);
    }
    for head in [0, 6] {
        edges.add(&format!("A3.{head}->Resid End"), &[param_3]);
        edges.add(&format!("A1.4->A3.{head}.Q"), &[param_3]);
        edges.add(&format!("Resid Start->A3.{head}.V"), &[c_def]);
        edges.add(&format!("A0.5->A3.{head}.V"), &[c_def]);
        edges.add(&format!("A2.0->A3.{head}.K"), &[c_def]);
        edges.add(&format!("A1.2->A3.{head}.K"), &[a_doc, b_doc]);
    }
    edges.required = edges.positions.keys().cloned().collect();
    Ok(edges)
}

/// A node of the greater-than circuit: a head or, without one, the MLP of a block.
type Part = (usize, Option<usize>);

/// The groups of Hanna et al. 2023 and how they are connected; at all positions.
fn greaterthan() -> Edges {
    let heads = |list: &[Head]| list.iter().map(|&(block, head)| (block, Some(head))).collect::<Vec<Part>>();
    let mlps = |blocks: std::ops::Range<usize>| blocks.map(|block| (block, None)).collect::<Vec<Part>>();
    let (two, one) = (heads(&[(0, 3), (0, 5)]), heads(&[(0, 1)]));
    let (early, late) = (mlps(0..4), mlps(8..12));
    let mid = heads(&[(5, 5), (6, 1), (6, 9), (7, 10), (8, 11), (9, 1)]);
    let src_name = |&(block, head): &Part| head.map_or(format!("MLP {block}"), |head| format!("A{block}.{head}"));
    let dest_names = |&(block, head): &Part| match head {
        None => vec![format!("MLP {block}")],
        Some(head) => ["Q", "K", "V"].map(|input| format!("A{block}.{head}.{input}")).to_vec(),
    };
    let mut names = Vec::new();
    for part in two.iter().chain(&one).chain(&early) {
        names.extend(dest_names(part).iter().map(|dest| format!("Resid Start->{dest}")));
    }
    names.extend(mid.iter().chain(&late).map(|part| format!("{}->Resid End", src_name(part))));
    let pairs =
        [(&early, &early), (&late, &late), (&one, &early), (&one, &mid), (&two, &mid), (&early, &mid), (&mid, &late)];
    for (srcs, dests) in pairs {
        for (src, dest) in srcs.iter().flat_map(|src| dests.iter().map(move |dest| (src, dest))) {
            let to_own_mlp = src.1.is_some() && dest.1.is_none() && src.0 == dest.0;
            if src.0 < dest.0 || to_own_mlp {
                names.extend(dest_names(dest).iter().map(|dest| format!("{}->{dest}", src_name(src))));
            }
        }
    }
    // The queries of the middle heads are left whole in the paper: the MLPs before them stand for that.
    let last_mid = mid.iter().map(|part| part.0).max().unwrap_or(0);
    for src in 0..last_mid {
        names.extend((src + 1..last_mid).map(|dest| format!("MLP {src}->MLP {dest}")));
    }
    for (block, head) in &mid {
        let head = head.unwrap_or(0);
        names.extend((0..*block).map(|src| format!("MLP {src}->A{block}.{head}.Q")));
    }
    let positions = names.iter().map(|name| (name.clone(), Positions::All)).collect();
    Edges { positions, required: names }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Sizes};
    use crate::graph::GraphConfig;

    fn model(n_layers: usize, n_heads: usize, d_mlp: Option<usize>) -> ModelConfig {
        let (d_model, d_head, n_ctx, d_vocab) = (24, 2, 16, 16);
        ModelConfig::decoder("gpt2", Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab })
    }

    fn graph(model: &ModelConfig) -> Graph {
        Graph::new(model, GraphConfig::default())
    }

    #[test]
    fn named_words_count_in_token_wise_graphs_only() {
        // The words of auto-circuit's `ioi_vanilla_template_prompts.json`, whose task gives none without token positions.
        let words = [("IO", 2), ("S1", 4), ("S1+1", 5), ("S2", 10), ("end", 14)];
        let words = words.map(|(word, position)| (word.to_owned(), position)).into_iter().collect();
        let graph = graph(&model(12, 12, Some(8)));
        let scores = OfficialCircuit::Ioi.scores(&graph, &words).unwrap();
        assert_eq!(scores.values().iter().filter(|&&score| score == 1.0).count(), 739);
        assert_eq!(scores, OfficialCircuit::Ioi.scores(&graph, &BTreeMap::new()).unwrap());
    }

    #[test]
    fn circuits_are_offered_for_models_of_their_shape() {
        use OfficialCircuit::{Docstring, Greaterthan, Ioi, TracrReverse, TracrReverseAcdc};
        let fitting = |model: &ModelConfig| OfficialCircuit::fitting(&graph(model));
        assert_eq!(fitting(&model(12, 12, Some(8))), [Ioi, Greaterthan]);
        assert_eq!(fitting(&model(4, 8, None)), [Docstring]);
        assert_eq!(fitting(&model(4, 1, Some(8))), [TracrReverse, TracrReverseAcdc]);
        // GPT-2 medium has the heads and MLPs that the circuits of GPT-2 small name, and others.
        assert_eq!(fitting(&model(24, 16, Some(8))), []);
        // The edges of these circuits are into queries, keys and values.
        let joint = GraphConfig { separate_qkv: false, ..GraphConfig::default() };
        assert_eq!(OfficialCircuit::fitting(&Graph::new(&model(12, 12, Some(8)), joint)), []);
        let nodes = GraphConfig { factorized: false, ..GraphConfig::default() };
        assert_eq!(OfficialCircuit::fitting(&Graph::new(&model(12, 12, Some(8)), nodes)), []);
    }
}
