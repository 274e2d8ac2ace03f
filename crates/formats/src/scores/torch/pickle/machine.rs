//! The stack machine that a pickle is written for.

use std::collections::HashMap;

use super::bytes::Bytes;
use super::node::{Node, NodeId};
use super::opcode::{BuildOp, MemoOp, Opcode, StackOp, ValueOp};
use crate::scores::error::FormatError;

/// No more is built: a cache of 20 tasks and 10 algorithms on a model of 100 modules takes a tenth of it.
const MAX_NODES: usize = 4 << 20;

/// The state of a pickle that is being read.
pub struct Machine<'a> {
    pub(super) bytes: Bytes<'a>,
    pub(super) nodes: Vec<Node>,
    pub(super) stack: Vec<NodeId>,
    /// Heights of the stack, the last one lowest that may be popped.
    marks: Vec<usize>,
    memo: HashMap<u32, NodeId>,
}

pub type Done<T = ()> = Result<T, FormatError>;

impl<'a> Machine<'a> {
    pub fn new(file: &'a str, bytes: &'a [u8]) -> Self {
        let bytes = Bytes::new(file, bytes);
        Self { bytes, nodes: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() }
    }

    /// Reads to the end: all nodes, and the one that was pickled.
    pub fn run(mut self) -> Done<(Vec<Node>, NodeId)> {
        loop {
            let byte = self.bytes.byte()?;
            match Opcode::of(byte) {
                Some(Opcode::Stop) => {
                    let root = self.pop()?;
                    return Ok((self.nodes, root));
                }
                Some(Opcode::Stack(op)) => self.move_stack(op)?,
                Some(Opcode::Value(op)) => self.push_value(op)?,
                Some(Opcode::Build(op)) => self.build(op)?,
                Some(Opcode::Memo(op)) => self.use_memo(op)?,
                Some(Opcode::Object(op)) => self.make_object(op)?,
                None => return self.wrong(format!("opcode 0x{byte:02x}, which torch.save does not write")),
            }
            self.check_size()?;
        }
    }

    pub(super) fn wrong<T>(&self, reason: impl Into<String>) -> Done<T> {
        self.bytes.wrong(reason)
    }

    fn check_size(&self) -> Done {
        let sizes = [self.nodes.len(), self.stack.len(), self.marks.len(), self.memo.len()];
        if sizes.into_iter().all(|size| size <= MAX_NODES) { Ok(()) } else { self.wrong("it builds too much") }
    }

    // ----------------------------------------------------------------------------------------------------------- the stack

    fn move_stack(&mut self, op: StackOp) -> Done {
        match op {
            StackOp::Proto => match self.bytes.byte()? {
                2..=5 => {}
                protocol => return self.wrong(format!("protocol {protocol}, expected 2 to 5")),
            },
            // Every opcode is read within the pickle's bytes, in whatever frames they are.
            StackOp::Frame => _ = self.bytes.take(8)?,
            StackOp::Mark => self.marks.push(self.stack.len()),
            StackOp::Pop => _ = self.pop()?,
            StackOp::PopMark => _ = self.pop_to_mark()?,
            StackOp::Dup => self.stack.push(self.top()?),
        }
        Ok(())
    }

    fn push_value(&mut self, op: ValueOp) -> Done {
        let value = match op {
            ValueOp::None => Node::None,
            ValueOp::Bool(value) => Node::Bool(value),
            ValueOp::Unsigned { n_bytes } => Node::Int(self.bytes.unsigned(n_bytes)? as i64),
            ValueOp::Signed => Node::Int(self.bytes.signed(4)?),
            ValueOp::Long { length_bytes } => {
                let n_bytes = self.bytes.unsigned(length_bytes)?;
                Node::Int(self.bytes.signed(n_bytes)?)
            }
            ValueOp::Float => Node::Float(self.bytes.float()?),
            ValueOp::Text { length_bytes } => Node::Text(self.bytes.text(length_bytes)?),
            ValueOp::Bytes { length_bytes } => {
                let length = self.bytes.unsigned(length_bytes)?;
                self.bytes.take(length)?;
                Node::Bytes
            }
        };
        self.push(value);
        Ok(())
    }

