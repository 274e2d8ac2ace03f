//! Weights in several files load as one does, and what is missing or doubled is named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use circuitscope_core::{RunSettings, ShardIndex, TensorFile};
use circuitscope_engine::model::{Model, ModelError, ModelFolder, Plain, TokenBatch, Transformer, load_shards};
use serde_json::json;

use crate::support::Case;

const INDEX: &str = "model.safetensors.index.json";

/// A file of tensors, by name in the order of a `BTreeMap`.
type Tensors = BTreeMap<String, (String, Vec<usize>, Vec<u8>)>;

fn write(tensors: &Tensors) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, (dtype, shape, bytes)) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}));
        data.extend_from_slice(bytes);
    }
    let header = serde_json::Value::Object(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

/// Case gpt2's tensors, in f32 or in another kind of number.
fn tensors(dtype: &str) -> Tensors {
    let bytes = std::fs::read(Case::open("gpt2").dir.join("model.safetensors")).unwrap();
    let file = TensorFile::from_bytes("model.safetensors", &bytes).unwrap();
    let encode = |numbers: Vec<f32>| -> Vec<u8> {
        let numbers = numbers.into_iter();
        match dtype {
            "F16" => numbers.flat_map(|x| half::f16::from_f32(x).to_le_bytes()).collect(),
            "BF16" => numbers.flat_map(|x| half::bf16::from_f32(x).to_le_bytes()).collect(),
            _ => numbers.flat_map(f32::to_le_bytes).collect(),
        }
    };
    let tensor = |t: &circuitscope_core::TensorInfo| {
        (t.name.clone(), (dtype.to_owned(), t.shape.clone(), encode(file.read(t, &bytes).unwrap())))
    };
    file.tensors.iter().map(tensor).collect()
}

/// A model in a folder of its own: three shards, tensors dealt out in turn, and their index.
struct Sharded {
    dir: PathBuf,
    index: serde_json::Value,
}

impl Sharded {
    fn new(name: &str, dtype: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shards-{name}"));
        _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::copy(Case::open("gpt2").dir.join("config.json"), dir.join("config.json")).unwrap();
        let (mut shards, mut map) = (vec![Tensors::new(); 3], serde_json::Map::new());
        for (i, (name, tensor)) in tensors(dtype).into_iter().enumerate() {
            map.insert(name.clone(), Self::shard(i % 3).into());
            shards[i % 3].insert(name, tensor);
        }
        for (i, tensors) in shards.iter().enumerate() {
            std::fs::write(dir.join(Self::shard(i)), write(tensors)).unwrap();
        }
        let sharded = Self { dir, index: json!({"metadata": {"total_size": 1}, "weight_map": map}) };
        sharded.write_index();
        sharded
    }

    fn shard(i: usize) -> String {
        format!("model-{:05}-of-00003.safetensors", i + 1)
    }

    fn write_index(&self) {
        std::fs::write(self.dir.join(INDEX), self.index.to_string()).unwrap();
    }

    fn load(&self) -> Result<Transformer, ModelError> {
        let ModelFolder { weights, index, .. } = ModelFolder::open(&self.dir)?;
        let config = Case::open("gpt2").config();
        pollster::block_on(load_shards(config, &weights, index.as_ref(), &Device::flex(), async |_, _| true))
    }

    fn error(&self) -> String {
        self.load().map(|_| ()).unwrap_err().to_string()
    }
}

fn logits(model: &Transformer) -> Vec<f32> {
    let prompts = Case::open("gpt2").prompts();
    let tokens = TokenBatch::new(prompts.pairs.iter().map(|p| p.clean.as_slice()), &Device::flex());
    let seq = tokens.dims()[1];
    let logits = model.forward(&tokens, 0..seq, &mut Plain);
    pollster::block_on(logits.into_data_async()).unwrap().try_to_vec().unwrap()
}

#[track_caller]
fn says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn shards_load_as_one_file_does() {
    let sharded = Sharded::new("same", "F32");
    let expected = logits(&Case::open("gpt2").model());
    assert_eq!(logits(&sharded.load().unwrap()), expected);
    std::fs::remove_file(sharded.dir.join(INDEX)).unwrap();
    assert_eq!(logits(&sharded.load().unwrap()), expected, "without an index");
}

#[test]
fn f16_and_bf16_shards_load_as_the_numbers_that_they_hold() {
    let expected = logits(&Case::open("gpt2").model());
    // A number keeps 11 and 8 bits; what that does to these logits was seen to be below 1e-2 and 5e-2.
    for (dtype, tolerance) in [("F16", 1e-2), ("BF16", 5e-2)] {
        let found = logits(&Sharded::new(dtype, dtype).load().unwrap());
        let far = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max);
        assert!(far > 0.0 && far < tolerance, "{dtype}: {far}");
    }
}

