//! The inputs of dest nodes whose edges are patched: the residual stream and what the patched edges change of it, with the norm that
//! follows.

use std::ops::Range;

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

use crate::fused::mul_add;
use crate::norm::{Norm, norm_in_place};
use crate::split::{Shared, split, written};

/// What a src node would change if all edges from it were patched.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `[circuit | 1, batch, position, d]`, at positions that end with those of the sums.
    pub rows: &'a [f32],
    pub positions: usize,
}

/// How much of a source is added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// Its index.
    pub source: u32,
    pub amount: f32,
}

/// Sums for several inputs of each circuit.
#[derive(Debug, Clone, Copy)]
pub struct EdgeSums<'a> {
    pub circuits: usize,
    pub batch: usize,
    pub positions: usize,
    pub d: usize,
    /// What every input begins with: `[circuit | 1, batch, position, d]`.
    pub resid: &'a [f32],
    pub sources: &'a [Source<'a>],
    /// `[circuit, input]`, or `[circuit, input, position]`
    pub terms: &'a [Vec<Term>],
    pub n_inputs: usize,
    /// What is applied to each row of the sums.
    pub norm: Option<Norm<'a>>,
}

impl EdgeSums<'_> {
    /// # Shapes
    /// - output: `[circuit, input, batch, position, d]`
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn compute(self) -> Vec<f32> {
        let Self { circuits, batch, positions, d, resid, sources, terms, n_inputs, norm } = self;
        let is_whole = |rows: &[f32], positions: usize| {
            let one = batch * positions * d;
            rows.len() == one || rows.len() == circuits * one
        };
        assert!(is_whole(resid, positions), "a residual stream for each circuit, or for all");
        assert!(sources.iter().all(|s| s.positions >= positions && is_whole(s.rows, s.positions)), "and so sources");
        let per_circuit = n_inputs * circuits;
        assert!(terms.len() == per_circuit || terms.len() == per_circuit * positions, "terms for every input");
        assert!(terms.iter().flatten().all(|term| (term.source as usize) < sources.len()), "of sources that are there");
        assert!(norm.iter().flat_map(|n| [n.gain, n.bias]).flatten().all(|row| row.len() == d), "a norm of d numbers");
        let n_terms: usize = terms.iter().map(Vec::len).sum();
        let rows = batch * positions;
        let rows_per_term = rows * per_circuit / terms.len().max(1);
        let work = (n_terms * rows_per_term + 6 * per_circuit * rows) * d;
        // SAFETY: every row of every input is written.
        unsafe {
            written(per_circuit * rows * d, |to| {
                split(circuits * rows, work, |tasks| Part { sums: self, to, tasks }.dispatch());
            })
        }
    }
}

/// Some rows of all inputs.
struct Part<'a> {
    sums: EdgeSums<'a>,
    to: Shared,
    tasks: Range<usize>,
}

impl SimdOp for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { sums, to, tasks } = self;
        let EdgeSums { circuits, batch, positions, d, resid, sources, terms, n_inputs, norm } = sums;
        let rows = batch * positions;
        let of_positions = terms.len() > circuits * n_inputs;
        let lanes = isa.f32().len();
        // The rows of the sources that belong to a row of the sums.
        let mut at = Vec::with_capacity(sources.len());
        for task in tasks {
            let (circuit, row) = (task / rows, task % rows);
            let (prompt, position) = (row / positions, row % positions);
            at.clear();
            for source in sources {
                let one = batch * source.positions;
                let first = if source.rows.len() > one * d { circuit * one } else { 0 };
                let row = first + prompt * source.positions + source.positions - positions + position;
                at.push(&source.rows[row * d..][..d]);
            }
            let first = if resid.len() > rows * d { circuit * rows } else { 0 };
            let resid = &resid[(first + row) * d..][..d];
            for input in 0..n_inputs {
                let index = circuit * n_inputs + input;
                let terms = &terms[if of_positions { index * positions + position } else { index }];
                let start = (index * rows + row) * d;
                let mut column = 0;
                // SAFETY: no one else writes this row, and all of it is written before it is read.
                unsafe {
                    while column + 8 * lanes <= d {
                        add_up::<I, 8>(isa, resid, &at, terms, column, to.at(start + column));
                        column += 8 * lanes;
                    }
                    while column + lanes <= d {
                        add_up::<I, 1>(isa, resid, &at, terms, column, to.at(start + column));
                        column += lanes;
                    }
                    for column in column..d {
                        let sum = terms.iter().fold(resid[column], |sum, &Term { source, amount }| {
                            sum + amount * at[source as usize][column]
                        });
                        to.at(start + column).write(sum);
                    }
                    if let Some(norm) = norm {
                        norm_in_place(isa, norm, to.slice(start, d));
                    }
                }
            }
        }
    }
}

