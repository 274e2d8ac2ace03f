//! EAP-IG's circuits, the MIB benchmark's files.

use super::*;

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
