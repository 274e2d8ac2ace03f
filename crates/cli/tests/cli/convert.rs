//! `convert`: scores and circuits in other formats.

use super::*;

#[test]
fn what_is_written_is_read_again_as_the_same_scores() {
    let dir = TempDir::new().unwrap();
    let config = gpt2("config.json");
    let rows: [(&str, &[&str]); 4] = [
        ("graph0", &["mib-json", "edge-list-json", "edge-list-csv", "safetensors"]),
        ("graph1", &["edge-list-json", "edge-list-csv", "safetensors"]),
        ("graph2", &["edge-list-json", "edge-list-csv", "safetensors"]),
        ("graph3", &["edge-list-json", "edge-list-csv", "safetensors"]),
    ];
    for (graph, formats) in rows {
        let scores = gpt2(&format!("{graph}.scores.safetensors"));
        let expected = tensors(&fs::read(&scores).unwrap());
        for format in formats {
            let (there, back) = (temp(&dir, "there"), temp(&dir, "back.safetensors"));
            circuitscope(&["convert", &scores, "--model", &config, "--to", format, "--out", &there])
                .success()
                .stdout("");
            let assert = circuitscope(&["convert", &there, "--model", &config, "--out", &back]);
            assert.success();
            assert_eq!(tensors(&fs::read(&back).unwrap()), expected, "{graph} as {format}");
        }
    }
}

#[test]
fn convert_reads_every_format() {
    let config = gpt2("config.json");
    let expected = tensors(&fs::read(gpt2("graph0.scores.safetensors")).unwrap());
    let rows: [(&str, &[&str]); 4] = [
        ("gpt2.scores.pt", &[]),
        ("gpt2.task-prune-scores.pkl", &["--pick", "Tiny Task/EAP"]),
        ("gpt2.mib.json", &[]),
        ("gpt2.mib.pt", &[]),
    ];
    for (file, pick) in rows {
        let args = ["convert", &fixture(&format!("formats/{file}")), "--model", &config, "--to", "safetensors"];
        let assert = circuitscope(&[&args[..], pick].concat()).success();
        assert_eq!(tensors(&assert.get_output().stdout), expected, "{file}");
    }
}

#[test]
fn convert_writes_a_circuit_alone() {
    let (config, scores) = (gpt2("config.json"), gpt2("graph0.scores.safetensors"));
    let args = ["convert", &scores, "--model", &config, "--to", "edge-list-csv", "--extent", "circuit"];
    let assert = circuitscope(&[&args[..], &["--edge-count", "7"]].concat()).success();
    let csv = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert_eq!((csv.lines().next(), csv.lines().count()), (Some("edge,score"), 1 + 7));
    refused(&args, USAGE, &["--extent circuit needs --edge-count"]);
    // The file's own circuit, where it marks one.
    let mib = fixture("formats/gpt2.mib.json");
    let args = ["convert", &mib, "--model", &config, "--to", "edge-list-csv", "--extent", "circuit"];
    let assert = circuitscope(&args).success();
    assert_eq!(String::from_utf8_lossy(&assert.get_output().stdout).lines().count(), 1 + 33);
}

#[test]
fn convert_says_what_is_in_a_file() {
    let config = gpt2("config.json");
    let rows = [
        ("formats/gpt2.mib.json", json!({"format": "mib-json", "nEdges": 110, "nCircuit": 33, "chosen": "scores"})),
        ("formats/gpt2.mib.pt", json!({"format": "mib-torch", "nEdges": 110, "nCircuit": 33, "chosen": "scores"})),
        ("formats/gpt2.scores.pt", json!({"format": "torch", "nEdges": 110, "choices": []})),
        (
            "formats/gpt2.task-prune-scores.pkl",
            json!({"format": "torch", "choices": ["Tiny Task/EAP", "Tiny Task/Random"], "algorithm": "EAP"}),
        ),
        (
            "cases/gpt2/graph2.scores.safetensors",
            json!({"format": "safetensors", "nEdges": 660,
                "graph": {"factorized": true, "separateQkv": true, "seqLen": 6}}),
        ),
    ];
    for (file, expected) in rows {
        let found = stdout_json(&["convert", &fixture(file), "--model", &config, "--json"]);
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&found[field], value, "{file}: {field}");
        }
    }
    let cache = fixture("formats/gpt2.task-prune-scores.pkl");
    let shown = circuitscope(&["convert", &cache, "--model", &config, "--pick", "Tiny Task/Random"]).success();
    shown.stdout(contains("torch file of `PruneScores` (torch)").and(contains("picked     Tiny Task/Random")));
}

