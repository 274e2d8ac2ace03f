//! What other programs wrote.

use super::*;

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
