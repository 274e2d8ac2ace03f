//! Files that are wrong: each is refused with a message that says where and what, and nothing panics.

use burn::tensor::Device;
use circuitscope_core::{
    CircuitError, EdgeCounts, Graph, GraphConfig, ModelConfig, OutputSlice, Prompts, PruneScores, RunSettings,
    TensorFile, edge_counts,
};
use circuitscope_engine::model::load;
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, RunInput, Stacking, run_circuits};
use serde_json::{Value, json};

use crate::support::Case;

/// Checks that an error says all of these.
#[track_caller]
fn says(error: impl std::fmt::Display, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} should say {part:?}");
    }
}

fn gpt2_config(change: impl Fn(&mut Value)) -> Result<ModelConfig, impl std::fmt::Display + std::fmt::Debug> {
    let case = Case::open("gpt2");
    let mut json: Value = serde_json::from_str(&crate::support::read_text(&case.config_path())).unwrap();
    change(&mut json);
    ModelConfig::from_json("config.json", &json.to_string())
}

#[test]
fn configs() {
    says(ModelConfig::from_json("c.json", "{").unwrap_err(), &["c.json", "cut off"]);
    says(ModelConfig::from_json("c.json", "[1]").unwrap_err(), &["c.json", "model_type", "gpt2"]);
    says(ModelConfig::from_json("c.json", r#"{"model_type": "mamba"}"#).unwrap_err(), &["model_type", "mamba"]);
    let rows: [(&str, Value, &[&str]); 8] = [
        ("n_layer", json!("two"), &["n_layer", "whole number", "two"]),
        ("n_layer", json!(0), &["n_layer", "from 1"]),
        ("n_layer", json!(-3), &["n_layer", "-3"]),
        ("n_head", json!(5), &["n_head", "divisor", "5"]),
        ("vocab_size", json!(1u64 << 40), &["d_vocab"]),
        ("activation_function", json!("mish"), &["activation_function", "gelu_new", "mish"]),
        ("scale_attn_by_inverse_layer_idx", json!(true), &["scale_attn_by_inverse_layer_idx", "not supported"]),
        ("layer_norm_epsilon", json!(-1.0), &["eps", "-1"]),
    ];
    for (field, value, parts) in rows {
        says(gpt2_config(|json| json[field] = value.clone()).unwrap_err(), parts);
    }
}

fn load_gpt2(config: ModelConfig, weights: &[u8]) -> String {
    let (source, device) = (("model.safetensors", weights), Device::flex());
    let loading = load(config, &source, &device, async |_, _| true);
    pollster::block_on(loading).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn weights() {
    let case = Case::open("gpt2");
    let weights = std::fs::read(case.dir.join("model.safetensors")).unwrap();
    says(load_gpt2(case.config(), &weights[..weights.len() - 5]), &["model.safetensors", "cut off"]);
    says(load_gpt2(case.config(), &weights[..100]), &["header that fits", "100 bytes"]);
    says(load_gpt2(case.config(), &weights[..3]), &["at least 8 bytes", "3 bytes"]);
    says(load_gpt2(case.config(), &[]), &["at least 8 bytes", "0 bytes"]);
    says(load_gpt2(case.config(), b"%PDF-1.7 this is another kind of file"), &["model.safetensors", "header"]);
    let mut huge = weights.clone();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    says(load_gpt2(case.config(), &huge), &["header that fits", "18446744073709551615"]);
    let wide = gpt2_config(|json| json["n_embd"] = json!(64)).unwrap();
    says(load_gpt2(wide, &weights), &["transformer.wte.weight", "[48, 64]", "[48, 32]"]);
    let deep = gpt2_config(|json| json["n_layer"] = json!(3)).unwrap();
    says(load_gpt2(deep, &weights), &["transformer.h.2.ln_1.weight", "missing"]);
}

#[test]
fn a_header_that_lies_about_its_tensors() {
    let file = |header: Value| {
        let header = header.to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.extend([0; 16]);
        TensorFile::from_bytes("f", &bytes)
    };
    assert!(file(json!({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}})).is_ok());
    let beyond = json!({"a": {"dtype": "F32", "shape": [5], "data_offsets": [0, 20]}});
    says(file(beyond).unwrap_err(), &["`a`", "cut off"]);
    let short = json!({"a": {"dtype": "F32", "shape": [400], "data_offsets": [0, 16]}});
    says(file(short).unwrap_err(), &["f"]);
    let overflow = json!({"a": {"dtype": "F32", "shape": [u64::MAX, 2], "data_offsets": [0, 16]}});
    says(file(overflow).unwrap_err(), &["f"]);
    says(file(json!({"a": 3})).unwrap_err(), &["header of tensors"]);
    says(file(json!([])).unwrap_err(), &["header of tensors"]);
    let integers = json!({"a": {"dtype": "I32", "shape": [4], "data_offsets": [0, 16]}});
    let integers = file(integers).unwrap();
    says(integers.read(&integers.tensors[0], &[0; 200]).unwrap_err(), &["`a`", "F32, F16 or BF16", "I32"]);
}

#[test]
fn scores() {
    let case = Case::open("gpt2");
    let graph = |config| Graph::new(&case.config(), config);
    let file = |name: &str| std::fs::read(case.dir.join(name)).unwrap();
    let read = |name: &str, config| PruneScores::from_bytes(name, &file(name), &graph(config)).unwrap_err();
    let edges = GraphConfig::default();
    let parts: &[&str] = &["graph1.scores", "blocks.0.hook_attn_in", "joint q, k and v"];
    says(read("graph1.scores.safetensors", edges), parts);
    let parts: &[&str] = &["graph2.scores", "blocks.0.hook_q_input", "[4, 1]", "[6, 4, 1]", "token-wise"];
    says(read("graph2.scores.safetensors", edges), parts);
    says(read("graph3.scores.safetensors", edges), &["hook_resid_mid", "node (unfactorized)"]);
    says(
        read("model.safetensors", edges),
        &["model.safetensors", "transformer.h.0.attn.c_attn.bias", "blocks.0.hook_q_input"],
    );
    let mut nan = file("graph0.scores.safetensors");
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    says(PruneScores::from_bytes("s", &nan, &graph(edges)).unwrap_err(), &["NaN", "blocks.", "["]);
    let other = Case::open("attn-only-shortformer").graph(0).graph;
    let gpt2 = file("graph0.scores.safetensors");
    says(PruneScores::from_bytes("s", &gpt2, &other).unwrap_err(), &["blocks.0.hook_mlp_in", "not in this graph"]);
}

#[test]
fn edge_counts_above_the_number_of_edges() {
    let g = Case::open("gpt2").graph(0);
    says(g.scores.circuit(111).unwrap_err(), &["110", "111"]);
    says(edge_counts(&EdgeCounts::List(vec![1, 111]), &g.scores).unwrap_err(), &["110", "111"]);
    says(edge_counts(&EdgeCounts::List(vec![]), &g.scores).unwrap_err(), &["at least one"]);
    says(EdgeCounts::parse("1,x").unwrap_err(), &["edge counts", "1,x"]);
}

fn run_error(prompts: Value, settings: RunSettings) -> String {
    let prompts = match Prompts::from_json("p.json", &prompts.to_string()) {
        Ok(prompts) => prompts,
        Err(error) => return error.to_string(),
    };
    let case = Case::open("gpt2");
    let (model, g) = (case.model(), case.graph(0));
    let (graph, scores) = (&g.graph, &g.scores);
    let settings = RunSettings { edge_counts: EdgeCounts::List(vec![1]), ..settings };
    let (prompts, settings) = (&prompts, &settings);
    let stacking = Stacking::cpu(1 << 20);
    let (circuits, unpatched, keep_logits) = (scores.into(), None, false);
    let input = RunInput { model: &model, prompts, graph, circuits, settings, stacking, unpatched, keep_logits };
    pollster::block_on(run_circuits(&input, &(), &mut ())).unwrap_err().to_string()
}

#[test]
fn prompts() {
    let pair = |clean: Value, corrupt: Value| json!({"clean": clean, "corrupt": corrupt, "answers": [1], "wrong_answers": [2]});
    let file = |pairs: Vec<Value>| json!({ "prompts": pairs });
    let good = || pair(json!([1, 2]), json!([3, 4]));
    let run = |pairs, batch_size| run_error(file(pairs), RunSettings { batch_size, ..RunSettings::default() });
    says(run(vec![], 1), &["p.json", "prompts", "at least one"]);
    says(run(vec![good(), pair(json!([1, 48]), json!([1, 2]))], 1), &["prompts[1].clean", "below 48", "48"]);
    says(run(vec![pair(json!([1, 2, 3]), json!([1, 2]))], 1), &["prompts[0].corrupt", "3 tokens", "2 tokens"]);
    says(run(vec![good(), pair(json!([1]), json!([1]))], 2), &["prompts[1].clean", "2 tokens", "1 token"]);
    says(run(vec![pair(json!("The cat"), json!([1]))], 1), &["prompts[0].clean", "token ids", "The cat"]);
    says(run(vec![pair(json!([1.5]), json!([1]))], 1), &["prompts[0].clean", "1.5"]);
    says(run(vec![pair(json!([]), json!([]))], 1), &["prompts[0].clean", "empty"]);
    says(run(vec![pair(json!(vec![1; 33]), json!(vec![1; 33]))], 1), &["at most 32", "33"]);
    says(run(vec![good()], 2), &["batch size", "1", "2"]);
    says(run(vec![good()], 0), &["batch size", "0"]);
    says(run_error(json!({"prompts": 3}), RunSettings::default()), &["p.json", "JSON"]);
    let answer = json!({"clean": [1], "corrupt": [2], "answers": [99], "wrong_answers": []});
    says(run(vec![answer], 1), &["prompts[0].answers", "below 48", "99"]);
    let all = RunSettings { slice: OutputSlice::None, batch_size: 1, ..RunSettings::default() };
    let uneven = file(vec![good(), pair(json!([1, 2, 3]), json!([1, 2, 3]))]);
    says(run_error(uneven, all), &["prompts[1].clean", "several positions"]);
    let rest = RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 1, ..RunSettings::default() };
    says(run_error(file(vec![pair(json!([1]), json!([2]))]), rest), &["at least 2 tokens"]);
}

#[test]
fn a_cancelled_run_stops_after_one_forward_pass() {
    struct Impatient(usize);
    impl Observer for Impatient {
        async fn progress(&mut self, _: usize, _: usize, _: &str) -> bool {
            self.0 += 1;
            self.0 < 3
        }
        fn circuit(&mut self, _: &CircuitOutput, _: Option<std::rc::Rc<Logits>>) {}
    }
    let case = Case::open("gpt2");
    let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
    let settings = RunSettings { batch_size: 2, edge_counts: EdgeCounts::All, ..RunSettings::default() };
    let (graph, scores, settings) = (&g.graph, &g.scores, &settings);
    let input = RunInput {
        model: &model,
        prompts: &prompts,
        graph,
        circuits: scores.into(),
        settings,
        stacking: Stacking::cpu(1 << 20),
        unpatched: None,
        keep_logits: false,
    };
    let mut impatient = Impatient(0);
    let result = pollster::block_on(run_circuits(&input, &(), &mut impatient));
    assert_eq!(result.unwrap_err(), circuitscope_engine::run::RunError::Cancelled);
    assert_eq!(impatient.0, 3);
}

/// A config of a case or of `tests/fixtures/huggingface`, with a change.
fn changed(folder: &str, change: impl Fn(&mut Value)) -> Result<ModelConfig, CircuitError> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let path = [path.join("config.json"), path.join("tl_config.json")].into_iter().find(|p| p.exists()).unwrap();
    let mut json: Value = serde_json::from_str(&crate::support::read_text(&path)).unwrap();
    change(&mut json);
    ModelConfig::from_json("config.json", &json.to_string())
}

