//! What edges carry, in auto-circuit's drawing of the current mask.

use std::rc::Rc;

use super::done;
use crate::select::carried::activations;
use crate::select::insight::attribution_question;
use crate::select::runs::sweep;
use crate::state::State;
use crate::state::insight::Attribution;
use crate::state::picture::Look;
use crate::update::{Action, InsightAction};
use circuitscope_core::{AblationType, PatchType, RunSettings};

/// The demo, run, with the current mask drawn as auto-circuit does; `settings` are of the run.
fn drawn_by_mask(settings: RunSettings) -> State {
    let mut state = State::demo();
    state.apply(Action::SettingsChanged(settings));
    state.apply(Action::RunStarted(1, sweep(&state).unwrap()));
    let event = super::event(&state, 2, 0);
    state.apply(Action::RunProgressed(1, vec![event], 0.0));
    state.apply(Action::RunEnded(1, done()));
    assert_eq!(attribution_question(&state), None, "nothing is selected and no values are drawn");
    let mut view = state.picture.view.clone();
    (view.look, view.by_mask) = (Look::AutoCircuit, true);
    state.apply(Action::view(|now| *now = view));
    state
}

/// Answers with norms of 1 on the clean prompt, 2 on the corrupt one and 3 in the circuit.
fn answer(state: &mut State) {
    let asked = attribution_question(state).unwrap();
    let srcs: Vec<_> = state.scored().unwrap().graph.srcs.iter().map(|src| src.name.clone()).collect();
    let outputs = [1.0_f32, 2.0, 3.0].map(|norm| Rc::from([norm, 0.5, 0.5].repeat(srcs.len())));
    let (seq, n_positions, n_values, n_pads) = (1, 1, 2, [0; 3]);
    let logits = [(); 3].map(|()| Rc::default());
    let attribution = Attribution { srcs, seq, n_positions, n_values, n_pads, logits, outputs };
    state.apply(Action::Insight(InsightAction::AttributionArrived(asked, Ok(attribution))));
}

#[test]
fn patched_edges_carry_the_run_that_they_are_patched_with() {
    let usual = State::demo().settings.run;
    let with = |patch_type, reverse, ablation| RunSettings { patch_type, reverse, ablation, ..usual.clone() };
    for (settings, patched) in [
        (with(PatchType::Edge, false, AblationType::Resample), Some(1.0)),
        (with(PatchType::Tree, false, AblationType::Resample), Some(2.0)),
        (with(PatchType::Tree, true, AblationType::Resample), Some(1.0)),
        (with(PatchType::Edge, false, AblationType::Zero), Some(0.0)),
        (with(PatchType::Edge, false, AblationType::TokenwiseMeanClean), None),
    ] {
        let mut state = drawn_by_mask(settings);
        assert_eq!(activations(&state), None);
        answer(&mut state);
        let found = activations(&state).unwrap();
        assert_eq!(found.current[0][0].norm, 3.0);
        assert_eq!(found.patched.first().map(|nodes| nodes[0].norm), patched);
    }
}
