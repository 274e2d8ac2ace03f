//! A person's files: each with its role and with what was read of it.

use super::load::{Load, Shared};
use circuitscope_core::{ModelConfig, Prompts, ShardIndex, TensorFile};

/// A number for a file, unique in a session.
pub type FileId = u32;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Weights,
    Config,
    Prompts,
    Scores,
    Tokenizer,
    TokenizerConfig,
}

/// What was read of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The header only; the numbers are read by the engine.
    Weights(Shared<TensorFile>),
    /// Which shard holds each tensor.
    Index(Shared<ShardIndex>),
    Config(Shared<ModelConfig>),
    Prompts(Shared<Prompts>),
    /// The first prompts of a figure's file that is not there yet.
    Excerpt(Shared<Prompts>),
    /// Prompts with texts, as JSON: the reader makes ids of them.
    TextPrompts(Shared<str>),
    /// The whole file: it is read anew for each graph.
    Scores(Shared<[u8]>),
    /// Scores or a circuit in another program's format, read by the reader.
    ForeignScores,
    /// Read by the reader.
    Tokenizer,
    TokenizerConfig,
    /// A figure's file for a role, which is not there yet.
    Awaited(Role),
}

/// A file in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEntry {
    pub id: FileId,
    pub name: String,
    pub n_bytes: u64,
    /// Whether it is part of the example: of the demo, or of the figure that is open.
    pub demo: bool,
    pub content: Load<Content>,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub why: String,
    /// What it seems to be for, where its content shows that.
    pub meant: Option<Role>,
}

/// Something to be known about files that were dropped together.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub text: String,
    /// Whether there is something to put right.
    pub wrong: bool,
}

impl Role {
    /// Those that a run needs, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Weights, Self::Config, Self::Prompts, Self::Scores];
    /// Those that turn text into tokens and tokens into text.
    pub const TEXT: [Self; 2] = [Self::Tokenizer, Self::TokenizerConfig];

    /// What the file is called in the list.
    pub fn label(self) -> &'static str {
        match self {
            Self::Weights => "Weights",
            Self::Config => "Config",
            Self::Prompts => "Prompts",
            Self::Scores => "Scores",
            Self::Tokenizer => "Tokenizer",
            Self::TokenizerConfig => "its config",
        }
    }

    /// What a file is for by its name alone, as people name such files.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let has = |part: &str| name.contains(part);
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let first = [
            (has("tokenizer_config"), Self::TokenizerConfig),
            (has("tokenizer"), Self::Tokenizer),
            (has("prompt"), Self::Prompts),
            (has("config"), Self::Config),
            (has("score") || has("circuit") || ends(&[".pt", ".pkl", ".csv", ".tsv"]), Self::Scores),
            (has("model") || ends(&[".safetensors", ".bin", ".gguf"]), Self::Weights),
        ];
        first.into_iter().find(|(is_it, _)| *is_it).map(|(_, role)| role)
    }

    /// What to drop where it is missing.
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Weights => "model.safetensors",
            Self::Config => "config.json or tl_config.json",
            Self::Prompts => "JSON with a list of prompts",
            Self::Scores => "scores or a circuit",
            Self::Tokenizer => "tokenizer.json",
            Self::TokenizerConfig => "tokenizer_config.json",
        }
    }
}

impl Content {
    /// What the file is for.
    pub fn role(&self) -> Role {
        match self {
            Self::Weights(_) | Self::Index(_) => Role::Weights,
            Self::Config(_) => Role::Config,
            Self::Prompts(_) | Self::Excerpt(_) | Self::TextPrompts(_) => Role::Prompts,
            Self::Scores(_) | Self::ForeignScores => Role::Scores,
            Self::Tokenizer => Role::Tokenizer,
            Self::TokenizerConfig => Role::TokenizerConfig,
            Self::Awaited(role) => *role,
        }
    }
}

impl FileEntry {
    /// What the file is for, once it has been read.
    pub fn role(&self) -> Option<Role> {
        match &self.content {
            Load::Ready(content) => Some(content.role()),
            _ => None,
        }
    }

    /// What was read of it, once it has been.
    pub fn read(&self) -> Option<&Content> {
        match &self.content {
            Load::Ready(content) => Some(content),
            _ => None,
        }
    }
}

impl Note {
    /// Something to put right.
    pub fn wrong(text: impl Into<String>) -> Self {
        Self { text: text.into(), wrong: true }
    }

    /// Adds a sentence.
    pub fn add(note: &mut Option<Self>, text: &str) {
        match note {
            Some(note) => note.text += &format!(" {text}"),
            None => *note = Some(Self { text: text.to_owned(), wrong: false }),
        }
    }
}

/// The file in use in a role: the last; of prompts the last that the model in use can read, where there are such. The demo's own
/// files, which come first, are in use while its model is, that is while no other weights or config are there, so that nothing
/// of the demo is ever mixed with another model.
pub fn in_use(files: &[FileEntry], role: Role) -> Option<&FileEntry> {
    let last = candidates(files, role).last()?;
    let first = candidates(files, role).next()?;
    if role != Role::Prompts || first.id == last.id {
        return Some(last);
    }
    let fitting = candidates(files, role).filter(|file| misfit(files, file).is_none()).last();
    Some(fitting.unwrap_or(last))
}

/// Prompts that came after those in use, which the model in use cannot read, each with why.
pub fn misfits(files: &[FileEntry]) -> Vec<(&FileEntry, String)> {
    let used = in_use(files, Role::Prompts).map(|file| file.id);
    let later = candidates(files, Role::Prompts).skip_while(|file| Some(file.id) != used).skip(1);
    later.filter_map(|file| Some((file, misfit(files, file)?))).collect()
}

/// Why the model in use cannot read prompts. Texts are read by the reader, which says later what is wrong with them.
fn misfit(files: &[FileEntry], prompts: &FileEntry) -> Option<String> {
    let Some(Content::Config(model)) = in_use(files, Role::Config)?.read() else { return None };
    let Some(Content::Prompts(prompts)) = prompts.read() else { return None };
    prompts.check(model).err().map(|error| error.to_string())
}

/// The files that may be in use in a role.
pub fn candidates(files: &[FileEntry], role: Role) -> impl Iterator<Item = &FileEntry> {
    let of_model = |f: &FileEntry| !f.demo && matches!(f.role(), Some(Role::Weights | Role::Config));
    let own_model = files.iter().any(of_model);
    files.iter().filter(move |f| f.role() == Some(role) && !(f.demo && own_model))
}
