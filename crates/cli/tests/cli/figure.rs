//! `figure`: figures written, shown, verified and drawn; and those that are not what they say.

use super::*;

/// The files of the demo `induction`, in a folder of the test's own.
fn demo(dir: &TempDir) -> String {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/demo/induction");
    for file in
        ["figure.json", "tl_config.json", "model.safetensors", "tokenizer.json", "prompts.json", "scores.safetensors"]
    {
        fs::copy(demo.join(file), dir.path().join(file)).unwrap();
    }
    temp(dir, "figure.json")
}

/// Changes a figure's JSON.
fn change(figure: &str, change: impl Fn(&mut Value)) {
    let mut json = read_json(figure);
    change(&mut json);
    fs::write(figure, json.to_string()).unwrap();
}

/// What `figure write` is asked for, but for title, caption and counts.
fn written<'a>(paths: &'a [String; 3], out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let [model, prompts, scores] = paths;
    let args = ["figure", "write", "--model", model, "--prompts", prompts, "--scores", scores, "--batch-size", "2"];
    [&args[..], &["--edges", "7", "--edge-counts", "0,7,27,110", "--title", "Tiny", "--out", out], more].concat()
}

#[test]
fn figure_shows_what_is_in_it() {
    let dir = TempDir::new().unwrap();
    let figure = demo(&dir);
    let shown = [
        "What came next before",
        "10 of 81 edges keep 93\u{a0}%",
        "Olsson et al. 2022",
        "as it should be",
        "Logit Diff",
    ];
    let assert = circuitscope(&["figure", &figure]).success();
    shown.iter().fold(assert, |assert, text| assert.stdout(contains(*text)));
    let poster = temp(&dir, "poster.svg");
    circuitscope(&["figure", &figure, "--svg", &poster]).success().stdout("");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/demo/induction/poster.svg");
    assert!(fs::read(&poster).unwrap() == fs::read(committed).unwrap(), "the demo's own poster");
}

#[test]
fn figure_verifies_what_was_recorded() {
    let dir = TempDir::new().unwrap();
    let figure = demo(&dir);
    let verified = contains("verified: ").and(contains("files.weights[0] (model.safetensors): as it should be"));
    circuitscope(&["figure", "--verify", &figure]).success().stdout(verified);

    // A number that is not what the model gives.
    change(&figure, |json| json["recorded"]["circuits"][10]["measurement"]["logitDiff"]["mean"] = json!(22.0));
    let args = ["figure", "--verify", &figure];
    circuitscope(&args)
        .code(FAILED)
        .stderr(contains("not verified: largest difference").and(contains("logit difference at 10 edges")));
    circuitscope(&[&args[..], &["--tolerance", "10"]].concat()).success();
}

#[test]
fn figure_names_files_that_are_not_what_it_says() {
    let dir = TempDir::new().unwrap();
    let figure = demo(&dir);
    let prompts = temp(&dir, "prompts.json");
    fs::write(&prompts, fs::read_to_string(&prompts).unwrap() + "\n").unwrap();
    let args = ["figure", "--verify", &figure];
    let says = contains("not what the figure says: files.prompts");
    circuitscope(&args).code(FAILED).stdout(contains("files.prompts (prompts.json): another file")).stderr(says);
    // All the same, what can be shown is shown.
    circuitscope(&["figure", &figure]).success().stdout(contains("10 of 81 edges"));

    demo(&dir);
    fs::remove_file(temp(&dir, "model.safetensors")).unwrap();
    let missing = contains("files.weights[0] (model.safetensors): missing");
    circuitscope(&args).code(FAILED).stdout(missing).stderr(contains("its weights are not here"));

    demo(&dir);
    change(&figure, |json| json["files"]["weights"][0]["url"] = json!("https://example.org/model.safetensors"));
    let elsewhere = contains("on example.org, which is not asked from here");
    circuitscope(&args).code(FAILED).stdout(elsewhere).stderr(contains("its weights are not here"));

    demo(&dir);
    change(&figure, |json| drop(json.as_object_mut().unwrap().remove("recorded")));
    change(&figure, |json| json["caption"] = json!(""));
    circuitscope(&args).code(FAILED).stderr(contains("it has no recorded results"));
}

#[test]
fn figure_refuses_what_is_no_figure() {
    let dir = TempDir::new().unwrap();
    let figure = demo(&dir);
    change(&figure, |json| json["version"] = json!(2));
    refused(&["figure", &figure], FAILED, &["figure.json", "version", "found 2"]);
    let page = write(&dir, "page.json", "<!DOCTYPE html><title>Not found</title>");
    refused(&["figure", "--verify", &page], FAILED, &["page.json", "HTML"]);
    let other = write(&dir, "other.json", "{\"prompts\": []}");
    refused(&["figure", &other], FAILED, &["other.json", "circuitscope-figure"]);
    let config = gpt2("model.safetensors");
    refused(&["figure", &config], FAILED, &["model.safetensors", "UTF-8"]);
    refused(&["figure", &temp(&dir, "missing.json")], FAILED, &["missing.json: cannot be read"]);
    refused(&["figure"], USAGE, &["FIGURE.json"]);
    refused(&["figure", &figure, "--tolerance", "1"], USAGE, &["--verify"]);
}

