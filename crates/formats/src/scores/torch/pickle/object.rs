//! The objects that torch builds with classes and functions: tensors, their storages, and ordered dictionaries.

use super::machine::{Done, Machine};
use super::node::{Global, Node, NodeId, StorageNode, TensorNode};
use super::opcode::ObjectOp;
use crate::scores::error::{FormatError, shortened};

/// torch's own limit on a tensor's axes is 64; scores have at most three.
const MAX_RANK: usize = 16;
/// torch numbers its storages from 0.
const MAX_KEY_BYTES: usize = 64;
/// The tuple that names a storage has five items; more are not looked at, for a long tuple may be used many times.
const MAX_ID_ITEMS: usize = 6;
/// A tensor has the most arguments, six or seven; more are not looked at.
const MAX_ARGUMENTS: usize = 8;

impl Machine<'_> {
    pub(super) fn make_object(&mut self, op: ObjectOp) -> Done {
        match op {
            ObjectOp::Global => {
                let (module, name) = (self.bytes.line()?, self.bytes.line()?);
                self.push_global(&module, &name)
            }
            ObjectOp::StackGlobal => {
                let names = self.pop_n(2)?;
                let [Node::Text(module), Node::Text(name)] = [&self.nodes[names[0]], &self.nodes[names[1]]] else {
                    return self.wrong("a global whose name is not a text");
                };
                let (module, name) = (module.clone(), name.clone());
                self.push_global(&module, &name)
            }
            ObjectOp::Inst => {
                let (module, name) = (self.bytes.line()?, self.bytes.line()?);
                self.refuse(&module, &name)
            }
            ObjectOp::PersistentId => self.push_storage(),
            ObjectOp::Reduce => self.call(),
            ObjectOp::Attributes => self.skip_attributes(),
        }
    }

    fn push_global(&mut self, module: &str, name: &str) -> Done {
        let Some(global) = Global::named(module, name) else { return self.refuse(module, name) };
        self.push(Node::Global(global));
        Ok(())
    }

    fn refuse(&self, module: &str, name: &str) -> Done {
        let name = shortened(&format!("{module}.{name}"));
        Err(FormatError::Refused { file: self.bytes.file().to_owned(), name })
    }

    /// A member of the archive: `("storage", torch.FloatStorage, key, device, number of elements)`.
    fn push_storage(&mut self) -> Done {
        let id = self.pop()?;
        let Node::List(items) = &self.nodes[id] else {
            return self.wrong("a storage is named by an object that is not a tuple");
        };
        let items: Vec<_> = items.iter().take(MAX_ID_ITEMS).map(|&item| &self.nodes[item]).collect();
        match items.as_slice() {
            [Node::Text(kind), Node::Global(Global::Storage(dtype)), Node::Text(key), _, Node::Int(n_elements)]
                if kind == "storage" && *n_elements >= 0 && key.len() <= MAX_KEY_BYTES =>
            {
                let storage = StorageNode { dtype: *dtype, key: key.clone(), n_elements: *n_elements as u64 };
                self.push(Node::Storage(Box::new(storage)));
                Ok(())
            }
            _ => self.wrong("a storage that is not named as torch.save names it"),
        }
    }

    /// A function that is called with a tuple of arguments.
    fn call(&mut self) -> Done {
        let ids = self.pop_n(2)?;
        let (Node::Global(global), Node::List(arguments)) = (&self.nodes[ids[0]], &self.nodes[ids[1]]) else {
            return self.wrong("an object is called that is not a global, or without a tuple of arguments");
        };
        let arguments: Vec<_> = arguments.iter().copied().take(MAX_ARGUMENTS).collect();
        match (*global, arguments.as_slice()) {
            (Global::RebuildTensor, arguments) => self.push_tensor(arguments)?,
            // The tensor itself, or a tuple of whole numbers.
            (Global::RebuildParameter, [value, ..]) | (Global::Size, [value]) => self.stack.push(*value),
            (Global::OrderedDict, []) => self.push(Node::Dict(Vec::new())),
            _ => return self.wrong("a global is called with arguments that torch.save does not give it"),
        }
        Ok(())
    }

    /// A tensor: `(storage, offset, shape, stride, requires_grad, hooks)`.
    fn push_tensor(&mut self, arguments: &[NodeId]) -> Done {
        let arguments: Vec<_> = arguments.iter().take(4).map(|&argument| &self.nodes[argument]).collect();
        let [Node::Storage(storage), Node::Int(offset), Node::List(shape), Node::List(stride)] = arguments.as_slice()
        else {
            return self.wrong("a tensor is not made as torch.save makes it");
        };
        let (Ok(offset), Some(shape), Some(stride)) = (u64::try_from(*offset), self.sizes(shape), self.sizes(stride))
        else {
            return self.wrong("a tensor has a negative size, offset or stride");
        };
        if shape.len() != stride.len() || shape.len() > MAX_RANK {
            return self.wrong("a tensor has strides for another number of axes, or too many axes");
        }
        let tensor = TensorNode { storage: (*storage).clone(), offset, shape, stride };
        self.push(Node::Tensor(Box::new(tensor)));
        Ok(())
    }

    fn sizes(&self, ids: &[NodeId]) -> Option<Vec<u64>> {
        let size = |&id: &NodeId| match self.nodes[id] {
            Node::Int(size) => u64::try_from(size).ok(),
            _ => None,
        };
        // One more than the most that are accepted is enough to refuse them.
        ids.iter().take(MAX_RANK + 1).map(size).collect()
    }

    /// The attributes of a dictionary, such as `_metadata` of a state dict, are not scores.
    fn skip_attributes(&mut self) -> Done {
        self.pop()?;
        match self.nodes[self.top()?] {
            Node::Dict(_) => Ok(()),
            _ => self.wrong("an object is given attributes, which only dictionaries may have"),
        }
    }
}
