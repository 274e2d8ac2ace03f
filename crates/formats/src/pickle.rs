//! A pickle machine that builds tensors, containers and numbers, and nothing else.
//!
//! What a pickle is made of is described in Python's `pickletools`; this reads what `torch.save` emits under protocols 2 to
//! 5. Every object is a [`Node`] of one list, named by its place, so that nothing is copied, nesting costs no stack, an
//! object may stand in many places (or in itself), and there are never more nodes than bytes. A global that is not in
//! [`Global::named`] is refused when it is named, before anything is done with it.

use std::collections::HashMap;

use super::error::{FormatError, shortened};

/// No pickle is longer: it holds names and shapes, while the numbers stand in other members.
const MAX_PICKLE_BYTES: usize = 32 << 20;
/// Nor does it build more: a cache of 20 tasks and 10 algorithms on a model of 100 modules takes a tenth of it.
const MAX_NODES: usize = 4 << 20;
/// torch's own limit on a tensor's axes is 64; scores have at most three.
const MAX_RANK: usize = 16;
/// torch counts its storages from 0.
const MAX_KEY_BYTES: usize = 64;

/// The place of a node.
pub type NodeId = usize;

/// Something that a pickle builds.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes,
    /// A list, a tuple or a set.
    List(Vec<NodeId>),
    Dict(Vec<(NodeId, NodeId)>),
    Tensor(Box<TensorNode>),
    Storage(Box<StorageNode>),
    Global(Global),
}

/// A view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorNode {
    pub storage: Box<StorageNode>,
    pub offset: u64,
    pub shape: Vec<u64>,
    pub stride: Vec<u64>,
}

/// Numbers that stand in a member of the archive.
#[derive(Debug, Clone, PartialEq)]
pub struct StorageNode {
    pub dtype: StorageDtype,
    pub key: String,
    pub n_elements: u64,
}

/// How a storage keeps a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageDtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

/// A name that a pickle may ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Global {
    RebuildTensor,
    RebuildParameter,
    OrderedDict,
    Size,
    Storage(StorageDtype),
}

/// What was built.
pub struct Pickle {
    nodes: Vec<Node>,
    root: NodeId,
}

impl Global {
    /// The global of a name, where it is one that is read.
    fn named(module: &str, name: &str) -> Option<Self> {
        use StorageDtype as D;
        let storages = [
            ("DoubleStorage", D::F64),
            ("FloatStorage", D::F32),
            ("HalfStorage", D::F16),
            ("BFloat16Storage", D::Bf16),
            ("LongStorage", D::I64),
            ("IntStorage", D::I32),
            ("ShortStorage", D::I16),
            ("CharStorage", D::I8),
            ("ByteStorage", D::U8),
            ("BoolStorage", D::Bool),
        ];
        match (module, name) {
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch", "Size") => Some(Self::Size),
            ("torch", name) => storages.into_iter().find(|(n, _)| *n == name).map(|(_, dtype)| Self::Storage(dtype)),
            _ => None,
        }
    }
}

impl Pickle {
    /// Runs a pickle.
    ///
    /// # Errors
    /// When it asks for anything but data, is cut off, or does what no pickle of `torch.save` does.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_PICKLE_BYTES {
            let reason = format!("its pickle has {} bytes, more than {MAX_PICKLE_BYTES}", bytes.len());
            return Err(FormatError::Unreadable { file: file.to_owned(), format: "torch file", reason });
        }
        let mut machine = Machine {
            file,
            bytes,
            at: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        loop {
            let opcode = machine.byte()?;
            if opcode == b'.' {
                let root = machine.pop()?;
                return Ok(Self { nodes: machine.nodes, root });
            }
            machine.step(opcode)?;
            machine.check_size()?;
        }
    }

    /// What the pickle is of.
    pub fn root(&self) -> &Node {
        &self.nodes[self.root]
    }

    /// A node that another one names.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }
}

struct Machine<'a> {
    file: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    stack: Vec<NodeId>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, NodeId>,
}

type Done<T = ()> = Result<T, FormatError>;

