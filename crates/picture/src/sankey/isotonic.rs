//! Isotonic regression: the nearest values that do not decrease, by pooling neighbours that do (pool adjacent violators; Barlow
//! et al. 1972, "Statistical Inference under Order Restrictions").

/// Neighbours that share a value: the mean of what they would like.
#[derive(Debug, Clone, Copy)]
struct Pool {
    weighted_sum: f64,
    weight: f64,
    n: usize,
}

/// Pools, kept between calls for their memory.
#[derive(Debug, Default)]
pub(super) struct Isotonic {
    pools: Vec<Pool>,
}

impl Isotonic {
    /// Starts with no values.
    pub fn clear(&mut self) {
        self.pools.clear();
    }

    /// Appends a value that would like to be `wanted`. Weights are above 0.
    pub fn push(&mut self, wanted: f64, weight: f64) {
        let mut pool = Pool { weighted_sum: wanted * weight, weight, n: 1 };
        while let Some(&last) = self.pools.last()
            && last.weighted_sum * pool.weight > pool.weighted_sum * last.weight
        {
            self.pools.pop();
            let (weighted_sum, weight) = (last.weighted_sum + pool.weighted_sum, last.weight + pool.weight);
            pool = Pool { weighted_sum, weight, n: last.n + pool.n };
        }
        self.pools.push(pool);
    }

    /// The values, in the order in which they were pushed.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        // Rounding alone could let a mean be less than the one before it.
        let means = self.pools.iter().scan(f64::NEG_INFINITY, |last, pool| {
            *last = last.max(pool.weighted_sum / pool.weight);
            Some((*last, pool.n))
        });
        means.flat_map(|(mean, n)| std::iter::repeat_n(mean, n))
    }
}
