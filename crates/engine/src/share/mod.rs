//! Work that is shared between engines: a run or a search falls into parts, which this engine and its helpers compute.
//!
//! Nothing here knows what a helper is: in a browser it is another Web Worker with a copy of the model. Parts are handed out one at a
//! time to whoever is free ([`queue`]), and their results are taken in the order of the parts, so that they are the same, bit for bit,
//! however many engines there are. What a helper that is lost was at is computed by another.

mod numbers;
mod queue;

use std::collections::VecDeque;
use std::pin::Pin;

use futures_util::future::{Either, FutureExt, ready, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

pub use numbers::{Cursor, Numbers};
use queue::{Queue, Worker};

use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_wire::help::Part;

/// How many parts a helper is given beyond the one that it is at, at least and at most: it need not wait for this engine, which hears
/// of it only between two forward passes.
const LEAST_AHEAD: usize = 1;
const MOST_AHEAD: usize = 3;
/// This engine among the workers.
const HERE: usize = 0;

/// Engines that help with a call.
#[allow(async_fn_in_trait, reason = "used on one thread only, in the browser as well")]
pub trait Helpers {
    /// How many there are.
    fn count(&self) -> usize;

    /// Whether a helper will begin at once, so that it can be given parts before it has.
    fn is_ready(&self, helper: usize) -> bool;

    /// Gets a helper ready for the call; gives the batches that it has at hand from a call before.
    ///
    /// # Errors
    /// When it is lost.
    async fn begin(&self, helper: usize) -> Result<Vec<usize>, Lost>;

    /// Has a helper compute a part; several can be asked for, and are computed one after the other.
    ///
    /// # Errors
    /// When it is lost, or cannot do it.
    async fn compute(&self, helper: usize, part: &Part) -> Result<Numbers, Lost>;

    /// Stops what the helpers are at.
    fn stop(&self);
}

/// A helper that is of no more use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost;

/// Nobody helps.
impl Helpers for () {
    fn count(&self) -> usize {
        0
    }

    fn is_ready(&self, _: usize) -> bool {
        false
    }

    async fn begin(&self, _: usize) -> Result<Vec<usize>, Lost> {
        Err(Lost)
    }

    async fn compute(&self, _: usize, _: &Part) -> Result<Numbers, Lost> {
        Err(Lost)
    }

    fn stop(&self) {}
}

/// A call that falls into parts.
#[allow(async_fn_in_trait, reason = "used on one thread only, in the browser as well")]
pub trait Shared {
    /// What a part gives.
    type Output;

    /// Computes a part, and counts its passes.
    ///
    /// # Errors
    /// When the device fails, or the observer asks to stop.
    async fn compute<O: Observer>(&self, part: &Part, steps: &mut Steps<'_, O>) -> Result<Self::Output, RunError>;

    /// How many passes a part counts, and what is said of them.
    fn passes(&self, part: &Part) -> (usize, String);

    /// How many parts' time it takes to get ready for the first part of a batch.
    fn setup(&self) -> usize;

    /// Whether an engine keeps what it made ready for all batches, or for the last alone.
    fn keeps_batches(&self) -> bool;

    /// The batches that are ready here.
    fn at_hand(&self) -> Vec<usize> {
        Vec::new()
    }

    /// As a message.
    fn pack(&self, output: Self::Output) -> Numbers;

    /// From a message; nothing where it is not what the part gives.
    fn unpack(&self, part: &Part, numbers: Numbers) -> Option<Self::Output>;
}

/// The engines that are at a call: this one, and its helpers as soon as they are ready.
pub struct Crew<'h, H> {
    helpers: &'h H,
    /// This engine, and the helpers that have begun.
    workers: Vec<Worker>,
    /// Which of the workers a helper is.
    begun: Vec<Option<usize>>,
    /// What helpers are asked for.
    asked: FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + 'h>>>,
}

impl<'h, H: Helpers> Crew<'h, H> {
    /// Asks the helpers to begin.
    pub fn new(helpers: &'h H) -> Self {
        let (workers, begun) = (vec![Worker::default()], vec![None; helpers.count()]);
        let mut crew = Self { helpers, workers, begun, asked: FuturesUnordered::new() };
        for helper in 0..helpers.count() {
            let is_ready = helpers.is_ready(helper);
            crew.ask(helper, None);
            if is_ready {
                crew.join(helper);
            }
        }
        crew
    }

    /// How many engines are at the call now.
    pub fn count(&self) -> usize {
        1 + self.begun.iter().flatten().count()
    }

    /// Computes parts. `take` is given the index of each and its result, in the order of the parts.
    ///
    /// # Errors
    /// When the device fails here, or the observer asks to stop; the helpers are stopped then.
    pub async fn share<C: Shared, O: Observer>(
        &mut self,
        call: &C,
        parts: &[Part],
        steps: &mut Steps<'_, O>,
        take: impl FnMut(usize, C::Output, &mut Steps<'_, O>),
    ) -> Result<(), RunError> {
        let shared = self.work(call, parts, steps, take).await;
        if shared.is_err() {
            self.helpers.stop();
        }
        shared
    }

    async fn work<C: Shared, O: Observer>(
        &mut self,
        call: &C,
        parts: &[Part],
        steps: &mut Steps<'_, O>,
        take: impl FnMut(usize, C::Output, &mut Steps<'_, O>),
    ) -> Result<(), RunError> {
        self.workers[HERE].at_hand.extend(call.at_hand());
        let queue = &mut Queue::new(parts, call.setup(), call.keeps_batches(), &self.workers);
        let mut results = InOrder { waiting: (0..parts.len()).map(|_| None).collect(), n_taken: 0, take };
        while results.n_taken < parts.len() {
            let own = queue.take(&mut self.workers[HERE]);
            self.hand_out(queue, parts);
            let mut computed = Vec::new();
            match own {
                Some(index) => {
                    let output = self.compute(call, parts, index, queue, steps, &mut computed).await?;
                    self.workers[HERE].n_at -= 1;
                    results.add(index, output, steps);
                }
                None => {
                    let answer = self.asked.next().await;
                    computed.extend(answer.and_then(|answer| self.hear(answer, queue)));
                }
            }
            while let Some(answer) = self.asked.next().now_or_never().flatten() {
                computed.extend(self.hear(answer, queue));
            }
            for (helper, index, numbers) in computed {
                match call.unpack(&parts[index], numbers) {
                    Some(output) => {
                        results.add(index, output, steps);
                        let (n, label) = call.passes(&parts[index]);
                        steps.steps(n, &label).await?;
                    }
                    None => self.lose(helper, Some(index), queue),
                }
            }
        }
        Ok(())
    }

    /// Computes a part here, and whenever that waits for the browser hears what helpers say and gives them more.
    async fn compute<C: Shared, O: Observer>(
        &mut self,
        call: &C,
        parts: &[Part],
        index: usize,
        queue: &mut Queue,
        steps: &mut Steps<'_, O>,
        computed: &mut Vec<(usize, usize, Numbers)>,
    ) -> Result<C::Output, RunError> {
        let mut own = std::pin::pin!(call.compute(&parts[index], steps));
        while !self.asked.is_empty() {
            match select(own.as_mut(), self.asked.next()).await {
                Either::Left((output, _)) => return output,
                Either::Right((answer, _)) => {
                    computed.extend(answer.and_then(|answer| self.hear(answer, queue)));
                    self.hand_out(queue, parts);
                }
            }
        }
        own.await
    }

    /// Takes in what a helper answered; gives the result of a part, with the helper and the part's index.
    fn hear(&mut self, Answer { helper, told }: Answer, queue: &mut Queue) -> Option<(usize, usize, Numbers)> {
        match told {
            Told::Begun(batches) => {
                let worker = self.join(helper);
                self.workers[worker].at_hand.extend(batches);
                None
            }
            Told::Computed(index, numbers) => {
                self.begun[helper].into_iter().for_each(|worker| self.workers[worker].n_at -= 1);
                Some((helper, index, numbers))
            }
            Told::Lost(index) => {
                self.lose(helper, index, queue);
                None
            }
        }
    }

    /// The number of a helper among the workers.
    fn join(&mut self, helper: usize) -> usize {
        let workers = &mut self.workers;
        *self.begun[helper].get_or_insert_with(|| {
            workers.push(Worker::default());
            workers.len() - 1
        })
    }

    /// A helper is of no more use; each of the parts that it was given comes back.
    fn lose(&mut self, helper: usize, index: Option<usize>, queue: &mut Queue) {
        if let Some(worker) = self.begun[helper].take() {
            queue.leave(&mut self.workers[worker]);
        }
        index.into_iter().for_each(|index| queue.put_back(index));
    }

    /// Gives parts to the helpers that have too few: the fewer the fewer are left, so that all end at about the same time.
    fn hand_out(&mut self, queue: &mut Queue, parts: &[Part]) {
        let most = (queue.n_left() / (2 * self.count())).clamp(1 + LEAST_AHEAD, 1 + MOST_AHEAD);
        for helper in 0..self.begun.len() {
            let Some(worker) = self.begun[helper] else { continue };
            while self.workers[worker].n_at < most
                && let Some(index) = queue.take(&mut self.workers[worker])
            {
                self.ask(helper, Some((index, parts[index].clone())));
            }
        }
    }

    /// Asks a helper to begin, or for a part.
    fn ask(&mut self, helper: usize, part: Option<(usize, Part)>) {
        let helpers = self.helpers;
        let mut asked = Box::pin(async move {
            let told = match part {
                None => helpers.begin(helper).await.map_or(Told::Lost(None), Told::Begun),
                Some((index, part)) => match helpers.compute(helper, &part).await {
                    Ok(numbers) => Told::Computed(index, numbers),
                    Err(Lost) => Told::Lost(Some(index)),
                },
            };
            Answer { helper, told }
        });
        // Once now, so that it is posted before this engine is busy, and in this order.
        match asked.as_mut().now_or_never() {
            Some(answer) => self.asked.push(Box::pin(ready(answer))),
            None => self.asked.push(asked),
        }
    }
}

/// What a helper answered.
struct Answer {
    helper: usize,
    told: Told,
}

enum Told {
    Begun(Vec<usize>),
    Computed(usize, Numbers),
    /// With the part that it was to compute.
    Lost(Option<usize>),
}

/// Results that came before their turn.
struct InOrder<R, F> {
    waiting: VecDeque<Option<R>>,
    n_taken: usize,
    take: F,
}

impl<R, F> InOrder<R, F> {
    fn add<S>(&mut self, index: usize, result: R, steps: &mut S)
    where
        F: FnMut(usize, R, &mut S),
    {
        self.waiting[index - self.n_taken] = Some(result);
        while let Some(result) = self.waiting.front_mut().and_then(Option::take) {
            self.waiting.pop_front();
            (self.take)(self.n_taken, result, steps);
            self.n_taken += 1;
        }
    }
}
