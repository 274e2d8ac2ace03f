//! The program as it is run: every subcommand on good and on bad input. What it computes is held against the reference cases.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use circuitscope_core::Algorithm;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Bad input, or something failed.
const FAILED: i32 = 1;
/// The command line is wrong.
const USAGE: i32 = 2;

fn circuitscope(args: &[&str]) -> Assert {
    Command::new(env!("CARGO_BIN_EXE_circuitscope")).args(args).assert()
}

#[track_caller]
fn refused(args: &[&str], code: i32, says: &[&str]) {
    let assert = circuitscope(args).code(code).stdout("").stderr(contains("error: ").count(1));
    says.iter().fold(assert, |assert, text| assert.stderr(contains(*text)));
}

/// A path below the project's fixtures.
fn fixture(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path);
    path.to_str().unwrap().to_owned()
}

/// A file of the reference case `gpt2`.
fn gpt2(file: &str) -> String {
    fixture(&format!("cases/gpt2/{file}"))
}

/// A file in a folder of the test's own.
fn temp(dir: &TempDir, file: &str) -> String {
    dir.path().join(file).to_str().unwrap().to_owned()
}

fn write(dir: &TempDir, file: &str, text: &str) -> String {
    let path = temp(dir, file);
    fs::write(&path, text).unwrap();
    path
}

fn read_json(path: impl Into<PathBuf>) -> Value {
    serde_json::from_slice(&fs::read(path.into()).unwrap()).unwrap()
}

fn stdout_json(args: &[&str]) -> Value {
    serde_json::from_slice(&circuitscope(args).success().get_output().stdout).unwrap()
}

