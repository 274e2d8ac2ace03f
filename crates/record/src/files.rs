//! The files that a figure names: where they are on this disk, and whether they are what the figure says.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use circuitscope_core::figure_file::files::FigureRef;
use circuitscope_core::{CircuitError, FigureFile};
use sha2::{Digest, Sha256};

use crate::error::RecordError;
use crate::paths;

/// A file of a figure.
#[derive(Debug)]
pub struct NamedFile {
    /// Its field: `files.weights[0]`.
    pub field: String,
    pub url: Option<String>,
    pub state: FileState,
}

/// What is known of a file.
#[derive(Debug)]
pub enum FileState {
    /// Its content is in the figure, and nothing else is asked for.
    Inlined,
    /// It is there. `checked` says whether the figure has a hash to check it by.
    Good {
        path: PathBuf,
        checked: bool,
    },
    Missing {
        path: PathBuf,
    },
    /// It is there and has another size or hash.
    Wrong {
        error: CircuitError,
    },
    /// It is on another host, which is not asked.
    OtherHost {
        host: String,
    },
    /// The URL is not that of a file beside the figure.
    NotHere,
}

impl FileState {
    /// The path of a file that can be read.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Good { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for FileState {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Inlined => f.write_str("in the figure"),
            Self::Good { checked: true, .. } => f.write_str("as it should be"),
            Self::Good { checked: false, .. } => f.write_str("there; the figure has no hash to check it by"),
            Self::Missing { path } => write!(f, "missing: {} is not there", path.display()),
            Self::Wrong { error } => write!(f, "another file: {error}"),
            Self::OtherHost { host } => write!(f, "on {host}, which is not asked from here"),
            Self::NotHere => f.write_str("not beside the figure: the URL is not relative to it"),
        }
    }
}

/// The state of every file of a figure that lies at a path.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn files(path: &Path, figure: &FigureFile) -> Result<Vec<NamedFile>, RecordError> {
    let folder = folder(path);
    let state = |(field, file): (String, &FigureRef)| {
        Ok(NamedFile { field, url: file.url.clone(), state: state(folder, file)? })
    };
    figure.files.all().map(state).collect()
}

/// A reference to a file, with its size and hash, from a figure in a folder.
pub(crate) fn reference(folder: &Path, file: &Path) -> Result<FigureRef, RecordError> {
    let real = |path: &Path| std::fs::canonicalize(path).map_err(|reason| RecordError::read(path, reason));
    let (n_bytes, sha256) = size_and_hash(file)?;
    Ok(FigureRef::at(&paths::relative_url(&real(folder)?, &real(file)?), n_bytes, &sha256))
}

/// The folder that a figure lies in.
pub(crate) fn folder(figure: &Path) -> &Path {
    match figure.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        parent => parent.unwrap_or(Path::new(".")),
    }
}

fn state(folder: &Path, file: &FigureRef) -> Result<FileState, RecordError> {
    // The content counts where there are both; the file is checked nevertheless, as others may fetch it.
    let Some(url) = &file.url else { return Ok(FileState::Inlined) };
    let inlined = file.inline.is_some();
    let elsewhere = FigureRef { inline: None, ..file.clone() }.host();
    if let Some(host) = elsewhere {
        return Ok(if inlined { FileState::Inlined } else { FileState::OtherHost { host } });
    }
    match paths::path_of(folder, url) {
        None if inlined => Ok(FileState::Inlined),
        None => Ok(FileState::NotHere),
        Some(path) if !path.is_file() => Ok(if inlined { FileState::Inlined } else { FileState::Missing { path } }),
        Some(path) => {
            let (n_bytes, sha256) = size_and_hash(&path)?;
            Ok(match file.check_fetched(n_bytes, &sha256) {
                Ok(()) => FileState::Good { path, checked: file.sha256.is_some() },
                Err(error) => FileState::Wrong { error },
            })
        }
    }
}

fn size_and_hash(path: &Path) -> Result<(u64, String), RecordError> {
    /// Weights are read in pieces of this size.
    const PIECE: usize = 1 << 16;
    let failed = |reason| RecordError::read(path, reason);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut n_bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => break,
            n => {
                hash.update(&piece[..n]);
                n_bytes += n as u64;
            }
        }
    }
    let hex = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((n_bytes, hex))
}
