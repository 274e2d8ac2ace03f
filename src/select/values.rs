//! Which prompts fail: the chosen measure of every prompt in the chosen circuit, as the engine is asked for it and as it is shown.

use super::curves::no_curve;
use super::insight::Seen;
use crate::state::State;
use crate::state::insight::{Values, ValuesQuestion};
use crate::state::load::Load;
use crate::state::runs::Run;
use circuitscope_core::Metric;
use circuitscope_picture::strip::Measure;
use circuitscope_picture::strip::dots::{DotRow, DotsRequest};

/// The inspector's inner width.
const WIDTH: f64 = 254.0;

/// The measure of all prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct EveryPrompt {
    /// `Logit difference, all 16 prompts`
    pub heading: String,
    pub rows: PromptRows,
}

/// The values, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum PromptRows {
    /// These prompts have none, in a sentence.
    Inapplicable(&'static str),
    Seen(Seen<PromptDots>),
}

/// The values of all prompts, and what is said of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptDots {
    pub request: DotsRequest,
    /// The prompt that is looked at, unless it was not run.
    pub ringed: Option<usize>,
    /// The prompt that the circuit does worst on, unless all are equal.
    pub worst: Option<usize>,
    pub tally: Option<Tally>,
}

/// On how many prompts the circuit is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// `The answer leads in`
    pub what: &'static str,
    /// `15 of 16`
    pub count: String,
}

/// What to ask the engine about the chosen circuit, where its last run has it.
pub fn question(state: &State) -> Option<ValuesQuestion> {
    let question = wanted(state).filter(|_| matches!(state.run, Run::Idle(_)))?;
    (state.results.engine_run == Some(question.job) && state.insights.values(&question).is_none()).then_some(question)
}

/// The chosen measure of every prompt; nothing without prompts and a circuit.
pub fn every_prompt(state: &State) -> Option<EveryPrompt> {
    state.circuit()?;
    let metric = state.measures.metric;
    let heading = format!("{}, {}", metric.name(), prompts_text(state)?);
    let measured = state.row().map(|row| row.result.measurement.get(metric));
    let rows =
        if measured == Some(None) { PromptRows::Inapplicable(no_curve(state)) } else { PromptRows::Seen(seen(state)) };
    Some(EveryPrompt { heading, rows })
}

/// The question about the chosen circuit, where it was run and the measure applies.
fn wanted(state: &State) -> Option<ValuesQuestion> {
    let (row, metric) = (state.row()?, state.measures.metric);
    row.result.measurement.get(metric)?;
    Some(ValuesQuestion { job: row.job, circuit: row.result.index, metric })
}

/// Values that came once are shown for as long as the circuit's result is, whatever was run since.
fn seen(state: &State) -> Seen<PromptDots> {
    let question = wanted(state);
    let answer = question.and_then(|question| state.insights.values(&question));
    let has_run = question.is_some_and(|question| state.results.engine_run == Some(question.job));
    match answer {
        Some(Load::Ready(values)) => Seen::Ready(prompt_dots(state, values)),
        Some(Load::Failed(why)) if has_run => Seen::Failed(why.clone()),
        _ if has_run || matches!(state.run, Run::Running { .. }) => Seen::Waiting,
        _ => Seen::NeedsRun,
    }
}

fn prompt_dots(state: &State, values: &Values) -> PromptDots {
    let metric = state.measures.metric;
    let row = |name: &str, values: &[f64]| DotRow { name: name.to_owned(), values: values.to_vec() };
    let n_positions = state.results.baseline.as_ref().map_or(1, |baseline| baseline.n_positions);
    PromptDots {
        request: DotsRequest {
            width: WIDTH,
            scale: Measure::of(metric).scale,
            rows: vec![row("Clean", &values.clean), row("Circuit", &values.circuit), row("Corrupt", &values.corrupt)],
            judged: 1,
            lower_is_better: metric.lower_is_better(),
        },
        ringed: Some(state.prompt).filter(|&prompt| prompt < values.circuit.len()),
        worst: worst(&values.circuit, metric.lower_is_better()),
        tally: tally(metric, &values.circuit, n_positions),
    }
}

/// `all 16 prompts`, or `16 of 18 prompts` where the last ones fill no batch and are not run.
fn prompts_text(state: &State) -> Option<String> {
    let n = state.inputs.prompts.as_ref()?.pairs.len();
    let rest = n.checked_rem(state.settings.run.batch_size).unwrap_or(0);
    Some(match (n, n - rest) {
        (1, _) => "the one prompt".to_owned(),
        // A batch size above the number of prompts is an error, said elsewhere.
        (n, 0) => format!("all {n} prompts"),
        (n, run) if run == n => format!("all {n} prompts"),
        (n, run) => format!("{run} of {n} prompts"),
    })
}

/// The first of the worst prompts; one without a value is the worst.
fn worst(values: &[f64], lower_is_better: bool) -> Option<usize> {
    let goodness = |value: f64| match value {
        value if value.is_nan() => f64::NEG_INFINITY,
        value if lower_is_better => -value,
        value => value,
    };
    let by_goodness = |(_, a): &(usize, f64), (_, b): &(usize, f64)| a.total_cmp(b);
    let all = || values.iter().map(|&value| goodness(value)).enumerate();
    // Of equal ones `min_by` takes the first.
    let (least, most) = (all().min_by(by_goodness)?, all().max_by(by_goodness)?);
    (least.1 < most.1).then_some(least.0)
}

/// How many prompts have the right answer, where the measure says so.
fn tally(metric: Metric, values: &[f64], n_positions: usize) -> Option<Tally> {
    let is_difference = matches!(metric, Metric::LogitDiff | Metric::ProbDiff | Metric::LogprobDiff);
    let what = match metric {
        _ if is_difference && n_positions == 1 => "The answer leads in",
        _ if is_difference => "Over all positions together the answer leads in",
        Metric::CorrectAnswerPercent if n_positions == 1 => "The answer is the likeliest token in",
        Metric::CorrectAnswerPercent => "The answer is the likeliest token at every position in",
        Metric::CorrectOverIncorrectPercent if n_positions == 1 => "The answer is above every wrong answer in",
        Metric::CorrectOverIncorrectPercent => "The answer is above every wrong answer at every position in",
        _ => return None,
    };
    // Of what is counted a prompt has all, in percent, or less.
    let is_right = |value: &&f64| if is_difference { **value > 0.0 } else { **value >= 100.0 };
    Some(Tally { what, count: format!("{} of {}", values.iter().filter(is_right).count(), values.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_prompt_is_the_first_of_the_worst() {
        assert_eq!(worst(&[2.0, -1.0, -1.0], false), Some(1));
        assert_eq!(worst(&[2.0, -1.0, 2.0], true), Some(0));
        assert_eq!(worst(&[2.0, f64::NAN, -9.0], false), Some(1));
        assert_eq!((worst(&[1.0, 1.0], false), worst(&[], false)), (None, None));
    }

    #[test]
    fn right_answers_are_counted_where_the_measure_tells_them() {
        let count = |metric, values: &[f64]| tally(metric, values, 1).map(|tally| tally.count);
        assert_eq!(count(Metric::LogitDiff, &[1.0, 0.0, -2.0, 0.5]).as_deref(), Some("2 of 4"));
        assert_eq!(count(Metric::CorrectAnswerPercent, &[100.0, 0.0, 50.0]).as_deref(), Some("1 of 3"));
        assert_eq!(count(Metric::CleanKlDiv, &[0.5]), None);
        // A percentage of a negative difference is positive where the answer is behind.
        assert_eq!(count(Metric::LogitDiffPercent, &[50.0]), None);
    }
}
