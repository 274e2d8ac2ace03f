//! What is asked of the engine about the selected node, and what it answered, as the inspector shows it.

use std::rc::Rc;

use super::tokens::token_text;
use crate::state::State;
use crate::state::insight::{Attention, AttentionQuestion, Attribution, AttributionQuestion};
use crate::state::load::Load;
use crate::state::picture::{Look, Selection};
use crate::state::runs::{Job, Run};
use crate::words::{NO_NUMBER, short};
use circuitscope_core::figure_file::recorded::RecordedAttention;
use circuitscope_figure::names::signed;
use circuitscope_picture::sankey::AttentionArc;
use circuitscope_picture::strip::heat::{HeatMapData, HeatRequest};
use circuitscope_wire::engine::Head;

/// The inspector's inner width.
const WIDTH: f64 = 254.0;

/// Logits of some tens are sums of 32-bit numbers, which have seven digits.
const LEAST: f32 = 1e-5;

/// What there is to see of something that the engine is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<T> {
    /// It takes a run in this tab: of recorded results the engine knows nothing.
    NeedsRun,
    Waiting,
    Failed(String),
    Ready(T),
}

/// What a node adds to the logits, and how large its output is.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeNumbers {
    /// For clean, corrupt and circuit: answer, wrong answer, difference; `–` where there is none.
    pub logits: [[String; 3]; 3],
    /// For each position its token and the norms on clean, corrupt and circuit, as shares of the largest in percent.
    pub norms: Vec<NormRow>,
}

/// The norm of a node's output at a position.
#[derive(Debug, Clone, PartialEq)]
pub struct NormRow {
    pub token: String,
    /// On the clean prompt, in words.
    pub clean: String,
    /// Shares of the largest norm, in percent: clean, corrupt, circuit.
    pub widths: [f64; 3],
}

/// The attention that is to be asked for next.
pub fn attention_question(state: &State) -> Option<AttentionQuestion> {
    let question = wanted_attention(state)?;
    (is_idle(state) && state.insights.attention(&question).is_none()).then_some(question)
}

/// The attribution that is to be asked for next.
pub fn attribution_question(state: &State) -> Option<AttributionQuestion> {
    let question = wanted_attribution(state)?;
    (is_idle(state) && state.insights.attribution(&question).is_none()).then_some(question)
}

/// What nodes put out in the chosen circuit, where the engine has answered.
pub fn attribution(state: &State) -> Option<Rc<Attribution>> {
    match state.insights.attribution(&wanted_attribution(state)?)? {
        Load::Ready(attribution) => Some(attribution.clone()),
        _ => None,
    }
}

/// The attention of the selected head.
pub fn attention(state: &State) -> Option<Seen<HeatRequest>> {
    selected_head(state)?;
    if let Some((_, attention)) = known_attention(state) {
        return Some(Seen::Ready(heat_maps(state, &attention)));
    }
    let Some(question) = wanted_attention(state) else { return Some(not_yet(state)) };
    Some(match state.insights.attention(&question) {
        Some(Load::Failed(why)) => Seen::Failed(why.clone()),
        _ => Seen::Waiting,
    })
}

/// The selected head and its attention on the prompt, as the engine has answered or a figure has recorded.
pub fn known_attention(state: &State) -> Option<(Head, Rc<Attention>)> {
    let head = selected_head(state)?;
    let answered = || match state.insights.attention(&wanted_attention(state)?)? {
        Load::Ready(attention) => Some(attention.clone()),
        _ => None,
    };
    Some((head, answered().or_else(|| recorded_attention(state, head))?))
}

/// The attention that came with a figure, while its own results are shown.
fn recorded_attention(state: &State, head: Head) -> Option<Rc<Attention>> {
    let results = state.figure()?.figure.recorded.as_ref().filter(|_| state.fresh())?;
    let n_edges = state.circuit().filter(|_| state.picture.edits.is_empty())?.n_edges;
    let is_it = |recorded: &&RecordedAttention| {
        let circuit = results.circuits.get(recorded.circuit).map(|recorded| recorded.circuit.n_edges);
        let of_head = (recorded.block, recorded.head_idx) == (head.block, head.head_idx);
        of_head && recorded.prompt == state.prompt && circuit == Some(n_edges)
    };
    let RecordedAttention { seq, n_pads, patterns, .. } = results.attention.iter().find(is_it)?;
    let patterns = [&patterns.clean, &patterns.corrupt, &patterns.circuit].map(|numbers| Rc::from(numbers.values()));
    Some(Rc::new(Attention { seq: *seq, n_pads: *n_pads, patterns }))
}

fn heat_maps(state: &State, attention: &Attention) -> HeatRequest {
    let names = ["Clean", "Corrupt", "Circuit"];
    let maps =
        names.iter().zip(&attention.patterns).zip(attention.n_pads).map(|((name, pattern), n_pads)| HeatMapData {
            name: (*name).to_owned(),
            tokens: tokens(state, *name == "Corrupt", attention.seq, n_pads),
            pattern: pattern.clone(),
        });
    HeatRequest { width: WIDTH, maps: maps.collect() }
}

