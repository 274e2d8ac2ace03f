//! The page's state as the fragment of its address: what a link holds, and what the page knows of links and of the files that
//! they name.
//!
//! A fragment is `v=1&key=value&…` ([`form`]); what is as it is without it has no key. [`text`] lists the keys. Files are named by
//! a hash of their bytes, so that a link says which files it needs and never takes others for them.
//!
//! A new choice of the page is a field of [`Link`], its key in `text`, and a line each in `select/link.rs` and `update/link.rs`.

pub mod form;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use super::circuit::Choice;
use super::demo;
use super::files::{FileEntry, FileId, Role, in_use};
use super::picture::View;
use super::screen::Drawer;
use super::weights::WeightFiles;
use circuitscope_core::{Metric, PromptSettings, RunSettings};
use circuitscope_picture::Orientation;
use circuitscope_wire::engine::MaskEdit;

/// What a fragment holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Link {
    /// A person's own files in use; none of the demo's.
    pub files: Vec<LinkedFile>,
    /// How text prompts are read.
    pub texts: PromptSettings,
    /// Which of several scores in a file.
    pub pick: Option<String>,
    pub run: RunSettings,
    /// The edge count, where it is not the one that is chosen first; of a figure in any case.
    pub requested: Option<usize>,
    /// What was changed in the circuit.
    pub edits: Vec<MaskEdit>,
    /// A node's or an edge's name.
    pub selection: Option<String>,
    pub view: View,
    pub metric: Metric,
    pub log_y: Option<bool>,
    pub prompt: usize,
    pub position: usize,
    pub drawer: Option<Drawer>,
    /// What the circuit is compared with.
    pub compare: Option<LinkedCircuit>,
    /// How many edges of it, where it is another file's and not as many as are shown.
    pub compare_size: Option<usize>,
    /// The algorithm of the next search, by its key.
    pub find: Option<String>,
    /// What its fields hold, by the ids of their controls.
    pub find_fields: Vec<(String, String)>,
}

/// What a link need not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Usual {
    /// The orientation that this screen draws in unless told otherwise.
    pub orientation: Orientation,
    /// The example: the demo, or the open figure with its view.
    pub example: Link,
}

/// The other circuit of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkedCircuit {
    /// Another number of edges of the scores in use.
    Size(usize),
    Official,
    /// Of the demo's scores.
    Demo,
    File(LinkedFile),
}

/// A file that a link names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedFile {
    pub role: Role,
    pub name: String,
    pub n_bytes: u64,
    /// None where the browser could compute none: files are then known by name and size.
    pub hash: Option<FileHash>,
}

/// The first 16 hexadecimal digits of a SHA-256: of all bytes of a file of at most [`FileHash::WHOLE_BYTES`]; of a larger one of
/// its size as 8 bytes, the least first, and of its first and last [`FileHash::END_BYTES`], so that no gigabytes are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileHash(String);

/// What the page knows of links.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Links {
    pub usual: Usual,
    /// How many were opened.
    pub opened: u32,
    /// Whether the page was loaded again: its address is then a person's own.
    pub reloaded: bool,
    /// The one that is not wholly applied yet.
    pub wanted: Option<Wanted>,
    /// What could not be read of the last one.
    pub notes: Vec<String>,
    /// Of a person's files; None for one of which there is none.
    pub hashes: BTreeMap<FileId, Option<FileHash>>,
    /// Files that another link may bring back: going back and forth loses none.
    pub shelf: Vec<FileEntry>,
    pub remembered: Remembered,
}

/// A link that is not wholly applied yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub link: Link,
    pub stage: Stage,
    pub store: Store,
}

/// What a link waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its files.
    Files,
    /// The scores, which the reader may have to read first.
    Scores,
}

/// Whether this browser's own store was asked for the files of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Unasked,
    Asked,
    Answered,
}

/// The files that the browser keeps for the next visit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Remembered {
    /// Whether the person wants them to be kept; None where that was never chosen.
    pub on: Option<bool>,
    /// How many are kept and their size, once that is known.
    pub kept: Option<(usize, u64)>,
    /// Those that were handed over to be kept.
    pub asked: BTreeSet<FileId>,
    /// Why they could not be kept.
    pub error: Option<String>,
}

/// What the address is to say, and what makes it a step that the browser's Back goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// The open figure, by its address; none for the one that the page opens on.
    pub figure: Option<String>,
    pub fragment: String,
    pub place: Place,
    /// [`Links::opened`]: what follows from a link is no step of its own.
    pub opened: u32,
}

/// A step that the browser's Back goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub figure: Option<String>,
    pub files: Vec<LinkedFile>,
    pub choice: Choice,
}

impl FileHash {
    /// Of files up to this size all bytes are hashed: it takes some tens of milliseconds.
    pub const WHOLE_BYTES: u64 = 16 << 20;
    /// Of larger ones as many at the start and at the end. A safetensors file's header, with the names and places of its tensors,
    /// is in the first, and the last tensor's numbers are in the last.
    pub const END_BYTES: u64 = 1 << 20;
    const DIGITS: usize = 16;

