//! The tensors of a model in its weights file.

use super::{Family, Weight, by_name};
use crate::config::model::ModelConfig;
use crate::error::CircuitError;
use crate::files::tensor_file::{TensorFile, TensorInfo};

/// Finds the tensor of a file for each weight of a model.
///
/// # Errors
/// Names the first tensor that is missing or has another shape than the config gives it.
pub fn locate<'a>(config: &ModelConfig, file: &'a TensorFile) -> Result<Vec<(Weight, &'a TensorInfo)>, CircuitError> {
    let Some(family) = by_name(&config.family) else {
        return Err(CircuitError::field(&file.file, "family", "a known family", config.family.clone()));
    };
    let weights = (family.weights)(config);
    let n_present = |prefix: &&str| weights.iter().filter(|w| file.get(&w.name_in_file(prefix)).is_some()).count();
    let prefix = family.prefixes.iter().copied().max_by_key(n_present).unwrap_or("");
    weights.into_iter().map(|weight| locate_one(weight, family, prefix, file)).collect()
}

fn locate_one<'a>(
    weight: Weight,
    family: &Family,
    prefix: &str,
    file: &'a TensorFile,
) -> Result<(Weight, &'a TensorInfo), CircuitError> {
    let tensor = weight.name_in_file(prefix);
    let expected = format!("{:?}", weight.shape);
    match file.get(&tensor) {
        None => {
            let first =
                file.tensors.first().map_or(String::new(), |t| format!(", and the file begins with `{}`", t.name));
            let hint = format!("; the config is of the family {}{first}", family.name);
            Err(CircuitError::MissingTensor { file: file.file.clone(), tensor, expected, hint })
        }
        Some(info) if info.shape != weight.shape => {
            let expected = format!("{expected} by the config");
            let (file, found) = (file.file_of(info).to_owned(), format!("{:?}", info.shape));
            Err(CircuitError::Shape { file, tensor, expected, found })
        }
        Some(info) => Ok((weight, info)),
    }
}
