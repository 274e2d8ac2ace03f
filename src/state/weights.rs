//! The weights in use: one file, or the shards of a model with their index or without.

use super::files::{Content, FileEntry, FileId, Role, candidates, in_use};
use super::load::{Load, Shared};
use circuitscope_core::files::shards::{self, ShardName, leaf};
use circuitscope_core::{CircuitError, TensorFile};

/// The files that the engine reads weights from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WeightFiles {
    pub shards: Vec<FileId>,
    pub index: Option<FileId>,
}

/// The weights in use, read together.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    pub files: WeightFiles,
    /// What they are called in the list.
    pub name: String,
    pub n_bytes: u64,
    /// What they hold, or what is missing; nothing while a figure's are not there yet.
    pub tensors: Result<Option<Shared<TensorFile>>, CircuitError>,
}

impl WeightFiles {
    /// Whether a file is one of them.
    pub fn contains(&self, id: FileId) -> bool {
        self.ids().any(|file| file == id)
    }

    /// All of them.
    pub fn ids(&self) -> impl Iterator<Item = FileId> {
        self.shards.iter().copied().chain(self.index)
    }
}

impl Weights {
    /// The weights in use among some files: the last that came, and all shards that belong to it.
    pub fn new(files: &[FileEntry]) -> Option<Self> {
        let chosen = in_use(files, Role::Weights)?;
        if let Some(awaited) = Self::awaited(files, chosen) {
            return Some(awaited);
        }
        let index = index_of(files, chosen);
        let names: Vec<String> = match (&index, ShardName::parse(&chosen.name)) {
            (Some((_, index)), _) => index.shards().into_iter().map(str::to_owned).collect(),
            (None, Some(name)) => name.all().collect(),
            (None, None) => return Self::one(chosen),
        };
        let shard = |name: &String| files.iter().rev().find(|f| header(f).is_some() && leaf(&f.name) == name);
        let shards: Vec<_> = names.iter().filter_map(shard).collect();
        let headers = shards.iter().filter_map(|entry| header(entry)).map(|header| TensorFile::clone(header)).collect();
        let n_index_bytes = index.as_ref().map_or(0, |(entry, _)| entry.n_bytes);
        Some(Self {
            files: WeightFiles {
                shards: shards.iter().map(|e| e.id).collect(),
                index: index.as_ref().map(|(e, _)| e.id),
            },
            name: format!("{} of {} shards", shards.len(), names.len()),
            n_bytes: n_index_bytes + shards.iter().map(|e| e.n_bytes).sum::<u64>(),
            tensors: shards::join(headers, index.map(|(_, index)| &**index)).map(|joined| Some(Shared::new(joined))),
        })
    }

    /// Those of a figure, where one of its files is not there yet.
    fn awaited(files: &[FileEntry], chosen: &FileEntry) -> Option<Self> {
        let of_figure = || candidates(files, Role::Weights).filter(|file| file.demo);
        let is_awaited = |file: &FileEntry| matches!(file.content, Load::Ready(Content::Awaited(_)));
        if !chosen.demo || !of_figure().any(is_awaited) {
            return None;
        }
        let n_shards = of_figure().count();
        Some(Self {
            files: WeightFiles { shards: of_figure().map(|file| file.id).collect(), index: None },
            name: if n_shards == 1 { chosen.name.clone() } else { format!("{n_shards} shards") },
            n_bytes: of_figure().map(|file| file.n_bytes).sum(),
            tensors: Ok(None),
        })
    }

    fn one(entry: &FileEntry) -> Option<Self> {
        let tensors = Ok(Some(header(entry)?.clone()));
        let files = WeightFiles { shards: vec![entry.id], index: None };
        Some(Self { files, name: entry.name.clone(), n_bytes: entry.n_bytes, tensors })
    }
}

fn header(entry: &FileEntry) -> Option<&Shared<TensorFile>> {
    match &entry.content {
        Load::Ready(Content::Weights(header)) => Some(header),
        _ => None,
    }
}

type Index = Shared<circuitscope_core::ShardIndex>;

/// The index that a file is, or the last that names it.
fn index_of<'a>(files: &'a [FileEntry], chosen: &FileEntry) -> Option<(&'a FileEntry, &'a Index)> {
    files.iter().rev().find_map(|entry| match &entry.content {
        Load::Ready(Content::Index(index)) if entry.id == chosen.id || index.shards().contains(leaf(&chosen.name)) => {
            Some((entry, index))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use circuitscope_core::{FileDtype, ShardIndex, TensorInfo};

    const SHARDS: [&str; 2] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

    fn entry(id: FileId, name: &str, content: Content) -> FileEntry {
        FileEntry { id, name: name.to_owned(), n_bytes: 100, demo: false, content: Load::Ready(content) }
    }

    fn shard(id: FileId, name: &str, tensor: &str) -> FileEntry {
        let (name_, shape) = (tensor.to_owned(), vec![1]);
        let tensors = vec![TensorInfo { name: name_, shape, dtype: FileDtype::F32, shard: 0, bytes: 0..4 }];
        let file =
            TensorFile { file: name.to_owned(), shards: vec![name.to_owned()], tensors, metadata: Default::default() };
        entry(id, name, Content::Weights(Shared(Rc::new(file))))
    }

    fn index(id: FileId) -> FileEntry {
        let text = format!(r#"{{"weight_map": {{"a": "{}", "b": "{}"}}}}"#, SHARDS[0], SHARDS[1]);
        let name = "model.safetensors.index.json";
        entry(id, name, Content::Index(Shared::new(ShardIndex::from_json(name, &text).unwrap())))
    }

    #[test]
    fn shards_come_together_in_any_order() {
        let files = [shard(11, SHARDS[1], "b"), index(12), shard(10, SHARDS[0], "a")];
        for files in [&files[..], &files[..1], &files[..2]] {
            let weights = Weights::new(files).unwrap();
            match files.len() {
                3 => {
                    assert_eq!(weights.files, WeightFiles { shards: vec![10, 11], index: Some(12) });
                    assert_eq!((weights.name.as_str(), weights.n_bytes), ("2 of 2 shards", 300));
                    assert_eq!(weights.tensors.unwrap().unwrap().tensors.len(), 2);
                }
                _ => {
                    let error = weights.tensors.unwrap_err().to_string();
                    assert!(error.ends_with("model-00001-of-00002.safetensors is missing"), "{error}");
                }
            }
        }
        let without_index = [files[0].clone(), files[2].clone()];
        assert_eq!(Weights::new(&without_index).unwrap().tensors.unwrap().unwrap().tensors.len(), 2);
    }

    #[test]
    fn a_file_that_came_later_takes_the_shards_place() {
        let files = [shard(10, SHARDS[0], "a"), shard(11, "model.safetensors", "c")];
        let weights = Weights::new(&files).unwrap();
        assert_eq!((weights.files.shards.as_slice(), weights.name.as_str()), (&[11][..], "model.safetensors"));
    }
}
