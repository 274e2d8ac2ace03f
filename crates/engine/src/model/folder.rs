//! A model's files in a folder on disk, as in a Hugging Face repository or from `save_pretrained`.

use std::path::{Path, PathBuf};

use super::error::ModelError;
use circuitscope_core::ShardIndex;
use circuitscope_core::files::shards::ShardName;
use circuitscope_wire::ReadError;

/// The files of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFolder {
    /// `config.json` or `tl_config.json`.
    pub config: PathBuf,
    /// `model.safetensors`, or the shards.
    pub weights: Vec<PathBuf>,
    /// `model.safetensors.index.json`, where there is one.
    pub index: Option<ShardIndex>,
}

impl ModelFolder {
    /// Finds a model's files: `model.safetensors`; without it the shards that `model.safetensors.index.json` names; without
    /// that, files that are named as shards.
    ///
    /// # Errors
    /// Says what is not there.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        let missing = |reason: &str| -> ModelError { ReadError::new(dir.display().to_string(), reason).into() };
        let config = ["config.json", "tl_config.json"].map(|file| dir.join(file)).into_iter().find(|p| p.exists());
        let config = config.ok_or_else(|| missing("neither config.json nor tl_config.json is there"))?;
        let whole = dir.join("model.safetensors");
        if whole.exists() {
            return Ok(Self { config, weights: vec![whole], index: None });
        }
        if let Some(index) = read_index(&dir.join("model.safetensors.index.json"))? {
            // A shard that is not there has the index to name it.
            let weights = index.shards().into_iter().map(|shard| dir.join(shard)).filter(|p| p.exists()).collect();
            return Ok(Self { config, weights, index: Some(index) });
        }
        let mut weights = shards(dir).map_err(|e| ReadError::new(dir.display().to_string(), e.to_string()))?;
        weights.sort();
        if weights.is_empty() {
            return Err(missing("no model.safetensors is there, nor shards with model.safetensors.index.json"));
        }
        Ok(Self { config, weights, index: None })
    }
}

fn read_index(path: &Path) -> Result<Option<ShardIndex>, ModelError> {
    if !path.exists() {
        return Ok(None);
    }
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| ReadError::new(&file, e.to_string()))?;
    Ok(Some(ShardIndex::from_json(&file, &text)?))
}

fn shards(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| ShardName::parse(name).is_some()) {
            found.push(path);
        }
    }
    Ok(found)
}
