//! A chosen circuit: the largest scores, what a person changed in them, and going back.

use std::collections::BTreeMap;
use std::rc::Rc;

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

/// The circuits that were chosen before, and those that were taken back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    past: Vec<Choice>,
    future: Vec<Choice>,
    /// The circuit that was chosen last and is not on its way to another, as one that is dragged along the curve is.
    settled: Choice,
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
    pub fn new(first: Choice) -> Self {
        Self { settled: first, ..Self::default() }
    }

    /// Remembers that a circuit was chosen, unless it is the one that was.
    pub fn settle(&mut self, choice: Choice) {
        if choice == self.settled {
            return;
        }
        self.future.clear();
        self.past.push(std::mem::replace(&mut self.settled, choice));
        if self.past.len() > MAX_STEPS {
            self.past.remove(0);
        }
    }

    /// The circuit before.
    pub fn undo(&mut self) -> Option<Choice> {
        let before = self.past.pop()?;
        self.future.push(std::mem::replace(&mut self.settled, before.clone()));
        Some(before)
    }

    /// The circuit that was taken back last.
    pub fn redo(&mut self) -> Option<Choice> {
        let after = self.future.pop()?;
        self.past.push(std::mem::replace(&mut self.settled, after.clone()));
        Some(after)
    }

    /// The circuit that was chosen last and is not on its way to another.
    pub fn settled(&self) -> &Choice {
        &self.settled
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

    fn choice(requested: usize) -> Choice {
        Choice { requested, ..Choice::default() }
    }

    #[test]
    fn what_is_undone_can_be_done_again() {
        let mut history = History::new(choice(1));
        history.settle(choice(2));
        history.settle(choice(2));
        history.settle(choice(3));
        assert_eq!(history.undo(), Some(choice(2)));
        assert_eq!(history.undo(), Some(choice(1)));
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(choice(2)));
        history.settle(choice(9));
        assert_eq!(history.redo(), None, "another way was taken");
        assert_eq!(history.undo(), Some(choice(2)));
    }

    #[test]
    fn an_edge_that_is_as_it_was_is_no_edit() {
        let edits = Edits::default().with(4, 0.0, 1.0).with(7, 0.5, 0.0);
        assert_eq!(edits.iter().collect::<Vec<_>>(), [(4, 0.0), (7, 0.5)]);
        assert_eq!(edits.with(4, 1.0, 1.0).iter().collect::<Vec<_>>(), [(7, 0.5)]);
    }
}
