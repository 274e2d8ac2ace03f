//! `models`: what is supported, and what a model takes.

use super::*;

#[test]
fn models_lists_what_is_supported() {
    let assert = circuitscope(&["models"]).success();
    let texts = ["GPT-NeoX (gpt_neox)", "tl_config.json", "gemma2", "mib-json", "read only", "edge-list-csv"];
    texts.iter().fold(assert, |assert, text| assert.stdout(contains(*text)));
    let json = stdout_json(&["models", "--json"]);
    assert_eq!((json["models"].as_array().unwrap().len(), json["formats"].as_array().unwrap().len()), (9, 6));
}

#[test]
fn models_says_what_a_model_takes() {
    let json = stdout_json(&["models", &gpt2(""), "--json"]);
    let edges: Vec<_> = json["graphs"].as_array().unwrap().iter().map(|graph| graph["nEdges"].clone()).collect();
    let case = read_json(gpt2("case.json"));
    let expected: Vec<_> = [0, 1, 3].iter().map(|&g| case["graphs"][g]["n_edges"].clone()).collect();
    assert_eq!(edges, expected);
    // Embeddings of 48 tokens and 32 positions at width 32; two blocks, each with norms (2 · 64), q, k and v (32 · 96 + 96), the
    // heads' output (32 · 32 + 32) and an MLP of width 128 (32 · 128 + 128 + 128 · 32 + 32); a last norm.
    let n_params = 48 * 32 + 32 * 32 + 2 * (2 * 64 + 3168 + 1056 + 8352) + 64;
    assert_eq!(json["nParams"], n_params);
    let text = circuitscope(&["models", &gpt2("config.json")]).success();
    text.stdout(contains("config.json: supported").and(contains("110 in an edge (factorized) graph")));
}

#[test]
fn models_refuses_what_is_not_supported() {
    let dir = TempDir::new().unwrap();
    let gemma = write(&dir, "config.json", r#"{"model_type": "gemma2"}"#);
    let text = write(&dir, "notes.txt", "no JSON");
    refused(&["models", &gemma], FAILED, &["config.json", "model_type", "gemma2"]);
    refused(&["models", &text], FAILED, &["notes.txt is no JSON"]);
    refused(&["models", &temp(&dir, "missing")], FAILED, &["missing: cannot be read"]);
}