/// Some vectors of a sum.
///
/// # Safety
/// There is room for them, and no one else uses it meanwhile.
#[cfg_attr(not(all(target_arch = "wasm32", feature = "relaxed-simd")), inline(always))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn add_up<I: Isa, const VECTORS: usize>(
    isa: I,
    resid: &[f32],
    sources: &[&[f32]],
    terms: &[Term],
    column: usize,
    to: *mut f32,
) {
    let ops = isa.f32();
    let lanes = ops.len();
    let mut sums = [ops.zero(); VECTORS];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = ops.load(&resid[column + i * lanes..]);
    }
    for &Term { source, amount } in terms {
        let (from, amount) = (&sources[source as usize][column..column + VECTORS * lanes], ops.splat(amount));
        for (i, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the slice has as many numbers.
            *sum = mul_add(isa, unsafe { ops.load_ptr(from.as_ptr().add(i * lanes)) }, amount, *sum);
        }
    }
    for (i, &sum) in sums.iter().enumerate() {
        // SAFETY: there is room, as the caller says.
        unsafe { ops.store_ptr(sum, to.add(i * lanes)) };
    }
}

/// What it takes to read two numbers and to write one that is in no cache, in multiplications and additions.
const MOVED: usize = 8;

/// `patch - out`, of some nodes.
///
/// # Shapes
/// - patch: `[node, batch | 1, position | 1, d]`
/// - out: `[circuit, index in nodes, batch, position, d]`
/// - output: for each of the nodes `[circuit, batch, position, d]`
///
/// # Panics
/// When the sizes do not fit.
pub fn differences(
    (patch, patch_batch, patch_positions): (&[f32], usize, usize),
    out: &[f32],
    [circuits, batch, positions, d]: [usize; 4],
    nodes: &[usize],
) -> Vec<Vec<f32>> {
    let (rows, n_nodes) = (batch * positions, nodes.len());
    assert_eq!(out.len(), circuits * n_nodes * rows * d, "outputs of every circuit and node");
    assert!([1, batch].contains(&patch_batch) && [1, positions].contains(&patch_positions), "patches for all, or one");
    let one = circuits * rows * d;
    let mut all: Vec<Vec<f32>> = nodes.iter().map(|_| Vec::with_capacity(one)).collect();
    let to: Vec<Shared> = all.iter_mut().map(|node| Shared::uninit(node.spare_capacity_mut())).collect();
    split(n_nodes * circuits * rows, n_nodes * one * MOVED, |tasks| {
        for task in tasks {
            let (i, task) = (task / (circuits * rows), task % (circuits * rows));
            let (circuit, row) = (task / rows, task % rows);
            let (prompt, position) = (row / positions % patch_batch, row % positions % patch_positions);
            let patch = &patch[((nodes[i] * patch_batch + prompt) * patch_positions + position) * d..][..d];
            let out = &out[((circuit * n_nodes + i) * rows + row) * d..][..d];
            for (column, (patch, out)) in patch.iter().zip(out).enumerate() {
                // SAFETY: there is room for `one` numbers of each node, and no one else writes this row.
                unsafe { to[i].at(task * d + column).write(patch - out) };
            }
        }
    });
    // SAFETY: every row of every node is written.
    all.iter_mut().for_each(|node| unsafe { node.set_len(one) });
    all
}

/// Adds up sources of one number of positions.
///
/// # Shapes
/// - output: `[circuit, batch, position, d]`, or without circuits where no source has them
///
/// # Panics
/// When there is no source, or their sizes do not fit.
pub fn total(sources: &[&[f32]]) -> Vec<f32> {
    let n = sources.iter().map(|rows| rows.len()).max().expect("there is a source");
    assert!(sources.iter().all(|rows| n.is_multiple_of(rows.len())), "sources of every circuit, or of all");
    let blocks = n.div_ceil(BLOCK);
    // SAFETY: every number is written.
    unsafe {
        written(n, |to| {
            split(blocks, 2 * n * sources.len(), |part| {
                let columns = part.start * BLOCK..n.min(part.end * BLOCK);
                Total { sources, to, columns }.dispatch();
            });
        })
    }
}

/// How many numbers are added up at a time.
const BLOCK: usize = 1024;

struct Total<'a> {
    sources: &'a [&'a [f32]],
    to: Shared,
    columns: Range<usize>,
}

