//! A metric of every prompt of a run: its means are those of the run, and it is what the logits say.

use burn::tensor::Device;
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{
    Answers, EdgeCounts, EdgeRef, EdgeValues, MaskEdit, Measurement, Metric, PromptPair, Prompts, RunSettings,
};
use circuitscope_engine::run::{Logits, RunOutput, Stacking};
use circuitscope_engine::session::{RunRequest, Session, SessionError, Text};

use crate::support::{Case, KeptLogits, read_text};

/// No edges, and some of those that every case here has.
const COUNTS: [usize; 4] = [0, 2, 7, 20];

/// A session that has run circuits of the first graph of a case.
struct Ran {
    session: Session,
    prompts: Prompts,
    output: RunOutput,
    logits: KeptLogits,
}

impl Ran {
    fn new(name: &str, edits: &[MaskEdit]) -> Self {
        let (case, g) = (Case::open(name), Case::open(name).graph(0));
        let mut session = Session::new(Device::flex(), Stacking::cpu(1 << 28));
        let config = read_text(&case.config_path());
        let weights = [case.dir.join("model.safetensors")];
        let config = Text { name: "config.json", text: &config };
        pollster::block_on(session.load_model(config, &weights, None, async |_, _| true)).unwrap();
        let text = read_text(&case.dir.join("prompts.json"));
        let scores = std::fs::read(case.dir.join("graph0.scores.safetensors")).unwrap();
        let counts = EdgeCounts::List(COUNTS.to_vec());
        let settings = RunSettings { edge_counts: counts, ..g.settings(&case, &g.json["runs"][0]) };
        let request = RunRequest {
            prompts: Text { name: "prompts.json", text: &text },
            scores: ("scores.safetensors", &scores),
            values: EdgeValues::Scores,
            edits,
            settings: &settings,
            keep_logits: true,
        };
        let mut logits = KeptLogits::default();
        let output = pollster::block_on(session.run(request, &(), &mut logits)).unwrap();
        Self { session, prompts: case.prompts(), output, logits }
    }

    /// The logits of the unpatched model, clean and corrupt, and of a circuit.
    fn logits(&self, circuit: usize) -> [Logits; 3] {
        let found = self.logits.0.iter().find(|(index, _)| *index == circuit);
        let unpatched = &self.output.unpatched;
        [unpatched.logits(PromptSide::Clean), unpatched.logits(PromptSide::Corrupt), (*found.unwrap().1).clone()]
    }
}

/// Two cases: answers after the last position only, and answers at several positions.
const RUN: [&str; 2] = ["gpt2", "tracr-reverse"];

#[test]
fn the_means_over_prompts_are_the_measurements() {
    for name in RUN {
        let ran = Ran::new(name, &[MaskEdit { edge: EdgeRef::Idx(2), mask: 0.5 }]);
        let n_prompts = ran.output.baseline.n_prompts;
        let mut n_applied = 0;
        for output in &ran.output.circuits {
            let baseline = &ran.output.baseline;
            for metric in Metric::ALL {
                let (info, passes) = ran.session.values(output.index, metric).unwrap();
                assert_eq!((info.circuit, info.metric, info.n_prompts), (output.circuit, metric, n_prompts));
                let sides = [&baseline.clean, &baseline.corrupt, &output.measurement];
                for (values, measurement) in passes.iter().zip(sides) {
                    assert_eq!(values.len(), n_prompts, "{name} {metric:?}");
                    n_applied += check_mean(&format!("{name} {metric:?}"), metric, values, measurement);
                }
            }
        }
        // Every metric of these prompts has a value, but for the percentages of a difference.
        assert!(n_applied >= COUNTS.len() * 3 * 11, "{name}: {n_applied}");
    }
}

/// Checks that the mean over prompts is the measured one, and that there is no number where it is not measured. 1 if it is.
fn check_mean(what: &str, metric: Metric, values: &[f64], measurement: &Measurement) -> usize {
    let Some(expected) = measurement.mean(metric) else {
        assert!(values.iter().all(|value| value.is_nan()), "{what}");
        return 0;
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    // The mean divergence is clamped where rounding makes it negative.
    let mean = if matches!(metric, Metric::CleanKlDiv | Metric::CorruptKlDiv) { mean.max(0.0) } else { mean };
    assert!((mean - expected).abs() <= 1e-12 * expected.abs(), "{what}: {mean}, measured {expected}");
    1
}

#[test]
fn a_prompt_s_logit_difference_is_that_of_its_logits() {
    for name in RUN {
        let ran = Ran::new(name, &[]);
        for circuit in 0..COUNTS.len() {
            let (_, passes) = ran.session.values(circuit, Metric::LogitDiff).unwrap();
            for (values, logits) in passes.iter().zip(ran.logits(circuit)) {
                for (prompt, (&found, pair)) in values.iter().zip(&ran.prompts.pairs).enumerate() {
                    let expected = logit_diff(&logits, prompt, pair);
                    assert!((found - expected).abs() < 1e-9, "{name} prompt {prompt}: {found}, expected {expected}");
                }
            }
        }
        let values = |circuit| ran.session.values(circuit, Metric::LogitDiff).unwrap().1;
        let [clean, corrupt, none] = values(0);
        // Some edges change the output of a case, not every few of them.
        let changes = (1..COUNTS.len()).any(|circuit| values(circuit)[2] != none);
        assert!(clean != corrupt && clean != none && changes, "{name}: the runs are told apart");
    }
}

/// Of one answer and one wrong answer at each position, the mean over positions.
fn logit_diff(logits: &Logits, prompt: usize, pair: &PromptPair) -> f64 {
    let n = logits.n_positions;
    let token = |answers: &Answers, position: usize| match answers {
        Answers::Tokens(tokens) => tokens[0] as usize,
        Answers::PerPosition(rows) => rows[position][0] as usize,
        Answers::Values(_) => panic!("numbers have no logit"),
    };
    let diffs = (0..n).map(|position| {
        let row = &logits.values[(prompt * n + position) * logits.d_vocab..][..logits.d_vocab];
        f64::from(row[token(&pair.answers, position)]) - f64::from(row[token(&pair.wrong_answers, position)])
    });
    diffs.sum::<f64>() / n as f64
}

#[test]
fn values_of_no_run_and_of_no_circuit_are_refused() {
    let session = Session::new(Device::flex(), Stacking::cpu(1 << 28));
    assert_eq!(session.values(0, Metric::CleanKlDiv).unwrap_err(), SessionError::NoRun);
    let error = Ran::new("gpt2", &[]).session.values(COUNTS.len(), Metric::CleanKlDiv).unwrap_err().to_string();
    assert!(error.contains("`circuit` should be below 4, found 4"), "{error}");
}

#[test]
fn a_metric_that_does_not_apply_has_no_numbers() {
    // Numbers as answers name no tokens.
    let ran = Ran::new("tracr-xproportion", &[]);
    let (_, passes) = ran.session.values(0, Metric::LogitDiff).unwrap();
    assert!(passes.iter().all(|values| values.len() == ran.output.baseline.n_prompts));
    assert!(passes.iter().flatten().all(|value| value.is_nan()));
    let (_, [clean, _, _]) = ran.session.values(0, Metric::CleanKlDiv).unwrap();
    assert!(clean.iter().all(|value| value.abs() < 1e-6), "{clean:?}");
}
