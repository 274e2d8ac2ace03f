//! Weights in several files: `model.safetensors.index.json` and its shards (`transformers`' `save_pretrained`), or shards
//! alone, recognised by names such as `model-00001-of-00003.safetensors`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::error::CircuitError;
use crate::files::tensor_file::TensorFile;

/// Which file holds each tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct ShardIndex {
    /// The index's own name, for messages.
    pub file: String,
    /// Tensor name to file name.
    pub weight_map: BTreeMap<String, String>,
}

/// An index as it is stored.
#[derive(Deserialize)]
struct Stored {
    weight_map: BTreeMap<String, String>,
}

/// Whether JSON is an index of shards.
pub fn is_index(json: &serde_json::Value) -> bool {
    json.get("weight_map").is_some()
}

impl ShardIndex {
    /// Reads an index.
    ///
    /// # Errors
    /// When it is not one, names nothing, or names a file in another folder.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        let Stored { weight_map } = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
        let expected = "the names of safetensors files beside it";
        if weight_map.is_empty() {
            return Err(CircuitError::field(file, "weight_map", expected, "none"));
        }
        if let Some(shard) = weight_map.values().find(|s| !s.ends_with(".safetensors") || s.contains(['/', '\\'])) {
            return Err(CircuitError::field(file, "weight_map", expected, format!("{shard:?}")));
        }
        Ok(Self { file: file.to_owned(), weight_map })
    }

    /// The files that it names, sorted.
    pub fn shards(&self) -> BTreeSet<&str> {
        self.weight_map.values().map(String::as_str).collect()
    }
}

/// The name of a file without its folders, or of a URL without its query.
pub fn leaf(name: &str) -> &str {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What the name of a shard says: `model-00002-of-00003.safetensors` is the second of three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardName<'a> {
    pub stem: &'a str,
    /// Counted from 1.
    pub number: usize,
    pub of: usize,
}

impl<'a> ShardName<'a> {
    /// Reads a file's name; `None` for one of another form.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (rest, of) = leaf(name).strip_suffix(".safetensors")?.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let digits = |text: &str| (text.len() == 5).then(|| text.parse::<usize>().ok()).flatten();
        let (number, of) = (digits(number)?, digits(of)?);
        (1..=of).contains(&number).then_some(Self { stem, number, of })
    }

    /// The names of all shards of its model.
    pub fn all(&self) -> impl Iterator<Item = String> + use<'a> {
        let Self { stem, of, .. } = *self;
        (1..=of).map(move |number| format!("{stem}-{number:05}-of-{of:05}.safetensors"))
    }
}

/// The first file of a model's weights that is not there, among files of these names.
pub fn missing<'a>(index: Option<&ShardIndex>, names: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let is_there = |shard: &str| names.clone().any(|name| leaf(name) == shard);
    match (index, names.clone().find_map(ShardName::parse)) {
        (Some(index), _) => index.shards().into_iter().find(|shard| !is_there(shard)).map(str::to_owned),
        (None, Some(name)) => name.all().find(|shard| !is_there(shard)),
        (None, None) => None,
    }
}

/// Puts the headers of a model's files together, in the order of `files`.
///
/// # Errors
/// Names a file that is missing or that the index does not know, a tensor that is in two files, or one that is not where
/// the index has it.
pub fn join(files: Vec<TensorFile>, index: Option<&ShardIndex>) -> Result<TensorFile, CircuitError> {
    let names = || files.iter().map(|f| f.file.as_str());
    let whole = match (index, &files[..]) {
        (Some(index), _) => index.file.clone(),
        (None, [first, rest @ ..]) if !rest.is_empty() => format!("{} and {} more", first.file, rest.len()),
        (None, _) => names().next().unwrap_or("weights").to_owned(),
    };
    if let Some(shard) = missing(index, names()) {
        return Err(CircuitError::MissingShard { file: whole, shard });
    }
    if let Some(index) = index {
        check_index(index, &files)?;
    }
    let shards: Vec<_> = names().map(str::to_owned).collect();
    let mut tensors: Vec<_> = files
        .into_iter()
        .enumerate()
        .flat_map(|(shard, file)| {
            file.tensors.into_iter().map(move |mut tensor| {
                tensor.shard = shard;
                tensor
            })
        })
        .collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some([a, b]) = tensors.array_windows().find(|[a, b]| a.name == b.name) {
        let [first, second] = [a, b].map(|tensor| shards[tensor.shard].clone());
        return Err(CircuitError::DoubleTensor { tensor: a.name.clone(), first, second });
    }
    Ok(TensorFile { file: whole, shards, tensors, metadata: BTreeMap::new() })
}

fn check_index(index: &ShardIndex, files: &[TensorFile]) -> Result<(), CircuitError> {
    let named = index.shards();
    if let Some(other) = files.iter().find(|file| !named.contains(leaf(&file.file))) {
        let expected = format!("the files in use, among them {}", other.file);
        let found = named.into_iter().collect::<Vec<_>>().join(", ");
        return Err(CircuitError::field(&index.file, "weight_map", expected, found));
    }
    let by_leaf: BTreeMap<_, _> = files.iter().map(|file| (leaf(&file.file), file)).collect();
    for (tensor, shard) in &index.weight_map {
        if by_leaf.get(shard.as_str()).is_some_and(|file| file.get(tensor).is_none()) {
            let (file, tensor, shard) = (index.file.clone(), tensor.clone(), shard.clone());
            return Err(CircuitError::IndexedTensor { file, tensor, shard });
        }
    }
    Ok(())
}
