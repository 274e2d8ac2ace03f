//! The section that finds circuits, in words: the fields of the chosen algorithm, the cost, the progress and the loss.

use std::rc::Rc;

use super::{runs, search};
use crate::select::runs::Progress;
use crate::state::State;
use crate::state::algorithms::{ChoiceOption, Field, Kind};
use crate::state::files::Role;
use crate::state::runs::CANCELLED;
use crate::state::search::Search;
use crate::words::{counted, duration, grouped, short, stopped_after};
use circuitscope_core::settings::discovery::{
    Acdc, AcdcPrompts, Exact, InputGradient, MaskGradient, SubnetworkProbing,
};
use circuitscope_core::settings::memory::size_label;
use circuitscope_core::{Algorithm, DiscoverCost};
use circuitscope_picture::{Axis, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size, plot};

/// As wide as the section.
const LOSS_SIZE: Size = Size { width: 288.0, height: 150.0 };

/// A setting as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldView {
    pub id: &'static str,
    pub label: &'static str,
    pub title: &'static str,
    pub value: ValueView,
    /// Whether it is folded away.
    pub advanced: bool,
}

/// What a setting holds.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueView {
    /// One of these.
    Choice { options: Vec<ChoiceOption>, chosen: usize },
    /// What was typed, and what is wrong with it.
    Text { text: String, error: Option<String> },
}

/// The chosen algorithm's settings.
pub fn fields(state: &State) -> Vec<FieldView> {
    let (offer, entries) = (state.discover.offer(), search::entries(state));
    let field = |((field, entry), error): ((&'static Field, &String), Option<String>)| FieldView {
        id: field.id,
        label: field.label,
        title: field.title,
        value: match field.kind {
            Kind::Choice(options) => choice(state, field, entry, options()),
            _ => ValueView::Text { text: entry.clone(), error },
        },
        advanced: field.advanced,
    };
    let errors = offer.errors(&entries);
    offer.fields.iter().zip(&entries).zip(errors).map(field).collect()
}

/// The options of a choice that can be chosen with the model in use.
fn choice(state: &State, field: &Field, entry: &str, mut options: Vec<ChoiceOption>) -> ValueView {
    options.retain(|option| search::can_choose(state, field, &option.value));
    let chosen = options.iter().position(|option| option.value == entry).unwrap_or(0);
    ValueView::Choice { options, chosen }
}

/// What the batch size means for the chosen algorithm, where scores depend on it.
pub fn batch_note(state: &State) -> Option<String> {
    let algorithm = state.discover.offer().algorithm(&search::entries(state)).ok()?;
    let batch_size = state.settings.run.batch_size;
    match algorithm {
        Algorithm::Acdc(Acdc { prompts: AcdcPrompts::FirstBatch, .. }) => Some(first_batch(batch_size)),
        Algorithm::MaskGradient(MaskGradient { ablation, .. })
        | Algorithm::InputGradient(InputGradient { ablation, .. })
        | Algorithm::Exact(Exact { ablation, .. })
        | Algorithm::SubnetworkProbing(SubnetworkProbing { ablation, .. }) => {
            runs::batch_mean_note(ablation, batch_size)
        }
        _ => None,
    }
}

fn first_batch(batch_size: usize) -> String {
    let prompts = if batch_size == 1 { "prompt counts".to_owned() } else { format!("{batch_size} prompts count") };
    format!("Only the first {prompts}: a batch. The batch size is under “Run settings”.")
}

/// Whether all is there but scores.
pub fn lacks_only_scores(state: &State) -> bool {
    let has = |role: Role| state.inputs.file(role).is_some();
    Role::ALL.into_iter().all(|role| has(role) != (role == Role::Scores))
}

/// Passes, memory and time.
pub fn cost(state: &State) -> Option<String> {
    let cost = search::cost(state)?;
    let at_most = matches!(state.discover.offer().algorithm(&search::entries(state)), Ok(Algorithm::Acdc(_)));
    let time = search::expected_ms(state).map(|ms| format!(", {} on this device", about(ms)));
    Some(format!("{}{}.", cost_line(&cost, at_most).trim_end_matches('.'), time.unwrap_or_default()))
}

fn about(ms: f64) -> String {
    if ms < 1000.0 { duration(ms) } else { format!("about {}", duration(ms)) }
}

pub fn progress(state: &State) -> Option<Progress> {
    let search = state.searching()?;
    let progress = runs::progress(state)?;
    let left = search.pace.ms_left().filter(|_| !search.order.trial).map(|ms| format!(", {} left", about(ms)));
    Some(Progress { label: format!("{}{}", progress.label, left.unwrap_or_default()), ..progress })
}

pub fn outcome(state: &State) -> Option<String> {
    let search: &Search = state.discover.search.as_ref().filter(|search| search.is_of(&state.discover))?;
    // One that was cancelled, or that something else took the place of, has no end of its own.
    Some(search.end.clone().unwrap_or_else(|| match search.pace.last().filter(|tick| tick.total > 0) {
        Some(tick) => format!("{CANCELLED} {}", stopped_after(tick.done, tick.total, "pass")),
        None => CANCELLED.to_owned(),
    }))
}

/// The loss, pass by pass.
pub fn loss_plot(losses: &[(usize, f64)]) -> Rc<PlotLayout> {
    let value = |(i, &(_, loss)): (usize, &(usize, f64))| PlotValue {
        x: losses[i].0 as f64,
        y: loss,
        band: None,
        hover: format!("loss {} after {}", short(loss), counted(losses[i].0, "pass")),
    };
    let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: None };
    let values = losses.iter().enumerate().map(value).collect();
    Rc::new(plot(&PlotRequest {
        size: LOSS_SIZE,
        x: axis("Passes"),
        y: axis("Loss"),
        series: vec![Series { name: "loss".to_owned(), style: 0, values }],
        levels: Vec::new(),
        diagonal: false,
        legend: false,
    }))
}

