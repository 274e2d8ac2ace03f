//! Torch files of prune scores: `{module: tensor}`, or auto-circuit's cache `{task: {algo: {module: tensor}}}`.
//!
//! [`archive`] opens the zip archive, [`pickle`] reads the names and shapes in it, and [`view`] the numbers of a tensor.

mod archive;
pub mod pickle;
mod view;

use super::error::{FormatError, shortened};
use archive::Archive;
use pickle::{Node, NodeId, Pickle, TensorNode};

/// What such a file is called in messages.
const TORCH_FILE: &str = "torch file";
/// More scores than this in a file are not listed; a cache has tens.
const MAX_CHOICES: usize = 10_000;

/// An open torch file. Its pickle has been read, and a tensor is read when it is asked for.
pub struct TorchFile<'a> {
    file: &'a str,
    archive: Archive<'a>,
    pub pickle: Pickle,
    big_endian: bool,
    /// How many numbers may be read in all: a file's tensors are no longer than the file, unless they are views that
    /// repeat a few numbers.
    n_left: u64,
}

/// A tensor, read.
pub struct TorchTensor {
    pub shape: Vec<usize>,
    /// In row-major order.
    pub numbers: Vec<f32>,
}

/// A dictionary of tensors within a file, and the keys that lead there: `Docstring/EAP`, empty where it is the whole file.
pub struct ScoresChoice {
    pub name: String,
    tensors: Vec<(String, NodeId)>,
}

