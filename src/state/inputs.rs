//! What the files in use make together: a graph, its scores, and whatever keeps them from being run.

use super::files::{Content, FileEntry, FileId, Role, in_use};
use super::graph_choice::GraphChoice;
use super::imports::Imports;
use super::load::{Load, Shared};
use super::scores::{ChosenGraph, ReadScores, Scored, ScoresKey};
use super::texts::Texts;
use super::weights::Weights;
use circuitscope_core::config::family;
use circuitscope_core::{ModelConfig, Prompts, RunSettings};

/// The files in use, read together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs {
    /// The file in use for each of [`Role::ALL`].
    pub files: [Option<FileId>; 4],
    pub model: Option<Shared<ModelConfig>>,
    pub weights: Option<Weights>,
    pub prompts: Option<Shared<Prompts>>,
    /// Whether a figure's files are waited for, of which some may be shown already.
    pub awaiting: bool,
    /// Whether the prompts are the first of a figure's only.
    pub excerpt: bool,
    /// The file of token ids that the reader made of the prompts, where they are texts.
    pub prompt_ids: Option<FileId>,
    /// The safetensors that the reader made of the scores, where they are in another format.
    pub scores_file: Option<FileId>,
    /// The graph that the settings choose, where there is a model and, for a token-wise graph, one length of prompts.
    pub graph: Option<ChosenGraph>,
    /// The scores of a graph, where there are both and they fit.
    pub scored: Option<Shared<Scored>>,
    /// What the scores were read from, and the outcome: kept until something of that changes.
    read_scores: Option<ReadScores>,
    pub problems: Vec<Problem>,
}

/// Something that keeps the files from being run together.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub about: Subject,
    pub message: String,
    /// A graph that the scores do fit.
    pub fix: Option<GraphChoice>,
}

/// What a problem is about, beside which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    File(FileId),
    BatchSize,
}

impl Inputs {
    /// Reads the files in use together, under some settings and with what the reader made of texts and of scores. The graph
    /// and the scores are taken from `before` where what they depend on is the same.
    pub fn new(before: &Self, files: &[FileEntry], settings: &RunSettings, texts: &Texts, imports: &Imports) -> Self {
        let entries = Role::ALL.map(|role| in_use(files, role));
        let mut inputs = Self { files: entries.map(|entry| entry.map(|e| e.id)), ..Self::default() };
        let [_, config, prompts, scores] = entries;
        if let Some(Content::Config(model)) = content(config) {
            inputs.model = Some(model.clone());
        }
        match prompts.zip(content(prompts)) {
            Some((_, Content::Prompts(prompts))) => inputs.prompts = Some(prompts.clone()),
            Some((_, Content::Excerpt(prompts))) => {
                (inputs.prompts, inputs.excerpt) = (Some(prompts.clone()), true);
            }
            Some((entry, Content::TextPrompts(_))) => inputs.read_texts(entry, files, texts),
            _ => {}
        }
        inputs.awaiting = entries.iter().any(|entry| matches!(content(*entry), Some(Content::Awaited(_))));
        inputs.weights = Weights::new(files);
        inputs.awaiting |= inputs.excerpt || matches!(&inputs.weights, Some(Weights { tensors: Ok(None), .. }));
        inputs.check_weights();
        let seq_len = inputs.check_prompts(settings);
        inputs.graph = inputs.choose_graph(before, GraphChoice::of(settings), seq_len);
        match scores.zip(content(scores)) {
            Some((entry, Content::Scores(bytes))) => inputs.read_scores(before, entry, bytes),
            Some((entry, Content::ForeignScores)) => match imports.of_file(entry.id) {
                Some(Load::Ready(imported)) => {
                    inputs.scores_file = Some(imported.file);
                    inputs.read_scores(before, entry, &imported.bytes);
                }
                Some(Load::Failed(message)) => inputs.add_problem(Subject::File(entry.id), message, None),
                Some(Load::Loading) | None => {}
            },
            _ => {}
        }
        inputs
    }

    /// Whether everything is there and fits.
    pub fn ready(&self) -> bool {
        self.files.iter().all(Option::is_some)
            && self.prompts.is_some()
            && self.scored.is_some()
            && self.problems.is_empty()
            && !self.awaiting
    }

    /// The files that a run is given, in the order of [`Role::ALL`].
    pub fn run_files(&self) -> [Option<FileId>; 4] {
        let mut files = self.files;
        if self.prompt_ids.is_some() {
            files[Role::Prompts as usize] = self.prompt_ids;
        }
        if self.scores_file.is_some() {
            files[Role::Scores as usize] = self.scores_file;
        }
        files
    }

    /// The file in use in a role that a run needs.
    pub fn file(&self, role: Role) -> Option<FileId> {
        self.files[role as usize]
    }