#[test]
fn fields_that_change_the_maths_and_are_not_supported() {
    let yarn = |field: &str, value: Value| {
        let mut scaling = json!({"rope_type": "yarn", "factor": 2.0});
        scaling[field] = value;
        scaling
    };
    let llama3 = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 1.0,
                        "original_max_position_embeddings": 16});
    let rows: Vec<(&str, &str, Value, &[&str])> = vec![
        ("cases/pythia", "num_attention_heads", json!(5), &["num_attention_heads", "divisor of hidden_size, 32", "5"]),
        ("cases/pythia", "num_attention_heads", json!(0), &["num_attention_heads", "divisor"]),
        ("cases/pythia", "rotary_pct", json!(0.5), &["rotary_pct", "0.25", "0.5"]),
        ("cases/pythia", "rotary_emb_base", json!(-5.0), &["rotary_emb_base", "10000", "-5"]),
        ("cases/pythia", "num_hidden_layers", json!(1u64 << 60), &["num_hidden_layers", "1024"]),
        ("cases/pythia", "rope_scaling", json!("linear"), &["rope_scaling", "object"]),
        ("cases/pythia", "hidden_act", json!("gelu_10"), &["hidden_act", "gelu_10"]),
        ("cases/gpt-neo", "attention_types", json!([[["global", "local"], 3]]), &["attention_types", "2 blocks"]),
        ("cases/gpt-neo", "attention_types", json!([[["global"], u64::MAX]]), &["attention_types", "2 blocks"]),
        ("cases/gpt-neo", "attention_types", json!([[[], u64::MAX]]), &["attention_types", "2 blocks"]),
        ("cases/gpt-neo", "attention_types", json!([["global"], ["local"]]), &["attention_types", "2 blocks"]),
        ("cases/gpt-neo", "attention_types", json!([[["sparse", "local"], 1]]), &["attention_types", "sparse"]),
        ("cases/gpt-neo", "window_size", json!(0), &["window", "from 1"]),
        ("cases/llama", "rope_theta", json!(-10000.0), &["rope_theta", "above 1", "-10000"]),
        ("cases/llama", "rope_theta", json!("1e4"), &["rope_theta", "a number"]),
        ("cases/llama", "rms_norm_eps", json!(-1e-6), &["eps", "from 0"]),
        ("cases/llama", "head_dim", json!(7), &["rotary_dim", "even", "7"]),
        ("cases/llama", "num_key_value_heads", json!(3), &["n_key_value_heads", "divisor", "3"]),
        ("cases/llama", "num_key_value_heads", json!(0), &["n_key_value_heads", "from 1"]),
        ("cases/llama", "partial_rotary_factor", json!(1.5), &["partial_rotary_factor", "up to 1", "1.5"]),
        ("cases/llama", "partial_rotary_factor", json!(0.01), &["rotary_dim", "even", "0"]),
        (
            "cases/llama",
            "rope_scaling",
            json!({"rope_type": "longrope", "factor": 2.0}),
            &["rope_scaling.rope_type", "longrope"],
        ),
        ("cases/llama", "rope_scaling", json!({"type": "su"}), &["rope_scaling.type", "su", "llama3"]),
        ("cases/llama", "rope_scaling", json!({"type": "linear"}), &["rope_scaling.factor", "number"]),
        ("cases/llama", "rope_scaling", json!({"type": "linear", "factor": 0.0}), &["rope_scaling.factor", "above 0"]),
        (
            "cases/llama",
            "rope_scaling",
            json!({"type": "linear", "factor": 2.0, "alpha": 3}),
            &["rope_scaling.alpha", "not supported"],
        ),
        ("cases/llama", "rope_scaling", json!({"factor": 2.0}), &["rope_scaling.factor", "not supported"]),
        ("cases/llama", "rope_scaling", llama3, &["high_freq_factor less low_freq_factor", "-3"]),
        ("cases/llama", "rope_scaling", yarn("truncate", json!(false)), &["rope_scaling.truncate", "not supported"]),
        ("cases/llama", "rope_scaling", yarn("beta_slow", json!(-1)), &["rope_scaling.beta_slow", "above 0"]),
        (
            "cases/llama",
            "rope_parameters",
            json!({"full_attention": {}}),
            &["rope_parameters.full_attention", "not supported"],
        ),
        ("cases/llama", "rope_parameters", json!({"rope_theta": 5.0}), &["rope_theta", "5", "10000"]),
        ("cases/llama", "sliding_window", json!(128), &["sliding_window", "not supported"]),
        (
            "cases/llama",
            "layer_types",
            json!(["sliding_attention", "full_attention"]),
            &["layer_types", "full_attention"],
        ),
        ("cases/llama", "quantization_config", json!({"bits": 4}), &["quantization_config", "not supported"]),
        ("cases/llama", "final_logit_softcapping", json!(30.0), &["final_logit_softcapping"]),
        ("cases/llama", "num_local_experts", json!(8), &["num_local_experts"]),
        (
            "cases/llama",
            "architectures",
            json!(["LlamaForSequenceClassification"]),
            &["architectures", "LlamaForCausalLM"],
        ),
        ("cases/llama", "model_type", json!("phi3"), &["model_type", "llama", "gpt_neox (GPTNeoXForCausalLM)", "phi3"]),
        ("cases/llama", "model_type", json!("gemma2"), &["gemma2", "refused", "residual stream"]),
        ("cases/llama", "model_type", json!("gemma3_text"), &["gemma3_text", "refused", "residual stream"]),
        ("cases/llama", "model_type", json!("mixtral"), &["mixtral", "experts"]),
        ("cases/qwen2", "layer_types", json!(["full_attention"]), &["layer_types", "2 blocks"]),
        (
            "huggingface/qwen3-window-v5",
            "layer_types",
            json!(["full_attention", "linear_attention"]),
            &["layer_types", "linear_attention"],
        ),
        ("huggingface/qwen3-window-v5", "sliding_window", json!(null), &["sliding_window", "layer_types"]),
        ("huggingface/gemma", "use_bidirectional_attention", json!(true), &["use_bidirectional_attention"]),
        ("cases/solu", "rotary_adjacent_pairs", json!(true), &["rotary_adjacent_pairs"]),
        ("cases/solu", "attn_scores_soft_cap", json!(50.0), &["attn_scores_soft_cap"]),
        ("cases/solu", "gated_mlp", json!(true), &["gated_mlp", "solu_ln"]),
        ("cases/solu", "final_rms", json!(true), &["final_rms"]),
        ("cases/solu", "use_local_attn", json!(true), &["attn_types"]),
        ("cases/solu", "positional_embedding_type", json!("rotary"), &["rotary_dim"]),
    ];
    for (folder, field, value, parts) in rows {
        let error =
            changed(folder, |json| json[field] = value.clone()).expect_err(&format!("{folder} {field} {value}"));
        says(error, parts);
    }
}

