//! `run`: circuits of a model, measured.

use super::*;

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
