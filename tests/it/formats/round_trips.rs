//! What is written is read again.

use super::*;

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
