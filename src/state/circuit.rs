//! A chosen circuit: the largest scores, what a person changed in them, and going back.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::files::FileId;
use circuitscope_core::GraphConfig;

/// Steps that can be undone; a person goes no further back.
const MAX_STEPS: usize = 200;

/// What a person changed in a circuit: for each changed edge how much of it is in the circuit, from 0 to 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edits(Rc<BTreeMap<usize, f32>>);

/// A circuit: how many of the largest scores, and what was changed in them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    pub requested: usize,
    pub edits: Edits,
}

/// A file of scores, and which of several in it.
pub type ScoresChoice = (FileId, Option<String>);

/// A circuit, and the scores that it is of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    pub scores: Option<ScoresChoice>,
    pub choice: Choice,
}

/// What all steps of a history have in common. With another model or graph another history begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// Weights and config.
    pub model: [Option<FileId>; 2],
    pub graph: GraphConfig,
}

/// The circuits that were chosen before, and those that were taken back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    basis: Option<Basis>,
    past: Vec<Step>,
    future: Vec<Step>,
    /// The circuit that was chosen last and is not on its way to another, as one that is dragged along the curve is.
    settled: Step,
}

impl Edits {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much of an edge is in the circuit, where that was changed.
    pub fn mask(&self, edge_idx: usize) -> Option<f32> {
        self.0.get(&edge_idx).copied()
    }

    /// The changed edges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.0.iter().map(|(&edge_idx, &mask)| (edge_idx, mask))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The same with an edge at another value; `usual` is its value without a change.
    pub fn with(&self, edge_idx: usize, mask: f32, usual: f32) -> Self {
        let mut edits = (*self.0).clone();
        if mask == usual {
            edits.remove(&edge_idx);
        } else {
            edits.insert(edge_idx, mask);
        }
        Self(Rc::new(edits))
    }

    /// The edits as a map.
    pub fn map(&self) -> &BTreeMap<usize, f32> {
        &self.0
    }
}

impl FromIterator<(usize, f32)> for Edits {
    fn from_iter<T: IntoIterator<Item = (usize, f32)>>(edits: T) -> Self {
        Self(Rc::new(edits.into_iter().collect()))
    }
}

impl History {
    /// A history that begins at a circuit.
    pub fn new(basis: Option<Basis>, first: Step) -> Self {
        Self { basis, settled: first, ..Self::default() }
    }

    /// Remembers that a circuit was chosen, unless it is the one that was.
    pub fn settle(&mut self, step: Step) {
        if step == self.settled {
            return;
        }
        self.future.clear();
        self.past.push(std::mem::replace(&mut self.settled, step));
        if self.past.len() > MAX_STEPS {
            self.past.remove(0);
        }
    }

    /// Takes the first circuit of other scores: a step, or where they are of another model or graph a new beginning.
    pub fn follow(&mut self, basis: Option<Basis>, step: Step) {
        if basis == self.basis {
            self.settle(step);
        } else {
            *self = Self::new(basis, step);
        }
    }

    /// Puts another circuit in the place of the one that was chosen last.
    pub fn amend(&mut self, choice: Choice) {
        self.settled.choice = choice;
    }

    /// Whether the circuit that was chosen last is of these scores.
    pub fn is_at(&self, basis: Option<&Basis>, scores: Option<&ScoresChoice>) -> bool {
        basis == self.basis.as_ref() && scores == self.settled.scores.as_ref()
    }

    /// Forgets the steps of scores that are gone.
    pub fn keep(&mut self, is_there: impl Fn(FileId) -> bool) {
        let is_kept = |step: &Step| step.scores.as_ref().is_none_or(|(id, _)| is_there(*id));
        self.past.retain(is_kept);
        self.future.retain(is_kept);
    }

    /// The circuit before.
    pub fn undo(&mut self) -> Option<Step> {
        let before = self.past.pop()?;
        self.future.push(std::mem::replace(&mut self.settled, before.clone()));
        Some(before)
    }

    /// The circuit that was taken back last.
    pub fn redo(&mut self) -> Option<Step> {
        let after = self.future.pop()?;
        self.past.push(std::mem::replace(&mut self.settled, after.clone()));
        Some(after)
    }

    /// The circuit that was chosen last and is not on its way to another.
    pub fn settled(&self) -> &Choice {
        &self.settled.choice
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(requested: usize) -> Step {
        of_scores(0, requested)
    }

    fn of_scores(id: FileId, requested: usize) -> Step {
        Step { scores: Some((id, None)), choice: Choice { requested, ..Choice::default() } }
    }

    #[test]
    fn what_is_undone_can_be_done_again() {
        let mut history = History::new(None, step(1));
        history.settle(step(2));
        history.settle(step(2));
        history.settle(step(3));
        assert_eq!(history.undo(), Some(step(2)));
        assert_eq!(history.undo(), Some(step(1)));
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(step(2)));
        history.settle(step(9));
        assert_eq!(history.redo(), None, "another way was taken");
        assert_eq!(history.undo(), Some(step(2)));
    }

    #[test]
    fn scores_of_another_graph_begin_a_history_and_scores_that_are_gone_are_no_step() {
        let basis =
            |factorized| Some(Basis { model: [None; 2], graph: GraphConfig { factorized, ..GraphConfig::default() } });
        let mut history = History::new(basis(true), step(1));
        history.follow(basis(true), of_scores(1, 50));
        history.follow(basis(true), of_scores(2, 50));
        history.keep(|id| id != 1);
        assert_eq!(history.undo(), Some(step(1)));
        history.follow(basis(false), of_scores(3, 50));
        assert!(!history.can_undo() && history.is_at(basis(false).as_ref(), Some(&(3, None))));
    }

    #[test]
    fn an_edge_that_is_as_it_was_is_no_edit() {
        let edits = Edits::default().with(4, 0.0, 1.0).with(7, 0.5, 0.0);
        assert_eq!(edits.iter().collect::<Vec<_>>(), [(4, 0.0), (7, 0.5)]);
        assert_eq!(edits.with(4, 1.0, 1.0).iter().collect::<Vec<_>>(), [(7, 0.5)]);
    }
}
