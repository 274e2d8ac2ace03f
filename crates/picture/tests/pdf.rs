//! Pictures as PDF: the structure of the file, and that every kind of picture can be written.

use std::rc::Rc;

use circuitscope_core::{Graph, GraphConfig, ModelConfig, PruneScores};
use circuitscope_picture::drawn::{Drawn, Nodes};
use circuitscope_picture::pdf::{SvgError, pdf};
use circuitscope_picture::sankey::svg::{About, Ground};
use circuitscope_picture::sankey::{self, WeightedEdge};
use circuitscope_picture::sheet::{Sheet, sheet};
use circuitscope_picture::strip::{self, Cursor, Measure, Stops, StripPoint, StripRequest, StripSeries};
use circuitscope_picture::view::{self, ViewOptions, ViewRequest};
use circuitscope_picture::{DrawOptions, LayoutRequest, Orientation, Size, Theme, layout, matrix, svg_string};

const SIZE: Size = Size { width: 480.0, height: 320.0 };

/// A graph of the reference's case gpt2 with its scores, and the prompts' labels where it has positions.
fn case(graph_idx: usize, seq_len: Option<usize>) -> (Graph, PruneScores, Vec<String>) {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/cases/gpt2");
    let config = std::fs::read_to_string(format!("{dir}/config.json")).unwrap();
    let config = ModelConfig::from_json("config.json", &config).unwrap();
    let graph = Graph::new(&config, GraphConfig { factorized: true, separate_qkv: true, seq_len });
    let file = format!("graph{graph_idx}.scores.safetensors");
    let scores = PruneScores::from_bytes(&file, &std::fs::read(format!("{dir}/{file}")).unwrap(), &graph).unwrap();
    let labels = (0..seq_len.unwrap_or(0)).map(|i| format!("tok{i} →")).collect();
    (graph, scores, labels)
}

/// The drawn edges of a circuit.
fn drawn(graph_idx: usize, seq_len: Option<usize>, n_edges: usize) -> Rc<Drawn> {
    let (graph, scores, seq_labels) = case(graph_idx, seq_len);
    let weighted = view::edge_ends(&graph).zip(scores.values()).map(|((src, dest), score)| WeightedEdge {
        src: src as u32,
        dest: dest as u32,
        weight: score.abs(),
    });
    let nodes = Nodes::of(&graph);
    let places = sankey::order(&nodes, &weighted.collect::<Vec<_>>());
    let nodes = Rc::new(nodes.with_places(&places));
    let circuit = scores.circuit(n_edges).unwrap();
    let edits = [(3, 0.5), (5, 0.0)].into_iter().collect();
    let shown = view::shown(&scores, &view::edges_in_circuit(&scores, &circuit), &edits);
    let dir = circuitscope_core::AttentionDir::Causal;
    let options = ViewOptions::default();
    Rc::new(view::view(&ViewRequest {
        graph: &graph,
        nodes: &nodes,
        shown: &shown,
        dir,
        seq_labels: &seq_labels,
        options: &options,
    }))
}

fn flow(drawn: Rc<Drawn>, orientation: Orientation, theme: Theme) -> String {
    let request = sankey::Request { orientation, ..sankey::Request::new(drawn, SIZE) };
    let about = About { title: "A circuit", description: "made here", legend: true, ground: Ground::Own };
    sankey::svg::svg_string(&sankey::layout(&request), theme, &about)
}

/// Byte by byte, so that places in the text are places in the file.
fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '?' }).collect()
}

#[test]
fn a_picture_is_one_page_of_its_size() {
    let svg = flow(drawn(0, None, 30), Orientation::Horizontal, Theme::Light);
    let pdf = pdf(&svg).unwrap();
    let text = text_of(&pdf.bytes);
    assert!(text.starts_with("%PDF-1.7") && text.trim_end().ends_with("%%EOF"), "{}", &text[..20]);
    let height: f64 = svg.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert!(text.contains(&format!("/MediaBox [0 0 360 {}]", 0.75 * height)), "three quarters of a point to the pixel");
    assert_eq!((text.matches("/Type /Page\n").count(), pdf.n_missing), (1, 0));
    assert!(text.contains("/Title (A circuit)") && text.contains("/Subject (made here)"));
    for label in ["(A0.1) Tj", "(MLP 1) Tj", "(Embed) Tj", "(positive, helps) Tj"] {
        assert!(text.contains(label), "{label} is text that can be searched for");
    }
    assert!(text.contains("/PatternType 1"), "negative edges are hatched");
}

#[test]
fn every_object_is_where_the_table_says() {
    let pdf = pdf(&flow(drawn(0, None, 30), Orientation::Horizontal, Theme::Light)).unwrap();
    let text = text_of(&pdf.bytes);
    let start: usize = text.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    let mut lines = text[start..].lines();
    assert_eq!(lines.next(), Some("xref"));
    let n: usize = lines.next().unwrap().strip_prefix("0 ").unwrap().parse().unwrap();
    let offsets: Vec<usize> = lines.skip(1).take(n - 1).map(|line| line[..10].parse().unwrap()).collect();
    assert!(n > 9);
    for (i, offset) in offsets.into_iter().enumerate() {
        assert!(text[offset..].starts_with(&format!("{} 0 obj", i + 1)), "object {}", i + 1);
    }
}

