//! Questions about the engine's last run, and their answers.

use std::rc::Rc;

use super::action::InsightAction;
use crate::state::State;
use crate::state::load::Load;

/// Keeps questions and answers; those about a run that is no more the engine's last one are found by nobody.
pub fn apply(state: &mut State, action: InsightAction) {
    let insights = &mut state.insights;
    match action {
        InsightAction::AttentionAsked(question) => insights.set_attention(question, Load::Loading),
        InsightAction::AttentionArrived(question, answer) => insights.set_attention(question, load(answer)),
        InsightAction::AttributionAsked(question) => insights.set_attribution(question, Load::Loading),
        InsightAction::AttributionArrived(question, answer) => insights.set_attribution(question, load(answer)),
        InsightAction::ValuesAsked(question) => insights.set_values(question, Load::Loading),
        InsightAction::ValuesArrived(question, answer) => insights.set_values(question, load(answer)),
    }
}

fn load<T>(answer: Result<T, String>) -> Load<Rc<T>> {
    answer.map_or_else(Load::Failed, |answer| Load::Ready(Rc::new(answer)))
}
