//! A few rows of a product at a time, in registers.

use std::mem::MaybeUninit;

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, Simd, SimdOp};

use crate::fused::mul_add;

/// What AVX-512 holds in a vector.
const MOST_LANES: usize = 16;

/// In a browser there are 15 registers for vectors, and code is compiled as it is written.
pub const IS_WASM: bool = cfg!(target_arch = "wasm32");

/// How many numbers a vector holds here.
pub fn lanes() -> usize {
    struct Lanes;
    impl SimdOp for Lanes {
        type Output = usize;

        #[inline(always)]
        fn eval<I: Isa>(self, isa: I) -> usize {
            isa.f32().len()
        }
    }
    Lanes.dispatch()
}

/// Some rows times a panel.
#[derive(Clone, Copy)]
pub struct Tile {
    /// The left side, `[n_rows, depth]`, whose rows begin `a_stride` numbers apart.
    pub a: *const f32,
    pub a_stride: usize,
    /// The right side, `[depth, one or two vectors]`, whose rows begin `b_stride` numbers apart.
    pub b: *const f32,
    pub b_stride: usize,
    pub depth: usize,
    /// What is added to every row, as wide as the panel.
    pub bias: Option<*const f32>,
    /// The product, `[n_rows, n_columns]`, whose rows begin `c_stride` numbers apart.
    pub c: *mut f32,
    pub c_stride: usize,
    /// How many columns are written: at most as many as the panel has.
    pub n_columns: usize,
    /// Whether the product is added to what is there.
    pub add: bool,
}

impl Tile {
    /// All of `n_rows` rows, as many at a time as there are registers for.
    ///
    /// # Safety
    /// The pointers lead to as many numbers as the sizes say, and no one else writes or reads the product meanwhile.
    #[inline(always)]
    pub unsafe fn rows<I: Isa>(self, isa: I, two_vectors: bool, n_rows: usize) {
        // SAFETY: as the caller says.
        unsafe { if two_vectors { self.all_rows::<I, 2>(isa, n_rows) } else { self.all_rows::<I, 1>(isa, n_rows) } }
    }

    #[cfg_attr(not(all(target_arch = "wasm32", feature = "relaxed-simd")), inline(always))]
    #[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
    unsafe fn all_rows<I: Isa, const VECTORS: usize>(mut self, isa: I, n_rows: usize) {
        let lanes = isa.f32().len();
        let mut left = n_rows;
        while left > 0 {
            // SAFETY: `n` rows are left.
            let n = unsafe {
                // As many as the registers of AVX-512 hold, or of the others.
                if lanes == 16 && left >= 12 {
                    self.few::<I, 12, VECTORS>(isa)
                } else if lanes == 16 && left >= 8 {
                    self.few::<I, 8, VECTORS>(isa)
                } else if lanes != 16 && !IS_WASM && left >= 6 {
                    self.few::<I, 6, VECTORS>(isa)
                } else if left >= 4 {
                    self.few::<I, 4, VECTORS>(isa)
                } else if left >= 2 {
                    self.few::<I, 2, VECTORS>(isa)
                } else {
                    self.few::<I, 1, VECTORS>(isa)
                }
            };
            left -= n;
            // Wrapping, as the last step may lead beyond the numbers.
            self.a = self.a.wrapping_add(n * self.a_stride);
            self.c = self.c.wrapping_add(n * self.c_stride);
        }
    }

    /// `ROWS` rows times `VECTORS` vectors; returns `ROWS`.
    #[inline(always)]
    unsafe fn few<I: Isa, const ROWS: usize, const VECTORS: usize>(self, isa: I) -> usize {
        let ops = isa.f32();
        // SAFETY: all addresses are within the sizes that the caller vouches for.
        unsafe {
            let mut sums = [[ops.zero(); VECTORS]; ROWS];
            if IS_WASM {
                self.sum_by_eight(isa, &mut sums);
            } else {
                self.sum(isa, &mut sums);
            }
            self.write(isa, &sums);
        }
        ROWS
    }

    /// Adds the products of all rows of the panel.
    #[inline(always)]
    unsafe fn sum<I: Isa, const ROWS: usize, const VECTORS: usize>(
        &self,
        isa: I,
        sums: &mut [[I::F32; VECTORS]; ROWS],
    ) {
        for k in 0..self.depth {
            // SAFETY: there are as many rows and columns.
            unsafe { add_row(isa, sums, |i| *self.a.add(i * self.a_stride + k), self.b.add(k * self.b_stride)) };
        }
    }