#[test]
fn every_kind_of_picture_can_be_written() {
    let (plain, token_wise) = (drawn(0, None, 60), drawn(2, Some(6), 60));
    let (graph, scores, labels) = case(2, Some(6));
    let circuit = scores.circuit(20).unwrap();
    let as_auto_circuit = LayoutRequest::for_circuit(&graph, &scores, &circuit, Some(&labels), DrawOptions::default());
    for theme in [Theme::Light, Theme::Dark] {
        let mut pictures = vec![svg_string(&layout(&as_auto_circuit), theme), strip_picture(theme)];
        for drawn in [&plain, &token_wise] {
            pictures.push(flow(drawn.clone(), Orientation::Horizontal, theme));
            pictures.push(flow(drawn.clone(), Orientation::Vertical, theme));
            let request = matrix::Request { drawn, size: SIZE, steps: matrix::STEPS };
            pictures.push(matrix::svg::svg_string(&matrix::layout(&request), theme));
            pictures.push(matrix::svg::bare_svg_string(&matrix::layout(&request), theme));
        }
        for (i, picture) in pictures.iter().enumerate() {
            let found = pdf(picture).unwrap_or_else(|error| panic!("picture {i}, {theme:?}: {error}"));
            assert_eq!(found.n_missing, 0, "picture {i}: arrows are in the font Symbol");
            assert_eq!(pdf(picture).unwrap(), found, "the same picture is the same file");
        }
    }
}

fn strip_picture(theme: Theme) -> String {
    let point = |(k, mean): (usize, f64)| StripPoint { k, mean, middle_half: Some((mean / 2.0, mean * 1.5)) };
    let points: Vec<StripPoint> = [(0, 3.0), (5, 1.0), (50, 0.2), (110, 0.02)].into_iter().map(point).collect();
    let series =
        |name: &str, style| StripSeries { name: name.to_owned(), style, points: points.clone(), partial: false };
    let layout = strip::layout(&StripRequest {
        size: SIZE,
        stops: Stops::from_descending(&[3.0, 2.0, 1.0]),
        measure: Measure::of(circuitscope_core::Metric::CleanKlDiv),
        chosen: Some(series("run", 0)),
        pinned: vec![series("before", 0), series("long before", 1)],
        random: Some(series("random edges", 0)),
        levels: Vec::new(),
        distribution: None,
        stale: true,
    });
    strip::svg::svg_string(&layout, &Cursor::at(3), theme)
}

#[test]
fn a_sheet_holds_the_picture_and_its_caption() {
    let picture = flow(drawn(0, None, 30), Orientation::Horizontal, Theme::Light);
    let caption =
        ["The 30 edges that matter most.".to_owned(), "edge patch · resample, with <this> version".to_owned()];
    let about = Sheet {
        width: 960.0,
        scale: 2.0,
        title: "Circuit",
        description: "A description",
        caption: &caption,
        theme: Theme::Light,
    };
    let (svg, size) = sheet(&picture, &about).unwrap();
    let height: f64 = picture.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    // Two lines of 15 pixels and a margin of 12, below a picture that is scaled from 480 to 960.
    assert_eq!((size.width, size.height), (960.0, 2.0 * height + 42.0));
    assert!(svg.contains(" width=\"1920\""), "twice as many pixels");
    for name in ["data-figure=\"circuit\"", "data-node=\"A0.1\"", "data-edge=\"", "&lt;this&gt;"] {
        assert!(svg.contains(name), "{name}");
    }
    let text = text_of(&pdf(&svg).unwrap().bytes);
    assert!(text.contains("(The 30 edges that matter most.) Tj") && text.contains("/Subject (A description)"));
    resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default()).unwrap();
}

#[test]
fn what_no_picture_of_ours_has_is_refused() {
    let svg = |inner: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">{inner}</svg>");
    let refused = |inner: &str| pdf(&svg(inner)).unwrap_err().to_string();
    assert_eq!(refused("<image/>"), "the element <image> is not known");
    assert_eq!(refused("<path d=\"M0 0A1 1 0 0 0 1 1\"/>"), "d=\"M0 0A1 1 0 0 0 1 1\" is not understood");
    assert_eq!(refused("<rect fill=\"red\"/>"), "fill=\"red\" is not understood");
    assert_eq!(refused("<rect filter=\"none\"/>"), "filter=\"none\" is not understood");
    assert!(matches!(pdf("<svg>"), Err(SvgError::Malformed(_))));
    let asian = pdf(&svg("<text x=\"1\" y=\"2\">東京 a</text>")).unwrap();
    assert_eq!(asian.n_missing, 2);
    assert!(text_of(&asian.bytes).contains("(?? a) Tj"));
}