/// Every field of every family's config, missing or with a value that it should not have: an error or a config that holds
/// together, never a panic.
#[test]
fn no_field_of_a_config_makes_a_panic() {
    let folders = [
        "cases/gpt2",
        "cases/pythia",
        "cases/gpt-neo",
        "cases/llama-gqa",
        "cases/qwen2",
        "cases/solu",
        "huggingface/llama-rope-llama3",
        "huggingface/llama-rope-yarn-mscale",
        "huggingface/llama-rope-llama3-v5",
        "huggingface/mistral-window",
        "huggingface/qwen3-window-v5",
        "huggingface/gemma",
    ];
    let values = [
        json!(null),
        json!(0),
        json!(1),
        json!(3),
        json!(-1),
        json!(u64::MAX),
        json!(1e-320),
        json!(1e308),
        json!("global"),
        json!(true),
        json!([]),
        json!([[]]),
        json!([u64::MAX, u64::MAX]),
        json!({}),
        json!({"rope_type": "yarn", "factor": 1e308}),
        json!({"rope_type": "dynamic", "factor": -1}),
    ];
    let mut n_accepted = 0;
    for folder in folders {
        changed(folder, |_| {}).unwrap_or_else(|e| panic!("{folder}: {e}"));
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
        let name = if folder == "cases/solu" { "tl_config.json" } else { "config.json" };
        let json: Value = serde_json::from_str(&crate::support::read_text(&path.join(name))).unwrap();
        for field in json.as_object().unwrap().keys() {
            for value in &values {
                let Ok(config) = changed(folder, |json| json[field] = value.clone()) else { continue };
                assert!(config.n_params() > 0, "{folder} {field} {value}");
                n_accepted += 1;
            }
            drop(changed(folder, |json| {
                json.as_object_mut().unwrap().remove(field);
            }));
        }
    }
    assert!(n_accepted > 1000, "{n_accepted}: fields that change nothing are not refused");
}
