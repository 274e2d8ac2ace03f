//! `draw`: pictures of circuits.

use super::*;

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
