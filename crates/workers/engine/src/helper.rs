//! What this worker does as a helper of another.

use js_sys::Array;

use crate::files::WholeFile;
use crate::team::write;
use circuitscope_engine::run::{CircuitOutput, Logits, Observer};
use circuitscope_engine::session::{RunRequest, Session, SessionError};
use circuitscope_wire::browser::event_loop_turn;
use circuitscope_wire::engine::{Event, Request};
use circuitscope_wire::help::{Help, Helped};
use circuitscope_wire::{Caller, Engine};

/// Takes a call in, or computes a part of it.
///
/// # Errors
/// When the call does not fit the model, or was cancelled.
pub async fn help(
    session: &mut Session,
    with: Help,
    files: &Array,
    caller: &Caller<'_, Engine, Array>,
) -> Result<(Event, Array), SessionError> {
    let (with, attachments) = match with {
        Help::Begin { request } => (Helped::Begun { batches: begin(session, *request, files).await? }, Array::new()),
        Help::Compute { part } => {
            let numbers = session.compute(&part, &mut Cancellable(caller)).await?;
            (Helped::Computed, write(&numbers))
        }
    };
    Ok((Event::Helped { with }, attachments))
}

async fn begin(session: &mut Session, request: Request, files: &Array) -> Result<Vec<usize>, SessionError> {
    match request {
        Request::Run { prompts, scores, values, edits, settings, logits } => {
            let (prompts, scores) = (WholeFile::read(&prompts, files).await?, WholeFile::read(&scores, files).await?);
            session.begin_run(RunRequest {
                prompts: prompts.text()?,
                scores: (&scores.name, &scores.bytes),
                values,
                edits: &edits,
                settings: &settings,
                keep_logits: logits,
            })
        }
        Request::Discover { prompts, settings } => {
            let prompts = WholeFile::read(&prompts, files).await?;
            session.begin_discover(&prompts.text()?, &settings)?;
            Ok(Vec::new())
        }
        _ => Err(SessionError::NoCall),
    }
}

/// Hears of cancels, and says nothing.
struct Cancellable<'a>(&'a Caller<'a, Engine, Array>);

impl Observer for Cancellable<'_> {
    async fn progress(&mut self, _: usize, _: usize, _: &str) -> bool {
        event_loop_turn().await;
        !self.0.is_cancelled()
    }

    fn circuit(&mut self, _: &CircuitOutput, _: Option<std::rc::Rc<Logits>>) {}
}
