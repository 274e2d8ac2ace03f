//! Trains the models of demos anew, finds the scores of their edges, and records their figures.

use crate::workspace::{Result, Workspace};

/// Trains the model of a demo into `www/demo`, then scores its edges by EAP-IG, and records its figure with the poster. `options` are
/// those of `circuitscope-train`; with `--device gpu` or `--device auto` it is built with what drives a GPU, which takes minutes more.
///
/// # Errors
/// When a program cannot be built or fails, or the model does not reach what the demo asks for.
pub fn train(workspace: &Workspace, name: &str, options: &[&str]) -> Result<()> {
    let dir = format!("www/demo/{name}");
    let has_gpu = options.windows(2).any(|pair| pair[0] == "--device" && pair[1] != "cpu");
    let features: &[&str] = if has_gpu { &["--features", "circuitscope-train/gpu"] } else { &[] };
    workspace.run(cargo(workspace, "circuitscope-train", features).args([name, &dir]).args(options))?;
    let [prompts, scores] = ["prompts.json", "scores.safetensors"].map(|file| format!("{dir}/{file}"));
    workspace.run(
        cargo(workspace, "circuitscope", &[])
            .args(["discover", "--model", &dir, "--prompts", &prompts])
            // As many steps as Hanna et al. 2024, "Have Faith in Faithfulness", take at most.
            .args(["--algorithm", "eap_ig", "--set", "steps=20"])
            .args(["--out", &scores]),
    )?;
    workspace.run(cargo(workspace, "circuitscope-train", &[]).args([name, &dir, "--figure"]))
}

/// One of the workspace's own programs. Without optimisation of its own code it is about as fast: the libraries below it have theirs.
fn cargo(workspace: &Workspace, program: &str, features: &[&str]) -> std::process::Command {
    let mut command = workspace.command("cargo");
    command.args(["run", "--locked", "--bin", program]).args(features).arg("--");
    command
}