#[test]
fn what_is_missing_or_doubled_is_named() {
    let sharded = Sharded::new("missing", "F32");
    let second = sharded.dir.join(Sharded::shard(1));
    let bytes = std::fs::read(&second).unwrap();
    std::fs::remove_file(&second).unwrap();
    says(&sharded.error(), &[INDEX, "model-00002-of-00003.safetensors is missing"]);
    std::fs::remove_file(sharded.dir.join(INDEX)).unwrap();
    says(&sharded.error(), &["model-00002-of-00003.safetensors is missing"]);

    // The second holds what the first does.
    std::fs::copy(sharded.dir.join(Sharded::shard(0)), &second).unwrap();
    let first =
        sharded.index["weight_map"].as_object().unwrap().iter().find(|(_, v)| **v == Sharded::shard(0)).unwrap();
    says(&sharded.error(), &["in two files", first.0, "model-00001-of-00003", "model-00002-of-00003"]);

    sharded.write_index();
    let error = sharded.error();
    says(&error, &[INDEX, "should be in model-00002-of-00003.safetensors, which does not hold it"]);

    // Cut off in the middle of its data.
    std::fs::write(&second, &bytes[..bytes.len() - 7]).unwrap();
    says(&sharded.error(), &["model-00002-of-00003.safetensors", "cut off"]);
}

#[test]
fn an_index_that_is_none_is_refused() {
    let read = |text: &str| ShardIndex::from_json(INDEX, text).map(|_| ()).unwrap_err().to_string();
    says(&read("[]"), &[INDEX, "JSON"]);
    says(&read(r#"{"weight_map": {}}"#), &[INDEX, "weight_map", "none"]);
    says(&read(r#"{"weight_map": {"a": "../../secret.safetensors"}}"#), &["weight_map", "secret"]);
    says(&read(r#"{"weight_map": {"a": "pytorch_model-00001-of-00002.bin"}}"#), &["weight_map", "pytorch_model"]);
}

#[test]
fn a_folder_without_weights_or_config_says_so() {
    let sharded = Sharded::new("folder", "F32");
    let open = || ModelFolder::open(&sharded.dir).unwrap_err().to_string();
    for i in 0..3 {
        std::fs::remove_file(sharded.dir.join(Sharded::shard(i))).unwrap();
    }
    says(&sharded.error(), &["model-00001-of-00003.safetensors is missing"]);
    std::fs::remove_file(sharded.dir.join(INDEX)).unwrap();
    says(&open(), &["no model.safetensors is there"]);
    std::fs::remove_file(sharded.dir.join("config.json")).unwrap();
    says(&open(), &["neither config.json nor tl_config.json"]);
}

#[test]
fn circuits_of_a_sharded_model_are_those_of_the_whole() {
    let (case, sharded) = (Case::open("gpt2"), Sharded::new("circuits", "F32").load().unwrap());
    let g = case.graph(0);
    let settings = RunSettings { batch_size: 2, ..RunSettings::default() };
    let [whole, sharded] = [&case.model(), &sharded].map(|model| case.run(model, &g, &settings).1);
    assert!(!whole.is_empty());
    assert_eq!(whole, sharded);
}