/// A cost in words: passes and memory.
pub fn cost_line(cost: &DiscoverCost, at_most: bool) -> String {
    let &DiscoverCost { forward_passes, backward_passes, bytes } = cost;
    let count = match (forward_passes, backward_passes) {
        (0, 0) => return "No pass of the model is needed.".to_owned(),
        (f, 0) => counted(f, "forward pass"),
        (f, b) => format!("{} forward and {}", grouped(f), counted(b, "backward pass")),
    };
    let count = if at_most { format!("At most {count}") } else { count };
    format!("{count}, about {} beside the weights", size_label(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_means_is_said_where_scores_depend_on_it() {
        let mut state = State::demo();
        let mut note = |algorithm: usize, key: &str, value: &str| {
            let offer = &crate::state::algorithms::OFFERS[algorithm];
            let field = offer.fields.iter().position(|field| field.key == key).unwrap();
            state.discover.chosen = algorithm;
            state.discover.entries[algorithm][field] = value.to_owned();
            batch_note(&state)
        };
        assert_eq!(note(0, "ablation", "resample"), None);
        let means = note(0, "ablation", "batch_tokenwise_mean");
        assert_eq!(means.as_deref(), Some("Means are taken over each batch of 6 prompts."));
        assert_eq!(note(3, "prompts", "all"), None);
        let first = note(3, "prompts", "first_batch").unwrap();
        assert!(first.starts_with("Only the first 6 prompts count"), "{first}");
    }

    #[test]
    fn costs_are_told_in_words() {
        let cost = |forward_passes, backward_passes| DiscoverCost { forward_passes, backward_passes, bytes: 1_200_000 };
        assert_eq!(cost_line(&cost(24, 8), false), "24 forward and 8 backward passes, about 1.2 MB beside the weights");
        assert_eq!(cost_line(&cost(1, 0), false), "1 forward pass, about 1.2 MB beside the weights");
        assert!(cost_line(&cost(649_820, 0), true).starts_with("At most 649,820 forward passes"));
        assert_eq!(cost_line(&cost(0, 0), false), "No pass of the model is needed.");
    }
}