impl SimdOp for Total<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { sources, to, columns } = self;
        let ops = isa.f32();
        let lanes = ops.len();
        let is_of_circuits = sources.iter().any(|rows| rows.len() != sources[0].len());
        let mut i = columns.start;
        // SAFETY: no one else writes these numbers.
        unsafe {
            while !is_of_circuits && i + lanes <= columns.end {
                let mut sum = ops.load(&sources[0][i..]);
                for rows in &sources[1..] {
                    sum = ops.add(sum, ops.load(&rows[i..]));
                }
                ops.store_ptr(sum, to.at(i));
                i += lanes;
            }
            for i in i..columns.end {
                to.at(i).write(sources.iter().map(|rows| rows[i % rows.len()]).sum());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norm::NormKind;

    fn numbers(seed: usize, n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
    }

    #[test]
    fn sums_of_edges_are_those_of_the_definition() {
        for (circuits, batch, positions, d, n_inputs, of_positions) in
            [(1, 1, 1, 3, 1, false), (2, 3, 4, 150, 3, false), (3, 2, 3, 64, 2, true)]
        {
            // The second has two more positions, the third no circuits.
            let one = batch * positions * d;
            let rows =
                [numbers(1, circuits * one), numbers(2, circuits * batch * (positions + 2) * d), numbers(3, one)];
            let [a, b, c] = &rows;
            let sources = [
                Source { rows: a, positions },
                Source { rows: b, positions: positions + 2 },
                Source { rows: c, positions },
            ];
            let resid = numbers(4, one);
            let n_terms = circuits * n_inputs * if of_positions { positions } else { 1 };
            let some = |i: usize| -> Vec<Term> {
                let term = |source: u32| Term { source, amount: (i as f32 - 1.5) * (1.0 + source as f32) };
                (0..3).filter(|source| !(i + *source as usize).is_multiple_of(3)).map(term).collect()
            };
            let terms: Vec<Vec<Term>> = (0..n_terms).map(some).collect();
            let (gain, bias) = (numbers(5, d), numbers(6, d));
            let norm = Norm { kind: NormKind::Layer, eps: 1e-2, gain: Some(&gain), bias: Some(&bias) };
            let sums = EdgeSums {
                circuits,
                batch,
                positions,
                d,
                resid: &resid,
                sources: &sources,
                terms: &terms,
                n_inputs,
                norm: None,
            };
            let found = sums.compute();
            let expected = (0..found.len()).map(|i| {
                let (column, position, prompt) = (i % d, i / d % positions, i / (d * positions) % batch);
                let (input, circuit) = (i / one % n_inputs, i / (one * n_inputs));
                let index = circuit * n_inputs + input;
                let terms = &terms[if of_positions { index * positions + position } else { index }];
                let number = |term: &Term| {
                    let extra = if term.source == 1 { 2 } else { 0 };
                    let row = prompt * (positions + extra) + extra + position;
                    let first = if term.source == 2 { 0 } else { circuit * batch * (positions + extra) };
                    term.amount * rows[term.source as usize][(first + row) * d + column]
                };
                resid[(prompt * positions + position) * d + column] + terms.iter().map(number).sum::<f32>()
            });
            let expected: Vec<f32> = expected.collect();
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
            let normed = EdgeSums { norm: Some(norm), ..sums }.compute();
            let expected = norm.forward(d, &found);
            assert!(normed.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{normed:?} {expected:?}");
        }
    }

    #[test]
    fn differences_and_totals_are_those_of_the_definition() {
        let (circuits, batch, positions, d) = (2, 3, 4, 5);
        let (patch, out) = (numbers(1, 3 * batch * d), numbers(2, circuits * 2 * batch * positions * d));
        let found = differences((&patch, batch, 1), &out, [circuits, batch, positions, d], &[2, 0]);
        for (i, (found, node)) in found.iter().zip([2, 0]).enumerate() {
            for (j, x) in found.iter().enumerate() {
                let (row, circuit) = (j / d % (batch * positions), j / (d * batch * positions));
                let patch = patch[(node * batch + row / positions) * d + j % d];
                assert_eq!(*x, patch - out[((circuit * 2 + i) * batch * positions + row) * d + j % d]);
            }
        }
        let (a, b, c) = (numbers(3, 2500), numbers(4, 2500), numbers(5, 1250));
        let same: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        assert_eq!(total(&[&a, &b]), same);
        let mixed: Vec<f32> = (0..2500).map(|i| a[i] + c[i % 1250]).collect();
        assert_eq!(total(&[&a, &c]), mixed);
    }
}
