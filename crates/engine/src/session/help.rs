//! How this engine helps another: it takes in what a call is of, and computes parts of it.

use std::rc::Rc;

use super::job::{DiscoverJob, RunJob};
use super::{RunRequest, Session, SessionError, Text};
use crate::discover::{self, AtHand};
use crate::run::steps::Steps;
use crate::run::{self, Batches, Observer, Plan, Sweep};
use crate::share::{Numbers, Shared};
use circuitscope_core::{DiscoverSettings, RunSettings};
use circuitscope_wire::help::Part;

/// The call that is helped with.
pub enum Helping {
    Run {
        job: Box<RunJob>,
        plan: Plan,
        at_hand: Rc<run::AtHand>,
        /// What the unpatched model depends on.
        key: (String, RunSettings),
    },
    Discover {
        job: Box<DiscoverJob>,
        at_hand: Rc<AtHand>,
    },
}

impl Session {
    /// Gets ready for parts of a run; gives the batches that are at hand from the one before.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn begin_run(&mut self, request: RunRequest<'_>) -> Result<Vec<usize>, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        let key = (request.prompts.text.to_owned(), super::KeptUnpatched::key(request.settings));
        let job = Box::new(RunJob::new(model, &self.limits, request)?);
        let input = job.input(model, self.stacking, None);
        let RunJob { prompts, graph, settings, .. } = &*job;
        let batches = Batches::new(model, graph, prompts, settings.slice, settings.batch_size)?;
        let plan = Plan::new(&input, &batches).map_err(SessionError::from)?;
        let at_hand = match self.helping.take() {
            Some(Helping::Run { at_hand, key: before, .. }) if before == key => at_hand,
            _ => Rc::new(run::AtHand::new(batches.count())),
        };
        let ready = at_hand.batches();
        self.helping = Some(Helping::Run { job, plan, at_hand, key });
        Ok(ready)
    }

    /// Gets ready for parts of a search.
    ///
    /// # Errors
    /// As [`Session::discover`].
    pub fn begin_discover(&mut self, prompts: &Text<'_>, settings: &DiscoverSettings) -> Result<(), SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        self.helping = None;
        let job = Box::new(DiscoverJob::new(model, &self.limits, prompts, settings)?);
        self.helping = Some(Helping::Discover { job, at_hand: Rc::default() });
        Ok(())
    }

    /// Computes a part of the call that was begun.
    ///
    /// # Errors
    /// When none was begun, the device fails, or the observer asks to stop.
    pub async fn compute(&self, part: &Part, observer: &mut impl Observer) -> Result<Numbers, SessionError> {
        let model = self.model.as_ref().ok_or(SessionError::NoModel)?;
        match self.helping.as_ref().ok_or(SessionError::NoCall)? {
            Helping::Run { job, plan, at_hand, .. } => {
                let RunJob { prompts, graph, settings, .. } = &**job;
                let input = &job.input(model, self.stacking, None);
                let batches = &Batches::new(model, graph, prompts, settings.slice, settings.batch_size)?;
                let sweep = Sweep { input, batches, plan, at_hand: at_hand.clone() };
                let output = sweep.compute(part, &mut Steps::new(0, observer)).await?;
                Ok(sweep.pack(output))
            }
            Helping::Discover { job, at_hand } => {
                Ok(discover::compute(&job.input(model, self.stacking), at_hand, part, observer).await?)
            }
        }
    }
}