#[test]
fn convert_says_what_a_file_says_of_itself() {
    let dir = TempDir::new().unwrap();
    let scores = temp(&dir, "scores.safetensors");
    let mib = fixture("formats/gpt2.mib.json");
    circuitscope(&["convert", &mib, "--model", &gpt2(""), "--out", &scores]).success();
    let rows = [
        (scores.clone(), json!({"format": "safetensors", "nEdges": 110, "model": "gpt2, 2 layers, 4 heads"})),
        (mib, json!({"format": "mib-json", "nEdges": 110, "nCircuit": 33, "model": "2 layers, 4 heads"})),
        (
            fixture("formats/gpt2.task-prune-scores.pkl"),
            json!({"format": "torch", "choices": ["Tiny Task/EAP", "Tiny Task/Random"]}),
        ),
        (fixture("formats/gpt2.mib.pt"), json!({"format": "mib-torch"})),
        (write(&dir, "list.csv", "A0.1->MLP 0\n"), json!({"format": "edge-list-csv"})),
    ];
    for (file, expected) in rows {
        let found = stdout_json(&["convert", &file, "--json"]);
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&found[field], value, "{file}: {field}");
        }
    }
    circuitscope(&["convert", &scores]).success().stdout(contains("graph  an edge (factorized) graph"));
}

#[test]
fn convert_refuses_bad_input() {
    let dir = TempDir::new().unwrap();
    let (config, scores) = (gpt2("config.json"), gpt2("graph0.scores.safetensors"));
    let [pt, json, txt] = ["circuit.pt", "circuit.json", "circuit.doc"].map(|file| temp(&dir, file));
    let convert = |file: &str, more: &[&str], code: i32, says: &[&str]| {
        refused(&[&["convert", file], more].concat(), code, says);
    };
    convert(&temp(&dir, "missing.pt"), &[], FAILED, &["missing.pt: cannot be read"]);
    convert(&fixture("formats/legacy.pt"), &[], FAILED, &["legacy.pt", "before torch 1.6"]);
    convert(&fixture("formats/module.pt"), &[], FAILED, &["module.pt", "which is refused"]);
    convert(&config, &[], FAILED, &["config.json", "it is a model's config"]);
    convert(&gpt2("prompts.json"), &["--model", &config], FAILED, &["prompts.json", "it is a file of prompts"]);
    convert(&scores, &["--to", "edge-list-csv"], USAGE, &["--model"]);
    convert(&scores, &["--model", &config, "--to", "torch"], USAGE, &["it is only read", "edge-list-csv"]);
    convert(&scores, &["--model", &config, "--to", "numpy"], USAGE, &["expected one of safetensors, mib-json"]);
    convert(&scores, &["--model", &config, "--out", &pt], USAGE, &["circuit.pt", "only read", "safetensors"]);
    convert(&scores, &["--model", &config, "--out", &json], USAGE, &["several formats", "mib-json, edge-list-json"]);
    convert(&scores, &["--model", &config, "--out", &txt], USAGE, &["circuit.doc", "--to"]);
    let large = ["--model", &config, "--to", "mib-json", "--edge-count", "111"];
    convert(&scores, &large, FAILED, &["at most 110", "found 111"]);
    let token_wise = gpt2("graph2.scores.safetensors");
    convert(&token_wise, &["--model", &config, "--to", "mib-json"], FAILED, &["cannot hold"]);
    let other = fixture("cases/attn-only/tl_config.json");
    convert(&scores, &["--model", &other, "--to", "edge-list-csv"], FAILED, &["graph0.scores.safetensors"]);
    assert!([pt, json, txt].iter().all(|file| !Path::new(file).exists()), "nothing is written");
}