impl<'a> TorchFile<'a> {
    /// Opens a file and runs its pickle.
    ///
    /// # Errors
    /// When it is no zip archive that `torch.save` wrote, or its pickle asks for anything but data.
    pub fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut archive = Archive::open(file, bytes)?;
        let wrong = |reason: &str| FormatError::unreadable(file, TORCH_FILE, reason);
        let pickle = archive.member("data.pkl")?.ok_or_else(|| wrong("it has no data.pkl"))?;
        let pickle = Pickle::parse(file, pickle)?;
        let big_endian = match archive.member("byteorder")? {
            // Files of older versions have no such member and are little-endian.
            None | Some(b"little") => false,
            Some(b"big") => true,
            Some(_) => return Err(wrong("its byteorder should be little or big")),
        };
        Ok(Self { file, archive, pickle, big_endian, n_left: bytes.len() as u64 })
    }

    /// Reads a tensor.
    ///
    /// # Errors
    /// When it does not lie within its storage, its storage not within the file, or the tensors have more numbers than the
    /// file has bytes.
    pub fn tensor(&mut self, name: &str, tensor: &TensorNode) -> Result<TorchTensor, FormatError> {
        let file = self.file;
        let wrong = |expected: String, found: String| {
            FormatError::wrong(file, format!("tensor `{}`", shortened(name)), expected, found)
        };
        let shape = format!("shape {:?}", tensor.shape);
        let n_elements = tensor.shape.iter().try_fold(1_u64, |n, &size| n.checked_mul(size));
        let Some(n_elements) = n_elements.filter(|&n| n <= self.n_left) else {
            return Err(wrong("no longer than the file".to_owned(), shape));
        };
        self.n_left -= n_elements;
        let storage = &tensor.storage;
        let member = format!("data/{}", storage.key);
        let Some(bytes) = self.archive.member(&member)? else {
            return Err(wrong(format!("in member {member}"), "no such member".to_owned()));
        };
        let n_stored = (bytes.len() / storage.dtype.n_bytes()) as u64;
        if storage.n_elements != n_stored {
            let expected = format!("in a storage of {} numbers", storage.n_elements);
            return Err(wrong(expected, format!("{} bytes", bytes.len())));
        }
        if n_elements > 0 && view::last_index(tensor).is_none_or(|last| last >= n_stored) {
            let found = format!("offset {}, {shape}, stride {:?}", tensor.offset, tensor.stride);
            return Err(wrong(format!("a view of a storage of {n_stored} numbers"), found));
        }
        let number = |index| storage.dtype.number(bytes, index, self.big_endian);
        let numbers = view::indices(tensor, n_elements).map(number).collect();
        // No size is above `n_left`, which is at most the length of a slice.
        Ok(TorchTensor { shape: tensor.shape.iter().map(|&size| size as usize).collect(), numbers })
    }

    /// The dictionaries of tensors that the file holds.
    ///
    /// # Errors
    /// When there are none, or too many to list.
    pub fn choices(&self) -> Result<Vec<ScoresChoice>, FormatError> {
        let mut choices = self.dicts_of_tensors()?;
        let has_modules = |c: &ScoresChoice| c.tensors.iter().any(|(name, _)| name.contains(".hook_"));
        if choices.iter().any(has_modules) {
            choices.retain(has_modules);
            return Ok(choices);
        }
        let expected = "scores: a tensor for each module, such as `blocks.0.hook_q_input`, or {task: {algo: scores}}";
        let found = match choices.first() {
            Some(ScoresChoice { tensors, .. }) => format!(
                "tensors such as `{}` (if these are a model's weights, save them with safetensors.torch.save_file)",
                shortened(&tensors[0].0)
            ),
            None => described(self.pickle.root()).to_owned(),
        };
        Err(FormatError::wrong(self.file, "the pickle", expected, found))
    }

    /// The file's dictionaries of tensors and of nothing else. A cache has two levels of dictionaries above them; levels are
    /// counted, for a dictionary may hold itself.
    fn dicts_of_tensors(&self) -> Result<Vec<ScoresChoice>, FormatError> {
        let mut found = Vec::new();
        let mut level = vec![(String::new(), self.pickle.root())];
        for _ in 0..3 {
            let mut below = Vec::new();
            for (path, node) in level {
                if let Some(tensors) = self.tensors(node) {
                    found.push(ScoresChoice { name: path, tensors });
                } else if let Node::Dict(pairs) = node {
                    below.extend(pairs.iter().filter_map(|&(key, value)| {
                        let key = self.key(key)?;
                        let path = if path.is_empty() { key } else { format!("{path}/{key}") };
                        Some((path, self.pickle.node(value)))
                    }));
                }
                if below.len() + found.len() > MAX_CHOICES {
                    let expected = format!("a dictionary of at most {MAX_CHOICES} scores");
                    return Err(FormatError::wrong(self.file, "the pickle", expected, "more"));
                }
            }
            level = below;
        }
        Ok(found)
    }

    /// Reads the tensors of a choice, each with its name.
    ///
    /// # Errors
    /// As [`TorchFile::tensor`].
    pub fn read(&mut self, choice: &ScoresChoice) -> Result<Vec<(String, TorchTensor)>, FormatError> {
        let read = |(name, id): &(String, NodeId)| {
            let Node::Tensor(tensor) = self.pickle.node(*id).clone() else { unreachable!("a choice holds tensors") };
            Ok((name.clone(), self.tensor(name, &tensor)?))
        };
        choice.tensors.iter().map(read).collect()
    }

    /// The tensors of a node that is a dictionary of tensors and of nothing else.
    fn tensors(&self, node: &Node) -> Option<Vec<(String, NodeId)>> {
        let Node::Dict(pairs) = node else { return None };
        let is_tensor = |&(_, value): &(NodeId, NodeId)| matches!(self.pickle.node(value), Node::Tensor(_));
        let all = !pairs.is_empty() && pairs.iter().all(is_tensor);
        all.then(|| pairs.iter().map(|&(key, value)| Some((self.key(key)?, value))).collect())?
    }

    /// A key as a text.
    fn key(&self, id: NodeId) -> Option<String> {
        match self.pickle.node(id) {
            Node::Text(text) => Some(shortened_key(text)),
            Node::Int(n) => Some(n.to_string()),
            _ => None,
        }
    }
}

/// A key is copied for each dictionary that has it, so that a very long one is cut.
fn shortened_key(key: &str) -> String {
    key.chars().take(200).collect()
}

/// What a node is, in words.
pub fn described(node: &Node) -> &'static str {
    match node {
        Node::None => "None",
        Node::Bool(_) | Node::Int(_) | Node::Float(_) => "a number",
        Node::Text(_) | Node::Bytes => "a text",
        Node::List(_) => "a list",
        Node::Dict(_) => "a dictionary without such tensors",
        Node::Tensor(_) => "one tensor",
        Node::Storage(_) | Node::Global(_) => "an object of torch",
    }
}
