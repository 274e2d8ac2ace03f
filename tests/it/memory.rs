//! What a model takes, and what is refused before it is read.

use burn::tensor::Device;
use circuitscope_core::settings::memory::{self, ModelMemory, RunSize, SLACK_BYTES, WASM_HEAP_BYTES};
use circuitscope_core::{Limits, ModelConfig};
use circuitscope_engine::run::Stacking;
use circuitscope_engine::session::{Session, Text};
use circuitscope_wire::{ByteSource, ReadError};

use crate::support::Case;

fn gpt2(n_layer: usize, n_embd: usize) -> String {
    format!(
        r#"{{"model_type": "gpt2", "n_layer": {n_layer}, "n_head": 12, "n_embd": {n_embd}, "n_positions": 1024, "vocab_size": 50257}}"#
    )
}

fn config(n_layer: usize, n_embd: usize) -> ModelConfig {
    ModelConfig::from_json("config.json", &gpt2(n_layer, n_embd)).unwrap()
}

#[test]
fn gpt2_small_takes_what_it_is_known_to_take() {
    let memory = ModelMemory::of(&config(12, 768));
    // 124,439,808 parameters (Radford et al. 2019 count them as 117M; the released file has these), of which the token
    // embedding is 50,257 x 768.
    assert_eq!(memory.weights, 4 * 124_439_808);
    assert_eq!((memory.largest_tensor, memory.largest_name.as_str()), (4 * 50_257 * 768, "wte.weight"));
    assert_eq!(memory.check("config.json", &Limits::WASM_CPU), Ok(()));
    assert_eq!(memory.check("config.json", &Limits::wasm_gpu(1 << 30)), Ok(()));
    assert_eq!(memory.check("config.json", &Limits::default()), Ok(()));
}

#[test]
fn keys_and_values_that_heads_share_are_counted_for_each() {
    // The same sizes but for the number of key and value heads, 2 of 4.
    let [grouped, plain] = ["llama-gqa", "llama"].map(|name| Case::open(name).config());
    assert_eq!((grouped.n_key_value_heads, plain.n_key_value_heads), (2, 4));
    assert_eq!(ModelMemory::of(&grouped), ModelMemory::of(&plain));
    assert!(grouped.n_params() < plain.n_params());
}

#[test]
fn a_tensor_above_the_gpus_limit_is_refused_with_the_numbers() {
    // WebGPU's own default for a binding, 128 MiB, is below GPT-2's token embedding.
    let error = ModelMemory::of(&config(12, 768)).check("config.json", &Limits::wasm_gpu(128 << 20)).unwrap_err();
    let text = error.to_string();
    for part in ["config.json", "`wte.weight`", "154.4 MB", "134.2 MB", "CPU"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn weights_fill_the_heap_on_the_cpu_but_not_on_a_gpu() {
    // GPT-2 XL: 1,557,611,200 parameters.
    let xl = gpt2(48, 1600).replace("\"n_head\": 12", "\"n_head\": 25");
    let memory = ModelMemory::of(&ModelConfig::from_json("config.json", &xl).unwrap());
    assert_eq!(memory.weights, 4 * 1_557_611_200);
    let text = memory.check("config.json", &Limits::WASM_CPU).unwrap_err().to_string();
    for part in ["6.23 GB", "4.29 GB", "WebGPU"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(memory.check("config.json", &Limits::wasm_gpu(1 << 30)), Ok(()));
}

#[test]
fn the_largest_config_that_is_read_does_not_overflow() {
    let huge = r#"{"model_type": "gpt2", "n_layer": 1024, "n_head": 8, "n_embd": 65536, "n_inner": 1048576,
        "n_positions": 1048576, "vocab_size": 4194304}"#;
    let memory = ModelMemory::of(&ModelConfig::from_json("config.json", huge).unwrap());
    assert!(memory.weights > 1 << 48);
    assert!(memory.check("config.json", &Limits::WASM_CPU).is_err());
}

#[test]
fn a_run_is_refused_where_its_activations_do_not_fit_beside_the_weights() {
    let config = config(12, 768);
    let memory = ModelMemory::of(&config);
    let run = |batch_size, seq| {
        let (n_prompts, n_positions, keep_logits) = (batch_size, 1, false);
        RunSize { n_srcs: 157, batch_size, seq, n_prompts, n_positions, keep_logits }
    };
    assert_eq!(memory.check_run(&config, &run(8, 16), &Limits::WASM_CPU), Ok(()));
    // The outputs of the src nodes alone: 158 x 256 x 1024 x 768 numbers.
    let text = memory.check_run(&config, &run(256, 1024), &Limits::WASM_CPU).unwrap_err().to_string();
    assert!(text.contains("497.8 MB") && text.contains("batch size"), "{text}");
    let activations = memory::activation_bytes(&config, &run(256, 1024));
    assert!(activations > 2 * 4 * 158 * 256 * 1024 * 768);
    assert!(activations + memory.weights > WASM_HEAP_BYTES - SLACK_BYTES);
    let text = memory.check_run(&config, &run(256, 1024), &Limits::wasm_gpu(1 << 31)).unwrap_err().to_string();
    assert!(text.contains("157 src nodes") && text.contains("2.15 GB"), "{text}");
}

/// Weights that nobody may read.
struct Untouchable;

impl ByteSource for Untouchable {
    fn name(&self) -> &str {
        "model.safetensors"
    }

    fn len(&self) -> u64 {
        1 << 40
    }

    async fn read(&self, range: std::ops::Range<u64>) -> Result<Vec<u8>, ReadError> {
        panic!("bytes {range:?} of a model that cannot fit were read");
    }
}

#[test]
fn a_model_that_cannot_fit_is_refused_before_its_weights_are_read() {
    let mut session = Session::new(Device::flex(), Stacking::cpu(1 << 20)).with_limits(Limits::WASM_CPU);
    let text = gpt2(512, 3072);
    let config = Text { name: "config.json", text: &text };
    let loading = session.load_model(config, &[Untouchable], None, async |_, _| true);
    let error = pollster::block_on(loading).unwrap_err().to_string();
    assert!(error.contains("the engine's memory in a browser ends at 4.29 GB"), "{error}");
}