/// The tensors of a safetensors file, by name.
fn tensors(bytes: &[u8]) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let numbers = |bytes: &[u8]| bytes.chunks(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect();
    let mut tensors: Vec<_> =
        file.iter().map(|(name, t)| (name.to_owned(), t.shape().to_vec(), numbers(t.data()))).collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

fn tensor(path: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensors = tensors(&fs::read(path).unwrap());
    let (_, shape, numbers) = tensors.into_iter().find(|t| t.0 == name).unwrap_or_else(|| panic!("{path}: no {name}"));
    (shape, numbers)
}

/// `[edge count, value]` pairs of metrics, as a case has them and as `--metrics FILE.json` does.
#[track_caller]
fn assert_metrics(found: &Value, expected: &Value) {
    for (key, points) in expected.as_object().unwrap() {
        let found = found["metrics"][key]["values"].as_array().unwrap();
        let points = points.as_array().unwrap();
        assert_eq!(found.len(), points.len(), "{key}");
        for (found, expected) in found.iter().zip(points) {
            let [f, e] = [found, expected].map(|point| point[1].as_f64().unwrap());
            assert!(
                found[0] == expected[0] && (f - e).abs() <= 1e-4 + 1e-3 * e.abs(),
                "{key}: {found}, not {expected}"
            );
        }
    }
}

// -------------------------------------------------------------------------------------------------------------------- run

#[test]
fn run_gives_the_references_metrics_and_logits() {
    let dir = TempDir::new().unwrap();
    let [metrics, csv, logits, svg] = ["m.json", "m.csv", "logits.safetensors", "c.svg"].map(|file| temp(&dir, file));
    let [model, prompts, scores] = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let args = ["run", "--model", &model, "--prompts", &prompts, "--scores", &scores, "--batch-size", "2"];
    let more = ["--edge-counts", "0,1,2,7,27,55,109,110", "--metrics", &metrics, "--out", &logits, "--svg", &svg];
    // Logit Diff of 27 edges in case.json is -0.348321 (the fourth column of the second table).
    let assert = circuitscope(&[&args[..], &more].concat()).success();
    assert
        .stdout(contains("asked").count(3).and(contains("       27        27 ").count(3)).and(contains("-0.34832")))
        .stderr(contains("device: "));
    let case = read_json(gpt2("case.json"));
    let run = &case["graphs"][0]["runs"][0];
    assert_metrics(&read_json(&metrics)[0], &run["metrics"]);
    let (shape, found) = tensor(&logits, "edges27");
    let (_, expected) = tensor(&gpt2("expected.safetensors"), "graph0.run0.edges27");
    assert_eq!(shape, [4, 48]);
    assert!(found.iter().zip(&expected).all(|(f, e)| (f - e).abs() <= 1e-4 + 1e-4 * e.abs()));
    assert_eq!(tensors(&fs::read(&logits).unwrap()).len(), 2 + 8, "clean, corrupt and every circuit");
    assert!(fs::read_to_string(&svg).unwrap().starts_with("<svg"));
    circuitscope(&[&args[..], &["--edge-counts", "0,110", "--metrics", &csv]].concat()).success();
    // A line of headings, and one for each of 14 metrics at 2 counts.
    assert_eq!(fs::read_to_string(&csv).unwrap().lines().count(), 1 + 14 * 2);
}

#[test]
fn run_takes_every_setting_by_its_name() {
    let dir = TempDir::new().unwrap();
    let metrics = temp(&dir, "m.json");
    let [model, prompts] = ["", "prompts.json"].map(gpt2);
    let case = read_json(gpt2("case.json"));
    let rows: [(usize, &[&str]); 3] = [(1, &["--joint-qkv"]), (2, &["--token-wise"]), (3, &["--unfactorized"])];
    for (g, kind) in rows {
        let scores = gpt2(&format!("graph{g}.scores.safetensors"));
        for run in case["graphs"][g]["runs"].as_array().unwrap().iter().filter(|run| run["metrics"] != json!([])) {
            let lower = |field: &str| run[field].as_str().unwrap().to_lowercase();
            let patch_type = lower("patch_type").replace("_patch", "");
            let counts: Vec<_> = run["test_edge_counts"].as_array().unwrap().iter().map(Value::to_string).collect();
            let (ablation, counts) = (lower("ablation_type"), counts.join(","));
            let mut args = vec!["run", "--model", &model, "--prompts", &prompts, "--scores", &scores];
            args.extend(["--batch-size", "2", "--metrics", &metrics, "--edge-counts", &counts]);
            args.extend(["--patch-type", &patch_type, "--ablation", &ablation]);
            args.extend(kind);
            args.extend(if run["reverse_clean_corrupt"] == true { Some("--reverse") } else { None });
            circuitscope(&args).success();
            assert_metrics(&read_json(&metrics)[0], &run["metrics"]);
        }
    }
}

#[test]
fn areas_are_the_mib_benchmarks_under_its_setting_only() {
    let [model, prompts, scores] = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let args = ["run", "--model", &model, "--prompts", &prompts, "--scores", &scores, "--edge-counts", "0,110"];
    let run = |patch_type, ablation| {
        circuitscope(&[&args[..], &["--patch-type", patch_type, "--ablation", ablation]].concat()).success()
    };
    let not_the_model = "the circuit of all edges is not the model";
    run("tree", "resample").stdout(contains("CPR").and(contains("CMD"))).stderr(contains(not_the_model).not());
    run("edge", "resample")
        .stdout(contains("CPR").not().and(contains("area 1-f")))
        .stderr(contains(not_the_model).not());
    run("edge", "zero").stdout(contains("CPR").not()).stderr(contains(not_the_model));
    let swapped = [&args[..], &["--patch-type", "tree", "--ablation", "resample", "--reverse"]].concat();
    circuitscope(&swapped).success().stdout(contains("CPR").not().and(contains("area 1-f")));
}

#[test]
fn run_takes_text_prompts() {
    let dir = TempDir::new().unwrap();
    let metrics = temp(&dir, "m.json");
    let [model, prompts, scores] =
        ["", "/prompts.json", "/graph0.scores.safetensors"].map(|f| fixture(&format!("cases/gpt2-text{f}")));
    let tokenizer = fixture("tokenizers/gpt2/tokenizer.json");
    let args = ["run", "--model", &model, "--prompts", &prompts, "--scores", &scores, "--batch-size", "2"];
    let more = ["--tokenizer", &tokenizer, "--edge-counts", "0,1,7,55,110", "--metrics", &metrics];
    circuitscope(&[&args[..], &more].concat()).success();
    let case = read_json(fixture("cases/gpt2-text/case.json"));
    let expected = &case["graphs"][0]["runs"][0]["metrics"];
    assert_metrics(&read_json(&metrics)[0], expected);
    // Without the BOS token it is another prompt.
    circuitscope(&[&args[..], &more, &["--no-bos"]].concat()).success();
    assert_ne!(read_json(&metrics)[0]["metrics"]["Logit Diff"]["values"][0][1], expected["Logit Diff"][0][1]);
    refused(&[&args[..], &more, &["--no-pad"]].concat(), FAILED, &["prompts.json", "tokens long"]);
    refused(&args, FAILED, &["prompts.json: a tokenizer is needed"]);
}

#[test]
fn run_says_how_many_prompts_are_left_out() {
    let [model, prompts, scores] = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let args = ["run", "--model", &model, "--prompts", &prompts, "--scores", &scores, "--edge-counts", "0"];
    let left_out = contains("the last 1 of 4 prompts are left out: --batch-size is 3");
    circuitscope(&[&args[..], &["--batch-size", "3"]].concat()).success().stderr(left_out);
    circuitscope(&args).success().stderr(contains("left out").not());
}

/// The circuit of 27 edges as a mask of ones is that circuit; half an edge, as a mask and as an edit, is the same.
#[test]
fn run_takes_a_mask_and_edits() {
    let dir = TempDir::new().unwrap();
    let [model, prompts, scores] = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let metrics = temp(&dir, "m.json");
    let run = |more: &[&str]| {
        let args = ["run", "--model", &model, "--prompts", &prompts, "--batch-size", "2", "--metrics", &metrics];
        circuitscope(&[&args[..], more].concat()).success();
        read_json(&metrics)[0].clone()
    };
    let args = ["convert", &scores, "--model", &model, "--to", "edge-list-json", "--extent", "circuit"];
    let circuit = circuitscope(&[&args[..], &["--edge-count", "27"]].concat()).success().get_output().stdout.clone();
    let listed: Value = serde_json::from_slice(&circuit).unwrap();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|edge| edge["edge"].as_str().unwrap()).collect();
    let mask = write(&dir, "mask.json", &json!(names).to_string());
    let found = run(&["--mask", &mask]);
    assert_eq!(found["circuits"], json!([{ "requested": 27, "nEdges": 27, "threshold": 1.0 }]));
    let case = read_json(gpt2("case.json"));
    for (key, points) in case["graphs"][0]["runs"][0]["metrics"].as_object().unwrap() {
        let expected = points.as_array().unwrap().iter().find(|point| point[0] == 27).unwrap();
        let [f, e] = [&found["metrics"][key]["values"][0], expected].map(|point| point[1].as_f64().unwrap());
        assert!((f - e).abs() <= 1e-4 + 1e-3 * e.abs(), "{key}: {f}, not {e}");
    }

    let half = write(&dir, "half.json", &json!({ "A0.1->MLP 1": 0.5, "A1.2->Resid End": -0.25 }).to_string());
    let by_mask = run(&["--mask", &half]);
    let edits = ["--edit", "A0.1->MLP 1=0.5", "--edit", "A1.2->Resid End=-0.25"];
    let by_edits = run(&[&["--scores", &scores, "--edge-counts", "0"], &edits[..]].concat());
    assert_eq!(by_mask["metrics"]["Logit Diff"]["values"], by_edits["metrics"]["Logit Diff"]["values"]);
    assert_eq!(by_edits["circuits"][0]["nEdges"], 2);
    let unedited = run(&["--scores", &scores, "--edge-counts", "0"]);
    assert_ne!(by_edits["metrics"]["Logit Diff"]["values"][0][1], unedited["metrics"]["Logit Diff"]["values"][0][1]);

    // At one position: another circuit than at all of them, and than at another one.
    let token_wise = gpt2("graph2.scores.safetensors");
    let at = |edit: &str| {
        let more = ["--scores", &token_wise, "--token-wise", "--edge-counts", "0", "--edit", edit];
        let found = run(&more);
        assert_eq!(found["circuits"][0]["nEdges"], 1);
        found["metrics"]["Clean KL Div"]["values"][0][1].as_f64().unwrap()
    };
    assert_ne!(at("5:Resid Start->Resid End=1"), at("5:Resid Start->Resid End=0.5"));
    assert_ne!(at("5:Resid Start->Resid End=1"), at("0:Resid Start->Resid End=1"));
}

