//! What edges are worth to first order: products of the gradients by inputs with what src nodes would change.

use std::ops::Range;

use rten_simd::ops::BitOps;
use rten_simd::{Isa, SimdOp};

use crate::edges::Source;
use crate::fused::mul_add;
use crate::split::{Shared, split, written};
use crate::tile::{IS_WASM, sum_of};

/// The gradients by inputs that have edges from the same sources.
#[derive(Debug, Clone)]
pub struct InputGradients<'a> {
    /// `[input, batch, position, d]`
    pub values: &'a [f32],
    pub n_inputs: usize,
    /// The sources.
    pub sources: Range<usize>,
}

/// Every product of the gradients by inputs with sources: what edges are worth to first order.
#[derive(Debug, Clone, Copy)]
pub struct EdgeScores<'a> {
    pub inputs: &'a [InputGradients<'a>],
    pub batch: usize,
    pub positions: usize,
    pub d: usize,
    /// Without circuits.
    pub sources: &'a [Source<'a>],
    /// Whether each position has scores of its own.
    pub by_position: bool,
}

impl EdgeScores<'_> {
    /// # Shapes
    /// - output: for each of the inputs `[position | 1, input, source]`
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn compute(self) -> Vec<Vec<f32>> {
        let Self { inputs, batch, positions, d, sources, by_position } = self;
        let is_whole = |s: &Source<'_>| s.positions >= positions && s.rows.len() == batch * s.positions * d;
        assert!(sources.iter().all(is_whole), "sources of one circuit, at as many positions");
        for InputGradients { values, n_inputs, sources: of } in inputs {
            assert_eq!(values.len(), n_inputs * batch * positions * d, "a gradient for each input");
            assert!(of.end <= sources.len(), "of sources that are there");
        }
        let n_positions = if by_position { positions } else { 1 };
        let n_scores = |group: &InputGradients<'_>| n_positions * group.n_inputs * group.sources.len();
        let mut starts = vec![0];
        for group in inputs {
            starts.push(starts[starts.len() - 1] + n_scores(group));
        }
        let (n, n_pairs) = (starts[inputs.len()], sources.len().div_ceil(2));
        let one = batch * positions * d;
        // SAFETY: every product is written.
        let all = unsafe {
            written(n, |to| {
                split(n_pairs, n / n_positions.max(1) * one, |pairs| {
                    SomeScores { scores: self, starts: &starts, to, pairs, n_pairs }.dispatch();
                });
            })
        };
        inputs.iter().zip(&starts).map(|(group, &start)| all[start..start + n_scores(group)].to_vec()).collect()
    }
}

/// How many numbers of each row are looked at together: those of all sources fit the second cache. A constant, so that sums do not depend on
/// how the sources are shared out.
const COLUMNS_AT_ONCE: usize = 512;

/// The scores of edges from some sources.
struct SomeScores<'a> {
    scores: EdgeScores<'a>,
    /// Where the scores of each of the inputs begin.
    starts: &'a [usize],
    to: Shared,
    pairs: Range<usize>,
    n_pairs: usize,
}

/// Some columns of every row, and the sources that they are multiplied with.
struct Columns<'a> {
    scores: EdgeScores<'a>,
    /// The first of each pair of sources.
    firsts: &'a [usize],
    prompt: usize,
    /// The position whose scores these are; 0 where all positions share them.
    position: usize,
    /// The first column, counted from the start of that position.
    column: usize,
    n: usize,
}

impl SimdOp for SomeScores<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { scores, starts, to, pairs, n_pairs } = self;
        let EdgeScores { inputs, batch, positions, d, by_position, .. } = scores;
        let (n_groups, in_group) = if by_position { (positions, 1) } else { (1, positions) };
        // One of the first and one of the last, which have edges to fewer inputs.
        let pair = |i: usize| 2 * if i.is_multiple_of(2) { i / 2 } else { n_pairs - 1 - i / 2 };
        let firsts: Vec<usize> = pairs.map(pair).collect();
        let stride = 2 * firsts.len();
        // `[input, source]`, of all inputs
        let mut sums = vec![0.0_f32; inputs.iter().map(|group| group.n_inputs).sum::<usize>() * stride];
        for position in 0..n_groups {
            sums.fill(0.0);
            for prompt in 0..batch {
                for column in (0..in_group * d).step_by(COLUMNS_AT_ONCE) {
                    let n = COLUMNS_AT_ONCE.min(in_group * d - column);
                    Columns { scores, firsts: &firsts, prompt, position, column, n }.add(isa, &mut sums);
                }
            }
            let mut rows = sums.chunks_exact(stride);
            for (InputGradients { n_inputs, sources: of, .. }, start) in inputs.iter().zip(starts) {
                for (input, sums) in (0..*n_inputs).zip(&mut rows) {
                    let start = start + (position * n_inputs + input) * of.len();
                    for (&first, pair) in firsts.iter().zip(sums.chunks_exact(2)) {
                        for source in first.max(of.start)..(first + 2).min(of.end) {
                            // SAFETY: no one else writes the scores of these sources.
                            unsafe { to.at(start + source - of.start).write(pair[source - first]) };
                        }
                    }
                }
            }
        }
    }
}

