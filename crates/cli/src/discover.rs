//! `discover`: a score for every edge, as auto-circuit's `prune_algos` find them.

use std::path::PathBuf;

use circuitscope_core::settings::discovery::Keep;
use circuitscope_core::{Algorithm, DiscoverSettings, Graph, Prompts, Selection};
use circuitscope_engine::discover::{DiscoverInput, discover, discover_graph};
use circuitscope_engine::model::Model;
use clap::Args;
use serde_json::{Map, Value};

use crate::error::CliError;
use crate::input::{self, Computer};
use crate::options::{ComputeOptions, setting};
use crate::output::{print, write_file};
use crate::progress::PassesBar;
use crate::table;

/// Find which edges of a model matter on pairs of prompts
///
/// The scores go to a safetensors file, which says where they come from and which `run` and `draw` read; the largest of them go to
/// stdout.
#[derive(Debug, Args)]
#[command(after_long_help = SETTINGS)]
pub struct DiscoverCommand {
    #[command(flatten)]
    compute: ComputeOptions,
    /// eap, mask_gradient, eap_ig, acdc, exact, subnetwork_probing, activation_magnitude, random or official
    #[arg(long, default_value = "eap", value_name = "NAME")]
    algorithm: String,
    /// A setting of the algorithm, several times where there are several; see below
    #[arg(long, value_name = "NAME=VALUE", value_parser = algorithm_setting)]
    set: Vec<(String, Value)>,
    /// Keep the scores of --edge-count edges, set the others' to 0
    #[arg(long, value_parser = setting(&Selection::ALL, Selection::about), requires = "edge_count")]
    selection: Option<Selection>,
    /// How many edges --selection chooses among
    #[arg(long, value_name = "N", requires = "selection")]
    edge_count: Option<usize>,
    /// Where to write the scores
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,
}

const SETTINGS: &str = "\
Algorithms:
  eap, mask_gradient    edge attribution patching: the loss's gradient with respect to the edge's mask
  eap_ig                the same, integrated from the corrupt prompt's embedding to the clean one's
  acdc                  the least threshold at which the edge is removed
  exact                 the loss with this edge alone patched
  subnetwork_probing    a mask that is learned to be faithful and sparse
  activation_magnitude  how large the src node's activation is: a baseline
  random                random numbers: a baseline
  official              1 for the edges of a published circuit

Settings (--set), by auto-circuit's names:
  eap, mask_gradient  grad_function=logit|prob|logprob|logit_exp, answer_function=avg_diff|avg_val|mse, mask_value=X,
                      integrated_grad_samples=N, ablation=resample|zero|..., ablation_prompts=corrupt|clean
  eap_ig              grad_function, answer_function, steps=N, points=zero_to_below_one|above_zero_to_one, ablation
  acdc                faithfulness_target=kl_div|mse, thresholds=[X,...], prompts=all|first_batch
  exact               grad_function, answer_function, ablation
  subnetwork_probing  faithfulness_target, learning_rate=X, epochs=N, regularize_lambda=X, circuit_size=N,
                      tree_optimisation=true|false, ablation, seed=N
  random              seed=N
  official            circuit=tracr_reverse|tracr_reverse_acdc|tracr_xproportion|tracr_xproportion_acdc|ioi|docstring|greaterthan

Examples:
  circuitscope discover --model gpt2 --prompts ioi.json --algorithm eap --out eap.safetensors
  circuitscope discover --model gpt2 --prompts ioi.json --algorithm acdc --set thresholds=[0.01,0.1] --out acdc.safetensors
  circuitscope discover --model gpt2 --prompts ioi.json --algorithm eap_ig --set steps=20 \\
      --selection connected --edge-count 200 --out circuit.safetensors";

impl DiscoverCommand {
    /// # Errors
    /// When a setting or an input is wrong, they do not fit each other, or the scores cannot be written.
    pub async fn run(self) -> Result<(), CliError> {
        let algorithm = self.algorithm()?;
        // Weights are read last: what is wrong with smaller files is said at once.
        let config = input::open_config(&self.compute.model)?;
        let prompts = input::compute_prompts(&self.compute)?;
        let settings = self.settings(algorithm, &prompts);
        let graph = Graph::try_new(&config, discover_graph(&settings, &prompts)?)?;
        let computer = Computer::open(self.compute.device).await?;
        let model = computer.load_model(&self.compute.model, config).await?;
        let input = DiscoverInput {
            model: &model,
            prompts: &prompts,
            graph: &graph,
            settings: &settings,
            stacking: computer.stacking,
        };
        let mut bar = PassesBar::new();
        let found = discover(&input, &(), &mut bar).await?;
        bar.finish();
        if let Some(loss) = found.last_loss {
            eprintln!("loss of the last pass: {loss:.6}");
        }
        if let Some(note) = &found.note {
            eprintln!("{note}");
        }
        if let Some(n) = found.n_kept {
            eprintln!("edges kept: {n}");
        }
        let info = settings.info(&prompts.file, model.config(), &graph);
        write_file(&self.out, &found.scores.to_bytes(&graph, &info))?;
        print(table::largest(&graph, &found.scores).as_bytes())
    }

    fn settings(&self, algorithm: Algorithm, prompts: &Prompts) -> DiscoverSettings {
        let graph = self.compute.graph;
        DiscoverSettings {
            factorized: graph.kind.factorized(),
            separate_qkv: graph.kind.separate_qkv(),
            token_wise: graph.token_wise,
            slice: self.compute.slice,
            batch_size: self.compute.batch_size(prompts.pairs.len()),
            algorithm,
            keep: self.selection.zip(self.edge_count).map(|(selection, edge_count)| Keep { selection, edge_count }),
        }
    }

    /// The algorithm with its settings. serde's message lists the names that there are.
    fn algorithm(&self) -> Result<Algorithm, CliError> {
        let mut fields: Map<String, Value> = self.set.iter().cloned().collect();
        fields.insert("name".to_owned(), self.algorithm.clone().into());
        let wrong = |e: serde_json::Error| CliError::Usage(format!("--algorithm {}: {e}", self.algorithm));
        serde_json::from_value(fields.into()).map_err(wrong)
    }
}

/// `mask_value=0.5` as the field `maskValue` and a number. What is not JSON is a text.
fn algorithm_setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((camel_case(name), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |field, word| {
        let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        field + &head.to_uppercase() + tail
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_numbers_lists_or_texts() {
        for (text, name, value) in [
            ("mask_value=0.5", "maskValue", json!(0.5)),
            ("thresholds=[0.01,0.1]", "thresholds", json!([0.01, 0.1])),
            ("grad_function=logit", "gradFunction", json!("logit")),
        ] {
            assert_eq!(algorithm_setting(text), Ok((name.to_owned(), value)));
        }
        assert!(algorithm_setting("steps").is_err());
    }
}
