//! What can be wrong with a file or a setting: the file, the field, what was expected and what was found.

use serde_json::error::Category;
use thiserror::Error;

/// An error of the plain-data ring: a file that cannot be read, or data that do not fit each other.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CircuitError {
    /// The file has nothing in it.
    #[error("{file} is empty")]
    Empty { file: String },
    /// The file's JSON ends in its midst.
    #[error("{file} is cut off: {reason}")]
    CutOff { file: String, reason: String },
    /// The file is not JSON.
    #[error("{file} is no JSON: {reason}")]
    NotJson { file: String, reason: String },
    /// A field of the file's JSON is missing or has the wrong type.
    #[error("{file}: not the JSON that was expected: {reason}")]
    Json { file: String, reason: String },
    /// A field of a config, a prompt file or a request has a value that is not supported or makes no sense.
    #[error("{file}: `{field}` should be {expected}, found {found}")]
    Field { file: String, field: String, expected: String, found: String },
    /// The file is not a safetensors file, or was cut off.
    #[error("{file}: not a readable safetensors file: expected {expected}, found {found}")]
    TensorFile { file: String, expected: String, found: String },
    /// Weights are stored in several files, and one of them is not there.
    #[error("{file}: {shard} is missing")]
    MissingShard { file: String, shard: String },
    /// Two files of a model's weights hold a tensor of one name.
    #[error("tensor `{tensor}` is in two files, {first} and {second}: it should be in one")]
    DoubleTensor { tensor: String, first: String, second: String },
    /// The index of sharded weights names a file that lacks the tensor.
    #[error("{file}: tensor `{tensor}` should be in {shard}, which does not hold it")]
    IndexedTensor { file: String, tensor: String, shard: String },
    /// A model needs more memory than there is.
    #[error("{file}: {need}, but {room}; {advice}")]
    Memory { file: String, need: String, room: String, advice: &'static str },
    /// A tensor that the config asks for is not in the file.
    #[error("{file}: tensor `{tensor}` of shape {expected} is missing{hint}")]
    MissingTensor { file: String, tensor: String, expected: String, hint: String },
    /// A tensor has another shape than the config or the graph gives it.
    #[error("{file}: tensor `{tensor}` should have shape {expected}, found {found}")]
    Shape { file: String, tensor: String, expected: String, found: String },
    /// A tensor holds numbers of a kind that is not supported.
    #[error("{file}: tensor `{tensor}` should hold F32, F16 or BF16 numbers, found {found}")]
    Dtype { file: String, tensor: String, found: String },
    /// A tensor holds a number that cannot be used.
    #[error("{file}: tensor `{tensor}` should hold numbers, found NaN at {index}")]
    NotANumber { file: String, tensor: String, index: String },
    /// Prune scores name a module that the graph does not have.
    #[error("{file}: module `{module}` is not in this graph, which expects {expected}{hint}")]
    UnknownModule { file: String, module: String, expected: String, hint: String },
    /// The metadata of prune scores name another graph.
    #[error("{file}: these are scores of {found}, by what the file says of itself; the graph here is {expected}")]
    OtherGraph { file: String, expected: String, found: String },
    /// More edges were asked for than there are.
    #[error("edge count should be at most {n_edges}, the number of edges of the graph, found {found}")]
    EdgeCount { n_edges: usize, found: usize },
}

impl CircuitError {
    /// The JSON error of serde, with the file's name.
    pub fn json(file: &str, error: &serde_json::Error) -> Self {
        let (file, reason) = (file.to_owned(), error.to_string());
        match error.classify() {
            // Where there is no character at all, the error is before the first.
            Category::Eof if (error.line(), error.column()) == (1, 0) => Self::Empty { file },
            Category::Eof => Self::CutOff { file, reason },
            Category::Syntax | Category::Io => Self::NotJson { file, reason },
            Category::Data => Self::Json { file, reason },
        }
    }

    /// A field with a value that is not supported.
    pub fn field(file: &str, field: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Field { file: file.to_owned(), field: field.to_owned(), expected: expected.into(), found: found.into() }
    }
}
