//! What is on the screen as a figure's file. Its files come to it from the tasks, which can read them.

use std::collections::BTreeMap;

use super::caption::caption;
use super::tokens::token_as_text;
use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::figure::{OpenFigure, written_view};
use crate::state::load::{Load, Shared};
use crate::state::picture::Selection;
use crate::state::results::{Row, TokenPosition};
use crate::words::counted;
use circuitscope_core::figure_file::edges::{EdgeEdit, EdgeScores, FigureEdges, ListedEdge};
use circuitscope_core::figure_file::files::{FigureFiles, FigureRef};
use circuitscope_core::figure_file::prompts::FigureTexts;
use circuitscope_core::figure_file::recorded::{AttentionPatterns, FigureResults, RecordedAttention, RecordedCircuit};
use circuitscope_core::figure_file::view::{CircuitSize, FigureSelection, FigureView};
use circuitscope_core::figure_file::{FORMAT, FigureFile, Numbers, VERSION};
use circuitscope_core::{EdgeValues, Prompts, PruneScores, Tokens, edge_rows};
use circuitscope_picture::view::name_of;
use circuitscope_wire::engine::Head;

/// A figure has the scores of all edges up to this number, which take half a megabyte, and of larger graphs those of the largest
/// circuits.
const MAX_ALL: usize = 100_000;
/// As many edges of a larger graph, or as many as are shown: those whose sizes a reader may try.
const MIN_LISTED: usize = 2_000;
/// The most edges of a list; see the checks of `figure_file`.
const MAX_LISTED: usize = 1 << 16;
/// As many token ids are written with a figure: a few hundred kilobytes. Of longer prompts the first are.
const MAX_IDS: usize = 50_000;

/// What a person says of a figure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    pub title: String,
    pub caption: String,
}

/// What is proposed: the open figure's own words, or what the page says over the drawing.
pub fn about(state: &State) -> About {
    if let Some(open) = state.figure() {
        return About { title: open.figure.title.clone(), caption: open.figure.caption.clone() };
    }
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    // A brace stands for a number of the results.
    let caption = caption(state).replace('{', "{{").replace('}', "}}");
    About { title: format!("Circuit of {}", counted(n_edges, "edge")), caption }
}

/// The figure of what is on the screen, with only its config among the files; nothing where there is no circuit.
pub fn figure(state: &State, about: &About, config: FigureRef, date: &str) -> Option<FigureFile> {
    let scored = state.scored()?;
    let open = state.figure();
    let (weights, index, tokenizer, tokenizer_config, prompts, scores) = (Vec::new(), None, None, None, None, None);
    let texts = state.inputs.prompts.as_ref().map_or_else(FigureTexts::default, |prompts| texts(state, prompts));
    let mut figure = FigureFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        title: about.title.clone(),
        caption: about.caption.clone(),
        source: open.and_then(|open| open.figure.source.clone()),
        licence: open.and_then(|open| open.figure.licence.clone()),
        files: FigureFiles { config, weights, index, tokenizer, tokenizer_config, prompts, scores },
        graph: scored.graph.config,
        run: state.settings.run.clone(),
        circuit: Some(FigureEdges { values: EdgeValues::Scores, scores: edges(state, &scored.scores)? }),
        texts,
        view: view(state, open)?,
        recorded: recorded(state, date),
    };
    figure.texts.tokens =
        figure.token_ids().into_iter().filter_map(|id| Some((id, token_as_text(state, id)?))).collect();
    Some(figure)
}

/// Whether the figure has the scores that were run, so that no file of them is needed.
pub fn has_all_scores(figure: &FigureFile) -> bool {
    matches!(figure.circuit, Some(FigureEdges { scores: EdgeScores::All(_), .. }))
}

fn edges(state: &State, scores: &PruneScores) -> Option<EdgeScores> {
    let (requested, n_edges) = (state.picture.requested, scores.n_edges());
    let n_listed = requested.max(MIN_LISTED).min(n_edges);
    if n_edges <= MAX_ALL || n_listed > MAX_LISTED {
        return Some(EdgeScores::All(Numbers::f32(scores.values().to_vec())));
    }
    let circuit = scores.circuit(n_listed).ok()?;
    let chosen = scores.values().iter().enumerate().filter(|(_, score)| circuit.contains(**score) && **score != 0.0);
    let rows = edge_rows(&state.scored()?.graph, scores, chosen.map(|(edge_idx, _)| (edge_idx, 1.0)));
    if rows.len() > MAX_LISTED {
        return Some(EdgeScores::All(Numbers::f32(scores.values().to_vec())));
    }
    Some(EdgeScores::Listed(rows.into_iter().map(|row| ListedEdge { edge: row.name, score: row.score }).collect()))
}

