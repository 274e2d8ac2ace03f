//! The opcodes that `torch.save` writes under protocols 2 to 5, by the names of Python's `pickletools`.

/// An opcode, by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// `.`: the pickle ends, and its object is on top of the stack.
    Stop,
    Stack(StackOp),
    Value(ValueOp),
    Build(BuildOp),
    Memo(MemoOp),
    Object(ObjectOp),
}

/// Moves the stack, or says nothing of what is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackOp {
    /// The protocol, one byte.
    Proto,
    /// The length of what follows, 8 bytes.
    Frame,
    Mark,
    Pop,
    PopMark,
    Dup,
}

/// Pushes a value that the opcode's own bytes hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueOp {
    None,
    Bool(bool),
    /// BININT1 and BININT2: a whole number without a sign, in so many bytes.
    Unsigned {
        n_bytes: u64,
    },
    /// BININT: a whole number with a sign, in 4 bytes.
    Signed,
    /// LONG1 and LONG4: a whole number with a sign, after its length in so many bytes.
    Long {
        length_bytes: u64,
    },
    /// BINFLOAT: 8 bytes, big-endian.
    Float,
    /// UTF-8, after its length in so many bytes.
    Text {
        length_bytes: u64,
    },
    Bytes {
        length_bytes: u64,
    },
}

/// Builds a container, or adds to the one on top of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildOp {
    /// EMPTY_LIST, EMPTY_TUPLE and EMPTY_SET.
    EmptyList,
    EmptyDict,
    /// LIST, TUPLE and FROZENSET: of all above the mark.
    ListFromMark,
    /// TUPLE1 to TUPLE3.
    Tuple {
        n_items: usize,
    },
    DictFromMark,
    Append,
    /// APPENDS and ADDITEMS: all above the mark.
    AppendFromMark,
    SetItem,
    /// SETITEMS: all above the mark.
    SetItemsFromMark,
}

/// Remembers an object by a number, or pushes one that was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoOp {
    /// BINPUT and LONG_BINPUT: under a number in so many bytes.
    Put { n_bytes: u64 },
    /// MEMOIZE: under the next number.
    PutNext,
    /// BINGET and LONG_BINGET.
    Get { n_bytes: u64 },
}

/// Names a class or a function, or makes an object with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectOp {
    /// GLOBAL: its module and its name as two lines.
    Global,
    /// STACK_GLOBAL: the two are on the stack.
    StackGlobal,
    /// INST: an object of a class, named as GLOBAL names it.
    Inst,
    /// BINPERSID: an object that torch keeps beside the pickle, by the id on top of the stack.
    PersistentId,
    /// REDUCE: a function called with a tuple of arguments.
    Reduce,
    /// BUILD: attributes of the object below the top.
    Attributes,
}

impl Opcode {
    /// The opcode of a byte; `None` where `torch.save` does not write it.
    pub fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            b'.' => Self::Stop,

            0x80 => Self::Stack(StackOp::Proto),
            0x95 => Self::Stack(StackOp::Frame),
            b'(' => Self::Stack(StackOp::Mark),
            b'0' => Self::Stack(StackOp::Pop),
            b'1' => Self::Stack(StackOp::PopMark),
            b'2' => Self::Stack(StackOp::Dup),

            b'N' => Self::Value(ValueOp::None),
            0x88 => Self::Value(ValueOp::Bool(true)),
            0x89 => Self::Value(ValueOp::Bool(false)),
            b'K' => Self::Value(ValueOp::Unsigned { n_bytes: 1 }),
            b'M' => Self::Value(ValueOp::Unsigned { n_bytes: 2 }),
            b'J' => Self::Value(ValueOp::Signed),
            0x8a => Self::Value(ValueOp::Long { length_bytes: 1 }),
            0x8b => Self::Value(ValueOp::Long { length_bytes: 4 }),
            b'G' => Self::Value(ValueOp::Float),
            0x8c => Self::Value(ValueOp::Text { length_bytes: 1 }),
            b'X' => Self::Value(ValueOp::Text { length_bytes: 4 }),
            0x8d => Self::Value(ValueOp::Text { length_bytes: 8 }),
            b'C' => Self::Value(ValueOp::Bytes { length_bytes: 1 }),
            b'B' => Self::Value(ValueOp::Bytes { length_bytes: 4 }),
            0x8e => Self::Value(ValueOp::Bytes { length_bytes: 8 }),

            b']' | b')' | 0x8f => Self::Build(BuildOp::EmptyList),
            b'}' => Self::Build(BuildOp::EmptyDict),
            b'l' | b't' | 0x91 => Self::Build(BuildOp::ListFromMark),
            0x85 => Self::Build(BuildOp::Tuple { n_items: 1 }),
            0x86 => Self::Build(BuildOp::Tuple { n_items: 2 }),
            0x87 => Self::Build(BuildOp::Tuple { n_items: 3 }),
            b'd' => Self::Build(BuildOp::DictFromMark),
            b'a' => Self::Build(BuildOp::Append),
            b'e' | 0x90 => Self::Build(BuildOp::AppendFromMark),
            b's' => Self::Build(BuildOp::SetItem),
            b'u' => Self::Build(BuildOp::SetItemsFromMark),

            b'q' => Self::Memo(MemoOp::Put { n_bytes: 1 }),
            b'r' => Self::Memo(MemoOp::Put { n_bytes: 4 }),
            0x94 => Self::Memo(MemoOp::PutNext),
            b'h' => Self::Memo(MemoOp::Get { n_bytes: 1 }),
            b'j' => Self::Memo(MemoOp::Get { n_bytes: 4 }),

            b'c' => Self::Object(ObjectOp::Global),
            0x93 => Self::Object(ObjectOp::StackGlobal),
            b'i' => Self::Object(ObjectOp::Inst),
            b'Q' => Self::Object(ObjectOp::PersistentId),
            b'R' => Self::Object(ObjectOp::Reduce),
            b'b' => Self::Object(ObjectOp::Attributes),
            _ => return None,
        })
    }
}
