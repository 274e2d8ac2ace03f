//! The measures of edges drawn at random: what a circuit of a size should beat.

use super::runs::{Job, Plan, RunKey};
use circuitscope_core::{Circuit, DiscoverSettings, Metric};
use circuitscope_wire::engine::Measurement;

/// Circuits of random edges that were run.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomEdges {
    pub job: Job,
    /// Without scores: it does not matter which.
    pub key: RunKey,
    pub n_draws: usize,
    /// Whether their curve is not shown.
    pub hidden: bool,
    /// Of each draw so far its circuits, with the measures.
    draws: Vec<Vec<(Circuit, Measurement)>>,
}

/// The run of random edges.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomPlan {
    /// With the counts of the last sweep; the scores in it are replaced by those of each draw.
    pub plan: Plan,
    /// How scores are drawn, with the first seed.
    pub search: DiscoverSettings,
    pub n_draws: usize,
}

impl RandomEdges {
    /// Random edges of which none was run yet.
    pub fn new(job: Job, plan: &RandomPlan) -> Self {
        Self { job, key: any_scores(plan.plan.key.clone()), n_draws: plan.n_draws, hidden: false, draws: Vec::new() }
    }

    /// The next draw begins.
    pub fn begin_draw(&mut self) {
        self.draws.push(Vec::new());
    }

    /// A circuit of the draw that is being run.
    pub fn add(&mut self, circuit: Circuit, measurement: Measurement) {
        if let Some(draw) = self.draws.last_mut() {
            draw.push((circuit, measurement));
        }
    }

    /// The circuits of each draw so far, with their measures.
    pub fn draws(&self) -> &[Vec<(Circuit, Measurement)>] {
        &self.draws
    }

    /// How many draws have begun.
    pub fn n_begun(&self) -> usize {
        self.draws.len()
    }

    /// Whether circuits of this many edges were run.
    pub fn has(&self, requested: usize) -> bool {
        self.draws.iter().flatten().any(|(circuit, _)| circuit.requested == requested)
    }

    /// The mean over draws of a metric at a number of edges.
    pub fn mean(&self, metric: Metric, requested: usize) -> Option<f64> {
        let of_draw = |draw: &Vec<(Circuit, Measurement)>| {
            let found = draw.iter().find(|(circuit, _)| circuit.requested == requested);
            found.and_then(|(_, measurement)| measurement.mean(metric))
        };
        let values: Vec<f64> = self.draws.iter().filter_map(of_draw).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// The mean over draws at each number of edges that was run, ascending.
    pub fn points(&self, metric: Metric) -> Vec<(usize, f64)> {
        let mut counts: Vec<usize> = self.draws.iter().flatten().map(|(circuit, _)| circuit.requested).collect();
        counts.sort_unstable();
        counts.dedup();
        counts.into_iter().filter_map(|count| Some((count, self.mean(metric, count)?))).collect()
    }
}

/// A key that says nothing of the scores.
pub fn any_scores(mut key: RunKey) -> RunKey {
    key.files[super::files::Role::Scores as usize] = None;
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::weights::WeightFiles;
    use circuitscope_core::{PromptValues, RunSettings};

    fn circuit(n: usize) -> Circuit {
        Circuit { requested: n, n_edges: n, threshold: 0.5 }
    }

    fn measured(logit_diff: f64) -> Measurement {
        let mut prompts = PromptValues::default();
        prompts[Metric::LogitDiff.idx()] = Some(vec![logit_diff]);
        Measurement::new(&prompts)
    }

    #[test]
    fn draws_are_averaged_at_each_number_of_edges() {
        let key = RunKey::new([None; 4], WeightFiles::default(), &RunSettings::default());
        let mut random = RandomEdges { job: 1, key, n_draws: 2, hidden: false, draws: Vec::new() };
        random.add(circuit(3), measured(9.0));
        assert_eq!(random.points(Metric::LogitDiff), [], "no draw has begun");
        for value in [1.0, 2.0] {
            random.begin_draw();
            random.add(circuit(10), measured(value));
            random.add(circuit(3), measured(4.0 * value));
        }
        random.begin_draw();
        random.add(circuit(3), measured(0.0));
        assert_eq!(random.points(Metric::LogitDiff), [(3, 4.0), (10, 1.5)]);
        assert_eq!(random.mean(Metric::CleanKlDiv, 3), None);
        assert_eq!((random.n_begun(), random.has(10), random.has(11)), (3, true, false));
    }
}
