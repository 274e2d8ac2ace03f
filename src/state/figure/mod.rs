//! Figures: the one that is open, its files, and what is fetched of it.
//!
//! An open figure is an example as the demo is: its files come first in the list, and are in use while no other model is. Those that
//! only a run needs are [`super::files::Content::Awaited`] until then; they keep their numbers, so that recorded results stay those of
//! the files in use.

pub mod examples;
mod open;
mod view;

use std::collections::BTreeSet;

use super::files::{FileId, Role};
use super::load::Shared;
use super::picture::Picture;
use super::results::Recorded;
use super::settings::Settings;
use circuitscope_core::FigureFile;
use circuitscope_core::figure_file::files::{FigureFiles, FigureRef};
use circuitscope_core::figure_file::verify::Verified;
use circuitscope_core::figure_file::view::FigureView;

pub use open::{Made, Opening};
pub use view::written as written_view;

/// What the page knows of figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    pub open: Option<Shared<OpenFigure>>,
    pub stage: Stage,
    /// Files of the open figure that were dropped.
    pub given: BTreeSet<FileId>,
    /// What is to be done as soon as its files are there.
    pub next: Option<Next>,
    /// How far the last run of its circuits is from what it has recorded.
    pub verified: Option<Verified>,
    /// What is to be known about the files that were fetched.
    pub note: Option<String>,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Stage {
    #[default]
    Idle,
    /// A figure is being fetched; its address as a link has it.
    Opening(String),
    /// The reader is asked whether these hosts may be.
    Asking(Asking),
    /// The open figure's files are being fetched.
    Fetching { name: String, done: u64, total: u64 },
    /// A figure could not be opened.
    Unopened(String),
    /// The open figure's files could not be had.
    Failed(String),
}

/// What a figure's files are fetched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A run of the circuits that it recorded.
    Run,
    /// A search for another circuit.
    Search,
}

/// A question to the reader: may these hosts be asked?
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    pub hosts: Vec<String>,
    pub what: Asked,
}

/// What they are to be asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// A figure, by its address as a link has it, and what the rest of the link says.
    Figure { link: String, fragment: String },
    /// The open figure's files.
    Files(Next),
}

/// Where a figure is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Its address as a link has it, and in full.
    Address { link: String, url: String },
    /// A file that was dropped or chosen; its name.
    File(String),
}

/// A figure that is open, with what is shown of it.
#[derive(Debug, PartialEq)]
pub struct OpenFigure {
    pub origin: Origin,
    pub figure: FigureFile,
    /// With its numbers filled in.
    pub caption: String,
    /// Its files, those in use at first among them.
    pub parts: Vec<Part>,
    /// The files that are in use before anything is fetched, as if they had been dropped.
    pub entries: Vec<super::files::FileEntry>,
    pub settings: Settings,
    pub picture: Picture,
    pub recorded: Option<Recorded>,
}

/// A file of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub id: FileId,
    pub slot: Slot,
    pub name: String,
    /// Whether it has to be got before anything is run.
    pub awaited: bool,
}

/// Which field of a figure's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Config,
    Prompts,
    Scores,
    Tokenizer,
    TokenizerConfig,
    Index,
    Weights(usize),
}

impl Figures {
    /// How the open figure's address is written in a link.
    pub fn link(&self) -> Option<&str> {
        match &self.open.as_ref()?.origin {
            Origin::Address { link, .. } => Some(link),
            Origin::File(_) => None,
        }
    }

    /// Whether a figure is on its way, so that what is on the screen is not yet what the address says.
    pub fn is_waited_for(&self) -> bool {
        match &self.stage {
            Stage::Opening(_) | Stage::Unopened(_) => true,
            Stage::Asking(asking) => matches!(asking.what, Asked::Figure { .. }),
            Stage::Idle | Stage::Fetching { .. } | Stage::Failed(_) => false,
        }
    }
}

impl Origin {
    /// What its files' addresses are relative to; empty for a file.
    pub fn base(&self) -> &str {
        match self {
            Self::Address { url, .. } => url,
            Self::File(_) => "",
        }
    }
}

impl OpenFigure {
    /// A file of it.
    pub fn part(&self, id: FileId) -> Option<&Part> {
        self.parts.iter().find(|part| part.id == id)
    }

    /// The files that have to be got before anything is run.
    pub fn awaited(&self) -> impl Iterator<Item = (&Part, &FigureRef)> {
        self.parts.iter().filter(|part| part.awaited).filter_map(|part| Some((part, self.file(part.slot)?)))
    }

    /// What the figure says of a file.
    pub fn file(&self, slot: Slot) -> Option<&FigureRef> {
        slot.file(&self.figure.files)
    }

    /// The number of a slot's file.
    pub fn id(&self, slot: Slot) -> Option<FileId> {
        self.parts.iter().find(|part| part.slot == slot).map(|part| part.id)
    }

    /// The files that are at an address and must be fetched from it, with their sizes where they are known.
    pub fn to_fetch(&self) -> impl Iterator<Item = (&Part, &FigureRef)> {
        self.awaited().filter(|(_, file)| file.inline.is_none())
    }

    pub fn view(&self) -> &FigureView {
        &self.figure.view
    }
}

impl Slot {
    /// Its place among the numbers of a figure's files.
    pub fn offset(self) -> u32 {
        match self {
            Self::Config => 0,
            Self::Prompts => 1,
            Self::Scores => 2,
            Self::Tokenizer => 3,
            Self::TokenizerConfig => 4,
            Self::Index => 5,
            Self::Weights(i) => 6 + i as u32,
        }
    }

    /// What a figure says of its file.
    pub fn file(self, files: &FigureFiles) -> Option<&FigureRef> {
        match self {
            Self::Config => Some(&files.config),
            Self::Prompts => files.prompts.as_ref(),
            Self::Scores => files.scores.as_ref(),
            Self::Tokenizer => files.tokenizer.as_ref(),
            Self::TokenizerConfig => files.tokenizer_config.as_ref(),
            Self::Index => files.index.as_ref(),
            Self::Weights(i) => files.weights.get(i),
        }
    }

    /// What a file in it is for.
    pub fn role(self) -> Role {
        match self {
            Self::Config => Role::Config,
            Self::Prompts => Role::Prompts,
            Self::Scores => Role::Scores,
            Self::Tokenizer => Role::Tokenizer,
            Self::TokenizerConfig => Role::TokenizerConfig,
            Self::Index | Self::Weights(_) => Role::Weights,
        }
    }

    /// What a file in it is called that has no address.
    pub fn usual_name(self) -> String {
        match self {
            Self::Config => "config.json".to_owned(),
            Self::Prompts => "prompts.json".to_owned(),
            Self::Scores => "scores.safetensors".to_owned(),
            Self::Tokenizer => "tokenizer.json".to_owned(),
            Self::TokenizerConfig => "tokenizer_config.json".to_owned(),
            Self::Index => "model.safetensors.index.json".to_owned(),
            Self::Weights(0) => "model.safetensors".to_owned(),
            Self::Weights(i) => format!("model-{i}.safetensors"),
        }
    }
}
