//! Sorting by one compiled sort, that of indices.
//!
//! The standard library's sort is compiled anew for every type and every order, some 4 KB each. A program that is fetched with every
//! post should carry one. What is sorted over and over while a drawing is laid out uses the standard library's at once.

use std::cmp::Ordering;

/// Sorts a list. Items of the same order stay in theirs.
pub fn sort_by<T>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    let mut from = sorted_indices(items.len(), &mut |a, b| order(&items[a], &items[b]));
    // Each cycle of the permutation is gone round once: an item moves to its place, and the first of the cycle to where it was.
    for start in 0..items.len() {
        let mut place = start;
        while from[place] != start {
            let next = from[place];
            items.swap(place, next);
            from[place] = place;
            place = next;
        }
        from[place] = place;
    }
}

/// Sorts a list by a key, which is computed for every comparison. Items of the same key stay in their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// The indices of `n` items in the order of the items.
fn sorted_indices(n: usize, order: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..n).collect();
    indices.sort_by(|&a, &b| order(a, b));
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_as_by_the_standard_library() {
        for n in [0, 1, 2, 3, 10, 21, 100, 1000] {
            let items: Vec<(usize, String)> = (0..n).map(|i| (i * i / 7 % 13, i.to_string())).collect();
            let (mut sorted, mut expected) = (items.clone(), items);
            sort_by_key(&mut sorted, |(key, _)| *key);
            expected.sort_by_key(|(key, _)| *key);
            assert_eq!(sorted, expected);
            sort_by(&mut sorted, |(_, a), (_, b)| b.cmp(a));
            expected.sort_by(|(_, a), (_, b)| b.cmp(a));
            assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn a_list_that_is_turned_by_one_takes_a_step_an_item() {
        let mut n_compared = 0;
        let mut items: Vec<usize> = (1..100_000).chain([0]).collect();
        sort_by(&mut items, |a, b| {
            n_compared += 1;
            a.cmp(b)
        });
        assert!(items.is_sorted() && n_compared < 1_000_000);
    }
}
