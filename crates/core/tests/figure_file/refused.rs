//! Figures that are refused, with the field, what was expected and what was found.

use circuitscope_core::figure_file::MAX_BYTES;
use circuitscope_core::{CircuitError, FigureFile};
use serde_json::{Value, json};

use super::sample::{full, least};

/// The full figure with another value at a JSON pointer; a key or an index at its end that is not there is added.
fn changed(pointer: &str, value: &Value) -> String {
    let mut figure: Value = serde_json::from_str(&full().to_json("f").unwrap()).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match figure.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
        Value::Array(list) => match key.parse::<usize>() {
            Ok(i) if i < list.len() => list[i] = value.clone(),
            _ => list.push(value.clone()),
        },
        other => panic!("{pointer}: {other}"),
    }
    figure.to_string()
}

#[track_caller]
fn check(pointer: &str, value: &Value, expected: &str) {
    let error = FigureFile::from_json("f.json", &changed(pointer, value)).expect_err(pointer).to_string();
    assert!(error.starts_with("f.json") && error.contains(expected), "{pointer}: {error}, not {expected}");
}

#[test]
fn other_files_and_versions() {
    check("/version", &json!(2), "`version` should be 1, the only one that is known here, found 2");
    check("/version", &json!("1"), "`version` should be a whole number from 0, found string \"1\"");
    check(
        "/format",
        &json!("figure\u{7}"),
        "`format` should be \"circuitscope-figure\", as in every figure file, found \"figure\u{fffd}\"",
    );
    let error = |text: &str| FigureFile::from_json("f", text).unwrap_err();
    assert_eq!(
        error("{}").to_string(),
        "f: `format` should be \"circuitscope-figure\", as in every figure file, found none"
    );
    assert_eq!(
        error(r#"{"format":"circuitscope-figure"}"#).to_string(),
        "f: `version` should be 1, the only one that is known here, found none"
    );
    assert!(matches!(error(""), CircuitError::Empty { .. }));
    assert!(matches!(error("<!DOCTYPE html>"), CircuitError::NotJson { .. }));
    assert!(matches!(error(&full().to_json("f").unwrap()[..1000]), CircuitError::CutOff { .. }));
    let out_of_range = full().to_json("f").unwrap().replace(r#""mask":0.1"#, r#""mask":1e999"#);
    let expected = "f: `view.edits[0].mask` should be as the format says, found number out of range";
    assert_eq!(error(&out_of_range).to_string(), expected);
    let long = " ".repeat(MAX_BYTES + 1);
    assert_eq!(error(&long).to_string(), "f: `size` should be at most 33.6 MB, found 33.6 MB");
    assert!(error(&"[".repeat(1_000_000)).to_string().starts_with("f"));
}

#[test]
fn fields_of_another_type() {
    check(
        "/view/size",
        &json!(31),
        "`view.size` should be one of the words or objects of the format, found another value",
    );
    check(
        "/view/size",
        &json!([31]),
        "`view.size` should be one of the words or objects of the format, found another value",
    );
    check("/view/size", &json!({"edges": -1}), "`view.size.edges` should be a whole number from 0, found integer `-1`");
    check(
        "/view/size",
        &json!({"edges": 1e9}),
        "`view.size.edges` should be a whole number from 0, found floating point",
    );
    check("/view/theme", &json!("pink"), "`view.theme` should be one of `auto`, `light`, `dark`, found `pink`");
    check("/view/edits/0/mask", &json!("a"), "`view.edits[0].mask` should be a number, found string \"a\"");
    check(
        "/recorded/circuits/2/circuit/nEdges",
        &json!([]),
        "`recorded.circuits[2].circuit.nEdges` should be a whole number from 0",
    );
    check(
        "/recorded/circuits/1/measurement",
        &json!([]),
        "`recorded.circuits[1].measurement` should be an object of metrics",
    );
    check(
        "/recorded/attention/0/nPads",
        &json!([1, 2]),
        "`recorded.attention[0].nPads` should be an array of length 3, found 2",
    );
    check("/files/config", &json!("config.json"), "`files.config` should be an object, found string \"config.json\"");
    check("/texts/tokens/x", &json!("a"), "`texts.tokens");
    check("/title", &json!(null), "`title` should be a string, found null");
    for (field, object) in [("title", ""), ("size", "/view"), ("clean", "/texts/prompts/0"), ("threshold", "")] {
        let mut figure: Value = serde_json::from_str(&full().to_json("f").unwrap()).unwrap();
        if figure.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(field).is_some() {
            let path = format!("{object}/{field}")[1..].replace("/0", "[0]").replace('/', ".");
            let error = FigureFile::from_json("f", &figure.to_string()).unwrap_err().to_string();
            assert_eq!(error, format!("f: `{path}` should be given, found nothing"));
        }
    }
}

#[test]
fn texts_that_are_not_what_they_look_like() {
    let wrong = "should be a text without control characters, found U+";
    for text in ["a\u{0}b", "a\nb", "a\u{1b}[2J", "a\u{202e}b", "a\u{2066}b"] {
        check("/title", &json!(text), &format!("`title` {wrong}"));
        check("/view/labels/A3.0", &json!(text), &format!("`view.labels.A3.0` {wrong}"));
    }
    check("/caption", &json!("a\n\u{202e}b"), &format!("`caption, line 2` {wrong}202E"));
    check("/licence", &json!("x".repeat(301)), "`licence` should be at most 300 characters, found 301");
    check("/caption", &json!("x".repeat(6001)), "at most 6000 characters");
    check("/view/groups/a\tb", &json!([]), &format!("`view.groups` {wrong}0009"));
    check(
        "/caption",
        &json!("{edges:5}"),
        "`caption: {edges:5}` should be a circuit of 5 edges in the recorded results, found none",
    );
    check("/caption", &json!("{oops}"), "found {oops}");
}

#[test]
fn files_elsewhere() {
    for url in [
        "javascript:alert(1)",
        "data:application/json,{}",
        "file:///etc/passwd",
        "//evil.org/x",
        "https://good.org@evil.org/",
    ] {
        check("/files/scores/url", &json!(url), "`files.scores.url` should be a relative URL, or https:// or http://");
        check("/source/url", &json!(url), "`source.url` should be a relative URL");
    }
    check("/files/weights/1/url", &json!("a b"), "`files.weights[1].url` should be a URL without spaces");
    check("/files/index", &json!({}), "`files.index` should be a `url`, or the content as `inline`, found neither");
    check(
        "/files/index/sha256",
        &json!("abc"),
        "`files.index.sha256` should be 64 digits, 0 to 9 and a to f, found \"abc\"",
    );
    check("/files/index/bytes", &json!(-1), "`files.index.bytes` should be a whole number from 0");
    check(
        "/files/prompts/inline",
        &json!({"base64": "a"}),
        "`files.prompts.inline.base64` should be base64, whose length is a multiple of 4, found 1 characters",
    );
    check("/files/config/inline", &json!({"json": {"n_layers": 1}}), "files.config");
    check("/files/config/inline", &json!({"base64": "/w=="}), "files.config: `inline` should be a text");
}

#[test]
fn graphs_that_are_too_large() {
    let config = |n_layers: u64, n_heads: u64| {
        json!({"json": {
            "n_layers": n_layers, "n_heads": n_heads, "d_model": 64, "d_head": 8, "d_mlp": 64, "n_ctx": 1_000_000, "d_vocab": 5,
            "d_vocab_out": 3, "act_fn": "relu", "normalization_type": null, "attention_dir": "causal",
        }})
    };
    check(
        "/files/config/inline",
        &config(1024, 1024),
        "`files.config: n_heads` should be at most 16384 heads in all blocks, found 1048576",
    );
    // 128 blocks of 128 heads and an MLP: (1 + 129 b) src nodes before block b, each of which 385 dest nodes read, and 128 more the MLP.
    let n_before: u64 = (0..128).map(|block| 1 + 129 * block).sum();
    let n_edges = 385 * n_before + 128 * 128 + 1 + 129 * 128;
    check(
        "/files/config/inline",
        &config(128, 128),
        &format!("`graph` should be a graph of at most 4194304 edges, found {n_edges}"),
    );
    let edges = vec![json!({"edge": "A0.0->MLP 0", "score": 1}); 65_537];
    check(
        "/circuit/scores",
        &json!({"listed": edges}),
        "`circuit.scores.listed` should be at most 65536 edges (more are given",
    );
    let mut figure: Value = serde_json::from_str(&full().to_json("f").unwrap()).unwrap();
    figure["graph"]["seqLen"] = json!(u64::MAX);
    figure["run"]["tokenWise"] = json!(true);
    let error = FigureFile::from_json("f", &figure.to_string()).unwrap_err().to_string();
    assert!(
        error.contains("`graph.seqLen` should be from 1 to 6, the model's context, found 18446744073709551615"),
        "{error}"
    );
}

#[test]
fn what_the_graph_has_not() {
    check(
        "/circuit/scores/listed/0/edge",
        &json!("A9.0->MLP 1"),
        "`circuit.scores.listed[0].edge` should be an edge of the graph, found \"A9.0->MLP 1\"",
    );
    check("/circuit/scores/listed/0/edge", &json!("0:A0.0->MLP 1"), "`circuit.scores.listed[0].edge`");
    check(
        "/circuit/scores/listed/1/edge",
        &json!("Resid Start->Resid End"),
        "`circuit.scores.listed[2].edge` should be an edge that is not yet listed",
    );
    check(
        "/circuit/scores/listed/0/score",
        &json!(0),
        "`circuit.scores.listed[0].score` should be a number other than 0",
    );
    check(
        "/circuit/scores/listed/0/score",
        &json!("NaN"),
        "should be a number, \"Infinity\" or \"-Infinity\", found string \"NaN\"",
    );
    check(
        "/circuit/scores",
        &json!({"all": {"f32": "AACAPw=="}}),
        "`circuit.scores.all` should be 77 numbers, one for each edge of the graph, found 1",
    );
    check(
        "/circuit/scores",
        &json!({"all": {"f32": "AADAfw=="}}),
        "`circuit.scores.all.f32` should be numbers, found NaN at 0",
    );
    check(
        "/circuit/scores",
        &json!({"all": {"f16": "AADA"}}),
        "`circuit.scores.all.f16` should be numbers of 2 bytes each, found 3 bytes",
    );
    check("/circuit/values", &json!("mask"), "should be a finite number, the mask of an edge");
    check(
        "/view/size",
        &json!({"edges": 4}),
        "`view.size.edges` should be a circuit of at most 3 edges, those that the figure has, found 4",
    );
    check("/view/size", &json!({"threshold": 0}), "`view.size.threshold` should be a circuit of at most 3 edges");
    check("/view/size", &json!({"threshold": -1}), "`view.size.threshold` should be a number from 0, found -1");
    check("/view/size", &json!({"edges": 1_000_000_000}), "`view.size.edges` should be at most 4194304 edges");
    check("/view/edits/0/edge", &json!("A0.0->A0.0.Q"), "`view.edits[0].edge` should be");
    check(
        "/view/edits/1",
        &json!({"edge": "Resid Start->MLP 0", "mask": 1}),
        "`view.edits[1].edge` should be an edge that has no edit yet",
    );
    check("/view/edits/0/mask", &json!(1e39), "`view.edits[0].mask` should be a finite number, found inf");
    check(
        "/view/labels/A4.0",
        &json!("x"),
        "`view.labels` should be nodes of the graph such as A0.0 or Resid Start, found \"A4.0\"",
    );
    check("/view/labels/A03", &json!("x"), "found \"A03\"");
    check(
        "/view/groups/b",
        &json!(["Resid End"]),
        "`view.groups.end` should be nodes that are in no other group, found \"Resid End\" again",
    );
    check("/view/groups/b", &json!(["MLP 9"]), "`view.groups.b` should be nodes of the graph");
    check(
        "/view/selection",
        &json!({"edge": "x"}),
        "`view.selection.edge` should be an edge of the graph, found \"x\"",
    );
    check("/view/look/focus", &json!({"node": "A4"}), "`view.look.focus.node` should be");
    check("/view/look/opened/0", &json!(4), "`view.look.opened` should be below 4, the number of blocks, found 4");
    check("/view/look/window", &json!({"first": 2, "end": 2}), "`view.look.window.end` should be above 2");
    check("/view/look/window", &json!({"first": 2, "end": 5}), "`view.look.window.end` should be at most 4 blocks");
}

#[test]
fn what_was_not_run() {
    check("/view/prompt", &json!(6), "`view.prompt` should be below 6, the number of prompts, found 6");
    check("/view/position", &json!(5), "`view.position` should be below 5, the number of positions of the output");
    check("/run/tokenWise", &json!(true), "`run.tokenWise` should be false, as `graph` says, found true");
    check("/run/batchSize", &json!(0), "`run.batchSize` should be from 1");
    check("/run/edgeCounts", &json!({"list": [78]}), "`run.edgeCounts.list` should be counts of at most 77");
    check("/run/edgeCounts", &json!({"list": []}), "`run.edgeCounts.list` should be at least one count");
    check(
        "/texts/prompts/0/clean",
        &json!([0, 0, 0, 0, 0, 5]),
        "`prompts[0].clean` should be token ids below 5, the size of the vocabulary, found 5",
    );
    check(
        "/texts/prompts/0/answers",
        &json!({"values": vec![[0.5]; 7]}),
        "`texts.prompts[0].answers` should be at most 6 positions",
    );
    check("/texts/prompts/0/clean", &json!([]), "`texts.prompts[0].clean` should be at least one token, found none");
    check("/texts/prompts/1/corrupt", &json!([1, 1, 1, 1, 1, 1, 1]), "should be at most 6 tokens long");
    check("/recorded/baseline/shape", &json!([6, 5, 4]), "`recorded.baseline.shape` should be a shape that ends in 3");
    check("/recorded/baseline/shape", &json!([6, 3]), "`recorded.baseline.shape` should be 6 prompts, 5 positions");
    check(
        "/recorded/baseline/nPrompts",
        &json!(u64::MAX),
        "`recorded.baseline.shape` should be 18446744073709551615 prompts",
    );
    check(
        "/recorded/circuits/2/circuit/requested",
        &json!(2),
        "`recorded.circuits[2].circuit.requested` should be above 2",
    );
    check("/recorded/circuits/2/circuit/nEdges", &json!(78), "should be at most 77 edges, as the graph has, found 78");
    check(
        "/recorded/tokens/3",
        &json!([]),
        "`recorded.tokens` should be at most 3 lists, one for each circuit, found 4",
    );
    check(
        "/recorded/tokens/0/0/0/clean/0/prob",
        &json!(1.1),
        "`recorded.tokens[0][0]: prob` should be from 0 to 1, found 1.1",
    );
    check(
        "/recorded/tokens/0/0/0/clean/0/logit",
        &json!(1e39),
        "`recorded.tokens[0][0]: logit` should be a finite number, found inf",
    );
    check("/recorded/tokens/0/0/0/clean/0/token", &json!(3), "token` should be below 3, the number of logits, found 3");
    check("/recorded/attention/0/circuit", &json!(3), "`recorded.attention[0].circuit` should be below 3");
    check("/recorded/attention/0/prompt", &json!(6), "`recorded.attention[0].prompt` should be below 6");
    check("/recorded/attention/0/headIdx", &json!(1), "`recorded.attention[0].headIdx` should be below 1");
    check("/recorded/attention/0/block", &json!(4), "`recorded.attention[0].block` should be below 4");
    check("/recorded/attention/0/nPads/0", &json!(7), "`recorded.attention[0].nPads` should be at most 6");
    check(
        "/recorded/attention/0/seq",
        &json!(1_u64 << 32),
        "`recorded.attention[0].patterns.clean` should be 4294967296 times 4294967296 numbers",
    );
    // 2 in 16 bits is 0x4000, 36 times.
    let twos = "AEAAQABA".repeat(12);
    check(
        "/recorded/attention/0/patterns/clean",
        &json!({"f16": twos}),
        "`recorded.attention[0].patterns.clean` should be numbers from 0 to 1, found 2",
    );
}

#[test]
fn nothing_is_written_that_could_not_be_read() {
    let mut figure = least();
    figure.version = 2;
    assert!(figure.to_json("f").unwrap_err().to_string().contains("`version` should be 1"));
    let mut figure = least();
    figure.view.labels.insert("A0.9".to_owned(), "x".to_owned());
    assert!(figure.to_json("f").unwrap_err().to_string().contains("`view.labels`"));
    let mut figure = full();
    figure.view.edits[0].mask = f32::NAN;
    assert!(
        figure
            .to_json("f")
            .unwrap_err()
            .to_string()
            .contains("`view.edits[0].mask` should be a finite number, found NaN")
    );
}
