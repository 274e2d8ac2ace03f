//! Figures to test with: the demo's, and one that has every field.

use std::collections::BTreeMap;
use std::path::PathBuf;

use circuitscope_core::figure_file::edges::{EdgeEdit, EdgeScores, FigureEdges, ListedEdge};
use circuitscope_core::figure_file::files::{FigureFiles, FigureRef};
use circuitscope_core::figure_file::prompts::FigureTexts;
use circuitscope_core::figure_file::recorded::{AttentionPatterns, FigureResults, RecordedAttention, RecordedCircuit};
use circuitscope_core::figure_file::view::{
    BlockWindow, CircuitSize, FigureFocus, FigureLook, FigureOrientation, FigureSelection, FigureTheme, FigureView,
    HeadBoxes, Manner,
};
use circuitscope_core::figure_file::{FORMAT, FigureFile, FigureSource, Numbers, VERSION};
use circuitscope_core::{
    Baseline, Circuit, EdgeCounts, EdgeValues, Graph, GraphConfig, Measurement, Metric, ModelConfig, OutputSlice,
    Prompts, PruneScores, RunSettings, Tokens, edge_rows,
};
use serde::Deserialize;

/// The demo's results, as the page has them.
#[derive(Deserialize)]
struct Recorded {
    baseline: Baseline,
    circuits: Vec<Ran>,
    tokens: Vec<Vec<Vec<Tokens>>>,
}

#[derive(Deserialize)]
struct Ran {
    circuit: Circuit,
    measurement: Measurement,
}

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path("www/demo/tracr-reverse").join(name)).unwrap()
}

pub fn model() -> ModelConfig {
    ModelConfig::from_json("tl_config.json", &text("tl_config.json")).unwrap()
}

/// 4 blocks of one head and an MLP each; 77 edges.
pub fn graph() -> Graph {
    Graph::new(&model(), GraphConfig::default())
}

/// The demo's official circuit as scores: 1 for its two edges.
pub fn scores() -> PruneScores {
    let bytes = std::fs::read(path("www/demo/tracr-reverse/scores.safetensors")).unwrap();
    PruneScores::from_bytes("scores", &bytes, &graph()).unwrap()
}

/// The results that come with the demo: of 0, 2 and 77 edges, on 6 prompts at 5 positions.
pub fn results() -> FigureResults {
    let Recorded { baseline, circuits, tokens } = serde_json::from_str(&text("recorded.json")).unwrap();
    let circuits = circuits.into_iter().map(|Ran { circuit, measurement }| RecordedCircuit { circuit, measurement });
    FigureResults {
        date: None,
        program: None,
        baseline: baseline.into(),
        circuits: circuits.collect(),
        edited: None,
        tokens,
        attention: Vec::new(),
    }
}

/// What a figure needs at least: a config and a size.
pub fn least() -> FigureFile {
    FigureFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        title: "Reverse".to_owned(),
        caption: String::new(),
        source: None,
        licence: None,
        files: files(FigureRef::inline_json(&text("tl_config.json")).unwrap()),
        graph: GraphConfig::default(),
        run: RunSettings::default(),
        circuit: None,
        texts: FigureTexts::default(),
        view: view(CircuitSize::Edges(2)),
        recorded: None,
    }
}

fn files(config: FigureRef) -> FigureFiles {
    let (weights, index, tokenizer, tokenizer_config, prompts, scores) = (Vec::new(), None, None, None, None, None);
    FigureFiles { config, weights, index, tokenizer, tokenizer_config, prompts, scores }
}

fn view(size: CircuitSize) -> FigureView {
    FigureView {
        size,
        edits: Vec::new(),
        look: FigureLook::default(),
        prompt: 0,
        position: 0,
        selection: None,
        metric: Metric::default(),
        log_y: None,
        theme: FigureTheme::Auto,
        labels: BTreeMap::new(),
        groups: BTreeMap::new(),
    }
}

/// The demo as a figure: all that is shown of it without weights.
pub fn demo() -> FigureFile {
    let prompts = Prompts::from_json("prompts.json", &text("prompts.json")).unwrap();
    let caption = "{edges:2} of {edges:all} edges give {share:logit_diff:2} of the logit difference.";
    FigureFile {
        caption: caption.to_owned(),
        run: RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 6, ..RunSettings::default() },
        circuit: Some(FigureEdges {
            values: EdgeValues::Scores,
            scores: EdgeScores::All(Numbers::f32(scores().values().to_vec())),
        }),
        texts: FigureTexts { tokens: token_texts(), ..FigureTexts::of(&prompts, 6) },
        recorded: Some(results()),
        ..least()
    }
}

