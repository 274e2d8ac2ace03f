//! The figure file: a circuit with its caption, its view and its results, which is shown without weights, tokenizer or engine.
//!
//! # The format, version 1
//!
//! UTF-8 JSON of at most [`MAX_BYTES`], described by `www/figure.schema.json`. Keys are in camel case. A reader passes over fields
//! that it does not know, so that later ones may be added; a change that an old reader would get wrong has a new version.
//!
//! | field | holds |
//! | --- | --- |
//! | `format`, `version` | `"circuitscope-figure"` and 1; both must be there |
//! | `title`, `caption`, `source`, `licence` | text, never markup. A caption may have [placeholders](caption) such as `{share:logitDiff:31}`, which are filled from the recorded results |
//! | `files` | where config, weights, tokenizer, prompts and scores are ([`files`]): a URL with size and SHA-256, or the content itself |
//! | `graph`, `run` | the graph ([`GraphConfig`]) and the settings of the run ([`RunSettings`]) |
//! | `circuit` | the edges with their scores ([`edges`]): all, or those of the largest circuit that is shown |
//! | `texts` | the prompts as token ids, and what each token is called ([`prompts`]) |
//! | `view` | what is drawn and how ([`view`]) |
//! | `recorded` | results ([`recorded`]): metrics of circuits, likeliest tokens, attention patterns |
//!
//! With the config inlined, the edges and the results, all is drawn at once; the other files are fetched to run it again, and
//! [`verify`] says how far the two are apart.
//!
//! # What a reader can rely on
//!
//! Files are hostile until parsed. [`FigureFile::from_json`] checks all that can be checked without the model, and with it where the
//! config is inlined; [`FigureFile::on_model`] checks the rest. Nothing is allocated by a number that the file names before that
//! number is checked. Numbers of more than fifteen digits are read to the nearest one but one. Nothing is included from elsewhere, so that no figure is its own part.
//!
//! URLs are relative to the figure, or `http` and `https`; [`FigureFile::other_hosts`] names the hosts that would be asked, so that a
//! reader can be asked first.

mod base64;
mod by_metric;
pub mod caption;
mod check;
pub mod edges;
pub mod files;
mod inline_json;
mod json_path;
mod limited;
mod numbers;
pub mod prompts;
mod read;
pub mod recorded;
mod url;
pub mod verify;
pub mod view;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, GraphConfig};
use crate::scores::mask::MaskEdits;
use crate::scores::prune_scores::PruneScores;
use crate::settings::run::RunSettings;
use edges::FigureEdges;
use files::FigureFiles;
pub use inline_json::InlineJson;
pub use numbers::Numbers;
use prompts::{FigurePrompt, FigureTexts};
pub use read::is_figure;
use recorded::FigureResults;
use view::FigureView;

/// What `format` says.
pub const FORMAT: &str = "circuitscope-figure";
/// The version that is read and written here.
pub const VERSION: u32 = 1;
/// No figure file is larger: the scores of the largest graph take 22 MiB as base64. What is read takes up to 24 times its text (short
/// lists in a list), which a page of 32 bits can still address.
pub const MAX_BYTES: usize = 32 << 20;
/// No figure is of a graph with more edges. GPT-2 XL has 2.6 million; the scores of as many take 16 MiB.
pub const MAX_FIGURE_EDGES: usize = 1 << 22;

/// A figure, as its file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureFile {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    pub title: String,
    /// A few sentences. What `{…}` in them stands for, [`caption`] says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caption: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<FigureSource>,
    /// `CC BY 4.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    pub files: FigureFiles,
    #[serde(default)]
    pub graph: GraphConfig,
    #[serde(default)]
    pub run: RunSettings,
    /// Missing where the scores' file is needed to draw anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<FigureEdges>,
    #[serde(default)]
    pub texts: FigureTexts,
    pub view: FigureView,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<FigureResults>,
}

/// Where a figure is from: a paper, a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureSource {
    /// `Wang et al. 2022`.
    pub text: String,
    /// For a link; nothing is fetched from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A figure's circuit in the graph of its model.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureOnModel {
    pub graph: Graph,
    /// A number for every edge; none where the figure has no edges. Edges that are not listed have 0.
    pub values: Option<PruneScores>,
    /// How many edges have a number of their own, and so the largest circuit that can be shown.
    pub n_known: usize,
    /// The view's edits.
    pub edits: MaskEdits,
    /// The view's size as a number of edges; none where it is a threshold and the figure has no edges.
    pub requested: Option<usize>,
}

impl FigureFile {
    /// The hosts that would be asked for the figure's files, sorted, each once: all but the one that the figure is from.
    ///
    /// `base` is the figure's own URL; where it is none (a file that was dropped), every host is another. A host has its port where that
    /// is not the usual one. Ask the reader by these names before anything is fetched.
    pub fn other_hosts(&self, base: &str) -> Vec<String> {
        let own = url::host_of(base);
        let mut hosts: Vec<_> = self.files.all().filter_map(|(_, file)| file.host()).collect();
        hosts.retain(|host| own.as_ref() != Some(host));
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// The ids of all tokens that the figure shows, ascending: those whose texts belong in [`FigureTexts::tokens`].
    pub fn token_ids(&self) -> BTreeSet<u32> {
        let recorded = self.recorded.iter().flat_map(|results| &results.tokens).flatten().flatten();
        let likeliest = recorded.flat_map(|tokens| [&tokens.clean, &tokens.corrupt, &tokens.circuit]).flatten();
        let likeliest = likeliest.map(|token| token.token);
        self.texts.prompts.iter().flat_map(FigurePrompt::token_ids).chain(likeliest).collect()
    }
}
