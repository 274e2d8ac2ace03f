//! What the engine says of a figure's circuits.

use circuitscope_core::figure_file::Numbers;
use circuitscope_core::figure_file::recorded::{AttentionPatterns, FigureResults, RecordedAttention, RecordedCircuit};
use circuitscope_core::{
    Circuit, CircuitError, EdgeValues, Graph, MaskEdit, Measurement, Prompts, PruneScores, RunSettings, ScoresInfo,
    Tokens,
};
use circuitscope_engine::run::{Observer, RunOutput};
use circuitscope_engine::session::{RunRequest, Session, Text};
use circuitscope_wire::engine::CircuitChoice;

use crate::error::RecordError;
use crate::record::Keep;

/// Circuits of a loaded model, to be run.
pub struct Run<'a> {
    pub prompts: &'a Prompts,
    pub graph: &'a Graph,
    pub values: &'a PruneScores,
    pub meaning: EdgeValues,
    pub settings: &'a RunSettings,
}

impl Run<'_> {
    /// Runs the circuits with edits laid over each.
    pub async fn run(
        &self,
        session: &mut Session,
        edits: &[MaskEdit],
        observer: &mut impl Observer,
    ) -> Result<RunOutput, RecordError> {
        let scores = self.values.to_bytes(self.graph, &ScoresInfo::default());
        let request = RunRequest {
            prompts: Text { name: &self.prompts.file, text: &self.prompts.to_json() },
            scores: ("the scores", &scores),
            values: self.meaning,
            edits,
            settings: self.settings,
            keep_logits: false,
        };
        Ok(session.run(request, &(), observer).await?)
    }

    /// The one circuit of an edge count with edits laid over it.
    pub async fn edited(
        &self,
        session: &mut Session,
        edge_count: usize,
        edits: &[MaskEdit],
        observer: &mut impl Observer,
    ) -> Result<Option<(Circuit, Measurement)>, RecordError> {
        let edge_counts = circuitscope_core::EdgeCounts::List(vec![edge_count]);
        let settings = &RunSettings { edge_counts, ..self.settings.clone() };
        let output = Run { settings, ..*self }.run(session, edits, observer).await?;
        Ok(output.circuits.first().map(|circuit| (circuit.circuit, circuit.measurement.clone())))
    }
}

/// What is kept of the session's last run; `shown` is the edge count that the figure opens on.
pub async fn results(
    session: &Session,
    output: &RunOutput,
    shown: usize,
    keep: &Keep,
) -> Result<FigureResults, RecordError> {
    let circuits: Vec<_> = output
        .circuits
        .iter()
        .map(|ran| RecordedCircuit { circuit: ran.circuit, measurement: ran.measurement.clone() })
        .collect();
    let found = circuits.iter().position(|recorded| recorded.circuit.requested == shown);
    let shown = found.ok_or_else(|| {
        let expected = format!("{shown} among them, the circuit that is shown");
        CircuitError::field("settings", "edge counts", expected, "others")
    })?;
    Ok(FigureResults {
        date: None,
        program: None,
        baseline: output.baseline.clone().into(),
        tokens: (0..circuits.len())
            .map(|i| tokens(session, output, i, keep.prompts_of(i == shown), keep))
            .collect::<Result<_, _>>()?,
        attention: attention(session, output, shown, keep).await?,
        circuits,
        edited: None,
    })
}

/// The likeliest tokens of a circuit on the first prompts, `[prompt][position]`.
fn tokens(
    session: &Session,
    output: &RunOutput,
    circuit: usize,
    n_prompts: usize,
    keep: &Keep,
) -> Result<Vec<Vec<Tokens>>, RecordError> {
    let (n_prompts, n_positions) = (n_prompts.min(output.baseline.n_prompts), output.baseline.n_positions);
    let at = |prompt: usize| {
        (0..n_positions).map(|position| Ok(session.inspect(circuit, prompt, position, keep.n_tokens)?)).collect()
    };
    (0..n_prompts).map(at).collect()
}

/// The patterns of the chosen heads in a circuit.
async fn attention(
    session: &Session,
    output: &RunOutput,
    circuit: usize,
    keep: &Keep,
) -> Result<Vec<RecordedAttention>, RecordError> {
    let mut recorded = Vec::new();
    let prompts = keep.attention_prompts.iter().filter(|&&prompt| prompt < output.baseline.n_prompts);
    for &prompt in prompts.take_while(|_| !keep.heads.is_empty()) {
        let choice = CircuitChoice::Ran { index: circuit };
        let (info, passes) = session.attention(prompt, &choice, keep.heads.clone()).await?;
        let n = info.seq * info.seq;
        for (i, head) in info.heads.iter().enumerate() {
            let [clean, corrupt, of_circuit] = [0, 1, 2].map(|pass| Numbers::f16(&passes[pass][i * n..][..n]));
            recorded.push(RecordedAttention {
                prompt,
                block: head.block,
                head_idx: head.head_idx,
                circuit,
                seq: info.seq,
                n_pads: info.n_pads,
                patterns: AttentionPatterns { clean, corrupt, circuit: of_circuit },
            });
        }
    }
    Ok(recorded)
}