#[test]
fn run_refuses_masks_and_edits_that_it_cannot_use() {
    let dir = TempDir::new().unwrap();
    let [model, prompts, scores] = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let infinite = write(&dir, "infinite.json", "{\"A0.1->MLP 1\": Infinity}");
    let other = gpt2("graph3.scores.safetensors");
    let args = ["run", "--model", &model, "--prompts", &prompts];
    let run = |more: &[&str], code: i32, says: &[&str]| refused(&[&args[..], more].concat(), code, says);
    run(&["--mask", &infinite], FAILED, &["infinite.json", "`A0.1->MLP 1` should be a finite number", "inf"]);
    run(&["--mask", &other], FAILED, &["graph3.scores.safetensors", "--unfactorized"]);
    run(&["--mask", &infinite, "--scores", &scores], USAGE, &["--mask", "cannot be used with"]);
    run(&["--mask", &infinite, "--edge-counts", "3"], USAGE, &["--mask", "cannot be used with"]);
    run(&[], USAGE, &["--scores <FILE>"]);
    let edit = |edit: &str, code: i32, says: &[&str]| run(&["--scores", &scores, "--edit", edit], code, says);
    edit("A0.1->MLP 1", USAGE, &["--edit", "A0.1->MLP 1=0.5"]);
    edit("A0.1->MLP 1=much", USAGE, &["--edit", "A0.1->MLP 1=much"]);
    edit("A9.1->MLP 1=1", FAILED, &["`edits[0].edge` should be an edge of this graph", "A9.1->MLP 1"]);
    edit("3:A0.1->MLP 1=1", FAILED, &["should be an edge of this graph such as Resid Start->A0.0.Q"]);
    edit("A0.1->MLP 1=NaN", FAILED, &["`edits[0].mask` should be a finite number"]);
}

