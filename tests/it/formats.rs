//! Scores in other programs' formats: against what those programs wrote, round trips as laws, and hostile files.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use circuitscope_core::{
    CircuitError, Graph, GraphConfig, ModelConfig, ModelSize, PruneScores, ScoresInfo, Source, TensorFile,
};
use circuitscope_core::{Extent, FORMATS, FormatId, recognise, supported_files};
use circuitscope_formats::{
    File, FormatError, FoundScores, Session, TorchFile, TorchTensor, Wanted, WriteRequest, read_scores, write_scores,
};
use circuitscope_wire::reader::{Event, Request};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::{CASES, Case, CaseGraph, read_text};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn wanted<'a>(model: &'a ModelConfig, pick: Option<&'a str>) -> Wanted<'a> {
    Wanted { model, graph: GraphConfig::default(), seq_len: None, pick }
}

/// Reads a file for the model of the case `gpt2`.
fn read(file: &str, bytes: &[u8], pick: Option<&str>) -> Result<FoundScores, FormatError> {
    read_scores(file, bytes, &wanted(&Case::open("gpt2").config(), pick))
}

#[track_caller]
fn refused(file: &str, bytes: &[u8], parts: &[&str]) {
    let message = read(file, bytes, None).expect_err(file).to_string();
    for part in parts.iter().chain([&file]) {
        assert!(message.contains(part), "{message:?} should say {part:?}");
    }
    assert!(message.len() < 2000, "{message:?} is short");
}

// ------------------------------------------------------------------------------------------------- what other programs wrote

#[test]
fn each_format_has_the_cases_scores() {
    let g = Case::open("gpt2").graph(0);
    let rows = [
        ("gpt2.scores.pt", FormatId::Torch, None, None),
        ("gpt2.task-prune-scores.pkl", FormatId::Torch, None, None),
        ("gpt2.task-prune-scores.pkl", FormatId::Torch, Some("Tiny Task/EAP"), None),
        ("gpt2.mib.json", FormatId::MibJson, None, Some(33)),
        ("gpt2.mib.pt", FormatId::MibTorch, None, Some(33)),
    ];
    for (file, format, pick, n_circuit) in rows {
        let found = read(file, &fixture(file), pick).unwrap();
        assert_eq!(found.scores, g.scores, "{file}");
        assert_eq!((found.format, found.graph, found.n_circuit), (format, g.graph.clone(), n_circuit), "{file}");
    }
    assert_eq!(g.scores.n_at_least(1.0), 33, "the circuit of the files is the edges from 1 on");
}

#[test]
fn a_cache_is_listed_and_any_of_it_is_read() {
    let g = Case::open("gpt2").graph(0);
    let cache = fixture("gpt2.task-prune-scores.pkl");
    let first = read("c", &cache, None).unwrap();
    assert_eq!((first.choices, first.chosen), (vec!["Tiny Task/EAP".into(), "Tiny Task/Random".into()], 0));
    let random = read("c", &cache, Some("Tiny Task/Random")).unwrap();
    let expected: Vec<_> = g.scores.values().iter().map(|x| -2.0 * x).collect();
    assert_eq!((random.scores.values(), random.chosen), (expected.as_slice(), 1));
    assert_eq!(random.info.algorithm.as_deref(), Some("Random"));
    let missing = read("c", &cache, Some("EAP")).unwrap_err().to_string();
    assert!(missing.contains("no scores `EAP`") && missing.contains("Tiny Task/EAP, Tiny Task/Random"), "{missing}");
}

#[test]
fn a_circuit_of_a_mib_file_is_exactly_its_marked_edges() {
    let g = Case::open("gpt2").graph(0);
    for file in ["gpt2.mib.json", "gpt2.mib.pt"] {
        let found = read(file, &fixture(file), Some("circuit")).unwrap();
        assert_eq!((found.choices, found.chosen), (vec!["scores".into(), "circuit".into()], 1));
        let circuit = found.scores.circuit(33).unwrap();
        assert_eq!(circuit.n_edges, 33);
        for (found, expected) in found.scores.values().iter().zip(g.scores.values()) {
            assert_eq!(*found, if expected.abs() >= 1.0 { *expected } else { 0.0 });
        }
        assert!(found.notes.iter().any(|note| note.contains("token embedding alone")), "{:?}", found.notes);
    }
}

/// GPT-2 small's circuit for IOI as the MIB benchmark publishes it, which is not part of the project.
#[test]
fn the_published_circuit_of_gpt2_small() {
    let file = "../shared/reference/formats/ioi-eap-ig.gpt2-small.mib.json";
    let Ok(bytes) = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)) else { return };
    let config = json!({"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768, "vocab_size": 50257,
        "n_positions": 1024, "n_ctx": 1024, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5});
    let model = ModelConfig::from_json("config.json", &config.to_string()).unwrap();
    let scores = read_scores("ioi.json", &bytes, &wanted(&model, None)).unwrap();
    assert_eq!((scores.scores.n_edges(), scores.n_circuit), (32_491, Some(756)));
    // Counted in Python from the file.
    assert!(scores.notes.iter().any(|note| note.contains("756 edges as its circuit, 717")), "{:?}", scores.notes);
    let circuit = read_scores("ioi.json", &bytes, &wanted(&model, Some("circuit"))).unwrap();
    assert_eq!(circuit.scores.circuit(756).unwrap().n_edges, 756);
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    let marked = json["edges"].as_object().unwrap().values().filter(|edge| edge["in_graph"] == true).count();
    assert_eq!(circuit.scores.values().iter().filter(|score| **score != 0.0).count(), marked);
}