    pub(super) fn push(&mut self, node: Node) {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
    }

    pub(super) fn pop(&mut self) -> Done<NodeId> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// The top of the stack, which has to be above the last mark.
    pub(super) fn top(&self) -> Done<NodeId> {
        match self.stack.last() {
            Some(&top) if self.stack.len() > self.lowest() => Ok(top),
            _ => self.wrong("it takes more than was pushed"),
        }
    }

    pub(super) fn pop_n(&mut self, n: usize) -> Done<Vec<NodeId>> {
        match self.stack.len().checked_sub(n).filter(|&start| start >= self.lowest()) {
            None => self.wrong("it takes more than was pushed"),
            Some(start) => Ok(self.stack.split_off(start)),
        }
    }

    fn pop_to_mark(&mut self) -> Done<Vec<NodeId>> {
        match self.marks.pop() {
            None => self.wrong("a mark is missing"),
            Some(mark) => Ok(self.stack.split_off(mark)),
        }
    }

    /// The height of the last mark.
    fn lowest(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    // ------------------------------------------------------------------------------------------------------------- containers

    fn build(&mut self, op: BuildOp) -> Done {
        match op {
            BuildOp::EmptyList => self.push(Node::List(Vec::new())),
            BuildOp::EmptyDict => self.push(Node::Dict(Vec::new())),
            BuildOp::ListFromMark => {
                let items = self.pop_to_mark()?;
                self.push(Node::List(items));
            }
            BuildOp::Tuple { n_items } => {
                let items = self.pop_n(n_items)?;
                self.push(Node::List(items));
            }
            BuildOp::DictFromMark => {
                let items = self.pop_to_mark()?;
                self.push(Node::Dict(Vec::new()));
                self.extend_dict(&items)?;
            }
            BuildOp::Append => {
                let item = self.pop()?;
                self.extend_list(&[item])?;
            }
            BuildOp::AppendFromMark => {
                let items = self.pop_to_mark()?;
                self.extend_list(&items)?;
            }
            BuildOp::SetItem => {
                let items = self.pop_n(2)?;
                self.extend_dict(&items)?;
            }
            BuildOp::SetItemsFromMark => {
                let items = self.pop_to_mark()?;
                self.extend_dict(&items)?;
            }
        }
        Ok(())
    }

    fn extend_list(&mut self, items: &[NodeId]) -> Done {
        let top = self.top()?;
        let Node::List(list) = &mut self.nodes[top] else {
            return self.wrong("something is appended to an object that is not a list");
        };
        list.extend_from_slice(items);
        Ok(())
    }

    /// Sets items, keys and values in turn.
    fn extend_dict(&mut self, items: &[NodeId]) -> Done {
        let top = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return self.wrong("a key is set without a value");
        }
        let Node::Dict(dict) = &mut self.nodes[top] else {
            return self.wrong("items are set in an object that is not a dictionary");
        };
        dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
        Ok(())
    }

    // --------------------------------------------------------------------------------------------------------------- the memo

    fn use_memo(&mut self, op: MemoOp) -> Done {
        match op {
            MemoOp::Put { n_bytes } => {
                let index = self.bytes.unsigned(n_bytes)? as u32;
                self.memo.insert(index, self.top()?);
            }
            // There are fewer than 2^32: `check_size`.
            MemoOp::PutNext => _ = self.memo.insert(self.memo.len() as u32, self.top()?),
            MemoOp::Get { n_bytes } => {
                let index = self.bytes.unsigned(n_bytes)? as u32;
                let Some(&id) = self.memo.get(&index) else {
                    return self.wrong(format!("it recalls {index}, which it has not memoized"));
                };
                self.stack.push(id);
            }
        }
        Ok(())
    }
}
