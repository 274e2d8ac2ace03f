//! Reads a pickle that holds tensors, containers and numbers, and nothing else.
//!
//! The format is described in Python's `pickletools`; this reads what `torch.save` writes under protocols 2 to 5. No code of a
//! pickle is run: a [`Global`] that is not one of a few known ones is refused as soon as it is named.
//!
//! Every object is a [`Node`] of one list and is named by its index there, so that nothing is copied, nesting costs no stack,
//! an object may be in many containers (or in itself), and there are never more nodes than bytes.
//!
//! In reading order: [`node`] the objects, [`opcode`] the opcodes, [`bytes`] the bytes that follow an opcode, [`machine`] the
//! stack and the memo, [`object`] torch's own objects.

mod bytes;
mod machine;
mod node;
mod object;
mod opcode;

use crate::scores::error::FormatError;

use machine::Machine;
pub use node::{Node, NodeId, StorageDtype, TensorNode};

/// No pickle is longer: it holds names and shapes, while the numbers are in other members of the archive.
const MAX_PICKLE_BYTES: usize = 32 << 20;

/// The objects of a pickle.
pub struct Pickle {
    nodes: Vec<Node>,
    root: NodeId,
}

impl Pickle {
    /// Reads a pickle.
    ///
    /// # Errors
    /// When it asks for anything but data, is cut off, or has an opcode that `torch.save` does not write.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_PICKLE_BYTES {
            let reason = format!("its pickle has {} bytes, more than {MAX_PICKLE_BYTES}", bytes.len());
            return Err(FormatError::unreadable(file, super::TORCH_FILE, reason));
        }
        let (nodes, root) = Machine::new(file, bytes).run()?;
        Ok(Self { nodes, root })
    }

    /// The object that was pickled.
    pub fn root(&self) -> &Node {
        &self.nodes[self.root]
    }

    /// An object that another one holds.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }
}