impl Machine<'_> {
    fn wrong<T>(&self, reason: impl Into<String>) -> Done<T> {
        let reason = format!("{} (at byte {} of its pickle)", reason.into(), self.at);
        Err(FormatError::Unreadable { file: self.file.to_owned(), format: "torch file", reason })
    }

    fn refuse<T>(&self, name: String) -> Done<T> {
        Err(FormatError::Refused { file: self.file.to_owned(), name: shortened(&name) })
    }

    fn check_size(&self) -> Done {
        let sizes = [self.nodes.len(), self.stack.len(), self.marks.len(), self.memo.len()];
        if sizes.into_iter().all(|size| size <= MAX_NODES) { Ok(()) } else { self.wrong("it builds too much") }
    }

    // ------------------------------------------------------------------------------------------------------ what is read

    fn take(&mut self, n: u64) -> Done<&[u8]> {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        match self.at.checked_add(n).filter(|&end| end <= self.bytes.len()) {
            None => self.wrong("it is cut off"),
            Some(end) => {
                let taken = &self.bytes[self.at..end];
                self.at = end;
                Ok(taken)
            }
        }
    }

    fn byte(&mut self) -> Done<u8> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian number without a sign, of at most 8 bytes.
    fn unsigned(&mut self, n_bytes: u64) -> Done<u64> {
        Ok(self.take(n_bytes)?.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    fn signed(&mut self, n_bytes: u64) -> Done<i64> {
        if n_bytes == 0 {
            return Ok(0);
        }
        if n_bytes > 8 {
            return self.wrong(format!("a whole number of {n_bytes} bytes"));
        }
        let unused = 64 - 8 * n_bytes as u32;
        Ok((self.unsigned(n_bytes)? << unused) as i64 >> unused)
    }

    fn text(&mut self, size_bytes: u64) -> Done<String> {
        let size = self.unsigned(size_bytes)?;
        match std::str::from_utf8(self.take(size)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => self.wrong("a text that is not UTF-8"),
        }
    }

    /// A line of text, without its end.
    fn line(&mut self) -> Done<String> {
        let rest = &self.bytes[self.at..];
        let Some(n) = rest.iter().position(|&b| b == b'\n') else { return self.wrong("it is cut off") };
        let line = String::from_utf8_lossy(&rest[..n]).into_owned();
        self.at += n + 1;
        Ok(line)
    }

    // ----------------------------------------------------------------------------------------------------------- the stack

    fn push(&mut self, node: Node) -> Done {
        self.nodes.push(node);
        self.stack.push(self.nodes.len() - 1);
        Ok(())
    }

    fn pop(&mut self) -> Done<NodeId> {
        let above = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= above {
            return self.wrong("it takes more than was put there");
        }
        Ok(self.stack.pop().expect("there is one above the mark"))
    }

    fn top(&self) -> Done<NodeId> {
        let above = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(&top) if self.stack.len() > above => Ok(top),
            _ => self.wrong("it takes more than was put there"),
        }
    }

    fn pop_n(&mut self, n: usize) -> Done<Vec<NodeId>> {
        let above = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(n).filter(|&start| start >= above) {
            None => self.wrong("it takes more than was put there"),
            Some(start) => Ok(self.stack.split_off(start)),
        }
    }

    fn pop_to_mark(&mut self) -> Done<Vec<NodeId>> {
        match self.marks.pop() {
            None => self.wrong("a mark is missing"),
            Some(mark) => Ok(self.stack.split_off(mark)),
        }
    }

    fn memoize(&mut self, index: u64) -> Done {
        let top = self.top()?;
        let Ok(index) = u32::try_from(index) else { return self.wrong("its memo is too large") };
        self.memo.insert(index, top);
        Ok(())
    }

    fn recall(&mut self, index: u64) -> Done {
        match u32::try_from(index).ok().and_then(|index| self.memo.get(&index)) {
            None => self.wrong(format!("it recalls {index}, which it has not memoized")),
            Some(&id) => {
                self.stack.push(id);
                Ok(())
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------- the opcodes

    fn step(&mut self, opcode: u8) -> Done {
        match opcode {
            // PROTO and FRAME say what the other opcodes show.
            0x80 => match self.byte()? {
                2..=5 => Ok(()),
                protocol => self.wrong(format!("protocol {protocol}, expected 2 to 5")),
            },
            0x95 => self.take(8).map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(|_| ()),
            b'1' => self.pop_to_mark().map(|_| ()),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'K' | b'M' => {
                let n = self.unsigned(if opcode == b'K' { 1 } else { 2 })?;
                self.push(Node::Int(n as i64))
            }
            b'J' => {
                let n = self.signed(4)?;
                self.push(Node::Int(n))
            }
            0x8a | 0x8b => {
                let n_bytes = self.unsigned(if opcode == 0x8a { 1 } else { 4 })?;
                let n = self.signed(n_bytes)?;
                self.push(Node::Int(n))
            }
            b'G' => {
                // The one number that pickles keep big-endian.
                let bits = self.take(8)?.iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
                self.push(Node::Float(f64::from_bits(bits)))
            }
            0x8c | b'X' | 0x8d => {
                let text = self.text(match opcode {
                    0x8c => 1,
                    b'X' => 4,
                    _ => 8,
                })?;
                self.push(Node::Text(text))
            }
            b'C' | b'B' | 0x8e => {
                let size = self.unsigned(match opcode {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.take(size)?;
                self.push(Node::Bytes)
            }
            b']' | b')' | 0x8f => self.push(Node::List(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            b't' | b'l' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Node::List(items))
            }
            0x85..=0x87 => {
                let items = self.pop_n(usize::from(opcode - 0x84))?;
                self.push(Node::List(items))
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Dict(Vec::new()))?;
                self.extend_dict(items)
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.extend_list(items)
            }
            b's' => {
                let items = self.pop_n(2)?;
                self.extend_dict(items)
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.extend_dict(items)
            }
            b'q' | b'r' => {
                let index = self.unsigned(if opcode == b'q' { 1 } else { 4 })?;
                self.memoize(index)
            }
            0x94 => self.memoize(self.memo.len() as u64),
            b'h' | b'j' => {
                let index = self.unsigned(if opcode == b'h' { 1 } else { 4 })?;
                self.recall(index)
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(&module, &name)
            }
            0x93 => {
                let names = self.pop_n(2)?;
                let [Node::Text(module), Node::Text(name)] = [&self.nodes[names[0]], &self.nodes[names[1]]] else {
                    return self.wrong("a global whose name is no text");
                };
                let (module, name) = (module.clone(), name.clone());
                self.global(&module, &name)
            }
            // INST names its class as GLOBAL does.
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                self.refuse(format!("{module}.{name}"))
            }
            b'Q' => self.persistent_id(),
            b'R' => self.reduce(),
            // The attributes of a dictionary (`_metadata` of a state dict) are no part of it.
            b'b' => {
                self.pop()?;
                match self.nodes[self.top()?] {
                    Node::Dict(_) => Ok(()),
                    _ => self.wrong("an object is given attributes, which only dictionaries may have"),
                }
            }
            other => self.wrong(format!("opcode 0x{other:02x}, which torch.save does not write")),
        }
    }

    fn extend_list(&mut self, items: Vec<NodeId>) -> Done {
        let top = self.top()?;
        match &mut self.nodes[top] {
            Node::List(list) => {
                list.extend(items);
                Ok(())
            }
            _ => self.wrong("something is appended to what is no list"),
        }
    }

    fn extend_dict(&mut self, items: Vec<NodeId>) -> Done {
        let top = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        match &mut self.nodes[top] {
            Node::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => self.wrong("items are set in what is no dictionary"),
        }
    }

    fn global(&mut self, module: &str, name: &str) -> Done {
        match Global::named(module, name) {
            Some(global) => self.push(Node::Global(global)),
            None => self.refuse(format!("{module}.{name}")),
        }
    }

    // -------------------------------------------------------------------------------------------------- torch's own objects

    /// `("storage", torch.FloatStorage, key, device, number of elements)`: a member of the archive.
    fn persistent_id(&mut self) -> Done {
        let id = self.pop()?;
        let Node::List(parts) = &self.nodes[id] else { return self.wrong("a storage is named by what is no tuple") };
        let parts: Vec<_> = parts.iter().take(6).map(|&part| &self.nodes[part]).collect();
        match parts.as_slice() {
            [Node::Text(kind), Node::Global(Global::Storage(dtype)), Node::Text(key), _, Node::Int(n_elements)]
                if kind == "storage" && *n_elements >= 0 && key.len() <= MAX_KEY_BYTES =>
            {
                let storage = StorageNode { dtype: *dtype, key: key.clone(), n_elements: *n_elements as u64 };
                self.push(Node::Storage(Box::new(storage)))
            }
            _ => self.wrong("a storage that is not named as torch.save names it"),
        }
    }

    /// A global that is called.
    fn reduce(&mut self) -> Done {
        let [called, arguments] = self.pop_n(2)?.try_into().expect("there are two");
        let (Node::Global(global), Node::List(arguments)) = (&self.nodes[called], &self.nodes[arguments]) else {
            return self.wrong("something is called that is no global");
        };
        // A tensor has the most, six or seven; a long list of them may be called many times.
        let arguments: Vec<_> = arguments.iter().copied().take(8).collect();
        match (*global, arguments.as_slice()) {
            (Global::RebuildTensor, arguments) => self.rebuild_tensor(arguments),
            // The tensor itself, or a tuple of whole numbers.
            (Global::RebuildParameter, [value, ..]) | (Global::Size, [value]) => {
                self.stack.push(*value);
                Ok(())
            }
            (Global::OrderedDict, []) => self.push(Node::Dict(Vec::new())),
            _ => self.wrong("a global is called with arguments that torch.save does not give it"),
        }
    }

    /// `(storage, offset, shape, stride, requires_grad, hooks)`.
    fn rebuild_tensor(&mut self, arguments: &[NodeId]) -> Done {
        let parts: Vec<_> = arguments.iter().take(4).map(|&part| &self.nodes[part]).collect();
        let [Node::Storage(storage), Node::Int(offset), Node::List(shape), Node::List(stride)] = parts.as_slice()
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
        self.push(Node::Tensor(Box::new(tensor)))
    }

    fn sizes(&self, ids: &[NodeId]) -> Option<Vec<u64>> {
        let size = |&id: &NodeId| match self.nodes[id] {
            Node::Int(size) => u64::try_from(size).ok(),
            _ => None,
        };
        // One more than is accepted is enough to refuse it.
        ids.iter().take(MAX_RANK + 1).map(size).collect()
    }
}
