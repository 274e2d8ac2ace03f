//! `discover`: scores for the edges.

use super::*;

#[test]
fn discover_writes_scores_that_the_others_read() {
    let dir = TempDir::new().unwrap();
    let (out, metrics) = (temp(&dir, "scores.safetensors"), temp(&dir, "m.json"));
    let [model, prompts] = ["", "/prompts.json"].map(|file| fixture(&format!("cases/tracr-reverse{file}")));
    let args = ["discover", "--model", &model, "--prompts", &prompts, "--slice", "not_first_seq", "--out", &out];
    let official = ["--algorithm", "official", "--set", "circuit=tracr_reverse"];
    let assert = circuitscope(&[&args[..], &official].concat()).success();
    // The two edges of case.json's `official_edges`, before all that have score 0.
    assert.stdout(
        contains("1.000000  Resid Start->A3.0.V").and(contains("1.000000  A3.0->Resid End")).and(contains("of 77")),
    );
    let contents = stdout_json(&["convert", &out, "--model", &model, "--json"]);
    assert_eq!((&contents["nEdges"], &contents["nScored"]), (&json!(77), &json!(2)));
    assert_eq!((&contents["algorithm"], &contents["prompts"]), (&json!("official"), &json!(prompts)));
    // Of the circuit alone the answers are those of the whole model (Tracr's models are exact).
    let run = ["run", "--model", &model, "--prompts", &prompts, "--slice", "not_first_seq", "--scores", &out];
    circuitscope(&[&run[..], &["--patch-type", "tree", "--edge-counts", "2", "--metrics", &metrics]].concat())
        .success();
    let circuits = &read_json(&metrics)[0]["circuits"];
    assert_eq!((&circuits[0]["nEdges"], &circuits[0]["requested"]), (&json!(2), &json!(2)));
}

#[test]
fn discover_takes_text_prompts() {
    let dir = TempDir::new().unwrap();
    let [bos, no_bos] = ["bos.safetensors", "no-bos.safetensors"].map(|file| temp(&dir, file));
    let [model, prompts] = ["", "/prompts.json"].map(|file| fixture(&format!("cases/gpt2-text{file}")));
    let tokenizer = fixture("tokenizers/gpt2/tokenizer.json");
    let args = ["discover", "--model", &model, "--prompts", &prompts, "--batch-size", "2"];
    circuitscope(&[&args[..], &["--tokenizer", &tokenizer, "--out", &bos]].concat()).success();
    circuitscope(&[&args[..], &["--tokenizer", &tokenizer, "--out", &no_bos, "--no-bos"]].concat()).success();
    let [bos, no_bos] = [bos, no_bos].map(|file| tensors(&fs::read(file).unwrap()));
    assert_eq!(bos.iter().map(|t| t.2.len()).sum::<usize>(), 110, "a score for every edge");
    assert_ne!(bos, no_bos);
    refused(&[&args[..], &["--out", &temp(&dir, "s")]].concat(), FAILED, &["prompts.json: a tokenizer is needed"]);
}

#[test]
fn discover_keeps_a_selection_and_reads_settings() {
    let dir = TempDir::new().unwrap();
    let out = temp(&dir, "scores.safetensors");
    let [model, prompts] = ["", "prompts.json"].map(gpt2);
    let args = ["discover", "--model", &model, "--prompts", &prompts, "--out", &out];
    let selection = ["--algorithm", "eap_ig", "--set", "steps=2", "--selection", "top", "--edge-count", "9"];
    circuitscope(&[&args[..], &selection].concat()).success().stderr(contains("edges kept: 9"));
    let contents = stdout_json(&["convert", &out, "--model", &model, "--json"]);
    assert_eq!(contents["nScored"], 9);
    let settings: Value = serde_json::from_str(contents["settings"].as_str().unwrap()).unwrap();
    assert_eq!(settings["algorithm"]["steps"], 2);
}

#[test]
fn discover_refuses_bad_input() {
    let dir = TempDir::new().unwrap();
    let (out, missing) = (temp(&dir, "scores.safetensors"), temp(&dir, "missing.json"));
    let [model, prompts] = ["", "prompts.json"].map(gpt2);
    let discover = |prompts: &str, more: &[&str], code: i32, says: &[&str]| {
        let args = ["discover", "--model", &model, "--prompts", prompts, "--out", &out];
        refused(&[&args[..], more].concat(), code, says);
    };
    discover(&missing, &[], FAILED, &["missing.json: cannot be read"]);
    discover(&prompts, &["--algorithm", "magic"], USAGE, &["--algorithm magic", "subnetwork_probing"]);
    discover(&prompts, &["--set", "steps=2"], USAGE, &["--algorithm eap", "unknown field `steps`"]);
    discover(&prompts, &["--set", "steps"], USAGE, &["expected NAME=VALUE"]);
    discover(&prompts, &["--selection", "top"], USAGE, &["--edge-count"]);
    discover(&prompts, &["--selection", "top", "--edge-count", "111"], FAILED, &["at most 110", "found 111"]);
    refused(&["discover", "--model", &model, "--prompts", &prompts], USAGE, &["--out <FILE.safetensors>"]);
    assert!(!Path::new(&out).exists(), "nothing is written");
}
