//! What each figure says. `tests/it/trained.rs` holds what its heads do against their attention.

use circuitscope_core::{Metric, OutputSlice, PatchType};

use super::FigureRecipe;

/// The names of all figures.
pub const FIGURES: [&str; 5] = ["ioi", "induction", "greater-than", "tracr-reverse", "tracr-xproportion"];

/// The figure of a demo's name.
pub fn recipe(name: &str) -> Option<&'static FigureRecipe> {
    match name {
        "ioi" => Some(&IOI),
        "induction" => Some(&INDUCTION),
        "greater-than" => Some(&GREATER_THAN),
        "tracr-reverse" => Some(&REVERSE),
        "tracr-xproportion" => Some(&XPROPORTION),
        _ => None,
    }
}

/// The circuit is kept and all other edges are patched; the answer is that of the last position.
const TRAINED: FigureRecipe = FigureRecipe {
    title: "",
    caption: "",
    source: "",
    source_url: "",
    edges: 0,
    edge_counts: &[],
    patch_type: PatchType::Tree,
    slice: OutputSlice::LastSeq,
    metric: Metric::LogitDiff,
    heads: &[],
    n_attention_prompts: 3,
    groups: &[],
    tokens: &[],
};

const IOI: FigureRecipe = FigureRecipe {
    title: "Who was given it: indirect object identification",
    caption: "Two people are named, then one of them again, and the model says the other name. Where a name comes again, head \
              A0.1 looks back at the other one; A1.3 and A2.3 take it from there to the end. {edges:40} of {edges:all} edges \
              keep {share:logitDiff:40} of the logit difference, and with {edges:60} the right name is the likeliest word in \
              {value:correctAnswerPercent:60} of the prompts.",
    source: "The task is that of Wang et al. 2022; the model was trained by this project",
    source_url: "https://arxiv.org/abs/2211.00593",
    edges: 40,
    edge_counts: &[
        0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 16, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 100, 130, 160, 200, 262,
    ],
    heads: &[(0, 1), (1, 3), (2, 3)],
    groups: &[("finds the other name", &["A0.1"]), ("move it to the end", &["A1.3", "A2.3"])],
    ..TRAINED
};

const INDUCTION: FigureRecipe = FigureRecipe {
    title: "What came next before: induction",
    caption: "Random words are said, then said again, and the model says which word comes next. Head A0.2 writes at every word \
              which one came before it; by these keys the induction heads A1.0 to A1.3, A1.2 above all, find the word that came \
              after the last one. {edges:10} of {edges:all} edges keep {share:logitDiff:10} of the logit difference.",
    source: "The task is that of Olsson et al. 2022; the model was trained by this project",
    source_url: "https://arxiv.org/abs/2209.11895",
    edges: 10,
    edge_counts: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 23, 26, 30, 35, 40, 50, 60, 70, 81],
    heads: &[(0, 2), (1, 0), (1, 1), (1, 2), (1, 3)],
    n_attention_prompts: 2,
    groups: &[("previous-token head", &["A0.2"]), ("induction heads", &["A1.0", "A1.1", "A1.2", "A1.3"])],
    ..TRAINED
};

const GREATER_THAN: FigureRecipe = FigureRecipe {
    title: "Which years come after: greater-than",
    caption: "A text says in which year something began, and the model says in which year of that century it ended: any greater \
              one. Head A0.3 takes the start year to the end, where MLP 0 and MLP 1 turn it into all years that are greater. \
              {edges:30} of {edges:all} edges keep {share:logitDiff:30} of the logit difference between later and earlier years.",
    source: "The task is that of Hanna et al. 2023; the model was trained by this project",
    source_url: "https://arxiv.org/abs/2305.00586",
    edges: 30,
    edge_counts: &[
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 23, 26, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 110,
    ],
    heads: &[(0, 3)],
    ..TRAINED
};

/// The answers are at every position but that of the BOS token, and the scores are 1 for the official circuit's edges and 0 for all
/// others: there are three different circuits.
const COMPILED: FigureRecipe = FigureRecipe {
    source: "Compiled by Tracr (Lindner et al. 2023); the circuit is auto-circuit's (Miller et al. 2024)",
    source_url: "https://arxiv.org/abs/2301.05062",
    slice: OutputSlice::NotFirstSeq,
    n_attention_prompts: 6,
    ..TRAINED
};

const REVERSE: FigureRecipe = FigureRecipe {
    title: "Written backwards: a compiled program",
    caption: "This transformer was not trained but compiled from a program by Tracr; it writes a sequence backwards. At every \
              position head A3.0 looks at the one that mirrors it and copies its token to the output: {edges:2} of {edges:all} \
              edges keep {share:logitDiff:2} of the logit difference.",
    edges: 2,
    edge_counts: &[0, 2, 77],
    heads: &[(3, 0)],
    tokens: &["a", "b", "c", "BOS", "PAD"],
    ..COMPILED
};

const XPROPORTION: FigureRecipe = FigureRecipe {
    title: "The share of x so far: a compiled program",
    caption: "This transformer was not trained but compiled from a program by Tracr; at every position it gives the share of x \
              among the letters so far. MLP 0 marks each x, and head A1.0 takes the mean of the marks up to there: {edges:3} of \
              {edges:all} edges carry the answer. It is a number and not a token, so that no metric of tokens applies.",
    edges: 3,
    edge_counts: &[0, 3, 23],
    metric: Metric::CleanKlDiv,
    heads: &[(1, 0)],
    // Tracr numbers its words in the order of their bytes.
    tokens: &["BOS", "PAD", "w", "x", "y", "z"],
    ..COMPILED
};
