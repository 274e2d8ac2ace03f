//! Weights in the order in which a product reads them.

use crate::buffer::Buffer;
use crate::tile::lanes;

/// A matrix `[depth, groups · width]` that products are computed with many times, cut into panels of a few columns, each of which lies
/// row after row. No panel has columns of two groups: the product of a group can be had alone.
#[derive(Debug, Clone)]
pub struct Packed {
    shape: PackedShape,
    /// How many columns a panel has; those beyond the last of a group are 0.
    panel_width: usize,
    /// `[group, panel, depth, panel_width]`
    weights: Buffer,
    /// `[group, panel, panel_width]`: what is added to every row of a product.
    bias: Option<Buffer>,
}

/// The sizes of a [`Packed`] matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedShape {
    /// The number of rows: what a product sums over.
    pub depth: usize,
    /// How many matrices lie side by side.
    pub groups: usize,
    /// The number of columns of each.
    pub width: usize,
}

impl Packed {
    /// Packs the matrix whose number in a row and in a column of a group is `weight(row, group, column)`. `bias` has a number for
    /// every column, group by group.
    pub fn new(shape: PackedShape, bias: Option<&[f32]>, weight: impl Fn(usize, usize, usize) -> f32) -> Self {
        let PackedShape { depth, groups, width } = shape;
        let panel_width = panel_width(width);
        let n_panels = groups * width.div_ceil(panel_width);
        let mut packed =
            Self { shape, panel_width, weights: Buffer::zeros(n_panels * depth * panel_width), bias: None };
        let to = packed.weights.as_mut_slice();
        let mut padded = Buffer::zeros(n_panels * panel_width);
        for group in 0..groups {
            for first in (0..width).step_by(panel_width) {
                let panel = group * width.div_ceil(panel_width) + first / panel_width;
                let n = panel_width.min(width - first);
                for row in 0..depth {
                    let start = (panel * depth + row) * panel_width;
                    for (i, to) in to[start..start + n].iter_mut().enumerate() {
                        *to = weight(row, group, first + i);
                    }
                }
                if let Some(bias) = bias {
                    let from = group * width + first;
                    padded.as_mut_slice()[panel * panel_width..][..n].copy_from_slice(&bias[from..from + n]);
                }
            }
        }
        packed.bias = bias.map(|_| padded);
        packed
    }

    pub fn shape(&self) -> PackedShape {
        self.shape
    }

    pub fn panel_width(&self) -> usize {
        self.panel_width
    }

    /// How many panels each group has.
    pub fn panels_per_group(&self) -> usize {
        self.shape.width.div_ceil(self.panel_width)
    }

    /// A panel from one of its rows on: `[depth - row, panel_width]`.
    pub fn panel(&self, panel: usize, row: usize) -> &[f32] {
        &self.weights.as_slice()[(panel * self.shape.depth + row) * self.panel_width..]
    }

    /// What is added to the rows of a panel's product: `[panel_width]`.
    pub fn bias(&self, panel: usize) -> Option<&[f32]> {
        Some(&self.bias.as_ref()?.as_slice()[panel * self.panel_width..][..self.panel_width])
    }

    /// A column of the first group, `[depth]`, without its bias.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f32> + '_ {
        let (panel, i) = (column / self.panel_width, column % self.panel_width);
        self.panel(panel, 0)[i..].iter().step_by(self.panel_width).take(self.shape.depth).copied()
    }

    /// The number that is added to a column of the first group.
    pub fn bias_of(&self, column: usize) -> f32 {
        self.bias(column / self.panel_width).map_or(0.0, |bias| bias[column % self.panel_width])
    }
}

/// As few vectors that stay empty as possible, and two a panel where that costs nothing: each number of a left side then serves twice.
fn panel_width(width: usize) -> usize {
    let one = lanes();
    let padded = |panel: usize| width.div_ceil(panel) * panel;
    if padded(2 * one) <= padded(one) || width > 8 * one { 2 * one } else { one }
}
