//! Rotary position embedding (Su et al. 2021): pairs of numbers of a query or key are rotated by angles that grow with the
//! position, so that their product depends on the distance.

use std::cell::RefCell;
use std::collections::HashMap;
use std::f64::consts::PI;
use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::kernels::{self, Angles};

use circuitscope_core::{ModelConfig, Rotary, RotaryScaling};

/// For how many positions tables are made when a model is loaded; longer prompts, which are rare, get theirs when they are
/// run.
const KEPT: usize = 2048;

/// Cosines and sines of the angles of the first positions.
#[derive(Debug, Clone)]
pub struct RotaryTables {
    rotary: Rotary,
    device: Device,
    /// `[position, dim / 2]`
    cos: Tensor<2>,
    /// `[position, dim / 2]`
    sin: Tensor<2>,
}

/// The same for the positions of a batch.
#[derive(Debug)]
pub struct Turn {
    /// `[1, 1, batch | 1, seq, dim / 2]`
    cos: Tensor<5>,
    /// `[1, 1, batch | 1, seq, dim / 2]`
    sin: Tensor<5>,
    /// For the kernels where they compute it, by the first position.
    angles: Option<RefCell<HashMap<usize, Arc<Angles>>>>,
}

impl RotaryTables {
    /// `None` for a model without rotary positions.
    pub fn new(config: &ModelConfig, device: &Device) -> Option<Self> {
        let rotary = config.rotary?;
        let [cos, sin] = tables(&rotary, config.n_ctx.min(KEPT), device);
        Some(Self { rotary, device: device.clone(), cos, sin })
    }

    /// The angles of `seq` positions, or of the positions `ids`, `[batch * seq]`, which are below `seq`.
    pub fn at(&self, seq: usize, ids: Option<Tensor<1, Int>>, on_host: bool) -> Turn {
        let [kept, half] = self.cos.dims();
        let tables = match seq <= kept {
            true => [&self.cos, &self.sin].map(|table| table.clone().narrow(0, 0, seq)),
            false => tables(&self.rotary, seq, &self.device),
        };
        let [cos, sin] = tables.map(|table| {
            let table = ids.iter().fold(table, |table, ids| table.select(0, ids.clone()));
            let batch = table.dims()[0] / seq;
            table.reshape([1, 1, batch, seq, half])
        });
        Turn { cos, sin, angles: on_host.then(RefCell::default) }
    }
}

impl Turn {
    /// Rotates number `i` and number `i + dim / 2` together; those from `dim` on stay.
    ///
    /// # Shapes
    /// - x, output: `[circuit, head, batch, position, d_head]`, at `positions`
    pub fn apply(&self, x: Tensor<5>, positions: &Range<usize>) -> Tensor<5> {
        let at = |table: &Tensor<5>| table.clone().narrow(3, positions.start, positions.len());
        let (cos, sin) = (at(&self.cos), at(&self.sin));
        if let Some(known) = &self.angles {
            let mut known = known.borrow_mut();
            let angles = known.entry(positions.start).or_insert_with(|| {
                let half = cos.dims()[4];
                Arc::new(Angles { cos: kernels::host(&cos), sin: kernels::host(&sin), half })
            });
            return kernels::rotate(x, angles);
        }
        let (half, d_head) = (cos.dims()[4], x.dims()[4]);
        let (a, b) = (x.clone().narrow(4, 0, half), x.clone().narrow(4, half, half));
        let mut parts = vec![
            a.clone() * cos.clone() - b.clone() * sin.clone(), //
            b * cos + a * sin,
        ];
        if d_head > 2 * half {
            parts.push(x.narrow(4, 2 * half, d_head - 2 * half));
        }
        Tensor::cat(parts, 4)
    }
}

/// Cosines and sines of `n` positions, each `[n, dim / 2]`. Angles are rounded as Hugging Face and TransformerLens round
/// them: the model was trained on those.
fn tables(rotary: &Rotary, n: usize, device: &Device) -> [Tensor<2>; 2] {
    let (steps, scale) = steps(rotary);
    let angles = || (0..n).flat_map(|position| steps.iter().map(move |step| f64::from(position as f32 * step)));
    let table = |f: fn(f64) -> f64| {
        let values: Vec<f32> = angles().map(|angle| (f(angle) * scale) as f32).collect();
        Tensor::from_data(TensorData::new(values, [n, steps.len()]), device)
    };
    [table(f64::cos), table(f64::sin)]
}

/// By what angle each pair is rotated from one position to the next, and the factor on queries and keys.
pub fn steps(rotary: &Rotary) -> (Vec<f32>, f64) {
    let &Rotary { dim, base, scaling } = rotary;
    let n = dim / 2;
    let plain = (0..n).map(|i| base.powf(-2.0 * i as f64 / dim as f64));
    let (steps, scale): (Vec<f64>, f64) = match scaling {
        RotaryScaling::None => (plain.collect(), 1.0),
        RotaryScaling::Linear { factor } => (plain.map(|step| step / factor).collect(), 1.0),
        RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx } => {
            // How many turns a pair makes within the context of the first training decides how much it is slowed down.
            let slowed = |step: f64| {
                let rounds = original_n_ctx * step / (2.0 * PI);
                let kept = ((rounds - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                step * (kept + (1.0 - kept) / factor)
            };
            (plain.map(slowed).collect(), 1.0)
        }
        RotaryScaling::Yarn { factor, attention_factor, beta_fast, beta_slow, original_n_ctx } => {
            // The pair that makes so many turns within the context of the first training.
            let pair = |rounds: f64| dim as f64 * (original_n_ctx / (rounds * 2.0 * PI)).ln() / (2.0 * base.ln());
            let first = pair(beta_fast).floor().max(0.0);
            let last = pair(beta_slow).ceil().min(dim as f64 - 1.0);
            let last = if first == last { last + 0.001 } else { last };
            let slowed = |(i, step): (usize, f64)| {
                let slow = ((i as f64 - first) / (last - first)).clamp(0.0, 1.0);
                step * (1.0 - slow + slow / factor)
            };
            (plain.enumerate().map(slowed).collect(), attention_factor)
        }
    };
    (steps.into_iter().map(|step| step as f32).collect(), scale)
}
