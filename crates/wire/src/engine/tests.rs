//! Messages are JSON as the public module writes and reads them.

use serde_json::{Value, json};

use super::*;

fn model() -> ModelConfig {
    let text = include_str!("../../../../tests/fixtures/cases/llama-gqa/config.json");
    ModelConfig::from_json("config.json", text).unwrap()
}

fn graph() -> GraphInfo {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    GraphInfo {
        n_edges: 1,
        srcs: names(&["Resid Start"]),
        nodes: names(&["Resid Start", "Resid End"]),
        edges: names(&["Resid Start->Resid End"]),
        masks: vec![("blocks.0.hook_resid_post".to_owned(), vec![1])],
    }
}

#[test]
fn events_are_read_as_they_are_written() {
    let demo: Value = serde_json::from_str(include_str!("../../../../www/demo/tracr-reverse/recorded.json")).unwrap();
    let (name, reason) = ("n".to_owned(), "r".to_owned());
    let device = DeviceInfo { kind: DeviceKind::Cpu, name, reason, limits: Limits::default(), workers: 2 };
    let (n_kept, cost) = (Some(3), DiscoverCost { forward_passes: 2, ..DiscoverCost::default() });
    let discovery = DiscoveryInfo {
        info: ScoresInfo::default(),
        n_edges: 7,
        n_kept,
        last_loss: Some(0.5),
        cost,
        note: Some("n".to_owned()),
    };
    let circuit = Circuit { requested: 3, n_edges: 4, threshold: 0.5 };
    let heads = vec![Head { block: 1, head_idx: 0 }];
    let attribution =
        AttributionInfo { circuit, srcs: graph().srcs, seq: 4, n_positions: 1, n_values: 3, n_pads: [0; 3] };
    let progress = |loss| Event::Progress { done: 1, total: 2, label: "b".to_owned(), loss };
    let events = [
        Event::Opened { device },
        Event::Loaded { config: model(), n_params: 5, workers: 2 },
        Event::Graph { graph: graph() },
        Event::Circuit { result: serde_json::from_value(demo["circuits"][1].clone()).unwrap() },
        Event::Ran {
            baseline: serde_json::from_value(demo["baseline"].clone()).unwrap(),
            areas: vec![Areas::default()],
            workers: 2,
        },
        Event::Tokens { tokens: serde_json::from_value(demo["tokens"][0][0][0].clone()).unwrap() },
        Event::Values { values: ValuesInfo { circuit, metric: Metric::LogitDiff, n_prompts: 6 } },
        Event::Attention { attention: AttentionInfo { circuit, heads, seq: 4, n_pads: [0, 1, 1] } },
        Event::Attribution { attribution },
        Event::Discovered { discovery, workers: 2 },
        Event::Helped { with: Helped::Begun { batches: vec![0, 2] } },
        Event::Helped { with: Helped::Computed },
        progress(Some(0.25)),
        progress(None),
        Event::Cancelled,
        Event::Failed { message: "m".to_owned() },
        Event::DeviceLost { message: "m".to_owned() },
    ];
    for event in events {
        let written = serde_json::to_value(&event).unwrap();
        assert_eq!(serde_json::from_value::<Event>(written).unwrap(), event);
    }
    let edits = json!([{ "edge": 3, "mask": 0.5 }, { "edge": "A0.1->MLP 1", "mask": 1 }]);
    let circuit: CircuitChoice =
        serde_json::from_value(json!({ "type": "edited", "edgeCount": 7, "edits": edits })).unwrap();
    let [index, name] = [EdgeRef::Idx(3), EdgeRef::Name("A0.1->MLP 1".to_owned())];
    let edits = vec![MaskEdit { edge: index, mask: 0.5 }, MaskEdit { edge: name, mask: 1.0 }];
    assert_eq!(circuit, CircuitChoice::Edited { edge_count: 7, edits });
    for (wrong, message) in [
        (json!({ "type": "loaded" }), "missing field `config`"),
        (json!({ "type": "load", "nParams": 5 }), "unknown variant `load`"),
        (json!({ "nParams": 5 }), "missing field `type`"),
    ] {
        let error = serde_json::from_value::<Event>(wrong).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
