//! The objects that a pickle may hold.

/// The index of a node among a pickle's nodes.
pub type NodeId = usize;

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Bytes, which nothing here needs.
    Bytes,
    /// A list, a tuple or a set.
    List(Vec<NodeId>),
    Dict(Vec<(NodeId, NodeId)>),
    Tensor(Box<TensorNode>),
    Storage(Box<StorageNode>),
    Global(Global),
}

/// A tensor: a view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorNode {
    pub storage: Box<StorageNode>,
    /// In numbers, as the strides are.
    pub offset: u64,
    pub shape: Vec<u64>,
    pub stride: Vec<u64>,
}

/// Numbers that are in a member of the archive, `data/KEY`.
#[derive(Debug, Clone, PartialEq)]
pub struct StorageNode {
    pub dtype: StorageDtype,
    pub key: String,
    pub n_elements: u64,
}

/// How a storage stores a number.
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

/// A class or a function that a pickle may ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Global {
    RebuildTensor,
    RebuildParameter,
    OrderedDict,
    Size,
    Storage(StorageDtype),
}

impl Global {
    /// The global of a name, where it is one that is read.
    pub fn named(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch", "Size") => Some(Self::Size),
            ("torch", name) => StorageDtype::of_class(name).map(Self::Storage),
            _ => None,
        }
    }
}

impl StorageDtype {
    /// The numbers of one of torch's classes of storages.
    fn of_class(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }
}
