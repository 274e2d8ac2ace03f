//! What the edges carry on the chosen prompt, as auto-circuit's drawing of the current mask says at each edge.

use std::rc::Rc;

use super::insight::attribution;
use crate::state::State;
use crate::state::insight::Attribution;
use circuitscope_core::{AblationType, PatchType, RunSettings};
use circuitscope_picture::auto_circuit::{Activation, Activations};

/// The runs of an [`Attribution`], in its order.
const CLEAN: usize = 0;
const CORRUPT: usize = 1;
const CIRCUIT: usize = 2;

/// The activations of the patched run, and those that it is patched with where the clean or the corrupt run or zero is it. Means over
/// prompts are no part of an answer about one prompt: edges that are patched with them say nothing.
pub fn activations(state: &State) -> Option<Rc<Activations>> {
    let (attribution, graph) = (attribution(state)?, state.scored()?.graph.config);
    let of_run = |run: usize| by_position(&attribution, run, graph.seq_len.is_some());
    let RunSettings { patch_type, ablation, reverse, .. } = state.settings.run;
    let patched = match ablation {
        AblationType::Resample if (patch_type == PatchType::Edge) != reverse => of_run(CLEAN),
        AblationType::Resample => of_run(CORRUPT),
        AblationType::Zero => zeros(&of_run(CIRCUIT)),
        _ => Vec::new(),
    };
    Some(Rc::new(Activations { current: of_run(CIRCUIT), patched }))
}

fn zeros(like: &[Vec<Activation>]) -> Vec<Vec<Activation>> {
    like.iter().map(|nodes| vec![Activation { first: [0.0; 2], norm: 0.0 }; nodes.len()]).collect()
}

/// Without positions in the graph an edge carries all of them: the first numbers are those of the first, and the norm is of all.
fn by_position(attribution: &Attribution, run: usize, token_wise: bool) -> Vec<Vec<Activation>> {
    let (seq, width) = (attribution.seq, 1 + attribution.n_values);
    let outputs = &attribution.outputs[run];
    let at = |src_idx: usize, position: usize| {
        let start = (src_idx * seq + position) * width;
        outputs.get(start..start + width).unwrap_or_default()
    };
    let value = |src_idx: usize, position: usize, i: usize| at(src_idx, position).get(i).copied().unwrap_or(0.0);
    let first = |src_idx: usize, position: usize| [1, 2].map(|i| value(src_idx, position, i));
    let n_srcs = attribution.srcs.len();
    if token_wise {
        let node =
            |src_idx, position| Activation { first: first(src_idx, position), norm: value(src_idx, position, 0) };
        return (0..seq).map(|position| (0..n_srcs).map(|src_idx| node(src_idx, position)).collect()).collect();
    }
    let norm = |src_idx| (0..seq).map(|position| value(src_idx, position, 0).powi(2)).sum::<f32>().sqrt();
    vec![(0..n_srcs).map(|src_idx| Activation { first: first(src_idx, 0), norm: norm(src_idx) }).collect()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_carries_its_position_or_all_of_them() {
        // One src node, two positions, two values beside the norm.
        let outputs: Rc<[f32]> = Rc::from([3.0, 0.1, 0.2, 4.0, 0.3, 0.4]);
        let attribution = Attribution {
            srcs: vec!["Resid Start".to_owned()],
            seq: 2,
            n_positions: 1,
            n_values: 2,
            n_pads: [0; 3],
            logits: [Rc::default(), Rc::default(), Rc::default()],
            outputs: [outputs.clone(), outputs.clone(), outputs],
        };
        let of = |first, norm| Activation { first, norm };
        assert_eq!(by_position(&attribution, CIRCUIT, true), [[of([0.1, 0.2], 3.0)], [of([0.3, 0.4], 4.0)]]);
        let all = by_position(&attribution, CIRCUIT, false);
        assert_eq!(all, [[of([0.1, 0.2], 5.0)]]);
        assert_eq!(zeros(&all), [[of([0.0, 0.0], 0.0)]]);
    }
}