impl Columns<'_> {
    /// Adds what they contribute to every score.
    ///
    /// # Shapes
    /// - sums: `[input, source]`
    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, sums: &mut [f32]) {
        let stride = 2 * self.firsts.len();
        // AVX-512 has registers for more.
        let has_many = isa.f32().len() == 16;
        let mut first_input = 0;
        for group in self.scores.inputs {
            let mut input = 0;
            while input < group.n_inputs {
                let sums = &mut sums[(first_input + input) * stride..];
                input += match group.n_inputs - input {
                    8.. if has_many => self.add_rows::<I, 8>(isa, group, input, sums),
                    4.. => self.add_rows::<I, 4>(isa, group, input, sums),
                    2.. => self.add_rows::<I, 2>(isa, group, input, sums),
                    _ => self.add_rows::<I, 1>(isa, group, input, sums),
                };
            }
            first_input += group.n_inputs;
        }
    }

    /// The same for `ROWS` inputs of a group; returns `ROWS`.
    #[inline(always)]
    fn add_rows<I: Isa, const ROWS: usize>(
        &self,
        isa: I,
        InputGradients { values, sources: of, .. }: &InputGradients<'_>,
        input: usize,
        sums: &mut [f32],
    ) -> usize {
        let &Self { scores, firsts, prompt, position, column, n } = self;
        let EdgeScores { batch, positions, d, sources, .. } = scores;
        let mut left = [&values[..0]; ROWS];
        for (i, left) in left.iter_mut().enumerate() {
            let row = ((input + i) * batch + prompt) * positions + position;
            *left = &values[row * d + column..][..n];
        }
        for (i, &first) in firsts.iter().enumerate() {
            let range = first.max(of.start)..(first + 2).min(of.end);
            if range.is_empty() {
                continue;
            }
            let right = [range.start, range.end - 1].map(|source| {
                let Source { rows, positions: all } = sources[source];
                &rows[(prompt * all + all - positions + position) * d + column..][..n]
            });
            let sums = &mut sums[2 * i + range.start - first..];
            add_dots(isa, left, right, range.len() == 2, sums, 2 * firsts.len());
        }
        ROWS
    }
}

/// Adds the products of some rows with one or two others.
#[cfg_attr(not(all(target_arch = "wasm32", feature = "relaxed-simd")), inline(always))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn add_dots<I: Isa, const ROWS: usize>(
    isa: I,
    left: [&[f32]; ROWS],
    right: [&[f32]; 2],
    two: bool,
    sums: &mut [f32],
    stride: usize,
) {
    let ops = isa.f32();
    let (lanes, n) = (ops.len(), right[0].len());
    assert!(left.iter().all(|row| row.len() == n) && right[1].len() == n, "rows of one length");
    let whole = n - n % lanes;
    let mut dots = [[ops.zero(); 2]; ROWS];
    let mut at = [left[0].as_ptr(); ROWS];
    for (at, row) in at.iter_mut().zip(&left) {
        *at = row.as_ptr();
    }
    let mut others = right.map(<[f32]>::as_ptr);
    if !IS_WASM {
        for k in (0..whole).step_by(lanes) {
            // SAFETY: a vector is left of each row.
            unsafe { add_products(isa, &at, others, k, &mut dots) };
        }
    }
    let mut vectors = if IS_WASM { whole / lanes } else { 0 };
    // Four vectors a round, with a way out after each: see [`crate::tile`].
    macro_rules! round {
        ($($k:literal)*) => { $(
            if vectors == $k {
                break;
            }
            // SAFETY: so many vectors are left of each row.
            unsafe { add_products(isa, &at, others, $k * lanes, &mut dots) };
        )* }
    }
    loop {
        round!(0 1 2 3);
        vectors -= 4;
        at = at.map(|row| row.wrapping_add(4 * lanes));
        others = others.map(|row| row.wrapping_add(4 * lanes));
    }
    for (row, dots) in dots.iter().enumerate() {
        for (column, &dot) in dots.iter().enumerate().take(1 + usize::from(two)) {
            let rest = (whole..n).map(|k| left[row][k] * right[column][k]);
            sums[row * stride + column] += rest.fold(sum_of::<I>(dot), |sum, x| sum + x);
        }
    }
}

