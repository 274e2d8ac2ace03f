//! Config files into configurations: the one place where the families and the configuration meet.

use super::family::{self, Weight};
use super::model::ModelConfig;
use crate::error::CircuitError;

impl ModelConfig {
    /// Reads a Hugging Face `config.json` or a TransformerLens `tl_config.json`, recognised by its fields.
    ///
    /// # Errors
    /// When the text is not JSON, the family is not supported, or a field changes the maths in a way that is not
    /// supported; the message names the field.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        let json: serde_json::Value = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
        let config = (family::recognise(file, &json)?.config)(file, &json)?;
        config.check(file)?;
        Ok(config)
    }

    /// The tensors of the weights file, in the family's order.
    pub fn weights(&self) -> Vec<Weight> {
        family::by_name(&self.family).map(|f| (f.weights)(self)).unwrap_or_default()
    }

    /// The number of parameters that the weights hold.
    pub fn n_params(&self) -> usize {
        self.weights().iter().map(|w| w.shape.iter().product::<usize>()).sum()
    }
}