#[test]
fn every_kind_of_number_and_view_is_read() {
    let counted: Vec<_> = (0..12_u8).map(f32::from).collect();
    for protocol in [2, 4, 5] {
        let file = format!("kinds.protocol{protocol}.pt");
        let bytes = fixture(&file);
        let mut torch = TorchFile::open(&file, &bytes).unwrap();
        let choices = torch.choices().unwrap();
        assert_eq!(choices.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Tasks/kinds", "Tasks/again"]);
        for choice in choices {
            let tensors = torch.read(&choice).unwrap();
            assert_eq!(tensors.len(), 16, "{file}");
            for (name, TorchTensor { shape, numbers }) in tensors {
                let (expected_shape, expected) = match name.as_str() {
                    "bool.hook_a" => (vec![2], &counted[..2]),
                    "scalar.hook_a" => (vec![], &counted[5..6]),
                    "empty.hook_a" => (vec![0, 4], &[][..]),
                    _ => (vec![3, 4], &counted[..]),
                };
                assert_eq!((shape, numbers.as_slice()), (expected_shape, expected), "{file} {name}");
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------------------- round trips

/// A generator of numbers (splitmix64; Steele, Lea and Flood 2014), so that a failure is found again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Any number of 32 bits but NaN: infinite, subnormal and zeros of both signs too.
    fn score(&mut self) -> f32 {
        let bits = self.next();
        let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, f32::MAX, 1e-45];
        let any = f32::from_bits(bits as u32);
        if bits >> 60 == 0 {
            special[(bits >> 32) as usize % special.len()]
        } else if any.is_nan() {
            1.5
        } else {
            any
        }
    }
}

fn every_graph() -> impl Iterator<Item = (Case, CaseGraph)> {
    CASES.into_iter().map(Case::open).flat_map(|case| {
        let graphs: Vec<_> = case.graphs().collect();
        graphs.into_iter().map(move |g| (Case::open(&case.name), g))
    })
}

/// The bits of scores, so that zeros of both signs differ.
fn bits(scores: &PruneScores) -> Vec<u32> {
    scores.values().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn what_is_written_is_read_as_the_same_scores() {
    let mut random = Random(7);
    let mut n_written = 0;
    for (case, g) in every_graph() {
        let model = case.config();
        for seed in 0..3 {
            let scores = PruneScores::new((0..g.graph.n_edges()).map(|_| random.score()).collect());
            for format in FORMATS.iter().filter(|format| format.written) {
                let request = WriteRequest {
                    format: format.id,
                    model: &model,
                    graph: &g.graph,
                    scores: &scores,
                    edge_count: scores.n_edges() / 2,
                    extent: Extent::All,
                    algorithm: Some("random"),
                    date: Some("2026-01-02"),
                };
                let what = format!("{} graph {} seed {seed} as {}", case.name, g.idx, format.name);
                let bytes = match write_scores(&request) {
                    Err(FormatError::CannotHold { .. }) => {
                        assert!(!holds(format.id, &model, &g.graph), "{what}");
                        continue;
                    }
                    bytes => bytes.expect(&what),
                };
                assert!(holds(format.id, &model, &g.graph), "{what}");
                assert_eq!(FormatId::of_file(&recognise(&bytes)), Some(format.id), "{what}");
                let wanted = Wanted { seq_len: g.graph.config.seq_len, ..wanted(&model, None) };
                let found = read_scores("file", &bytes, &wanted).expect(&what);
                assert_eq!(bits(&found.scores), bits(&scores), "{what}");
                assert_eq!(
                    (found.graph.dests, found.graph.srcs),
                    (g.graph.dests.clone(), g.graph.srcs.clone()),
                    "{what}"
                );
                assert_eq!(found.graph.config.seq_len, g.graph.config.seq_len, "{what}");
                n_written += 1;
            }
        }
    }
    assert!(n_written > 100, "{n_written} files were written");
}

/// Which graphs a format has.
fn holds(format: FormatId, model: &ModelConfig, graph: &Graph) -> bool {
    let separate = graph.config.factorized && graph.config.separate_qkv && graph.config.seq_len.is_none();
    format != FormatId::MibJson || separate && !model.attn_only()
}

#[test]
fn a_circuit_that_is_written_alone_is_the_circuit() {
    for (case, g) in every_graph() {
        let model = case.config();
        let edge_count = g.scores.n_edges() / 3;
        let circuit = g.scores.circuit(edge_count).unwrap();
        for format in [FormatId::EdgeListJson, FormatId::EdgeListCsv, FormatId::MibJson] {
            if !holds(format, &model, &g.graph) {
                continue;
            }
            let request = WriteRequest {
                format,
                model: &model,
                graph: &g.graph,
                scores: &g.scores,
                edge_count,
                extent: Extent::Circuit,
                algorithm: None,
                date: None,
            };
            let what = format!("{} graph {} as {format:?}", case.name, g.idx);
            let bytes = write_scores(&request).expect(&what);
            let pick = (format == FormatId::MibJson).then_some("circuit");
            let graph = g.graph.config;
            let found = read_scores("f", &bytes, &Wanted { model: &model, graph, seq_len: graph.seq_len, pick });
            let found = found.expect(&what).scores;
            for (edge, expected) in g.scores.values().iter().enumerate() {
                let expected = if circuit.contains(*expected) { *expected } else { 0.0 };
                assert_eq!(found.values()[edge], expected, "{what} edge {edge}");
            }
        }
    }
}

#[test]
fn mib_json_is_eap_igs_own() {
    // What `Graph.to_json` wrote, but for the space between fields, is what is written here of the same circuit.
    let (case, g) = (Case::open("gpt2"), Case::open("gpt2").graph(0));
    let request = WriteRequest {
        format: FormatId::MibJson,
        model: &case.config(),
        graph: &g.graph,
        scores: &g.scores,
        edge_count: 33,
        extent: Extent::All,
        algorithm: None,
        date: None,
    };
    let written: Value = serde_json::from_slice(&write_scores(&request).unwrap()).unwrap();
    let original: Value = serde_json::from_slice(&fixture("gpt2.mib.json")).unwrap();
    assert_eq!(written, original);
}

/// Such a length begins with the bytes 0x80 and 2 to 5, as a pickle does.
#[test]
fn scores_whose_header_is_as_long_as_a_pickle_begins() {
    let g = Case::open("gpt2").graph(0);
    let of_length = |n_header: u64| {
        (0..2_000).find_map(|n| {
            let info = ScoresInfo { prompts: Some("p".repeat(n)), ..ScoresInfo::default() };
            let bytes = g.scores.to_bytes(&g.graph, &info);
            (bytes[..8] == n_header.to_le_bytes()).then_some(bytes)
        })
    };
    for n_header in [896, 1_152, 1_408] {
        let bytes = of_length(n_header).unwrap();
        assert_eq!(read("s", &bytes, None).unwrap().scores, g.scores, "{n_header}");
    }
}

#[test]
fn metadata_says_what_the_scores_are_of() {
    let (case, g) = (Case::open("gpt2"), Case::open("gpt2").graph(0));
    let info = ScoresInfo {
        model: Some(ModelSize::of(&case.config())),
        graph: Some(g.graph.config),
        algorithm: Some("eap".to_owned()),
        settings: Some("{}".to_owned()),
        prompts: Some("prompts.json".to_owned()),
        date: Some("2026-01-02".to_owned()),
    };
    let bytes = g.scores.to_bytes(&g.graph, &info);
    assert_eq!(bytes, g.scores.to_bytes(&g.graph, &info), "the same bytes each time");
    let found = read("s", &bytes, None).unwrap();
    assert_eq!(found.info, info);
    let line = "eap · gpt2, 2 layers, 4 heads · an edge (factorized) graph with separate q, k and v · 2026-01-02";
    assert_eq!(found.info.line().as_deref(), Some(line));
    // The safetensors crate reads it, and so do its bindings in other languages.
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata.metadata().as_ref().unwrap()["format_version"], "1");

    let token_wise = Case::open("gpt2").graph(2).graph;
    let other = PruneScores::from_bytes("s", &bytes, &token_wise).unwrap_err();
    assert!(matches!(other, CircuitError::OtherGraph { .. }), "{other}");
    let message = other.to_string();
    assert!(
        message.contains("separate q, k and v, by what the file says") && message.contains("6 positions"),
        "{message}"
    );

    let model = ModelSize { n_layers: 12, n_heads: 12, ..ModelSize::of(&case.config()) };
    let bytes = g.scores.to_bytes(&g.graph, &ScoresInfo { model: Some(model), ..info.clone() });
    refused("big", &bytes, &["12 layers with 12 heads", "2 layers with 4 heads"]);

    let mut metadata = info.to_metadata();
    metadata.insert("format_version".to_owned(), "2".to_owned());
    assert!(ScoresInfo::from_metadata("s", &metadata).unwrap_err().to_string().contains("format_version"));
    metadata.insert("kind".to_owned(), "something else".to_owned());
    assert_eq!(ScoresInfo::from_metadata("s", &metadata), Ok(ScoresInfo::default()), "another program's metadata");
}

// --------------------------------------------------------------------------------------------------------------- edge lists

#[test]
fn edge_lists_in_all_their_forms() {
    let graph = Case::open("gpt2").graph(0).graph;
    let score = |found: &FoundScores, name: &str| {
        let edge = graph.edges().find(|&edge| graph.edge_name(edge) == name).unwrap();
        found.scores.values()[edge.edge_idx]
    };
    let (a, b) = ("A0.1->MLP 1", "Resid Start->A1.3.Q");
    let circuits = [
        json!([a, b]).to_string(),
        json!([{"edge": a}, {"edge": b}]).to_string(),
        json!([{"name": a}, b]).to_string(),
        format!("{a}\n{b}\n"),
        format!("# a circuit\r\nedge\r\n\r\n\"{a}\"\r\n{b}\r\n"),
        format!("\u{feff}edge,position,score\n{a},,\n{b}"),
        // A line's end within quotes, and a comment with a quote in it.
        format!("edge,why\n{a},\"first\nsecond, \"\"third\"\"\"\n{b},\"\""),
        format!("# \"a circuit\nedge\n{a}\n  # of two\n{b}"),
    ];
    for list in circuits {
        let found = read("list", list.as_bytes(), None).unwrap_or_else(|e| panic!("{list}: {e}"));
        assert_eq!((found.n_circuit, score(&found, a), score(&found, b)), (Some(2), 1.0, 1.0), "{list}");
        assert_eq!(found.scores.values().iter().sum::<f32>(), 2.0, "{list}");
    }
    let scored = [
        json!({a: 0.5, b: -2}).to_string(),
        json!([{"edge": a, "score": 0.5}, {"edge": b, "score": -2}]).to_string(),
        format!("{a},0.5\n{b},-2"),
        format!("score,edge\n0.5,{a}\n-2,{b}"),
        format!("edge\tscore\n{a}\t0.5\n{b}\t-2e0"),
    ];
    for list in scored {
        let found = read("list", list.as_bytes(), None).unwrap_or_else(|e| panic!("{list}: {e}"));
        assert_eq!((found.n_circuit, score(&found, a), score(&found, b)), (None, 0.5, -2.0), "{list}");
        assert!(found.notes[0].contains("2 of 110 edges"), "{:?}", found.notes);
    }
    let python = format!(r#"{{"{a}": Infinity, "{b}": -Infinity}}"#);
    let found = read("list", python.as_bytes(), None).unwrap();
    assert_eq!((score(&found, a), score(&found, b)), (f32::INFINITY, f32::NEG_INFINITY));
}

#[test]
fn an_edge_lists_graph_is_the_one_that_has_its_edges() {
    let model = Case::open("gpt2").config();
    let config = |list: &str, seq_len| {
        let wanted = Wanted { seq_len, ..wanted(&model, None) };
        read_scores("list", list.as_bytes(), &wanted).unwrap().graph.config
    };
    let graph = |factorized, separate_qkv, seq_len| GraphConfig { factorized, separate_qkv, seq_len };
    assert_eq!(config("A0.1->A1.0.Q", Some(6)), graph(true, true, None));
    assert_eq!(config("A0.1->A1.0", Some(6)), graph(true, false, None));
    assert_eq!(config("A0.1->Resid Mid 0", Some(6)), graph(false, true, None));
    assert_eq!(config("3:A0.1->MLP 1", Some(6)), graph(true, true, Some(6)));
    assert_eq!(config("edge,position\nA0.1->MLP 1,3", None), graph(true, true, Some(4)));
    // Without a position among such that have one: at all positions.
    let wanted = Wanted { seq_len: Some(6), ..wanted(&model, None) };
    let found = read_scores("list", b"3:A0.1->MLP 1\nMLP 0->Resid End", &wanted).unwrap();
    assert_eq!((found.n_circuit, found.notes.len()), (Some(7), 1));
}

#[test]
fn unknown_names_are_listed() {
    refused("l", b"A0.1->MLP 7\nA0.1->MLP 1", &["1 edge (`A0.1->MLP 7`)", "2 layers"]);
    let many: Vec<_> = (0..25).map(|i| format!("A9.{i}->MLP 1")).collect();
    refused("l", many.join("\n").as_bytes(), &["25 edges", "`A9.9->MLP 1`", "and 15 more"]);
    // An edge backwards, in the graph of both names.
    refused("l", b"MLP 1->A0.1.Q", &["`MLP 1->A0.1.Q`"]);
    let mut mib: Value = serde_json::from_slice(&fixture("gpt2.mib.json")).unwrap();
    mib["edges"]["m0->a0.h0<q>"] = json!({"score": 1.0, "in_graph": false});
    mib["nodes"]["a7.h0"] = json!({"in_graph": true});
    refused("m", mib.to_string().as_bytes(), &["1 node (`a7.h0`)", "1 edge (`m0->a0.h0<q>`)"]);
    refused("l", b"A0.1->MLP 1\nA0.1->MLP 1", &["once", "`A0.1->MLP 1`"]);
    let position = json!([{"edge": "3:A0.1->MLP 1", "position": 2}]).to_string();
    refused("l", position.as_bytes(), &["item 1", "with one position", "3 in its name", "2 beside it"]);
}

#[test]
fn positions_are_checked_before_anything_is_allocated() {
    refused("l", b"99999999999:A0.1->MLP 1", &["`99999999999:A0.1->MLP 1` (line 1)", "below 32, the model's n_ctx"]);
    let model = Case::open("gpt2").config();
    let six = Wanted { seq_len: Some(6), ..wanted(&model, None) };
    let error = read_scores("l.json", br#"["5:A0.1->MLP 1", "6:A0.1->MLP 1"]"#, &six).unwrap_err().to_string();
    assert_eq!(
        error,
        "l.json: the position of `6:A0.1->MLP 1` (item 2) should be below 6, the prompts' length, found 6"
    );

    // The sizes of Llama 3 8B with a context of 131,072: 1.6 million edges at each position.
    let json = json!({"model_type": "gpt2", "n_layer": 32, "n_head": 32, "n_embd": 4096, "vocab_size": 50257,
        "n_positions": 131072, "n_ctx": 131072, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5});
    let large = ModelConfig::from_json("config.json", &json.to_string()).unwrap();
    let read = |list: &[u8], seq_len| read_scores("l.csv", list, &Wanted { seq_len, ..wanted(&large, None) });
    let list = b"edge,score\n3000:A0.1->MLP 1,1\n7:A0.1->MLP 1,1";
    for (list, seq_len) in [(&list[..], None), (b"7:A0.1->MLP 1\n3000:A0.1->MLP 1", Some(4_000))] {
        let error = read(list, seq_len).unwrap_err().to_string();
        for part in ["l.csv: the position of `3000:A0.1->MLP 1` (line 2)", "at most 50000000 edges", "positions)"] {
            assert!(error.contains(part), "{error:?} should say {part:?}");
        }
    }
    // Nodes are fewer, and so are edges at few positions.
    assert_eq!(read(b"3000:Resid Start->Resid Mid 0", None).unwrap().n_circuit, Some(1));
    assert_eq!(read(b"7:A0.1->MLP 1", None).unwrap().graph.config.seq_len, Some(8));
    assert_eq!(read(b"A0.1->MLP 1", None).unwrap().n_circuit, Some(1));

    // A graph that is too large at any number of positions.
    let huge = ModelConfig { n_layers: 512, n_heads: 256, ..large.clone() };
    for (file, bytes) in [("l", &b"A0.1->MLP 1"[..]), ("m", br#"{"edges": {"input->a0.h0<q>": {"score": 1}}}"#)] {
        let error = read_scores(file, bytes, &wanted(&huge, None)).unwrap_err().to_string();
        assert!(error.contains("at most 268435456 edges"), "{file}: {error}");
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    refused("l", b"A0.1->MLP 1,nan", &["`A0.1->MLP 1`", "NaN"]);
    refused("l", b"A0.1->MLP 1,1e300", &["32 bits", "1000000000"]);
    refused("l", b"A0.1->MLP 1,high", &["line 1", "high"]);
    refused("l", b"A0.1->MLP 1,1\nMLP 0->Resid End", &["all edges or for none", "1 of 2"]);
    refused("l", br#"{"A0.1->MLP 1": NaN}"#, &["`A0.1->MLP 1`", "NaN"]);
    refused("l", br#"{"A0.1->MLP 1": null}"#, &["JSON"]);
    refused("l", b"[]", &["names of edges"]);
    refused("l", b"edge,score\nA,B,C,D\n->\n", &["line 2", "A"]);
}

// ------------------------------------------------------------------------------------------------------- EAP-IG's circuits

fn changed_mib(change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut mib: Value = serde_json::from_slice(&fixture("gpt2.mib.json")).unwrap();
    change(&mut mib);
    mib.to_string().into_bytes()
}

#[test]
fn a_mib_circuit_of_another_model_is_refused() {
    for (field, found) in [("n_layers", json!(12)), ("n_heads", json!(8)), ("d_model", json!(768))] {
        let file = changed_mib(|mib| mib["cfg"][field] = found.clone());
        refused("m", &file, &[&format!("cfg.{field}"), &found.to_string(), "gpt2"]);
    }
    refused("m", &changed_mib(|mib| mib["cfg"]["parallel_attn_mlp"] = json!(true)), &["cfg.parallel_attn_mlp", "true"]);
    let attn_only = Case::open("attn-only").config();
    let error = read_scores("m", &fixture("gpt2.mib.json"), &wanted(&attn_only, None)).unwrap_err();
    assert!(error.to_string().contains("without MLPs"), "{error}");
}

#[test]
fn a_mib_circuit_with_less_than_everything() {
    let each_edge = |mib: &mut Value, change: &dyn Fn(&mut Value)| {
        mib["edges"].as_object_mut().unwrap().values_mut().for_each(change);
    };
    let no_scores = changed_mib(|mib| each_edge(mib, &|edge| drop(edge.as_object_mut().unwrap().remove("score"))));
    let found = read("m", &no_scores, None).unwrap();
    assert_eq!((found.n_circuit, found.choices.len()), (Some(33), 0));
    assert_eq!(found.scores.values().iter().filter(|x| **x == 1.0).count(), 33);

    let no_marks = changed_mib(|mib| each_edge(mib, &|edge| edge["in_graph"] = json!(false)));
    let found = read("m", &no_marks, None).unwrap();
    assert_eq!((found.n_circuit, found.choices.len()), (None, 0));

    let one_without = changed_mib(|mib| mib["edges"]["m1->logits"] = json!({"in_graph": true}));
    refused("m", &one_without, &["all edges or for none", "`m1->logits`"]);
    let one_nan = String::from_utf8(changed_mib(|mib| mib["edges"]["m1->logits"]["score"] = json!("x"))).unwrap();
    refused("m", one_nan.replace("\"x\"", "NaN").as_bytes(), &["`m1->logits`", "NaN"]);
    let one_missing = changed_mib(|mib| drop(mib["edges"].as_object_mut().unwrap().remove("m1->logits")));
    let found = read("m", &one_missing, None).unwrap();
    assert!(found.notes.iter().any(|note| note.contains("lacks 1 of")), "{:?}", found.notes);

    // Node scores that were never computed are NaN in Python, and the first versions marked nodes without a field.
    let text = String::from_utf8(changed_mib(|mib| {
        mib["nodes"]["m0"] = json!({"in_graph": false, "score": "x", "neurons": [true]});
        mib["nodes"]["m1"] = json!(true);
    }));
    let found = read("m", text.unwrap().replace("\"x\"", "NaN").as_bytes(), None).unwrap();
    assert!(found.notes.iter().any(|note| note.contains("touch nodes that are not marked")), "{:?}", found.notes);
    assert!(found.notes.iter().any(|note| note.contains("neurons")), "{:?}", found.notes);
}

#[test]
fn rotary_models_have_no_note_of_positions() {
    let mut model = Case::open("gpt2").config();
    let notes = |model: &ModelConfig| read_scores("m", &fixture("gpt2.mib.json"), &wanted(model, None)).unwrap().notes;
    assert!(notes(&model).iter().any(|note| note.contains("positions")));
    model.positional_embedding = circuitscope_core::PositionalEmbedding::Shortformer;
    assert!(!notes(&model).iter().any(|note| note.contains("positions")));
}

// ------------------------------------------------------------------------------------------------------------ torch's files

/// A torch file of some members.
fn torch_zip(method: CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(format!("archive/{name}"), SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn pickled(pickle: &[u8]) -> Vec<u8> {
    torch_zip(CompressionMethod::Stored, &[("data.pkl", pickle)])
}

/// `{module: tensor}` of one tensor, as `torch.save` pickles it.
fn tensor_pickle(module: &str, storage: &str, n: u8, offset: u8, shape: &[u8], stride: &[u8]) -> Vec<u8> {
    let text = |text: &str| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let sizes = |sizes: &[u8]| [&b"("[..], &sizes.iter().flat_map(|n| [b'K', *n]).collect::<Vec<_>>(), b"t"].concat();
    [
        &b"\x80\x02}"[..],
        &text(module),
        b"ctorch._utils\n_rebuild_tensor_v2\n((",
        &text("storage"),
        format!("ctorch\n{storage}\n").as_bytes(),
        &text("0"),
        &text("cpu"),
        &[b'K', n],
        b"tQ",
        &[b'K', offset],
        &sizes(shape),
        &sizes(stride),
        b"\x89ccollections\nOrderedDict\n)RtRs.",
    ]
    .concat()
}

/// The scores of a one-layer attention-only model's last module, in a file of one tensor.
fn one_tensor(storage: &str, n: u8, offset: u8, shape: &[u8], stride: &[u8], order: &str, data: &[u8]) -> Vec<u8> {
    let pickle = tensor_pickle("blocks.0.hook_resid_post", storage, n, offset, shape, stride);
    let members = [("data.pkl", pickle.as_slice()), ("byteorder", order.as_bytes()), ("data/0", data)];
    torch_zip(CompressionMethod::Stored, &members)
}

/// A model of one layer without MLPs, in whose unfactorized graph one module has three sources.
fn tiny_model() -> ModelConfig {
    let case = Case::open("attn-only");
    let mut json: Value = serde_json::from_str(&read_text(&case.config_path())).unwrap();
    (json["n_layers"], json["n_heads"]) = (json!(1), json!(2));
    ModelConfig::from_json("tl_config.json", &json.to_string()).unwrap()
}

fn read_tiny(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let (model, graph) = (tiny_model(), GraphConfig { factorized: false, separate_qkv: false, seq_len: None });
    let found = read_scores("t", bytes, &Wanted { model: &model, graph, seq_len: None, pick: None });
    found.map(|found| found.scores.values().to_vec()).map_err(|e| e.to_string())
}

#[test]
fn storages_of_every_kind_and_order() {
    let bytes = |numbers: &[[u8; 4]]| numbers.concat();
    let little = bytes(&[1.0, 2.0, 3.0_f32].map(f32::to_le_bytes));
    let big = bytes(&[1.0, 2.0, 3.0_f32].map(f32::to_be_bytes));
    let one = [1.0, 2.0, 3.0];
    let float = |order: &str, data: &[u8]| read_tiny(&one_tensor("FloatStorage", 3, 0, &[3], &[1], order, data));
    assert_eq!(float("little", &little).unwrap(), one);
    assert_eq!(float("big", &big).unwrap(), one);
    assert!(float("middle", &big).unwrap_err().contains("byteorder"));
    let kind = |storage: &str, data: &[u8]| read_tiny(&one_tensor(storage, 3, 0, &[3], &[1], "little", data)).unwrap();
    assert_eq!(kind("DoubleStorage", &[1.0, 2.0, 3.0_f64].map(f64::to_le_bytes).concat()), one);
    assert_eq!(kind("HalfStorage", &[0, 0x3c, 0, 0x40, 0, 0x42]), one);
    assert_eq!(kind("BFloat16Storage", &[0x80, 0x3f, 0, 0x40, 0x40, 0x40]), one);
    assert_eq!(kind("LongStorage", &[1_i64, -2, 3].map(i64::to_le_bytes).concat()), [1.0, -2.0, 3.0]);
    assert_eq!(kind("IntStorage", &[1_i32, -2, 3].map(i32::to_le_bytes).concat()), [1.0, -2.0, 3.0]);
    assert_eq!(kind("ShortStorage", &[1_i16, -2, 3].map(i16::to_le_bytes).concat()), [1.0, -2.0, 3.0]);
    assert_eq!(kind("CharStorage", &[1, 0xfe, 3]), [1.0, -2.0, 3.0]);
    assert_eq!(kind("ByteStorage", &[1, 0xfe, 3]), [1.0, 254.0, 3.0]);
    assert_eq!(kind("BoolStorage", &[1, 0, 1]), [1.0, 0.0, 1.0]);
}

#[test]
fn views_are_read_where_they_lie_within_their_storage() {
    let five = [9.0, 1.0, 8.0, 2.0, 3.0_f32].map(f32::to_le_bytes).concat();
    let view = |n, offset, shape: &[u8], stride: &[u8]| {
        read_tiny(&one_tensor("FloatStorage", n, offset, shape, stride, "little", &five))
    };
    assert_eq!(view(5, 2, &[3], &[1]).unwrap(), [8.0, 2.0, 3.0]);
    assert_eq!(view(5, 0, &[3], &[2]).unwrap(), [9.0, 8.0, 3.0]);
    assert_eq!(view(5, 1, &[3], &[0]).unwrap(), [1.0, 1.0, 1.0]);
    assert!(view(5, 3, &[3], &[1]).unwrap_err().contains("a view of a storage of 5 numbers"));
    assert!(view(5, 0, &[3], &[200]).unwrap_err().contains("stride [200]"));
    assert!(view(6, 0, &[3], &[1]).unwrap_err().contains("a storage of 6 numbers"));
    assert!(view(5, 0, &[255, 255], &[0, 0]).unwrap_err().contains("no longer than the file"));
    assert!(view(5, 0, &[3], &[1, 1]).unwrap_err().contains("strides"));
    assert!(view(5, 0, &[2], &[1]).unwrap_err().contains("should have shape [3]"));
}

#[test]
fn a_pickle_that_asks_for_more_is_refused_by_name() {
    let call = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00echo\x85R.";
    refused("p", &pickled(call), &["`posix.system`", "refused"]);
    let stacked = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.";
    refused("p", &pickled(stacked), &["`os.system`"]);
    refused("p", &pickled(b"\x80\x02(X\x02\x00\x00\x00lsios\nsystem\n."), &["`os.system`"]);
    refused("p", &pickled(b"\x80\x02cbuiltins\neval\n."), &["`builtins.eval`"]);
    refused("p", &pickled(b"\x80\x02ctorch\nload\n."), &["`torch.load`"]);
    refused("module.pt", &fixture("module.pt"), &["`torch.nn.modules.linear.Linear`", "torch.save"]);
    refused("legacy.pt", &fixture("legacy.pt"), &["before torch 1.6", "save it again"]);
    let class = format!("\x02c{}\n{}\n.", "m".repeat(5000), "n".repeat(5000));
    refused("p", &pickled(&[b"\x80", class.as_bytes()].concat()), &["mmmm…"]);
}

#[test]
fn a_pickle_that_is_wrong_in_itself() {
    let rows: &[(&[u8], &str)] = &[
        (b"", "cut off"),
        (b"\x80\x02", "cut off"),
        (b"\x80\x09.", "protocol 9"),
        (b"\x80\x02.", "more than was pushed"),
        (b"\x80\x02X\xff\xff\xff\xffabc", "cut off"),
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", "cut off"),
        (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff", "should be scores"),
        (b"\x80\x02h\x07.", "recalls 7"),
        (b"\x80\x02e.", "mark is missing"),
        (b"\x80\x02]K\x01s.", "more than was pushed"),
        (b"\x80\x02K\x01K\x02K\x03s.", "not a dictionary"),
        (b"\x80\x02}(K\x01u.", "without a value"),
        (b"\x80\x02K\x01K\x02a.", "not a list"),
        (b"\x80\x02K\x01(K\x02tR.", "not a global"),
        (b"\x80\x02ccollections\nOrderedDict\n(K\x02tR.", "arguments"),
        (b"\x80\x02K\x01Q.", "not a tuple"),
        (b"\x80\x02]Q.", "named as torch.save"),
        (b"\x80\x02\x8a\xff.", "255 bytes"),
        (b"\x80\x02K\x01K\x02b.", "attributes"),
        (b"\x80\x02\xc3", "opcode 0xc3"),
        (b"\x80\x02K\x01.", "a number"),
        (b"\x80\x02}.", "dictionary without such tensors"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "made as torch.save"),
    ];
    for (pickle, part) in rows {
        let message = read("p", &pickled(pickle), None).unwrap_err().to_string();
        if *part != "should be scores" {
            assert!(message.contains(part), "{pickle:?}: {message:?} should say {part:?}");
        }
    }
}

#[test]
fn a_pickle_that_nests_or_repeats_is_bounded() {
    // Lists in lists, deeper than any stack.
    let deep = [&b"\x80\x02"[..], &b"]".repeat(1_000_000), &b"a".repeat(999_999), b"."].concat();
    refused("deep", &pickled(&deep), &["a list"]);
    // A dictionary that holds itself.
    refused("self", &pickled(b"\x80\x02}q\x00K\x01h\x00s."), &["dictionary without such tensors"]);
    // Each of twenty lists holds the one before twice: two to the twenty.
    let laughs: Vec<u8> = (0..20).flat_map(|i| [b'q', i, b'(', b'h', i, b'h', i, b'l']).collect();
    refused("laughs", &pickled(&[&b"\x80\x02]"[..], &laughs, b"."].concat()), &["a list"]);
    // A hundred times a hundred times a hundred dictionaries, in few bytes.
    let level = |of: u8| {
        let mut level = vec![b'}', b'q', of + 1, b'('];
        for key in 0..200 {
            level.extend([b'K', key, b'h', of]);
        }
        level.push(b'u');
        level
    };
    let wide = [&b"\x80\x02}q\x00"[..], &level(0), &level(1), &level(2), b"."].concat();
    refused("wide", &pickled(&wide), &["at most 10000 scores"]);
    let many = [&b"\x80\x02"[..], &b"N".repeat(5 << 20), b"."].concat();
    refused("many", &pickled(&many), &["builds too much"]);
}

#[test]
fn archives_that_lie() {
    let good = fixture("gpt2.scores.pt");
    for n in [4, 30, 100, good.len() / 2, good.len() - 23, good.len() - 1] {
        let message = read("cut", &good[..n], None).unwrap_err().to_string();
        assert!(message.contains("cut: "), "{message}");
    }
    refused("empty", b"", &["empty"]);
    refused("no pickle", &torch_zip(CompressionMethod::Stored, &[("x", b"y")]), &["no data.pkl"]);
    // Every byte of the directory changed once: an error or the same numbers, never a panic or others.
    let scores = Case::open("gpt2").graph(0).scores;
    let directory = good.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    for at in (directory..good.len()).step_by(3) {
        for flip in [0xff, 0x01] {
            let mut bad = good.clone();
            bad[at] ^= flip;
            if let Ok(found) = read("bad", &bad, None) {
                assert_eq!(found.scores, scores, "byte {at}");
            }
        }
    }
    // And some in the pickle and the numbers, which the checksum holds.
    for at in (0..directory).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        if let Ok(found) = read("bad", &bad, None) {
            assert_eq!(found.scores, scores, "byte {at}");
        }
    }
}

#[test]
fn a_directory_that_declares_more_than_the_file_has() {
    let mut huge = pickled(b"\x80\x02}.");
    let entry = huge.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    // Compressed and uncompressed size in the central directory.
    huge[entry + 20..entry + 28].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f, 0xf0, 0xff, 0xff, 0x7f]);
    refused("huge", &huge, &["data.pkl", "within the file"]);
    let mut bomb = pickled(b"\x80\x02}.");
    bomb[entry + 24..entry + 28].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f]);
    refused("bomb", &bomb, &["data.pkl"]);
    let mut deflated = pickled(b"\x80\x02}.");
    deflated[entry + 10] = 8;
    refused("deflated", &deflated, &["data.pkl"]);
}

/// Each fixture cut off anywhere, and with a few bytes changed: scores, or an error that begins with the file's name.
#[test]
fn damaged_files_are_errors() {
    let model = Case::open("gpt2").config();
    let check = |fixture: &str, bytes: &[u8]| {
        if let Err(error) = read_scores("bad", bytes, &wanted(&model, None)) {
            let message = error.to_string();
            assert!(message.starts_with("bad: "), "{fixture}: {message}");
            assert!(message.len() < 4_000, "{fixture}: {message}");
        }
    };
    let mut random = Random(11);
    for name in [
        "gpt2.mib.json",
        "gpt2.mib.pt",
        "gpt2.scores.pt",
        "gpt2.task-prune-scores.pkl",
        "kinds.protocol2.pt",
        "kinds.protocol4.pt",
        "legacy.pt",
        "module.pt",
    ] {
        let good = fixture(name);
        let step = good.len() / 1_000 + 1;
        for n in (0..good.len()).step_by(step).chain(good.len().saturating_sub(100)..good.len()) {
            check(name, &good[..n]);
        }
        for _ in 0..500 {
            let mut bad = good.clone();
            for _ in 0..1 + random.next() % 3 {
                let at = random.next() as usize % bad.len();
                bad[at] = random.next() as u8;
            }
            check(name, &bad);
        }
        // Pickles that the archive's checksum does not protect, so that their changed bytes are read.
        if let Some(at) = good.windows(2).position(|start| matches!(start, [0x80, 2..=5])) {
            let pickle = &good[at..good.len().min(at + 2_000)];
            for _ in 0..500 {
                let mut bad = pickle.to_vec();
                let at = random.next() as usize % bad.len();
                bad[at] = random.next() as u8;
                check(name, &pickled(&bad));
            }
        }
    }
    for list in
        ["edge,position,score\n\"A0.1->MLP 1\",3,0.5\nMLP 0->Resid End,2,-inf", r#"[{"edge": "3:A0.1->MLP 1"}]"#]
    {
        for n in 0..list.len() {
            check("a list", &list.as_bytes()[..n]);
        }
    }
}

#[test]
fn files_of_other_kinds() {
    refused("prompts.json", br#"{"prompts": []}"#, &["a file of prompts", "edge list"]);
    refused("config.json", br#"{"model_type": "gpt2"}"#, &["a model's config"]);
    refused("notes.txt", b"hello", &["names no edge"]);
    refused("cat.png", b"\x89PNG\r\n\x1a\n\xff\xfe", &["no format that is read"]);
    refused("cut.json", b"{\"edges\": {", &["EOF"]);
    refused("broken.json", b"{\"a\" 1}", &["begins as JSON", "line 1 column 6"]);
    refused("index.json", br#"{"weight_map": {}}"#, &["the index of a model's shards"]);
    refused("tokenizer_config.json", br#"{"bos_token": "<s>"}"#, &["a tokenizer's config"]);
    refused("junk.csv", b"->,->,->,->\n\"\"\"\n->", &["junk.csv"]);
    refused("deep.json", "[".repeat(100_000).as_bytes(), &["recursion"]);
    let weights = std::fs::read(Case::open("gpt2").dir.join("model.safetensors")).unwrap();
    refused("model.safetensors", &weights, &["transformer.h.0"]);
    assert_eq!(TensorFile::from_bytes("m", &weights).unwrap().metadata.get("kind"), None);
}

// ----------------------------------------------------------------------------------------------------------------- the README

#[test]
fn every_format_stands_once_in_the_table() {
    for format in FORMATS {
        assert_eq!(FORMATS.iter().filter(|other| other.id == format.id).count(), 1);
        assert_eq!(format.id.format(), format);
    }
}

#[test]
fn the_readme_has_the_table() {
    let readme = read_text(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let [start, end] = [
        "<!-- what follows is FAMILIES of crates/core/src/config/family and FORMATS of crates/core/src/scores/format.rs; a test prints it -->\n",
        "<!-- end -->",
    ];
    let part = readme.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map(|(part, _)| part);
    assert!(
        part == Some(&supported_files()),
        "README.md should have, between its two comments:\n{}",
        supported_files()
    );
}

#[test]
fn the_reader_gives_scores_as_safetensors_and_takes_them_back() {
    let (case, g) = (Case::open("gpt2"), Case::open("gpt2").graph(0));
    let source = || Source::Attached { index: 0, name: "scores".to_owned() };
    let (model, graph) = (case.config(), g.graph.config);
    let mut session = Session::default();
    let file = |name: &str, bytes: Vec<u8>| [File { name: name.to_owned(), bytes }];
    let request = Request::ReadScores {
        scores: source(),
        model: model.clone(),
        graph: GraphConfig { separate_qkv: false, ..graph },
        seq_len: None,
        pick: Some("Tiny Task/EAP".to_owned()),
    };
    assert_eq!(request.sources().len(), 1);
    let answer = session.answer(&request, &file("c", fixture("gpt2.task-prune-scores.pkl"))).unwrap();
    let Event::Scores { found } = answer.event else { panic!("{:?}", answer.event) };
    assert_eq!((found.graph, found.chosen, found.choices.len()), (graph, 0, 2));
    let canonical = answer.attachments[0].clone();
    assert_eq!(PruneScores::from_bytes("s", &canonical, &g.graph).unwrap(), g.scores);
    let request = Request::WriteScores {
        scores: source(),
        model,
        graph,
        format: FormatId::MibJson,
        edge_count: 33,
        extent: Extent::All,
        algorithm: Some("other".to_owned()),
        date: None,
    };
    let answer = session.answer(&request, &file("s", canonical)).unwrap();
    assert_eq!(answer.event, Event::Written);
    assert_eq!(read("m", &answer.attachments[0], None).unwrap().scores, g.scores);
}
