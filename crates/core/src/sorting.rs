//! Sorting, once for all of the page: the standard library's sorts are written out anew, in some kilobytes, for each type
//! and each comparison that they are called with.

use std::cmp::Ordering;

/// Sorts by a comparison; equal ones stay in their order.
pub fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = order(items.len(), &mut |a, b| compare(&items[a], &items[b]));
    arrange(order, &mut |a, b| items.swap(a, b));
}

/// Sorts by a key; equal ones stay in their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts in ascending order.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Of each place among `n` sorted things, where it was before; equal ones stay in their order.
pub fn order(n: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// Brings things into an order, swap by swap.
fn arrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        // Once around the ring of places that take each other's things.
        let mut place = start;
        while order[place] != start {
            let from = std::mem::replace(&mut order[place], place);
            swap(place, from);
            place = from;
        }
        order[place] = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        // A linear congruential generator; few keys, so that many are equal.
        let keys = (0..500u32).scan(1u32, |seed, _| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some(*seed >> 27)
        });
        let items: Vec<(u32, usize)> = keys.zip(0..).collect();
        for n in [0, 1, 2, 3, 50, 500] {
            let (mut found, mut expected) = (items[..n].to_vec(), items[..n].to_vec());
            sort_by_key(&mut found, |item| item.0);
            expected.sort_by_key(|item| item.0);
            assert_eq!(found, expected);
            sort_by(&mut found, |a, b| b.cmp(a));
            expected.sort_by(|a, b| b.cmp(a));
            assert_eq!(found, expected);
            sort(&mut found);
            expected.sort();
            assert_eq!(found, expected);
        }
    }
}
