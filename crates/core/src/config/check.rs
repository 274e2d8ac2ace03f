//! The bounds of a configuration: sizes that a graph and its tensors can have, and numbers that the maths allows.

use super::MAX_LAYERS;
use super::model::{ModelConfig, Rotary, RotaryScaling};
use crate::error::CircuitError;

impl ModelConfig {
    /// Checks that a model of this configuration can be built.
    ///
    /// # Errors
    /// Names the first field that is out of its bounds.
    pub(super) fn check(&self, file: &str) -> Result<(), CircuitError> {
        self.check_sizes(file)?;
        self.check_numbers(file)?;
        self.rotary.as_ref().map_or(Ok(()), |rotary| self.check_rotary(file, rotary))
    }

    /// Sizes are bounded so that a product of four of them fits in a `usize` of 64 bits. (A graph of too many
    /// edges is refused where it is built.)
    fn check_sizes(&self, file: &str) -> Result<(), CircuitError> {
        let sizes = [
            ("n_layers", self.n_layers, MAX_LAYERS),
            ("n_heads", self.n_heads, 1024),
            ("n_key_value_heads", self.n_key_value_heads, 1024),
            ("d_model", self.d_model, 1 << 16),
            ("d_head", self.d_head, 1 << 16),
            ("d_mlp", self.d_mlp.unwrap_or(1), 1 << 20),
            ("n_ctx", self.n_ctx, 1 << 20),
            ("d_vocab", self.d_vocab, 1 << 22),
            ("d_vocab_out", self.d_vocab_out, 1 << 22),
        ];
        for (field, found, most) in sizes {
            if found == 0 || found > most {
                return Err(CircuitError::field(file, field, format!("from 1 to {most}"), found.to_string()));
            }
        }
        let (heads, groups) = (self.n_heads, self.n_key_value_heads);
        if heads % groups != 0 {
            let expected = format!("a divisor of the number of heads, {heads}");
            return Err(CircuitError::field(file, "n_key_value_heads", expected, groups.to_string()));
        }
        match self.attn_windows.iter().flatten().find(|&&window| window == 0) {
            None => Ok(()),
            Some(window) => Err(CircuitError::field(file, "window", "from 1", window.to_string())),
        }
    }

    fn check_numbers(&self, file: &str) -> Result<(), CircuitError> {
        above_0(file, "attn_scale", self.attn_scale)?;
        above_0(file, "embed_scale", self.embed_scale)?;
        if self.eps.is_finite() && self.eps >= 0.0 {
            return Ok(());
        }
        Err(CircuitError::field(file, "eps", "a number from 0", self.eps.to_string()))
    }

    fn check_rotary(&self, file: &str, rotary: &Rotary) -> Result<(), CircuitError> {
        if rotary.dim == 0 || !rotary.dim.is_multiple_of(2) || rotary.dim > self.d_head {
            let expected = format!("an even number from 2 to {}, the size of a head", self.d_head);
            return Err(CircuitError::field(file, "rotary_dim", expected, rotary.dim.to_string()));
        }
        if !(rotary.base.is_finite() && rotary.base > 1.0) {
            return Err(CircuitError::field(file, "rope_theta", "a number above 1", rotary.base.to_string()));
        }
        let numbers: &[(&str, f64)] = match &rotary.scaling {
            RotaryScaling::None => &[],
            RotaryScaling::Linear { factor } => &[("factor", *factor)],
            RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx } => &[
                ("factor", *factor),
                ("low_freq_factor", *low_freq_factor),
                ("high_freq_factor less low_freq_factor", high_freq_factor - low_freq_factor),
                ("original_max_position_embeddings", *original_n_ctx),
            ],
            RotaryScaling::Yarn { factor, attention_factor, beta_fast, beta_slow, original_n_ctx } => &[
                ("factor", *factor),
                ("attention_factor", *attention_factor),
                ("beta_slow", *beta_slow),
                ("beta_fast less beta_slow", beta_fast - beta_slow),
                ("original_max_position_embeddings", *original_n_ctx),
            ],
        };
        numbers.iter().try_for_each(|(field, number)| above_0(file, &format!("rope_scaling.{field}"), *number))
    }
}

fn above_0(file: &str, field: &str, number: f64) -> Result<(), CircuitError> {
    let fits = number.is_finite() && number > 0.0;
    if fits { Ok(()) } else { Err(CircuitError::field(file, field, "a number above 0", number.to_string())) }
}
