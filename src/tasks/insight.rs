//! Asks the engine about its last run: a head's attention, what nodes add to the logits, and how each prompt does.

use std::rc::Rc;

use js_sys::{Array, Float32Array, Float64Array};
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::engine::unexpected;
use crate::state::insight::{Attention, AttentionQuestion, Attribution, AttributionQuestion, Values, ValuesQuestion};
use crate::state::results::TokenPosition;
use crate::state::runs::Failure;
use crate::update::{Action, InsightAction};
use crate::workers::Fault;
use circuitscope_wire::engine::{CircuitChoice, EdgeRef, Event, MaskEdit, Request};

/// Asks for a head's attention.
pub fn ask_attention(tasks: &Rc<Tasks>, question: AttentionQuestion) {
    tasks.dispatch(Action::Insight(InsightAction::AttentionAsked(question.clone())));
    let tasks = tasks.clone();
    spawn_local(async move {
        let answer = attention(&tasks, &question).await.map_err(|fault| Failure::from(fault).message);
        tasks.dispatch(Action::Insight(InsightAction::AttentionArrived(question, answer)));
    });
}

/// Asks for what nodes add to the logits.
pub fn ask_attribution(tasks: &Rc<Tasks>, question: AttributionQuestion) {
    tasks.dispatch(Action::Insight(InsightAction::AttributionAsked(question.clone())));
    let tasks = tasks.clone();
    spawn_local(async move {
        let answer = attribution(&tasks, &question).await.map_err(|fault| Failure::from(fault).message);
        tasks.dispatch(Action::Insight(InsightAction::AttributionArrived(question, answer)));
    });
}

/// Asks for a metric of every prompt.
pub fn ask_values(tasks: &Rc<Tasks>, question: ValuesQuestion) {
    tasks.dispatch(Action::Insight(InsightAction::ValuesAsked(question)));
    let tasks = tasks.clone();
    spawn_local(async move {
        let answer = values(&tasks, question).await.map_err(|fault| Failure::from(fault).message);
        tasks.dispatch(Action::Insight(InsightAction::ValuesArrived(question, answer)));
    });
}

async fn attention(tasks: &Tasks, question: &AttentionQuestion) -> Result<Attention, Fault> {
    let circuit = circuit(question.requested, &question.at);
    let request = Request::Attention { prompt: question.at.prompt, circuit, heads: vec![question.head] };
    let (event, attachments) = call(tasks, request).await?;
    let Event::Attention { attention } = event else { return Err(unexpected(&event)) };
    let patterns = [0, 1, 2].map(|i| floats(&attachments, i));
    Ok(Attention { seq: attention.seq, n_pads: attention.n_pads, patterns })
}

async fn attribution(tasks: &Tasks, question: &AttributionQuestion) -> Result<Attribution, Fault> {
    let request =
        Request::Attribution { prompt: question.at.prompt, circuit: circuit(question.requested, &question.at) };
    let (event, attachments) = call(tasks, request).await?;
    let Event::Attribution { attribution } = event else { return Err(unexpected(&event)) };
    Ok(Attribution {
        seq: attribution.seq,
        n_positions: attribution.n_positions,
        n_values: attribution.n_values,
        n_pads: attribution.n_pads,
        logits: [0, 2, 4].map(|i| floats(&attachments, i)),
        outputs: [1, 3, 5].map(|i| floats(&attachments, i)),
        srcs: attribution.srcs,
    })
}

async fn values(tasks: &Tasks, ValuesQuestion { circuit, metric, .. }: ValuesQuestion) -> Result<Values, Fault> {
    let (event, attachments) = call(tasks, Request::Values { circuit, metric }).await?;
    let Event::Values { .. } = event else { return Err(unexpected(&event)) };
    let [clean, corrupt, circuit] = [0, 1, 2].map(|i| Float64Array::from(attachments.get(i)).to_vec());
    Ok(Values { clean, corrupt, circuit })
}

async fn call(tasks: &Tasks, request: Request) -> Result<(Event, Array), Fault> {
    let _turn = tasks.engine.take_turn().await;
    let Some(engine) = tasks.engine.opened() else {
        return Err(Fault::Failed("the engine was closed".to_owned()));
    };
    engine.connection.call(request, &Array::new(), |_| {}).await
}

fn circuit(edge_count: usize, at: &TokenPosition) -> CircuitChoice {
    let edits = at.edits.iter().map(|(edge_idx, mask)| MaskEdit { edge: EdgeRef::Idx(edge_idx), mask }).collect();
    CircuitChoice::Edited { edge_count, edits }
}

fn floats(attachments: &Array, i: u32) -> Rc<[f32]> {
    Float32Array::from(attachments.get(i)).to_vec().into()
}
