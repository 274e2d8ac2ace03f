//! The progress of a run or a search: counts forward and backward passes, and reports each to an observer.

use std::rc::Rc;

use super::error::RunError;
use super::metrics::Logits;
use super::output::CircuitOutput;

/// Someone who watches a run or a search.
#[allow(async_fn_in_trait, reason = "used on one thread only, in the browser as well")]
pub trait Observer {
    /// Called after every pass, of `total` that are expected. Returns whether to go on.
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool;

    /// Called when a circuit is done for all batches. Its logits come with it where the run was asked for them
    /// ([`super::RunInput::keep_logits`]); nothing else keeps them. Edge counts that give the same circuit share one copy.
    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>);

    /// Called before [`Observer::progress`] with the loss of the pass, where a search has one.
    fn loss(&mut self, _: f64) {}
}

/// Nobody watches.
impl Observer for () {
    async fn progress(&mut self, _: usize, _: usize, _: &str) -> bool {
        true
    }

    fn circuit(&mut self, _: &CircuitOutput, _: Option<Rc<Logits>>) {}
}

/// Counts passes, forward and backward.
pub struct Steps<'o, O> {
    done: usize,
    counts: bool,
    total: usize,
    last_loss: Option<f64>,
    pub observer: &'o mut O,
}

impl<'o, O: Observer> Steps<'o, O> {
    /// `total` is the number of passes that are expected.
    pub fn new(total: usize, observer: &'o mut O) -> Self {
        Self { done: 0, counts: true, total, last_loss: None, observer }
    }

    /// Changes the number of passes that are expected, for an algorithm that stacks several circuits in a pass.
    pub fn expect(&mut self, total: usize) {
        self.total = total;
    }

    /// Whether passes count from now on: those that repeat another engine's are not among the expected ones.
    pub fn count(&mut self, counts: bool) {
        self.counts = counts;
    }

    /// How many of the expected passes are done, where some were in vain.
    pub fn set_done(&mut self, n: usize) {
        self.done = n;
    }

    /// How many passes are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The loss of the last pass that had one.
    pub fn last_loss(&self) -> Option<f64> {
        self.last_loss
    }

    /// A pass is done.
    ///
    /// # Errors
    /// When the observer asks to stop.
    pub async fn step(&mut self, label: &str) -> Result<(), RunError> {
        self.steps(1, label).await
    }

    /// Some passes are done.
    ///
    /// # Errors
    /// When the observer asks to stop.
    pub async fn steps(&mut self, n: usize, label: &str) -> Result<(), RunError> {
        self.done += if self.counts { n } else { 0 };
        if self.observer.progress(self.done, self.total, label).await { Ok(()) } else { Err(RunError::Cancelled) }
    }

    /// The loss of the last pass, in the order of passes, which another engine may have computed.
    pub fn set_last_loss(&mut self, loss: f64) {
        self.last_loss = Some(loss);
        self.observer.loss(loss);
    }

    /// A forward and a backward pass are done, with this loss.
    ///
    /// # Errors
    /// When the observer asks to stop.
    pub async fn gradient_step(&mut self, loss: f64, label: &str) -> Result<(), RunError> {
        self.last_loss = Some(loss);
        self.observer.loss(loss);
        self.steps(2, label).await
    }
}
