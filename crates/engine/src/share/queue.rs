//! Who computes which part.
//!
//! Getting ready for a batch takes forward passes of its own, so that an engine takes the parts of batches that it has at hand first,
//! then those of a batch that nobody has begun. It takes some from another engine's batch only where so many are left that this pays.

use std::collections::{BTreeSet, VecDeque};

use circuitscope_wire::help::Part;

/// An engine.
#[derive(Debug, Default)]
pub struct Worker {
    /// The batches that it is ready for.
    pub at_hand: BTreeSet<usize>,
    /// How many parts it is at.
    pub n_at: usize,
}

/// The parts that nobody has taken yet.
pub struct Queue {
    /// Of each batch the parts that are left, in order.
    left: Vec<VecDeque<usize>>,
    batches: Vec<usize>,
    /// Batches that some engine is ready for.
    is_begun: Vec<bool>,
    /// How many parts' time it takes to get ready for a batch.
    setup: usize,
    keeps_batches: bool,
}

impl Queue {
    pub fn new(parts: &[Part], setup: usize, keeps_batches: bool, workers: &[Worker]) -> Self {
        let n_batches = parts.iter().map(|part| part.batch + 1).max().unwrap_or(0);
        let mut left = vec![VecDeque::new(); n_batches];
        parts.iter().enumerate().for_each(|(index, part)| left[part.batch].push_back(index));
        let batches = parts.iter().map(|part| part.batch).collect();
        let is_begun = (0..n_batches).map(|batch| workers.iter().any(|worker| worker.at_hand.contains(&batch)));
        Self { left, batches, is_begun: is_begun.collect(), setup, keeps_batches }
    }

    /// How many parts nobody has taken yet.
    pub fn n_left(&self) -> usize {
        self.left.iter().map(VecDeque::len).sum()
    }

    /// The part that an engine should compute next.
    pub fn take(&mut self, worker: &mut Worker) -> Option<usize> {
        let fronts = || self.left.iter().enumerate().filter_map(|(batch, left)| Some((*left.front()?, batch)));
        let own = fronts().filter(|(_, batch)| worker.at_hand.contains(batch) || !self.is_begun[*batch]).min();
        let most = || fronts().map(|(_, batch)| batch).max_by_key(|&batch| self.left[batch].len());
        let batch = match own {
            Some((_, batch)) => batch,
            None => most().filter(|&batch| self.left[batch].len() > self.setup)?,
        };
        self.is_begun[batch] = true;
        if !self.keeps_batches {
            worker.at_hand.clear();
        }
        worker.at_hand.insert(batch);
        worker.n_at += 1;
        self.left[batch].pop_front()
    }

    /// An engine is lost: others may begin its batches.
    pub fn leave(&mut self, worker: &mut Worker) {
        for batch in std::mem::take(&mut worker.at_hand) {
            if let Some(is_begun) = self.is_begun.get_mut(batch) {
                *is_begun = false;
            }
        }
    }

    /// A part whose engine was lost.
    pub fn put_back(&mut self, index: usize) {
        let batch = self.batches[index];
        let place = self.left[batch].partition_point(|&other| other < index);
        self.left[batch].insert(place, index);
        self.is_begun[batch] = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use circuitscope_wire::help::PartKind;

    fn queue(batches: &[usize], keeps_batches: bool, workers: &[Worker]) -> Queue {
        let parts: Vec<Part> = batches.iter().map(|&batch| Part { batch, kind: PartKind::Unpatched }).collect();
        Queue::new(&parts, 2, keeps_batches, workers)
    }

    fn worker(at_hand: &[usize]) -> Worker {
        Worker { at_hand: at_hand.iter().copied().collect(), n_at: 0 }
    }

    fn taken(queue: &mut Queue, worker: &mut Worker, n: usize) -> Vec<Option<usize>> {
        (0..n).map(|_| queue.take(worker)).collect()
    }

    #[test]
    fn batches_are_begun_by_different_engines_and_stay_with_them() {
        let (mut a, mut b) = (worker(&[]), worker(&[]));
        let mut queue = queue(&[0, 1, 0, 1, 0, 1], true, &[]);
        assert_eq!((queue.take(&mut a), queue.take(&mut b)), (Some(0), Some(1)));
        assert_eq!(taken(&mut queue, &mut a, 3), [Some(2), Some(4), None]);
        assert_eq!(taken(&mut queue, &mut b, 3), [Some(3), Some(5), None]);
        assert_eq!((a.n_at, b.n_at), (3, 3));
    }

    #[test]
    fn a_batch_is_shared_where_enough_is_left_of_it() {
        let (mut a, mut b, mut c) = (worker(&[]), worker(&[]), worker(&[]));
        let mut queue = queue(&[0; 5], true, &[]);
        assert_eq!(queue.take(&mut a), Some(0));
        // Four are left: one is worth getting ready for; from then on the batch is at hand.
        assert_eq!(taken(&mut queue, &mut b, 2), [Some(1), Some(2)]);
        assert_eq!(queue.take(&mut c), None);
        assert_eq!(queue.take(&mut a), Some(3));
    }

    #[test]
    fn what_is_at_hand_from_before_is_left_to_its_engine() {
        let workers = [worker(&[2]), worker(&[0])];
        let mut queue = queue(&[0, 1, 2], true, &workers);
        let [mut a, mut b] = workers;
        assert_eq!((queue.take(&mut a), queue.take(&mut b)), (Some(1), Some(0)));
        assert_eq!((queue.take(&mut b), queue.take(&mut a)), (None, Some(2)));
    }

    #[test]
    fn a_part_of_a_lost_engine_is_computed_by_another() {
        let (mut a, mut b) = (worker(&[]), worker(&[]));
        let mut queue = queue(&[0, 0, 0], false, &[]);
        assert_eq!(taken(&mut queue, &mut a, 2), [Some(0), Some(1)]);
        assert_eq!(queue.take(&mut b), None);
        queue.leave(&mut a);
        queue.put_back(1);
        queue.put_back(0);
        assert_eq!(taken(&mut queue, &mut b, 4), [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn others_begin_the_batches_of_a_lost_engine() {
        let workers = [worker(&[1]), worker(&[0])];
        let mut queue = queue(&[0, 1, 1], true, &workers);
        let [mut a, mut b] = workers;
        assert_eq!((queue.take(&mut a), queue.take(&mut b)), (Some(1), Some(0)));
        assert_eq!(queue.take(&mut b), None);
        queue.leave(&mut a);
        assert_eq!(queue.take(&mut b), Some(2));
        queue.put_back(1);
        assert_eq!(queue.take(&mut b), Some(1));
    }
}
