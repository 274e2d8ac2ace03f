//! `run`: circuits of a model on pairs of prompts, as auto-circuit's `run_circuits`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use circuitscope_core::measure::measures::{to_csv, to_json};
use circuitscope_core::{AreaLabels, CircuitMasks, Graph, MaskEdits, MeasuredCircuits};
use circuitscope_engine::run::{Logits, RunInput, RunOutput, graph_config, run_circuits};
use clap::Args;

use crate::error::CliError;
use crate::input::{self, Computer};
use crate::options::{CircuitOptions, ComputeOptions, PatchingOptions};
use crate::output::{print, write_file};
use crate::picture::{Drawing, PictureOptions, at_least, picture};
use crate::progress::PassesBar;
use crate::{logits, table};

/// Run circuits of a model and measure what is left of its behaviour
///
/// For every edge count N, the circuit is the edges of the N largest prune scores; with --mask there is one circuit. A table of every metric of every circuit, with
/// the areas under the curves, goes to stdout.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct RunCommand {
    #[command(flatten)]
    compute: ComputeOptions,
    #[command(flatten)]
    circuits: CircuitOptions,
    #[command(flatten)]
    patching: PatchingOptions,
    /// Where to write the logits: clean, corrupt, and edgesN for every realised edge count N
    #[arg(long, value_name = "FILE.safetensors")]
    out: Option<PathBuf>,
    /// Where to write every metric of every circuit with its spread over prompts: .csv or .json
    #[arg(long, value_name = "FILE.csv|FILE.json", value_parser = metrics_file)]
    metrics: Option<PathBuf>,
    /// Where to draw the edges whose absolute score is at least --score-threshold; `draw` has more choices
    #[arg(long, value_name = "FILE.svg|FILE.pdf")]
    svg: Option<PathBuf>,
    /// For --svg; the default is auto-circuit's
    #[arg(long, value_name = "X", default_value_t = 1e-2)]
    score_threshold: f32,
}

const NOTES: &str = "\
The table:
  asked, edges   the edge count that was asked for, and the one that it is: edges of equal scores come in together, and --edit puts
                 edges in or takes them out; of a --mask the edges whose mask is not 0
  clean, corrupt the unpatched model on either prompt
  AUC            the area under the metric's curve over log10 of the edge count, as auto-circuit has it
  area f, 1-f    the area under the faithfulness f, and that under |1 - f|, over the share of edges, from 0.001 to 1; f is how much of
                 the way from no edges to the whole model a circuit goes. With --patch-type tree --ablation resample these are the
                 MIB benchmark's CPR and CMD, and are called so

Examples:
  circuitscope run --model gpt2 --prompts ioi.json --scores eap.safetensors --edge-counts 0,10,100,1000
  circuitscope run --model gpt2 --prompts ioi.json --scores task-prune-scores.pkl --pick 'IOI/EAP' \\
      --patch-type tree --edge-counts mib --metrics metrics.csv
  circuitscope run --model tiny --prompts ids.json --scores circuit.csv --token-wise --out logits.safetensors --svg circuit.svg
  circuitscope run --model gpt2 --prompts ioi.json --scores eap.safetensors --edge-counts 100 --edit 'A9.9->Resid End=0' \
      --edit 'A9.6->Resid End=0.5'
  circuitscope run --model gpt2 --prompts ioi.json --mask mask.safetensors";

impl RunCommand {
    /// # Errors
    /// When an input is wrong, does not fit the others, or a file cannot be written.
    pub async fn run(self) -> Result<(), CliError> {
        // Weights are read last: what is wrong with smaller files is said at once.
        let config = input::open_config(&self.compute.model)?;
        let prompts = input::compute_prompts(&self.compute)?;
        let settings = self.patching.settings(&self.compute, prompts.pairs.len());
        let graph = Graph::try_new(&config, graph_config(&settings, &prompts)?)?;
        let (file, meaning) = self.circuits.file();
        let values = input::open_scores(file, self.circuits.pick.as_deref(), &config, &graph)?;
        meaning.check(&input::name(file), &values, &graph)?;
        let edits = MaskEdits::new(&self.circuits.edit, &graph)?;
        let computer = Computer::open(self.compute.device).await?;
        let model = computer.load_model(&self.compute.model, config).await?;
        let input = RunInput {
            model: &model,
            prompts: &prompts,
            graph: &graph,
            circuits: CircuitMasks { values: &values, meaning, edits: &edits },
            settings: &settings,
            stacking: computer.stacking,
            unpatched: None,
            keep_logits: self.out.is_some(),
        };
        let labels = AreaLabels::of([&settings]);
        if labels.note.is_some() {
            eprintln!("with --patch-type edge and this --ablation, the circuit of all edges is not the model");
        }
        let mut bar = PassesBar::new();
        let output = run_circuits(&input, &(), &mut bar).await?;
        let logits = bar.finish();
        let measured = self.measured(&graph, &output);
        print(table::metrics(&measured, labels).as_bytes())?;
        self.write_files(&input, &output, &logits, measured)
    }

    fn measured(&self, graph: &Graph, output: &RunOutput) -> MeasuredCircuits {
        MeasuredCircuits {
            name: input::name(self.circuits.file().0),
            n_edges: graph.n_edges(),
            circuits: output.circuits.iter().map(|c| (c.circuit, c.measurement.clone())).collect(),
            unpatched: Some([output.baseline.clean.clone(), output.baseline.corrupt.clone()]),
            reverse: self.patching.reverse,
        }
    }

    fn write_files(
        &self,
        input: &RunInput,
        output: &RunOutput,
        circuits: &[(usize, Rc<Logits>)],
        measured: MeasuredCircuits,
    ) -> Result<(), CliError> {
        if let Some(path) = &self.metrics {
            let is_json = path.extension().is_some_and(|extension| extension == "json");
            let text = if is_json { to_json(&[measured]).to_string() } else { to_csv(&[measured]) };
            write_file(path, text.as_bytes())?;
        }
        if let Some(path) = &self.out {
            logits::write(path, output, circuits)?;
        }
        if let Some(path) = &self.svg {
            write_file(path, &self.picture(input, path)?)?;
        }
        Ok(())
    }

    fn picture(&self, input: &RunInput, path: &Path) -> Result<Vec<u8>, CliError> {
        let (graph, scores) = (input.graph, input.circuits.values);
        let drawing = Drawing {
            graph,
            scores,
            circuit: at_least(scores, self.score_threshold),
            dir: input.model.config().attention_dir,
            seq_labels: input.prompts.seq_labels.as_deref().filter(|_| graph.config.seq_len.is_some()),
        };
        Ok(picture(&drawing, &PictureOptions::default(), Some(path))?.bytes)
    }
}

fn metrics_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv" | "json") => Ok(path),
        _ => Err("expected a name that ends in .csv or .json".to_owned()),
    }
}