/// Adds the products of a vector of some rows with one of each of two others.
///
/// # Safety
/// Each has a vector from `k` on.
#[inline(always)]
unsafe fn add_products<I: Isa, const ROWS: usize>(
    isa: I,
    rows: &[*const f32; ROWS],
    others: [*const f32; 2],
    k: usize,
    dots: &mut [[I::F32; 2]; ROWS],
) {
    let ops = isa.f32();
    // SAFETY: as the caller says.
    unsafe {
        let (a, b) = (ops.load_ptr(others[0].add(k)), ops.load_ptr(others[1].add(k)));
        for (dots, row) in dots.iter_mut().zip(rows) {
            let row = ops.load_ptr(row.add(k));
            dots[0] = mul_add(isa, row, a, dots[0]);
            dots[1] = mul_add(isa, row, b, dots[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    fn numbers(seed: usize, n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
    }

    #[test]
    fn scores_of_edges_are_those_of_the_definition() {
        for (n_inputs, n_sources, batch, positions, d, by_position) in
            [(1, 1, 1, 1, 1, false), (6, 3, 2, 3, 40, false), (9, 5, 2, 2, 33, true), (4, 2, 1, 4, 700, false)]
        {
            // The second inputs have edges from all sources but the first and the last.
            let n_of = [n_inputs, 5];
            let sources_of = [0..n_sources, 1.min(n_sources - 1)..(n_sources - 1).max(1)];
            let values = n_of.map(|n| numbers(n, n * batch * positions * d));
            // Every second source has a position more.
            let positions_of = |source: usize| positions + source % 2;
            let rows: Vec<Vec<f32>> = (0..n_sources).map(|s| numbers(2 + s, batch * positions_of(s) * d)).collect();
            let sources: Vec<_> =
                rows.iter().enumerate().map(|(s, rows)| Source { rows, positions: positions_of(s) }).collect();
            let inputs = [0, 1].map(|i| InputGradients {
                values: &values[i],
                n_inputs: n_of[i],
                sources: sources_of[i].clone(),
            });
            let found = EdgeScores { inputs: &inputs, batch, positions, d, sources: &sources, by_position }.compute();
            let n_groups = if by_position { positions } else { 1 };
            for (InputGradients { values, n_inputs, sources: of }, found) in inputs.iter().zip(found) {
                assert_eq!(found.len(), n_groups * n_inputs * of.len());
                for (i, found) in found.into_iter().enumerate() {
                    let (source, input, group) =
                        (of.start + i % of.len(), i / of.len() % n_inputs, i / (of.len() * n_inputs));
                    let mut expected = 0.0;
                    for (prompt, position) in (0..batch).flat_map(|b| (0..positions).map(move |p| (b, p))) {
                        if by_position && position != group {
                            continue;
                        }
                        let left = &values[((input * batch + prompt) * positions + position) * d..][..d];
                        let at = prompt * positions_of(source) + positions_of(source) - positions + position;
                        let right = &rows[source][at * d..][..d];
                        expected += left.iter().zip(right).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
                    }
                    assert!((f64::from(found) - expected).abs() < 1e-3, "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn scores_do_not_depend_on_how_sources_are_shared_out() {
        let (n_inputs, n_sources, positions, d) = (11, 201, 3, 500);
        let values = numbers(1, n_inputs * positions * d);
        let rows: Vec<Vec<f32>> = (0..n_sources).map(|source| numbers(2 + source, positions * d)).collect();
        let sources: Vec<_> = rows.iter().map(|rows| Source { rows, positions }).collect();
        let inputs = [InputGradients { values: &values, n_inputs, sources: 0..n_sources }];
        let scores = EdgeScores { inputs: &inputs, batch: 1, positions, d, sources: &sources, by_position: false };
        let (n, n_pairs) = (n_inputs * n_sources, n_sources.div_ceil(2));
        let found = |parts: &[Range<usize>]| {
            let mut found = vec![f32::NAN; n];
            let to = Shared::new(&mut found);
            for pairs in parts {
                SomeScores { scores, starts: &[0, n], to, pairs: pairs.clone(), n_pairs }.dispatch();
            }
            found
        };
        let (whole, cut) = (0..n_pairs, [0..7, 7..60, 60..n_pairs]);
        assert_eq!(found(slice::from_ref(&whole)), found(&cut));
    }
}
