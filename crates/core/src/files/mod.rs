//! How tensors lie in files, and where a file comes from.

pub mod shards;
pub mod source;
pub mod tensor_file;
