//! What is drawn at random, each from one stream of numbers, and which prompts are held out.

use circuitscope_engine::discover::noise::Noise;

/// One in so many prompts is never trained on.
const HELD_OUT: u64 = 8;

/// A whole number below `n`.
pub fn below(n: usize, noise: &mut Noise) -> usize {
    (noise.uniform() * n as f64) as usize
}

/// One of a list.
pub fn one_of<'a, T>(list: &'a [T], noise: &mut Noise) -> &'a T {
    &list[below(list.len(), noise)]
}

/// `n` different entries of a list, in random order: the first steps of Fisher and Yates's shuffle.
pub fn different<T: Copy>(list: &[T], n: usize, noise: &mut Noise) -> Vec<T> {
    let mut list = list.to_vec();
    for i in 0..n {
        let other = i + below(list.len() - i, noise);
        list.swap(i, other);
    }
    list.truncate(n);
    list
}

/// From the normal distribution, by Box and Muller's transform.
pub fn normal(noise: &mut Noise) -> f64 {
    let (u, v) = (1.0 - noise.uniform(), noise.uniform());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// Draws until the tokens that tell an example apart are held out, or are not.
pub fn until<T>(held_out: bool, key: impl Fn(&T) -> &[u32], mut draw: impl FnMut() -> T) -> T {
    loop {
        let drawn = draw();
        if is_held_out(key(&drawn)) == held_out {
            return drawn;
        }
    }
}

/// Whether a prompt is held out, by a hash of its tokens (FNV-1a, its constants those of the 64-bit form): the same for any seed.
pub fn is_held_out(tokens: &[u32]) -> bool {
    let bytes = tokens.iter().flat_map(|token| token.to_le_bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    // The high bits depend on all bytes.
    (hash >> 32).is_multiple_of(HELD_OUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_eight_is_held_out() {
        let n = (0..8000).filter(|&i| is_held_out(&[i, 7, i / 3])).count();
        assert!((900..1100).contains(&n), "{n} of 8000");
    }

    #[test]
    fn different_entries_are_different() {
        let mut noise = Noise::new(1);
        for _ in 0..100 {
            let mut drawn = different(&[1, 2, 3, 4, 5], 4, &mut noise);
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), 4);
        }
    }

    #[test]
    fn normal_numbers_have_a_mean_of_0_and_a_variance_of_1() {
        let mut noise = Noise::new(2);
        let numbers: Vec<f64> = (0..20_000).map(|_| normal(&mut noise)).collect();
        let mean = numbers.iter().sum::<f64>() / 20_000.0;
        let square = numbers.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        // Three standard errors: 3 / √20000, and 3 √(2 / 20000).
        assert!(mean.abs() < 0.021 && (square - 1.0).abs() < 0.03, "{mean}, {square}");
    }
}
