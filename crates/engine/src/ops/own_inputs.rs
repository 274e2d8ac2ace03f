//! Inputs of dest nodes that are their own, as patched edges make them.

use burn::tensor::Tensor;

#[cfg(feature = "gpu")]
use super::gpu::sums::Sums;
use super::norm::Norm;

/// Inputs of several nodes: `[circuit, node, batch, position, d_model]`.
#[derive(Debug, Clone)]
pub enum OwnInputs {
    Added(Box<Tensor<5>>),
    /// They are still to be added up, and then are of so many prompts.
    #[cfg(feature = "gpu")]
    Sums {
        sums: Box<Sums>,
        batch: usize,
    },
}

impl From<Tensor<5>> for OwnInputs {
    fn from(added: Tensor<5>) -> Self {
        Self::Added(Box::new(added))
    }
}

impl OwnInputs {
    pub fn dims(&self) -> [usize; 5] {
        match self {
            Self::Added(input) => input.dims(),
            #[cfg(feature = "gpu")]
            Self::Sums { sums, batch } => {
                let [circuits, nodes, rows, d_model] = sums.dims();
                [circuits, nodes, *batch, rows / batch, d_model]
            }
        }
    }

    /// The inputs themselves.
    pub fn added(self) -> Tensor<5> {
        #[cfg(feature = "gpu")]
        let shape = self.dims();
        match self {
            Self::Added(input) => *input,
            #[cfg(feature = "gpu")]
            Self::Sums { sums, .. } => sums.added().reshape(shape),
        }
    }

    /// The inputs after a norm.
    pub fn normed(self, norm: &Norm) -> Tensor<5> {
        #[cfg(feature = "gpu")]
        if let Self::Sums { sums, .. } = &self
            && let Some((row_norm, of_norm)) = norm.on_gpu()
            && let Some(normed) = sums.normed(row_norm, of_norm)
        {
            return normed.reshape(self.dims());
        }
        norm.forward(self.added())
    }
}
