//! A graph with a score for each of its edges, and the positions of the slider over its circuits.

use std::rc::Rc;

use super::files::FileId;
use super::graph_choice::GraphChoice;
use super::load::Shared;
use circuitscope_core::{CircuitError, Graph, GraphConfig, ModelConfig, PruneScores, Ranking};

/// More positions than this cannot be told apart on a slider of a few hundred pixels.
const MAX_STEPS: usize = 300;

/// A graph with the model that it is of.
#[derive(Debug, Clone)]
pub struct ChosenGraph {
    pub model: Shared<ModelConfig>,
    pub graph: Rc<Graph>,
}

/// What scores depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoresKey {
    pub file: FileId,
    pub bytes: Shared<[u8]>,
    pub graph: ChosenGraph,
    /// The prompts' length, where they have one: that of the token-wise graphs that are tried where the scores do not fit.
    pub seq_len: Option<usize>,
}

/// Scores that were read, or why they could not be. Parsing and sorting the scores of a large graph takes a noticeable time.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadScores {
    pub key: ScoresKey,
    pub outcome: Result<Shared<Scored>, Misfit>,
}

/// Why scores are not those of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Misfit {
    pub message: String,
    /// A graph of the model that they do fit.
    pub fix: Option<GraphChoice>,
}

/// A graph with a score for each of its edges.
#[derive(Debug, PartialEq)]
pub struct Scored {
    pub graph: Rc<Graph>,
    pub scores: PruneScores,
    pub steps: Steps,
}

/// The edge counts that the slider stops at, ascending: 0, then the realised counts of different circuits.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps(Vec<usize>);

impl ChosenGraph {
    /// Builds the graph of a model.
    ///
    /// # Errors
    /// When it has too many edges.
    pub fn new(model: Shared<ModelConfig>, config: GraphConfig) -> Result<Self, CircuitError> {
        let graph = Rc::new(Graph::try_new(&model, config)?);
        Ok(Self { model, graph })
    }

    /// Whether it is the graph of a model under some settings.
    pub fn is_of(&self, model: &Shared<ModelConfig>, config: GraphConfig) -> bool {
        self.model == *model && self.graph.config == config
    }
}

/// By identity: a graph is built once for a model and a config.
impl PartialEq for ChosenGraph {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.graph, &other.graph)
    }
}

impl ReadScores {
    /// Reads the scores of a graph.
    pub fn new(name: &str, key: ScoresKey) -> Self {
        let ScoresKey { bytes, graph, .. } = &key;
        let outcome = match PruneScores::from_bytes(name, bytes, &graph.graph) {
            Ok(scores) => Ok(Shared::new(Scored::new(graph.graph.clone(), scores))),
            Err(error) => Err(Misfit { message: error.to_string(), fix: fitting_choice(name, &key) }),
        };
        Self { key, outcome }
    }
}

/// The settings under which scores fit the model, if there are any.
fn fitting_choice(name: &str, ScoresKey { bytes, graph, seq_len, .. }: &ScoresKey) -> Option<GraphChoice> {
    GraphChoice::all().find(|choice| {
        let config = choice.config(*seq_len);
        let complete = !choice.token_wise || config.seq_len.is_some();
        let fits = |graph: Graph| PruneScores::from_bytes(name, bytes, &graph).is_ok();
        complete && Graph::try_new(&graph.model, config).is_ok_and(fits)
    })
}

impl Scored {
    /// A graph with its scores.
    pub fn new(graph: Rc<Graph>, scores: PruneScores) -> Self {
        let steps = Steps::new(&scores);
        Self { graph, scores, steps }
    }

    /// Whether all scores are equal in size, so that there is no circuit between none and all of the edges.
    pub fn all_equal(&self) -> bool {
        self.scores.n_edges() > 1 && self.steps.max() == 1
    }
}

impl Steps {
    /// The steps of some scores. Where there are more than [`MAX_STEPS`] circuits, the counts grow geometrically, so that
    /// small circuits can be chosen to the edge and large ones roughly.
    pub fn new(scores: &PruneScores) -> Self {
        let ranking = scores.ranking();
        let counts: Vec<usize> = std::iter::once(0).chain(ranking.groups()).take(MAX_STEPS + 1).collect();
        Self(if counts.len() > MAX_STEPS { thinned(ranking) } else { counts })
    }

    /// The last position.
    pub fn max(&self) -> usize {
        self.0.len() - 1
    }

    /// The edge count at a position.
    pub fn count(&self, position: usize) -> usize {
        self.0[position.min(self.max())]
    }

    /// The position that shows a circuit of `n_edges`: the last that has no more edges.
    pub fn position(&self, n_edges: usize) -> usize {
        self.0.partition_point(|&n| n <= n_edges).saturating_sub(1)
    }

    /// A circuit worth showing first: the largest of at most 50 edges, or the smallest that has any.
    pub fn first_choice(&self) -> usize {
        let position = self.position(50).max(1);
        self.count(position)
    }
}

/// The circuits of a geometric series of edge counts from 1 to all edges, each once.
fn thinned(ranking: &Ranking) -> Vec<usize> {
    let (last, n_edges) = (MAX_STEPS - 1, ranking.n_edges());
    let mut steps: Vec<usize> = (0..=last)
        .map(|i| (n_edges as f64).powf(i as f64 / last as f64).round() as usize)
        .filter_map(|wanted| ranking.circuit(wanted.min(n_edges)).ok())
        .map(|circuit| circuit.n_edges)
        .collect();
    steps.insert(0, 0);
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_scores_make_one_step() {
        let steps = Steps::new(&PruneScores::new(vec![0.0, 1.0, -1.0, 0.0, 0.5]));
        assert_eq!(steps, Steps(vec![0, 2, 3, 5]));
        assert_eq!([0, 1, 2, 3, 4, 5].map(|n| steps.position(n)), [0, 0, 1, 2, 2, 3]);
        assert_eq!(steps.first_choice(), 5);
    }

    #[test]
    fn an_official_circuit_is_chosen_first() {
        let mut scores = vec![0.0; 77];
        scores[3] = 1.0;
        scores[9] = 1.0;
        assert_eq!(Steps::new(&PruneScores::new(scores)).first_choice(), 2);
    }

    #[test]
    fn many_circuits_are_thinned_from_the_large_end() {
        let steps = Steps::new(&PruneScores::new((0..32_491).map(|i| i as f32).collect()));
        assert!(steps.max() <= MAX_STEPS);
        assert_eq!(steps.0[..4], [0, 1, 2, 3]);
        assert_eq!(steps.count(steps.max()), 32_491);
        assert!(steps.0.is_sorted());
    }
}
