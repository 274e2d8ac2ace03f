//! What is checked before scores are kept: that numbers are numbers.

use super::error::FormatError;

/// A score of 32 bits. Infinities are allowed (ACDC gives such); NaN is not, nor a number that rounding makes infinite.
///
/// # Errors
/// Says `what` should be such a number.
pub fn checked_number(file: &str, what: impl Fn() -> String, score: f64) -> Result<f32, FormatError> {
    let rounded = score as f32;
    if rounded.is_nan() || rounded.is_infinite() != score.is_infinite() {
        return Err(FormatError::wrong(file, what(), "a number of 32 bits", score.to_string()));
    }
    Ok(rounded)
}
