//! Whole logits as a safetensors file.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_engine::run::{Logits, RunOutput};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError};

use crate::error::CliError;
use crate::input::name;

/// Writes `clean`, `corrupt` and, for every realised edge count N, `edgesN`: `[prompt, d_vocab]` where only the last position is
/// kept, else `[prompt, position, d_vocab]`.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, output: &RunOutput, circuits: &[(usize, Rc<Logits>)]) -> Result<(), CliError> {
    let side = |side| output.unpatched.logits(side);
    let unpatched = [("clean", side(PromptSide::Clean)), ("corrupt", side(PromptSide::Corrupt))];
    let unpatched = unpatched.iter().map(|(name, logits)| ((*name).to_owned(), logits));
    let circuits = circuits.iter().map(|(n_edges, logits)| (format!("edges{n_edges}"), &**logits));
    let tensors: HashMap<_, _> = unpatched
        .chain(circuits)
        .map(|(name, logits)| (name, (output.baseline.shape.clone(), le_bytes(logits))))
        .collect();
    serialize(&tensors, path).map_err(|e| CliError::Write { file: name(path), reason: e.to_string() })
}

fn le_bytes(logits: &Logits) -> Vec<u8> {
    logits.values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn serialize(tensors: &HashMap<String, (Vec<usize>, Vec<u8>)>, path: &Path) -> Result<(), SafeTensorError> {
    let views =
        tensors.iter().map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)));
    let views: HashMap<_, _> = views.collect::<Result<_, SafeTensorError>>()?;
    safetensors::serialize_to_file(views, None, path)
}
