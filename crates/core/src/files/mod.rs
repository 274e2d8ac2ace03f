//! What a file is, how tensors lie in files, and where a file comes from.

pub mod python_json;
pub mod recognise;
pub mod shards;
pub mod source;
pub mod tensor_file;