fn token_texts() -> BTreeMap<u32, String> {
    ["a", "b", "c", "BOS", "\n"].into_iter().zip(0..).map(|(text, token)| (token, text.to_owned())).collect()
}

/// A figure in which every field has a value; lists of edges and all scores exclude each other.
pub fn full() -> FigureFile {
    let figure = demo();
    let sha256 = "0123456789abcdef".repeat(4);
    let at = |url: &str| FigureRef::at(url, 941, &sha256);
    let config = FigureRef { inline: figure.files.config.inline.clone(), ..at("../demo/tl_config.json") };
    let files = FigureFiles {
        config,
        weights: vec![at("model-00001-of-00002.safetensors"), at("https://b.example.org/m/2.safetensors")],
        index: Some(at("model.safetensors.index.json")),
        tokenizer: Some(at("https://a.example.org:8080/tokenizer.json?x=1")),
        tokenizer_config: Some(FigureRef::inline_json(r#"{"bos_token": "<s>", "a": [1, 0.5, null, true]}"#).unwrap()),
        prompts: Some(FigureRef::inline_bytes(text("prompts.json").into_bytes())),
        scores: Some(FigureRef { bytes: None, sha256: None, ..at("http://A.example.org:8080/scores.safetensors") }),
    };
    FigureFile {
        source: Some(FigureSource {
            text: "Tracr, 2023".to_owned(),
            url: Some("https://arxiv.org/abs/2301.05062".to_owned()),
        }),
        licence: Some("CC BY 4.0".to_owned()),
        files,
        run: RunSettings { edge_counts: EdgeCounts::List(vec![0, 2, 77]), ..figure.run.clone() },
        circuit: Some(FigureEdges { values: EdgeValues::Scores, scores: EdgeScores::Listed(listed()) }),
        texts: FigureTexts { pad_token: Some(4), ..figure.texts.clone() },
        view: full_view(),
        recorded: Some(full_results()),
        ..figure
    }
}

/// The two edges of the demo's circuit, and a third whose score is infinite.
pub fn listed() -> Vec<ListedEdge> {
    let (graph, scores) = (graph(), scores());
    let edges = scores.values().iter().enumerate().filter(|(_, score)| **score != 0.0).map(|(edge, _)| (edge, 1.0));
    let rows = edge_rows(&graph, &scores, edges.collect::<Vec<_>>());
    let mut listed: Vec<_> = rows.into_iter().map(|row| ListedEdge { edge: row.name, score: row.score }).collect();
    listed.push(ListedEdge { edge: "Resid Start->Resid End".to_owned(), score: f32::NEG_INFINITY });
    listed
}

fn full_view() -> FigureView {
    let look = FigureLook {
        manner: Manner::Matrix,
        orientation: FigureOrientation::Vertical,
        compact: true,
        layer_spacing: true,
        by_mask: true,
        on_path_only: true,
        focus: Some(FigureFocus { node: "A3".to_owned(), hops: Some(2) }),
        heads: HeadBoxes::ByLayer,
        opened: vec![3],
        closed: vec![0, 1],
        window: Some(BlockWindow { first: 1, end: 4 }),
        merge_ports: true,
        merged_heads: vec!["A3.0".to_owned()],
        all_positions: true,
    };
    FigureView {
        edits: vec![EdgeEdit { edge: "Resid Start->MLP 0".to_owned(), mask: 0.1 }],
        look,
        prompt: 5,
        position: 4,
        selection: Some(FigureSelection::Node("A3.0".to_owned())),
        metric: Metric::LogitDiff,
        log_y: Some(false),
        theme: FigureTheme::Dark,
        labels: [("A3.0".to_owned(), "<b>reverses</b> & \"more\"".to_owned())].into(),
        groups: [("end".to_owned(), vec!["A3.0.Q".to_owned(), "Resid End".to_owned()])].into(),
        ..view(CircuitSize::Threshold(0.5))
    }
}

fn full_results() -> FigureResults {
    let results = results();
    let pattern = |value: f32| Numbers::f16(&[value; 36]);
    let patterns = AttentionPatterns {
        clean: pattern(0.0),
        corrupt: pattern(1.0),
        circuit: Numbers::f32((0_u8..36).map(|n| f32::from(n) / 36.0).collect()),
    };
    let attention =
        RecordedAttention { prompt: 5, block: 3, head_idx: 0, circuit: 2, seq: 6, n_pads: [0, 1, 2], patterns };
    FigureResults {
        date: Some("2026-11-23".to_owned()),
        program: Some("circuitscope 0.1.0, CPU".to_owned()),
        edited: Some(results.circuits[1].clone()),
        attention: vec![attention],
        ..results
    }
}
