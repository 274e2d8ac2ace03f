//! Lists of numbers by a key, all in one allocation (compressed sparse rows).

/// For each key, the numbers that have it, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl Lists {
    /// Sorts `0..keys.len()` by their keys, which are below `n_keys`.
    pub fn new(n_keys: usize, keys: impl Iterator<Item = usize> + Clone) -> Self {
        let mut starts = vec![0_u32; n_keys + 1];
        keys.clone().for_each(|key| starts[key + 1] += 1);
        for key in 0..n_keys {
            starts[key + 1] += starts[key];
        }
        let (mut next, mut values) = (starts.clone(), vec![0; starts[n_keys] as usize]);
        for (value, key) in keys.enumerate() {
            values[next[key] as usize] = value as u32;
            next[key] += 1;
        }
        Self { starts, values }
    }

    /// The numbers of a key.
    pub fn of(&self, key: usize) -> &[u32] {
        &self.values[self.starts[key] as usize..self.starts[key + 1] as usize]
    }
}