    /// The hash whose SHA-256 is given.
    pub fn new(sha_256: &[u8]) -> Self {
        let digits: String = sha_256.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(digits.chars().take(Self::DIGITS).collect())
    }

    /// Reads the digits.
    pub fn parse(digits: &str) -> Option<Self> {
        let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == Self::DIGITS && digits.bytes().all(is_digit)).then(|| Self(digits.to_owned()))
    }

    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl Link {
    /// All files that the link needs: those in use, and the one of the circuit that is compared.
    pub fn needed(&self) -> impl Iterator<Item = &LinkedFile> {
        self.files.iter().chain(self.compared_file())
    }

    /// The file of the other circuit of a comparison.
    pub fn compared_file(&self) -> Option<&LinkedFile> {
        match &self.compare {
            Some(LinkedCircuit::File(file)) => Some(file),
            _ => None,
        }
    }
}

impl Usual {
    /// With the demo as the example.
    pub fn of_demo(orientation: Orientation) -> Self {
        let view = View { orientation, ..View::default() };
        Self { orientation, example: Link { run: demo::settings().run, view, ..Link::default() } }
    }

    /// What need not be said of some files: the example as it is at first. Other scores of its model have circuits of their own, and
    /// another model has nothing of it.
    pub fn link(&self, files: &[LinkedFile]) -> Link {
        let is_there = |roles: &[Role]| files.iter().any(|file| roles.contains(&file.role));
        let plain = || Link { view: View { orientation: self.orientation, ..View::default() }, ..Link::default() };
        if is_there(&[Role::Weights, Role::Config]) {
            return plain();
        }
        if is_there(&[Role::Scores]) {
            return Link { run: self.example.run.clone(), ..plain() };
        }
        self.example.clone()
    }
}

impl Default for Usual {
    fn default() -> Self {
        Self::of_demo(Orientation::default())
    }
}

impl LinkedFile {
    /// Whether a file is the one that is named; `hash` is its own, where there is one.
    pub fn is(&self, entry: &FileEntry, hash: Option<&FileHash>) -> bool {
        match (&self.hash, hash) {
            _ if entry.role() != Some(self.role) || entry.n_bytes != self.n_bytes => false,
            (Some(wanted), Some(found)) => wanted == found,
            _ => entry.name == self.name,
        }
    }
}

impl Links {
    /// Whether a file's hash was computed, or cannot be.
    pub fn is_hashed(&self, id: FileId) -> bool {
        self.hashes.contains_key(&id)
    }

    /// A file's hash.
    pub fn hash(&self, id: FileId) -> Option<&FileHash> {
        self.hashes.get(&id)?.as_ref()
    }

    /// A file as a link names it.
    pub fn linked(&self, entry: &FileEntry) -> Option<LinkedFile> {
        let (role, hash) = (entry.role()?, self.hash(entry.id).cloned());
        Some(LinkedFile { role, name: entry.name.clone(), n_bytes: entry.n_bytes, hash })
    }
}

/// A person's own files in use: all of the weights, then one in each other role.
pub fn own_in_use<'a>(files: &'a [FileEntry], weights: &WeightFiles) -> Vec<&'a FileEntry> {
    let others = [Role::Config, Role::Prompts, Role::Scores, Role::Tokenizer, Role::TokenizerConfig];
    let of_weights = files.iter().filter(|file| weights.contains(file.id));
    of_weights.chain(others.into_iter().filter_map(|role| in_use(files, role))).filter(|file| !file.demo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::files::Content;
    use crate::state::load::Load;

    #[test]
    fn a_hash_is_sixteen_digits() {
        let hash = FileHash::new(&[0xab; 32]);
        assert_eq!(hash.digits(), "abababababababab");
        assert_eq!(FileHash::parse("abababababababab"), Some(hash));
        for wrong in ["", "abababababababa", "ABABABABABABABAB", "abababababababag", "ababababababababa"] {
            assert_eq!(FileHash::parse(wrong), None);
        }
    }

    #[test]
    fn a_file_is_known_by_its_hash_and_without_one_by_its_name() {
        let content = Load::Ready(Content::Tokenizer);
        let entry = FileEntry { id: 9, name: "a.json".to_owned(), n_bytes: 5, demo: false, content };
        let [hash, other] = [FileHash::new(&[1; 32]), FileHash::new(&[2; 32])];
        let linked = |name: &str, hash: Option<&FileHash>| LinkedFile {
            role: Role::Tokenizer,
            name: name.to_owned(),
            n_bytes: 5,
            hash: hash.cloned(),
        };
        assert!(linked("b.json", Some(&hash)).is(&entry, Some(&hash)), "it was renamed");
        assert!(!linked("a.json", Some(&other)).is(&entry, Some(&hash)), "it has another content");
        assert!(linked("a.json", Some(&hash)).is(&entry, None) && linked("a.json", None).is(&entry, Some(&hash)));
        assert!(!linked("b.json", None).is(&entry, Some(&hash)));
        assert!(!LinkedFile { role: Role::Config, ..linked("a.json", Some(&hash)) }.is(&entry, Some(&hash)));
        assert!(!LinkedFile { n_bytes: 6, ..linked("a.json", None) }.is(&entry, None));
    }
}