#[test]
fn figure_writes_what_it_verifies() {
    let dir = TempDir::new().unwrap();
    let paths = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let out = temp(&dir, "figure.json");
    let caption = "{edges:7} of {edges:all} edges: KL {value:cleanKlDiv:shown}.";
    let more =
        ["--caption", caption, "--attention", "A0.1,A1.2", "--attention-prompts", "0,1", "--label", "A0.1=one <b>"];
    circuitscope(&written(&paths, &out, &more)).success().stdout("");
    let json = read_json(&out);
    assert!(json["files"]["weights"][0]["url"].as_str().unwrap().ends_with("cases/gpt2/model.safetensors"));
    assert_eq!(json["recorded"]["circuits"].as_array().unwrap().len(), 4);
    assert_eq!(json["recorded"]["attention"].as_array().unwrap().len(), 4);
    assert_eq!(json["files"]["config"]["inline"]["json"]["model_type"], "gpt2");
    circuitscope(&["figure", &out]).success().stdout(contains("7 of 110 edges: KL "));
    circuitscope(&["figure", "--verify", &out]).success().stdout(contains("verified: "));
    circuitscope(&["figure", &out, "--svg", &temp(&dir, "p.svg")]).success();
    assert!(fs::read_to_string(temp(&dir, "p.svg")).unwrap().contains("one &lt;b&gt;"));

    // With an edit, and scores in a format that a figure does not name.
    let scores = fixture("formats/gpt2.scores.pt");
    let paths = [paths[0].clone(), paths[1].clone(), scores];
    circuitscope(&written(&paths, &out, &["--edit", "A0.1->MLP 1=0.5"])).success();
    assert!(read_json(&out)["files"].get("scores").is_none() && read_json(&out)["recorded"]["edited"].is_object());
    circuitscope(&["figure", "--verify", &out]).success().stdout(contains("verified: "));
}

/// A figure with some of its prompts as tokens is run on those of the file, cut into tokens as these were.
#[test]
fn figure_with_some_prompts_is_run_on_all() {
    let dir = TempDir::new().unwrap();
    let out = temp(&dir, "figure.json");
    let paths =
        ["", "/prompts.json", "/graph0.scores.safetensors"].map(|file| fixture(&format!("cases/gpt2-text{file}")));
    let tokenizer = fixture("tokenizers/gpt2/tokenizer.json");
    for more in [&[][..], &["--no-bos"]] {
        let args = [&["--tokenizer", &tokenizer, "--n-prompts", "1"], more].concat();
        circuitscope(&written(&paths, &out, &args)).success();
        let texts = &read_json(&out)["texts"];
        assert_eq!(texts["prompts"].as_array().unwrap().len(), 1);
        assert!(texts["tokens"].as_object().unwrap().len() > 5);
        circuitscope(&["figure", "--verify", &out]).success().stdout(contains("verified: "));
    }
    change(&out, |json| json["texts"]["prompts"][0]["clean"][0] = json!(0));
    circuitscope(&["figure", "--verify", &out])
        .code(FAILED)
        .stderr(contains("the prompts that the figure has as tokens"));
}

#[test]
fn figure_write_refuses_bad_input() {
    let dir = TempDir::new().unwrap();
    let paths = ["", "prompts.json", "graph0.scores.safetensors"].map(gpt2);
    let out = temp(&dir, "figure.json");
    let refused = |more: &[&str], code: i32, says: &[&str]| refused(&written(&paths, &out, more), code, says);
    refused(&["--caption", "{share:logitDiff:8}"], FAILED, &["{share:logitDiff:8}", "a circuit of 8 edges"]);
    refused(&["--caption", "{edges}"], FAILED, &["caption", "{edges:K}"]);
    refused(&["--label", "A9.0=x"], FAILED, &["view.labels", "A9.0"]);
    refused(&["--attention", "A9.0"], FAILED, &["block", "below 2"]);
    refused(&["--attention", "MLP 0"], USAGE, &["a head such as A0.1"]);
    refused(&["--metric", "loss"], USAGE, &["cleanKlDiv"]);
    refused(&["--threshold", "1"], USAGE, &["cannot be used with"]);
    refused(&["--source-url", "https://example.org"], USAGE, &["--source"]);
    refused(&["--source", "x", "--source-url", "javascript:alert(1)"], FAILED, &["source.url"]);
    assert!(!Path::new(&out).exists(), "nothing is written where something is wrong");
}
