//! Edge lists: CSV and JSON.

use super::*;

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