#[test]
fn run_refuses_bad_input() {
    let dir = TempDir::new().unwrap();
    let [model, prompts, scores, joint] =
        ["", "prompts.json", "graph0.scores.safetensors", "graph1.scores.safetensors"].map(gpt2);
    let cache = fixture("formats/gpt2.task-prune-scores.pkl");
    let missing = temp(&dir, "missing.json");
    let nowhere = temp(&dir, "no-folder/logits.safetensors");
    let empty = dir.path().to_str().unwrap().to_owned();
    let run = |model: &str, prompts: &str, scores: &str, more: &[&str], code: i32, says: &[&str]| {
        let args = ["run", "--model", model, "--prompts", prompts, "--scores", scores, "--edge-counts", "0"];
        refused(&[&args[..], more].concat(), code, says);
    };
    run(&model, &missing, &scores, &[], FAILED, &["missing.json: cannot be read"]);
    run(&model, &prompts, &missing, &[], FAILED, &["missing.json: cannot be read"]);
    run(&empty, &prompts, &scores, &[], FAILED, &[&empty, "neither config.json nor tl_config.json"]);
    run(&model, &scores, &scores, &[], FAILED, &["graph0.scores.safetensors"]);
    run(&model, &prompts, &prompts, &[], FAILED, &["prompts.json", "it is a file of prompts"]);
    run(&model, &prompts, &joint, &[], FAILED, &["graph1.scores.safetensors", "joint q, k and v", "--joint-qkv"]);
    run(&model, &prompts, &cache, &[], FAILED, &["--pick: Tiny Task/EAP, Tiny Task/Random"]);
    run(&model, &prompts, &cache, &["--pick", "EAP"], FAILED, &["no scores `EAP`"]);
    run(&model, &prompts, &scores, &["--batch-size", "9"], FAILED, &["prompts.json", "batch size", "from 1 to 4", "9"]);
    run(&model, &prompts, &scores, &["--metrics", "m.txt"], USAGE, &["ends in .csv or .json"]);
    run(&model, &prompts, &scores, &["--ablation", "mean"], USAGE, &["--ablation", "tokenwise_mean_clean"]);
    run(&model, &prompts, &scores, &["--edges", "3"], USAGE, &["unexpected argument '--edges'"]);
    let args = ["run", "--model", &model, "--prompts", &prompts, "--scores", &scores];
    refused(&[&args[..], &["--edge-counts", "111"]].concat(), FAILED, &["at most 110", "found 111"]);
    refused(&[&args[..], &["--edge-counts", "some"]].concat(), USAGE, &["logarithmic", "some"]);
    let assert = circuitscope(&[&args[..], &["--edge-counts", "0", "--out", &nowhere]].concat());
    assert.code(FAILED).stderr(contains("logits.safetensors: cannot be written"));
    refused(&["run"], USAGE, &["--model <DIR>", "--prompts <FILE>", "--scores <FILE>"]);
}

#[cfg(not(feature = "gpu"))]
#[test]
fn a_gpu_needs_a_build_with_it() {
    let [model, prompts, scores] = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let args = ["run", "--model", &model, "--prompts", &prompts, "--scores", &scores, "--device", "gpu"];
    refused(&args, FAILED, &["feature `gpu`"]);
}

