//! The likeliest tokens of a circuit that was run.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::engine::unexpected;
use crate::state::results::{Question, TokenPosition};
use crate::state::runs::Failure;
use crate::update::Action;
use crate::workers::Fault;
use circuitscope_wire::engine::{Event, Request, Tokens};

/// How many of the likeliest tokens are shown.
const TOP_K: usize = 8;

/// Asks for the likeliest tokens.
pub fn ask_tokens(tasks: &Rc<Tasks>, question: Question) {
    tasks.dispatch(Action::TokensAsked(question.clone()));
    let tasks = tasks.clone();
    spawn_local(async move {
        let tokens = inspect(&tasks, &question).await.map_err(|fault| Failure::from(fault).message);
        tasks.dispatch(Action::TokensArrived(question, tokens));
    });
}

async fn inspect(tasks: &Tasks, question: &Question) -> Result<Tokens, Fault> {
    let _turn = tasks.engine.take_turn().await;
    let Some(engine) = tasks.engine.opened() else {
        return Err(Fault::Failed("the engine was closed".to_owned()));
    };
    let Question { at: TokenPosition { prompt, position, .. }, circuit, .. } = question;
    let request = Request::Inspect { circuit: *circuit, prompt: *prompt, position: *position, top_k: TOP_K };
    match engine.connection.call(request, &Array::new(), |_| {}).await?.0 {
        Event::Tokens { tokens } => Ok(tokens),
        other => Err(unexpected(&other)),
    }
}