/// The first prompts, the one that is shown among them.
fn texts(state: &State, prompts: &Prompts) -> FigureTexts {
    let mut n_ids = 0;
    let fits = prompts.pairs.iter().take_while(|pair| {
        n_ids += pair.clean.len() + pair.corrupt.len();
        n_ids <= MAX_IDS
    });
    let n_prompts = fits.count().max(state.prompt + 1);
    FigureTexts::of(prompts, n_prompts)
}

fn view(state: &State, open: Option<&Shared<OpenFigure>>) -> Option<FigureView> {
    let graph = &state.scored()?.graph;
    let name = |edge_idx: usize| name_of(graph, edge_idx);
    let edit = |(edge_idx, mask): (usize, f32)| Some(EdgeEdit { edge: name(edge_idx)?, mask });
    let selection = state.picture.selection.as_ref().and_then(|selection| {
        Some(match selection {
            Selection::Node(node) => FigureSelection::Node(node.clone()),
            Selection::Edge(edge_idx) => FigureSelection::Edge(name(*edge_idx)?),
        })
    });
    Some(FigureView {
        size: CircuitSize::Edges(state.picture.requested),
        edits: state.picture.edits.iter().filter_map(edit).collect(),
        look: written_view(&state.picture.view),
        prompt: state.prompt,
        position: state.position,
        selection,
        metric: state.measures.metric,
        log_y: state.measures.log_y,
        theme: open.map_or_else(Default::default, |open| open.view().theme),
        labels: open.map_or_else(BTreeMap::new, |open| open.view().labels.clone()),
        groups: open.map_or_else(BTreeMap::new, |open| open.view().groups.clone()),
    })
}

/// What was run, or came with a figure, with the settings as they are.
fn recorded(state: &State, date: &str) -> Option<FigureResults> {
    let results = &state.results;
    let baseline = results.baseline.clone().filter(|_| state.fresh() && !results.rows.is_empty())?;
    let circuit =
        |row: &Row| RecordedCircuit { circuit: row.result.circuit, measurement: row.result.measurement.clone() };
    let (n_prompts, n_positions) = (baseline.n_prompts, baseline.n_positions);
    let earlier = state.figure().and_then(|open| open.figure.recorded.as_ref());
    let earlier = earlier.filter(|_| results.rows.iter().all(|row| row.job == 0));
    let program = format!("circuitscope {}", env!("CARGO_PKG_VERSION"));
    let edits = &state.picture.edits;
    let edited = results.row_of(state.picture.requested, edits).filter(|_| !edits.is_empty());
    let recorded = FigureResults {
        date: earlier.map_or_else(|| Some(date.to_owned()), |earlier| earlier.date.clone()),
        program: earlier.map_or(Some(program), |earlier| earlier.program.clone()),
        baseline: baseline.into(),
        circuits: results.rows.iter().map(|row| circuit(row)).collect(),
        edited: edited.map(circuit),
        tokens: results.rows.iter().map(|row| tokens(state, row, (n_prompts, n_positions))).collect(),
        attention: earlier.map_or_else(|| attention(state).into_iter().collect(), |earlier| earlier.attention.clone()),
    };
    Some(recorded.rounded())
}

/// The likeliest tokens of a circuit on the first prompts, as far as they are known.
fn tokens(state: &State, row: &Row, (n_prompts, n_positions): (usize, usize)) -> Vec<Vec<Tokens>> {
    let at = |prompt: usize, position: usize| {
        let n_edges = row.result.circuit.n_edges;
        let at = TokenPosition { n_edges, edits: Edits::default(), prompt, position };
        match state.results.tokens(&at)? {
            Load::Ready(tokens) => Some((**tokens).clone()),
            _ => None,
        }
    };
    let of_prompt = |prompt: usize| (0..n_positions).map(|position| at(prompt, position)).collect::<Option<Vec<_>>>();
    (0..n_prompts).map_while(of_prompt).collect()
}

/// The attention of the selected head, where it is known.
fn attention(state: &State) -> Option<RecordedAttention> {
    let (Head { block, head_idx }, known) = super::insight::known_attention(state)?;
    let n_edges = state.circuit()?.n_edges;
    let circuit = state.results.rows.iter().position(|row| row.result.circuit.n_edges == n_edges)?;
    let [clean, corrupt, patched] = known.patterns.each_ref().map(|pattern| Numbers::f16(pattern));
    let is_plain = state.picture.edits.is_empty();
    is_plain.then(|| RecordedAttention {
        prompt: state.prompt,
        block,
        head_idx,
        circuit,
        seq: known.seq,
        n_pads: known.n_pads,
        patterns: AttentionPatterns { clean, corrupt, circuit: patched },
    })
}
