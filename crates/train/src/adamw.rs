//! AdamW (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization") on the host, with a warm-up and a cosine decay.

use std::f64::consts::PI;

use crate::parameters::{Parameters, is_decayed};

/// GPT-3's constants (Brown et al. 2020, appendix B): β₂ shorter than Adam's own, the norm of the gradient at most 1.
const BETA: [f32; 2] = [0.9, 0.95];
const EPS: f32 = 1e-8;
const MAX_NORM: f64 = 1.0;
/// The learning rate ends at this share of its peak, as in GPT-3.
const LAST_RATE: f64 = 0.1;
/// The share of steps in which it rises.
const WARM_UP: f64 = 0.05;

/// The running means of a gradient and of its square.
pub struct AdamW {
    decay: f32,
    t: i32,
    mean: Vec<Vec<f32>>,
    square: Vec<Vec<f32>>,
}

impl AdamW {
    pub fn new(parameters: &Parameters, decay: f64) -> Self {
        let zeros: Vec<_> = parameters.list.iter().map(|p| vec![0.0; p.numbers.len()]).collect();
        Self { decay: decay as f32, t: 0, mean: zeros.clone(), square: zeros }
    }

    /// A step against the gradient, whose list is that of the parameters.
    pub fn step(&mut self, parameters: &mut Parameters, gradient: &[&[f32]], rate: f64) {
        self.t += 1;
        let [first, second] = BETA.map(|beta| 1.0 - beta.powi(self.t));
        let (clip, rate) = (clip(gradient), rate as f32);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((parameter, gradient), (mean, square)) in parameters.list.iter_mut().zip(gradient).zip(moments) {
            let decayed = is_decayed(parameter.weight.param, &parameters.config);
            let shrink = if decayed { 1.0 - rate * self.decay } else { 1.0 };
            let moments = mean.iter_mut().zip(square);
            for ((number, g), (mean, square)) in parameter.numbers.iter_mut().zip(*gradient).zip(moments) {
                let g = g * clip;
                *mean = BETA[0] * *mean + (1.0 - BETA[0]) * g;
                *square = BETA[1] * *square + (1.0 - BETA[1]) * g * g;
                *number = *number * shrink - rate * (*mean / first) / ((*square / second).sqrt() + EPS);
            }
        }
    }
}

/// The learning rate of a step, counted from 0.
pub fn learning_rate(step: usize, n_steps: usize, peak: f64) -> f64 {
    let (step, n_steps) = (step as f64 + 1.0, n_steps as f64);
    let warm_up = (WARM_UP * n_steps).max(1.0);
    if step <= warm_up {
        return peak * step / warm_up;
    }
    let share = (step - warm_up) / (n_steps - warm_up);
    peak * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + (PI * share).cos()))
}

/// The factor on a gradient that is longer than [`MAX_NORM`].
fn clip(gradient: &[&[f32]]) -> f32 {
    let squares: f64 = gradient.iter().flat_map(|g| g.iter()).map(|&g| f64::from(g).powi(2)).sum();
    (MAX_NORM / squares.sqrt()).min(1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_rises_then_falls_to_a_tenth() {
        let rates: Vec<f64> = (0..100).map(|step| learning_rate(step, 100, 1.0)).collect();
        assert!((rates[0] - 0.2).abs() < 1e-12 && (rates[4] - 1.0).abs() < 1e-12, "{:?}", &rates[..5]);
        assert!(rates[5..].windows(2).all(|pair| pair[1] < pair[0]));
        assert!((rates[99] - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_gradient_of_length_5_is_cut_to_1() {
        assert!((clip(&[&[3.0], &[4.0]]) - 0.2).abs() < 1e-7);
        assert_eq!(clip(&[&[0.3], &[0.4]]), 1.0);
    }
}
