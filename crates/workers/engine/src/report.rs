//! Tells whoever made a call how far it is.
//!
//! After every forward pass it waits for a turn of the event loop, so that a cancel that was posted meanwhile is heard.

use std::rc::Rc;

use js_sys::{Array, Float32Array, Float64Array};

use crate::team::AtCall;
use circuitscope_engine::run::{CircuitOutput, Logits, Observer};
use circuitscope_engine::session::{circuit_result, prompt_values};
use circuitscope_wire::browser::event_loop_turn;
use circuitscope_wire::engine::Event;
use circuitscope_wire::{Caller, Engine};

/// Progress is posted at most this often, in milliseconds.
const PROGRESS_EVERY_MS: f64 = 50.0;

/// Posts the events that come before an answer.
pub struct Reporter<'a> {
    caller: &'a Caller<'a, Engine, Array>,
    /// The team at the call, where it is one that others help with.
    team: Option<&'a AtCall<'a>>,
    /// The last loss of a search.
    loss: Option<f64>,
    /// When progress was last posted.
    posted_at: f64,
    began_at: f64,
}

impl<'a> Reporter<'a> {
    pub fn new(caller: &'a Caller<'a, Engine, Array>) -> Self {
        Self { caller, team: None, loss: None, posted_at: 0.0, began_at: js_sys::Date::now() }
    }

    /// One that tells a team how long the call will take.
    #[must_use]
    pub fn with_team(self, team: &'a AtCall<'a>) -> Self {
        Self { team: Some(team), ..self }
    }
}

impl Observer for Reporter<'_> {
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool {
        let now = js_sys::Date::now();
        if let Some(team) = self.team {
            let ms_a_pass = (now - self.began_at) / done.max(1) as f64;
            // The first pass after a while is slower than those that follow.
            let ms_left = if done > 1 { ms_a_pass * total.saturating_sub(done) as f64 } else { 0.0 };
            team.expect(ms_left, now - self.began_at);
        }
        if now - self.posted_at >= PROGRESS_EVERY_MS || done == total {
            self.posted_at = now;
            let event = Event::Progress { done, total, label: label.to_owned(), loss: self.loss };
            self.caller.tell(event, &Array::new());
        }
        event_loop_turn().await;
        !self.caller.is_cancelled()
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        let attached = Array::new();
        if let Some(logits) = logits {
            attached.push(&Float32Array::from(logits.values.as_slice()));
            attached.push(&Float64Array::from(prompt_values(output).as_slice()));
        }
        self.caller.tell(Event::Circuit { result: circuit_result(output) }, &attached);
    }

    fn loss(&mut self, loss: f64) {
        self.loss = Some(loss);
    }
}