// --------------------------------------------------------------------------------------------------------------- discover

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

// ------------------------------------------------------------------------------------------------------------------- draw

#[test]
fn draw_draws_the_edges_that_are_asked_for() {
    let dir = TempDir::new().unwrap();
    let (out, scores) = (temp(&dir, "circuit.svg"), gpt2("graph0.scores.safetensors"));
    let args = ["draw", "--model", &gpt2("config.json"), "--scores", &scores];
    // Every edge has a title with its name and its score, on one path or, where it is negative, on two.
    let title = |text: &str| text.split("</title>").next().unwrap_or_default().to_owned();
    let titles = |svg: &str| svg.split("<title>").skip(1).map(title).collect::<BTreeSet<_>>();
    let ribbons = |svg: &str| titles(svg).iter().filter(|title| title.contains("\nscore ")).count();
    circuitscope(&[&args[..], &["--edge-count", "7", "--out", &out]].concat())
        .success()
        .stdout("")
        .stderr(contains("edges drawn: 7 of 110"));
    let horizontal = fs::read_to_string(&out).unwrap();
    assert_eq!((ribbons(&horizontal), horizontal.starts_with("<svg")), (7, true));
    // 33 edges have a score of at least 1: the circuit of `formats/gpt2.mib.json`.
    let assert = circuitscope(&[&args[..], &["--score-threshold", "1"]].concat()).success();
    assert_eq!(ribbons(&String::from_utf8_lossy(&assert.get_output().stdout)), 33);
    circuitscope(&[&args[..], &["--edge-count", "7", "--orientation", "vertical", "--out", &out]].concat()).success();
    assert_ne!(fs::read_to_string(&out).unwrap(), horizontal);
    circuitscope(&[&args[..], &["--score-threshold", "1e9"]].concat()).success().stderr(contains("no edge is drawn"));
}

#[test]
fn draw_has_looks_sizes_and_kinds_of_files() {
    let dir = TempDir::new().unwrap();
    let args =
        ["draw", "--model", &gpt2("config.json"), "--scores", &gpt2("graph0.scores.safetensors"), "--edge-count", "30"];
    let svg = |more: &[&str]| {
        let assert = circuitscope(&[&args[..], more].concat()).success();
        String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
    };
    let rows: [(&[&str], &[&str]); 6] = [
        (&["--width", "480", "--height", "300"], &["viewBox=\"0 0 480 ", "data-node=\"A0.1\"", "positive, helps"]),
        (&["--look", "matrix"], &["data-cell=\"", "steps at |score|"]),
        (&["--look", "auto-circuit"], &["class=\"circuit\"", "width: |score|"]),
        (&["--theme", "dark"], &["#11151b"]),
        (&["--heads", "by-layer"], &["data-node=\"A0\""]),
        (&["--path-only"], &["data-edge=\""]),
    ];
    for (more, texts) in rows {
        let found = svg(more);
        texts.iter().for_each(|text| assert!(found.contains(text), "{text} with {more:?}"));
    }
    let ribbons = |svg: &str| svg.matches("\nscore ").count();
    assert!(ribbons(&svg(&["--path-only"])) < ribbons(&svg(&[])), "some of the 30 edges lead nowhere");
    let out = temp(&dir, "circuit.pdf");
    circuitscope(&[&args[..], &["--out", &out]].concat()).success().stdout("");
    assert!(fs::read(&out).unwrap().starts_with(b"%PDF-1.7"), "the name says the format");
    circuitscope(&[&args[..], &["--format", "svg", "--out", &out]].concat()).success();
    assert!(fs::read(&out).unwrap().starts_with(b"<svg"), "unless another is asked for");
}

#[test]
fn draw_labels_the_positions_of_token_wise_scores() {
    let [model, prompts, scores] = ["", "prompts.json", "graph2.scores.safetensors"].map(gpt2);
    let args = ["draw", "--model", &model, "--scores", &scores, "--positions", "all", "--edge-count", "20"];
    circuitscope(&[&args[..], &["--prompts", &prompts]].concat())
        .success()
        .stdout(contains("tok0").and(contains("tok5")));
    circuitscope(&args).success().stdout(contains("tok0").not().and(contains("position 5")));
}

