//! Rotary positions in Hugging Face configs: `rope_theta` and `rope_scaling`, or the two in one as `rope_parameters`
//! (`transformers` `modeling_rope_utils.py`).

use super::Fields;
use crate::config::model::{Rotary, RotaryScaling, Sizes};
use crate::error::CircuitError;

/// The kinds of scaling that are supported. `dynamic` changes nothing up to the length that the model was trained on, and
/// longer prompts are refused.
const KINDS: [&str; 5] = ["default", "linear", "dynamic", "llama3", "yarn"];

/// Reads how a model rotates its queries and keys. `fraction` of a head is rotated where the config does not say how much.
pub fn rotary(fields: &Fields, sizes: &Sizes, fraction: f64) -> Result<Rotary, CircuitError> {
    let objects = [fields.object("rope_parameters")?, fields.object("rope_scaling")?];
    if let [Some(parameters), Some(scaling)] = &objects
        && parameters.json != scaling.json
    {
        return Err(fields.wrong("rope_scaling", "missing, since there is rope_parameters"));
    }
    let object = objects.into_iter().flatten().next();
    let base = agreed(fields, object.as_ref(), &["rope_theta", "rotary_emb_base"])?.unwrap_or(10000.0);
    let fraction = agreed(fields, object.as_ref(), &["partial_rotary_factor", "rotary_pct"])?.unwrap_or(fraction);
    if !(fraction > 0.0 && fraction <= 1.0) {
        let expected = "a number above 0, up to 1";
        return Err(CircuitError::field(fields.file, "partial_rotary_factor", expected, fraction.to_string()));
    }
    let scaling = object.map_or(Ok(RotaryScaling::None), |object| scaling(&object, sizes))?;
    Ok(Rotary { dim: (sizes.d_head as f64 * fraction) as usize, base, scaling })
}

/// A number that goes by several names, in the object or beside it; where there are several they must agree.
fn agreed(fields: &Fields, object: Option<&Fields>, names: &[&str]) -> Result<Option<f64>, CircuitError> {
    let mut found: Option<f64> = None;
    for fields in [object, Some(fields)].into_iter().flatten() {
        for name in names {
            match (found, fields.number(name)?) {
                (Some(first), Some(other)) if first != other => {
                    return Err(fields.wrong(name, &format!("{first}, as the config says elsewhere")));
                }
                (None, other) => found = other,
                _ => {}
            }
        }
    }
    Ok(found)
}

fn scaling(object: &Fields, sizes: &Sizes) -> Result<RotaryScaling, CircuitError> {
    let kind = match (object.get("rope_type"), object.get("type")) {
        (Some(new), Some(old)) if new != old => return Err(object.wrong("type", &format!("{new}, as rope_type"))),
        (Some(_), _) => "rope_type",
        (None, Some(_)) => "type",
        (None, None) => return only_known(object, &[]).map(|()| RotaryScaling::None),
    };
    let choices = KINDS.map(|name| (name, name));
    let name = object.choice(kind, "", &choices)?;
    let known: &[&str] = match name {
        "linear" => &["factor"],
        "dynamic" => &["factor", "original_max_position_embeddings"],
        "llama3" => &["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"],
        "yarn" => &[
            "factor",
            "attention_factor",
            "beta_fast",
            "beta_slow",
            "mscale",
            "mscale_all_dim",
            "truncate",
            "original_max_position_embeddings",
        ],
        _ => &[],
    };
    only_known(object, known)?;
    let wanted = |field| object.number(field)?.ok_or_else(|| object.wrong(field, "a number"));
    match name {
        "linear" => Ok(RotaryScaling::Linear { factor: wanted("factor")? }),
        "dynamic" => {
            wanted("factor")?;
            match object.number("original_max_position_embeddings")? {
                Some(n) if n != sizes.n_ctx as f64 => {
                    Err(object.wrong("original_max_position_embeddings", "max_position_embeddings"))
                }
                _ => Ok(RotaryScaling::None),
            }
        }
        "llama3" => Ok(RotaryScaling::Llama3 {
            factor: wanted("factor")?,
            low_freq_factor: wanted("low_freq_factor")?,
            high_freq_factor: wanted("high_freq_factor")?,
            original_n_ctx: wanted("original_max_position_embeddings")?,
        }),
        "yarn" => {
            object.only("truncate", true)?;
            let factor = wanted("factor")?;
            Ok(RotaryScaling::Yarn {
                factor,
                attention_factor: yarn_attention_factor(object, factor)?,
                beta_fast: object.number_or("beta_fast", 32.0)?,
                beta_slow: object.number_or("beta_slow", 1.0)?,
                original_n_ctx: object.number_or("original_max_position_embeddings", sizes.n_ctx as f64)?,
            })
        }
        _ => Ok(RotaryScaling::None),
    }
}

/// The factor on queries and keys: as given, or computed from the scaling factor (YaRN, section 3.4).
fn yarn_attention_factor(object: &Fields, factor: f64) -> Result<f64, CircuitError> {
    if let Some(given) = object.number("attention_factor")? {
        return Ok(given);
    }
    let scale = |weight: f64| if factor <= 1.0 { 1.0 } else { 0.1 * weight * factor.ln() + 1.0 };
    match (object.number("mscale")?, object.number("mscale_all_dim")?) {
        (Some(one), Some(all)) if one != 0.0 && all != 0.0 => Ok(scale(one) / scale(all)),
        _ => Ok(scale(1.0)),
    }
}

/// A field of the object that is not known may change the angles.
fn only_known(object: &Fields, known: &[&str]) -> Result<(), CircuitError> {
    const ALWAYS: [&str; 4] = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];
    let fields = object.json.as_object().into_iter().flatten();
    let foreign = |name: &str| !known.contains(&name) && !ALWAYS.contains(&name) && object.get(name).is_some();
    match fields.map(|(name, _)| name.as_str()).find(|name| foreign(name)) {
        None => Ok(()),
        Some(name) => Err(object.wrong(name, "missing (it is not supported with this rope_type)")),
    }
}