    /// The problem with something.
    pub fn problem(&self, about: Subject) -> Option<&Problem> {
        self.problems.iter().find(|p| p.about == about)
    }

    fn add_problem(&mut self, about: Subject, error: impl ToString, fix: Option<GraphChoice>) {
        self.problems.push(Problem { about, message: error.to_string(), fix });
    }

    /// Takes what the reader made of text prompts, where it has made it.
    fn read_texts(&mut self, entry: &FileEntry, files: &[FileEntry], texts: &Texts) {
        let about = Subject::File(entry.id);
        let Some(key) = texts.prompts_key(files) else {
            let message = format!("{}: a tokenizer is needed for these prompts: drop its tokenizer.json", entry.name);
            return self.add_problem(about, message, None);
        };
        match texts.prompts(key) {
            Some(Load::Ready(read)) => {
                (self.prompts, self.prompt_ids) = (Some(read.prompts.clone()), Some(read.file));
            }
            Some(Load::Failed(message)) => self.add_problem(about, message, None),
            Some(Load::Loading) | None => {}
        }
    }

    fn check_weights(&mut self) {
        let (Some(weights), Some(id)) = (&self.weights, self.file(Role::Weights)) else { return };
        let located = match (&weights.tensors, &self.model) {
            (Err(error), _) => Err(error.clone()),
            (Ok(Some(tensors)), Some(model)) => family::locate(model, tensors).map(|_| ()),
            (Ok(_), _) => Ok(()),
        };
        if let Err(error) = located {
            self.add_problem(Subject::File(id), error, None);
        }
    }

    /// Checks the prompts, alone and against the model. The one length that a token-wise graph needs.
    fn check_prompts(&mut self, settings: &RunSettings) -> Option<usize> {
        let (prompts, id) = (self.prompts.clone()?, self.file(Role::Prompts)?);
        if self.excerpt {
            // The rest of the file makes up whole batches.
        } else if settings.batch_size == 0 || settings.batch_size > prompts.pairs.len() {
            let message = format!("from 1 to {}, the number of prompts", prompts.pairs.len());
            self.add_problem(Subject::BatchSize, message, None);
        } else if let Err(error) = prompts.batches(settings.batch_size) {
            self.add_problem(Subject::File(id), error, None);
        }
        if let Some(Err(error)) = self.model.as_ref().map(|model| prompts.check(model)) {
            self.add_problem(Subject::File(id), error, None);
        }
        if !settings.token_wise {
            return None;
        }
        let n_pairs = prompts.pairs.len();
        let n_run = if self.excerpt { n_pairs } else { n_pairs - n_pairs % settings.batch_size.max(1) };
        match prompts.one_len(n_run, "(a token-wise graph needs one length)") {
            Ok(seq_len) => Some(seq_len),
            Err(error) => {
                self.add_problem(Subject::File(id), error, None);
                None
            }
        }
    }

    /// The graph that is chosen, built anew only for another model or choice.
    fn choose_graph(&mut self, before: &Self, choice: GraphChoice, seq_len: Option<usize>) -> Option<ChosenGraph> {
        let model = self.model.as_ref()?;
        let config = choice.config(seq_len);
        if choice.token_wise && config.seq_len.is_none() {
            return None;
        }
        if let Some(kept) = before.graph.clone().filter(|kept| kept.is_of(model, config)) {
            return Some(kept);
        }
        // A graph at every position is too large by the length of the prompts.
        let role = if choice.token_wise { Role::Prompts } else { Role::Config };
        match ChosenGraph::new(model.clone(), config) {
            Ok(graph) => Some(graph),
            Err(error) => {
                if let Some(id) = self.file(role) {
                    self.add_problem(Subject::File(id), error, None);
                }
                None
            }
        }
    }

    fn read_scores(&mut self, before: &Self, entry: &FileEntry, bytes: &Shared<[u8]>) {
        let Some(graph) = self.graph.clone() else { return };
        let seq_len = self.prompts.as_ref().and_then(|prompts| prompts.one_len(prompts.pairs.len(), "").ok());
        let key = ScoresKey { file: entry.id, bytes: bytes.clone(), graph, seq_len };
        let kept = before.read_scores.clone().filter(|kept| kept.key == key);
        let read = kept.unwrap_or_else(|| ReadScores::new(&entry.name, key));
        match &read.outcome {
            Ok(scored) => self.scored = Some(scored.clone()),
            Err(misfit) => self.add_problem(Subject::File(entry.id), &misfit.message, misfit.fix),
        }
        self.read_scores = Some(read);
    }
}

fn content(entry: Option<&FileEntry>) -> Option<&Content> {
    entry?.read()
}
