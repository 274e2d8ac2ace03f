//! What was asked of the engine about its last run: a head's attention, what nodes add to the logits, and how each prompt does.

use std::rc::Rc;

use super::load::Load;
use super::results::TokenPosition;
use super::runs::Job;
use circuitscope_core::Metric;
use circuitscope_wire::engine::Head;

/// Answers about the last run, each to its question. The newest come last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Insights {
    attention: Vec<(AttentionQuestion, Load<Rc<Attention>>)>,
    attribution: Vec<(AttributionQuestion, Load<Rc<Attribution>>)>,
    values: Vec<(ValuesQuestion, Load<Rc<Values>>)>,
}

/// Whose attention is asked for: a head's on a prompt, in a circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionQuestion {
    pub job: Job,
    pub at: TokenPosition,
    /// How many edges are asked for.
    pub requested: usize,
    pub head: Head,
}

/// What all nodes add is asked for, on a prompt, in a circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributionQuestion {
    pub job: Job,
    pub at: TokenPosition,
    /// How many edges are asked for.
    pub requested: usize,
}

/// A metric of every prompt is asked for, in a circuit of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValuesQuestion {
    pub job: Job,
    /// The circuit's index in that run, which has its edits.
    pub circuit: usize,
    pub metric: Metric,
}

/// A metric of every prompt that was run: of the unpatched model on the clean and on the corrupt prompts, and of a circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    pub clean: Vec<f64>,
    pub corrupt: Vec<f64>,
    pub circuit: Vec<f64>,
}

/// Patterns on the clean prompt, on the corrupt one and of the circuit, each `[query, key]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    pub seq: usize,
    /// How many pad tokens each begins with.
    pub n_pads: [usize; 3],
    pub patterns: [Rc<[f32]>; 3],
}

/// What src nodes add to the logits, and the size of their outputs; on the clean prompt, on the corrupt one and of the circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// Names of the src nodes.
    pub srcs: Vec<String>,
    pub seq: usize,
    pub n_positions: usize,
    pub n_values: usize,
    pub n_pads: [usize; 3],
    /// `[src + 2, output position, 2]`: to the answer and to the wrong answer.
    pub logits: [Rc<[f32]>; 3],
    /// `[src, position, 1 + n_values]`: the norm first.
    pub outputs: [Rc<[f32]>; 3],
}

/// As many answers are kept: enough for looking around; each is some kilobytes, of long prompts a megabyte.
const MAX_KEPT: usize = 24;

impl Insights {
    pub fn attention(&self, question: &AttentionQuestion) -> Option<&Load<Rc<Attention>>> {
        find(&self.attention, question)
    }

    pub fn attribution(&self, question: &AttributionQuestion) -> Option<&Load<Rc<Attribution>>> {
        find(&self.attribution, question)
    }

    pub fn values(&self, question: &ValuesQuestion) -> Option<&Load<Rc<Values>>> {
        find(&self.values, question)
    }

    pub fn set_attention(&mut self, question: AttentionQuestion, answer: Load<Rc<Attention>>) {
        set(&mut self.attention, question, answer);
    }

    pub fn set_attribution(&mut self, question: AttributionQuestion, answer: Load<Rc<Attribution>>) {
        set(&mut self.attribution, question, answer);
    }

    pub fn set_values(&mut self, question: ValuesQuestion, answer: Load<Rc<Values>>) {
        set(&mut self.values, question, answer);
    }
}

fn find<'a, Q: PartialEq, A>(kept: &'a [(Q, A)], question: &Q) -> Option<&'a A> {
    kept.iter().rev().find(|(of, _)| of == question).map(|(_, answer)| answer)
}

fn set<Q: PartialEq, A>(kept: &mut Vec<(Q, A)>, question: Q, answer: A) {
    kept.retain(|(of, _)| *of != question);
    if kept.len() >= MAX_KEPT {
        kept.remove(0);
    }
    kept.push((question, answer));
}

impl Attribution {
    /// What a src node adds at an output position to the answer and to the wrong answer, for each of the three runs.
    pub fn added(&self, src: &str, position: usize) -> Option<[[f32; 2]; 3]> {
        let src_idx = self.srcs.iter().position(|name| name == src)?;
        let at = (src_idx * self.n_positions + position) * 2;
        let of = |logits: &Rc<[f32]>| Some([*logits.get(at)?, *logits.get(at + 1)?]);
        let [clean, corrupt, circuit] = &self.logits;
        Some([of(clean)?, of(corrupt)?, of(circuit)?])
    }

    /// The norm of a src node's output at each position, for each of the three runs.
    pub fn norms(&self, src: &str) -> Option<[Vec<f32>; 3]> {
        let src_idx = self.srcs.iter().position(|name| name == src)?;
        let width = 1 + self.n_values;
        let of = |outputs: &Rc<[f32]>| {
            (0..self.seq)
                .map(|position| outputs.get((src_idx * self.seq + position) * width).copied().unwrap_or(0.0))
                .collect()
        };
        let [clean, corrupt, circuit] = &self.outputs;
        Some([of(clean), of(corrupt), of(circuit)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_in_what_all_add() {
        // Two src nodes, two positions, one output position, one value beside the norm.
        let logits: Rc<[f32]> = Rc::from([1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 4.0, 6.0]);
        let outputs: Rc<[f32]> = Rc::from([0.5, 9.0, 0.6, 9.0, 0.7, 9.0, 0.8, 9.0]);
        let attribution = Attribution {
            srcs: vec!["Resid Start".to_owned(), "A0.0".to_owned()],
            seq: 2,
            n_positions: 1,
            n_values: 1,
            n_pads: [0; 3],
            logits: [logits.clone(), logits.clone(), logits],
            outputs: [outputs.clone(), outputs.clone(), outputs],
        };
        assert_eq!(attribution.added("A0.0", 0).unwrap()[0], [3.0, 4.0]);
        assert_eq!(attribution.norms("A0.0").unwrap()[2], [0.7, 0.8]);
        assert_eq!((attribution.added("A9.9", 0), attribution.added("A0.0", 7)), (None, None));
    }
}