#[test]
fn draw_refuses_bad_input() {
    let dir = TempDir::new().unwrap();
    let (config, scores) = (gpt2("config.json"), gpt2("graph0.scores.safetensors"));
    let missing = temp(&dir, "missing.json");
    let list = write(&dir, "circuit.csv", "A0.1->MLP 7\n");
    let prompts = write(
        &dir,
        "prompts.json",
        &json!({"seq_labels": ["one"], "prompts": [{"clean": [1], "corrupt": [2], "answers": [3], "wrong_answers": [4]}]}).to_string(),
    );
    let draw = |model: &str, scores: &str, more: &[&str], code: i32, says: &[&str]| {
        refused(&[&["draw", "--model", model, "--scores", scores], more].concat(), code, says);
    };
    draw(&missing, &scores, &[], FAILED, &["missing.json: cannot be read"]);
    draw(dir.path().to_str().unwrap(), &scores, &[], FAILED, &["neither config.json nor tl_config.json"]);
    draw(&scores, &scores, &[], FAILED, &["graph0.scores.safetensors"]);
    draw(&config, &missing, &[], FAILED, &["missing.json: cannot be read"]);
    draw(&config, &config, &[], FAILED, &["config.json", "it is a model's config"]);
    draw(&config, &list, &[], FAILED, &["circuit.csv", "A0.1->MLP 7"]);
    draw(&config, &scores, &["--edge-count", "111"], FAILED, &["at most 110", "found 111"]);
    draw(&config, &scores, &["--edge-count", "1", "--score-threshold", "1"], USAGE, &["cannot be used with"]);
    draw(&config, &scores, &["--orientation", "up"], USAGE, &["horizontal", "vertical"]);
    draw(&config, &scores, &["--width", "3"], USAGE, &["120..=20000"]);
    let own = "--look=auto-circuit";
    draw(&config, &scores, &[own, "--width", "300"], USAGE, &["--width and --height are not for"]);
    draw(&config, &scores, &[own, "--path-only"], USAGE, &["--path-only is not for"]);
    draw(&config, &scores, &[own, "--heads", "apart"], USAGE, &["--heads is not for"]);
    draw(&config, &scores, &["--positions", "above-threshold"], USAGE, &["auto-circuit alone"]);
    let token_wise = gpt2("graph2.scores.safetensors");
    draw(
        &config,
        &token_wise,
        &["--prompts", &prompts],
        FAILED,
        &["prompts.json", "seq_labels", "6 labels", "found 1"],
    );
}

// ---------------------------------------------------------------------------------------------------------------- convert

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

// ----------------------------------------------------------------------------------------------------------------- models

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

// ------------------------------------------------------------------------------------------------- help and completions

#[test]
fn help_lists_what_there_is() {
    let rows: [(&[&str], &[&str]); 7] = [
        (&[], &["run", "discover", "draw", "convert", "models", "completions", "Terms:", "prune score", "Exit codes:"]),
        (
            &["run"],
            &["--edge-counts", "--patch-type", "--ablation", "--metrics", "--svg", "--pick", "Examples:", "CMD"],
        ),
        (&["discover"], &["--algorithm", "--set", "--tokenizer", "--no-bos", "--no-pad", "--selection", "thresholds"]),
        (
            &["draw"],
            &["--score-threshold", "--edge-count", "--look", "--format", "--orientation", "--positions", "Examples:"],
        ),
        (&["convert"], &["--to", "--out", "--extent", "--pick", "edge-list-csv", "Examples:"]),
        (&["models"], &["--json", "Examples:"]),
        (&["completions"], &["bash", "zsh", "fish", "Examples:"]),
    ];
    for (command, texts) in rows {
        let assert = circuitscope(&[command, &["--help"]].concat()).success().stderr("");
        texts.iter().fold(assert, |assert, text| assert.stdout(contains(*text)));
    }
    refused(&["fly"], USAGE, &["unrecognized subcommand 'fly'"]);
    circuitscope(&[]).code(USAGE).stderr(contains("Usage: circuitscope"));
    circuitscope(&["--version"]).success().stdout(contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        circuitscope(&["completions", shell]).success().stdout(contains("discover").and(contains("edge-count")));
    }
    for shell in ["bash", "zsh", "fish"] {
        circuitscope(&["completions", shell]).success().stdout(contains("tokenwise_mean_clean"));
    }
    refused(&["completions", "cmd"], USAGE, &["bash", "zsh"]);
}

#[test]
fn help_names_every_algorithm() {
    let assert = circuitscope(&["discover", "--help"]).success();
    let help = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for algorithm in Algorithm::offered() {
        assert!(help.contains(algorithm.name()), "{}", algorithm.name());
    }
}