    /// The same for WebAssembly: eight rows of the panel a round, so that pointers are moved and a browser's
    /// checks of a loop are made once for them. The way out after each keeps compilers from computing one row of the left side after
    /// the other, for which all eight rows of the panel would have to be in registers.
    #[inline(always)]
    unsafe fn sum_by_eight<I: Isa, const ROWS: usize, const VECTORS: usize>(
        &self,
        isa: I,
        sums: &mut [[I::F32; VECTORS]; ROWS],
    ) {
        let Self { a, a_stride, mut b, b_stride, depth: mut left, .. } = *self;
        if left == 0 {
            return;
        }
        let mut rows = [a; ROWS];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = a.wrapping_add(i * a_stride);
        }
        macro_rules! round {
            ($($k:literal)*) => { $(
                // SAFETY: `left` rows of the panel are left, and as many columns.
                unsafe { add_row(isa, sums, |i| *rows[i].add($k), b.add($k * b_stride)) };
                if left == $k + 1 {
                    return;
                }
            )* }
        }
        loop {
            round!(0 1 2 3 4 5 6 7);
            left -= 8;
            rows = rows.map(|row| row.wrapping_add(8));
            b = b.wrapping_add(8 * b_stride);
        }
    }

    /// Writes the sums, or adds them to what is there, by way of memory of our own where not all columns are wanted.
    #[inline(always)]
    unsafe fn write<I: Isa, const ROWS: usize, const VECTORS: usize>(&self, isa: I, sums: &[[I::F32; VECTORS]; ROWS]) {
        let ops = isa.f32();
        let lanes = ops.len();
        let &Self { bias, c, c_stride, n_columns, add, .. } = self;
        let is_whole = n_columns == VECTORS * lanes;
        let mut whole = [[MaybeUninit::<[f32; MOST_LANES]>::uninit(); VECTORS]; ROWS];
        let (to, stride) = if is_whole { (c, c_stride) } else { (whole.as_mut_ptr().cast(), VECTORS * lanes) };
        // SAFETY: within the product, which is as large as the sizes say, or within memory for as many vectors; a bias has a number for
        // every column of the panel.
        unsafe {
            let bias = match bias {
                Some(bias) => load::<I, VECTORS>(isa, bias),
                None => [ops.zero(); VECTORS],
            };
            for (i, sums) in sums.iter().enumerate() {
                for (j, (&sum, &bias)) in sums.iter().zip(&bias).enumerate() {
                    let (to, sum) = (to.add(i * stride + j * lanes), ops.add(sum, bias));
                    ops.store_ptr(if add && is_whole { ops.add(ops.load_ptr(to), sum) } else { sum }, to);
                }
            }
            for i in 0..if is_whole { 0 } else { ROWS } {
                for column in 0..n_columns {
                    let (to, x) = (c.add(i * c_stride + column), *to.add(i * stride + column));
                    *to = if add { *to + x } else { x };
                }
            }
        }
    }
}

/// Adds a column of the left side times a row of the panel.
///
/// # Safety
/// There are as many numbers at the address.
#[inline(always)]
unsafe fn add_row<I: Isa, const ROWS: usize, const VECTORS: usize>(
    isa: I,
    sums: &mut [[I::F32; VECTORS]; ROWS],
    left: impl Fn(usize) -> f32,
    right: *const f32,
) {
    let ops = isa.f32();
    // SAFETY: as the caller says.
    let right = unsafe { load::<I, VECTORS>(isa, right) };
    for (i, sums) in sums.iter_mut().enumerate() {
        let left = ops.splat(left(i));
        for (sum, &right) in sums.iter_mut().zip(&right) {
            *sum = mul_add(isa, left, right, *sum);
        }
    }
}

/// Vectors that follow each other. (A closure would not be compiled for the vector unit.)
///
/// # Safety
/// There are as many numbers at the address.
#[inline(always)]
unsafe fn load<I: Isa, const VECTORS: usize>(isa: I, from: *const f32) -> [I::F32; VECTORS] {
    let ops = isa.f32();
    let mut vectors = [ops.zero(); VECTORS];
    for (i, vector) in vectors.iter_mut().enumerate() {
        // SAFETY: as the caller says.
        *vector = unsafe { ops.load_ptr(from.add(i * ops.len())) };
    }
    vectors
}

/// The sum of a vector's numbers, by halves.
#[inline(always)]
pub fn sum_of<I: Isa>(x: I::F32) -> f32 {
    let x = x.to_array();
    let x = x.as_ref();
    match x.len() {
        16 => {
            let eight: [f32; 8] = halved(x);
            let four: [f32; 4] = halved(&eight);
            (four[0] + four[2]) + (four[1] + four[3])
        }
        8 => {
            let four: [f32; 4] = halved(x);
            (four[0] + four[2]) + (four[1] + four[3])
        }
        4 => (x[0] + x[2]) + (x[1] + x[3]),
        _ => x.iter().sum(),
    }
}

/// The first half and the second, added up.
#[inline(always)]
fn halved<const HALF: usize>(x: &[f32]) -> [f32; HALF] {
    let mut sums = [0.0; HALF];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = x[i] + x[i + HALF];
    }
    sums
}