/// What the selected node adds, and how large it is.
pub fn numbers(state: &State) -> Option<Seen<NodeNumbers>> {
    let Some(Selection::Node(name)) = &state.picture.selection else { return None };
    // The end of the residual stream adds nothing.
    state.scored()?.graph.srcs.iter().find(|src| src.name == *name)?;
    let Some(question) = wanted_attribution(state) else { return Some(not_yet(state)) };
    Some(match state.insights.attribution(&question) {
        Some(Load::Ready(attribution)) => {
            let position = state.position.min(attribution.n_positions.saturating_sub(1));
            let Some((added, norms)) = attribution.added(name, position).zip(attribution.norms(name)) else {
                return Some(Seen::Waiting);
            };
            let logits = added.map(|[answer, wrong]| [answer, wrong, answer - wrong].map(number));
            let largest = norms.iter().flatten().copied().fold(0.0_f32, f32::max);
            let share = |norm: f32| if largest > 0.0 { f64::from(100.0 * norm / largest) } else { 0.0 };
            let tokens = tokens(state, false, attribution.seq, attribution.n_pads[0]);
            let row = |(position, token): (usize, String)| NormRow {
                token,
                clean: short(norms[0][position].into()),
                widths: [0, 1, 2].map(|run: usize| share(norms[run][position])),
            };
            Seen::Ready(NodeNumbers { logits, norms: tokens.into_iter().enumerate().map(row).collect() })
        }
        Some(Load::Failed(why)) => Seen::Failed(why.clone()),
        _ => Seen::Waiting,
    })
}

/// What the selected head looks back at, where token positions are drawn apart and its attention is known: for each position
/// the one that it attends to most, if that is another.
pub fn arcs(state: &State) -> Rc<[AttentionArc]> {
    /// Less attention than this to any one position says little of it.
    const LEAST: f32 = 0.2;
    let known = || {
        state.scored()?.graph.config.seq_len?;
        let (_, attention) = known_attention(state)?;
        let Some(Selection::Node(head)) = &state.picture.selection else { return None };
        let (seq, [.., pattern]) = (attention.seq, &attention.patterns);
        let arc = |to: usize| {
            let row = pattern.get(to * seq..(to + 1) * seq)?;
            let (from, &weight) = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
            (from != to && weight >= LEAST).then(|| AttentionArc { head: head.clone(), from, to, weight })
        };
        Some((0..seq).filter_map(arc).collect())
    };
    known().unwrap_or_default()
}

/// A part of a logit; less than the rounding of sums of 32 bits is none.
fn number(x: f32) -> String {
    match x {
        x if x.is_nan() => NO_NUMBER.to_owned(),
        x if x.abs() < LEAST => signed(0.0),
        x => signed(x.into()),
    }
}

fn is_idle(state: &State) -> bool {
    matches!(state.run, Run::Idle(_))
}

fn not_yet<T>(state: &State) -> Seen<T> {
    if is_idle(state) { Seen::NeedsRun } else { Seen::Waiting }
}

/// The run that the engine can be asked about, where it is of the files and settings as they are.
fn asked_run(state: &State) -> Option<Job> {
    state.results.engine_run.filter(|_| state.fresh())
}

fn selected_head(state: &State) -> Option<Head> {
    let Some(Selection::Node(name)) = &state.picture.selection else { return None };
    let (block, head_idx) = name.strip_prefix('A')?.split_once('.')?;
    Some(Head { block: block.parse().ok()?, head_idx: head_idx.parse().ok()? })
}

fn wanted_attention(state: &State) -> Option<AttentionQuestion> {
    let (head, job, at) = (selected_head(state)?, asked_run(state)?, state.token_position()?);
    Some(AttentionQuestion { job, at, requested: state.picture.requested, head })
}

fn wanted_attribution(state: &State) -> Option<AttributionQuestion> {
    let (job, at) = (asked_run(state)?, state.token_position()?);
    let view = &state.picture.view;
    let draws_values = view.look == Look::AutoCircuit && view.by_mask;
    let selects_node = matches!(state.picture.selection, Some(Selection::Node(_)));
    (selects_node || draws_values).then_some(AttributionQuestion { job, at, requested: state.picture.requested })
}

/// The tokens of the chosen prompt, filled up on the left.
fn tokens(state: &State, corrupt: bool, seq: usize, n_pads: usize) -> Vec<String> {
    let Some(pair) = state.inputs.prompts.as_ref().and_then(|prompts| prompts.pairs.get(state.prompt)) else {
        return Vec::new();
    };
    let ids = if corrupt { &pair.corrupt } else { &pair.clean };
    let pads = std::iter::repeat_n("pad".to_owned(), n_pads);
    pads.chain(ids.iter().map(|&id| token_text(state, id))).take(seq).collect()
}
