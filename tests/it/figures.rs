//! The figures of the demos are what the engine computes. `CIRCUITSCOPE_UPDATE=1 cargo test figures` writes them anew.

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::SystemTime;

use circuitscope_core::FigureFile;
use circuitscope_core::figure_file::prompts::FigureAnswers;
use circuitscope_engine::run::Stacking;
use circuitscope_engine::session::Session;
use circuitscope_record::{FileState, date_of, files, verify};
use circuitscope_train::figures::{FIGURES, figure, poster_of, recipe, write};

use crate::support::read_text;

/// A figure that is fetched before anything is seen is no larger.
const MAX_BYTES: usize = 150_000;
/// Nor is its poster.
const MAX_POSTER_BYTES: usize = 40_000;

#[test]
fn figures_are_what_their_recipes_give() {
    for name in FIGURES {
        let (dir, recipe) = (dir(name), recipe(name).unwrap());
        let committed = open(name);
        let date = committed.recorded.as_ref().unwrap().date.clone();
        let computed = pollster::block_on(figure(&dir, recipe, date)).unwrap();
        let [a, b] = [&committed, &computed].map(without_results);
        assert!(a == b, "{name}: another figure would be written now; write it anew");
        assert_same_tokens(name, &committed, &computed);
    }
}

#[test]
fn figures_are_on_their_models_and_verified() {
    for name in FIGURES {
        let (path, figure) = (path(name), open(name));
        assert!(read_text(&path).len() < MAX_BYTES, "{name}");
        let model = figure.inline_model(name).unwrap().unwrap();
        let on_model = figure.on_model(name, &model).unwrap();
        let caption = figure.caption_text(name, &on_model).unwrap();
        assert!(!caption.contains(['{', '}']) && caption.contains(" edges "), "{name}: {caption}");
        let files = files(&path, &figure).unwrap();
        let is_good = |state: &FileState| matches!(state, FileState::Good { checked: true, .. });
        assert!(files.len() >= 4 && files.iter().all(|file| is_good(&file.state)), "{name}: {files:?}");
        let mut session = Session::new(burn::tensor::Device::flex(), Stacking::cpu(1 << 30));
        let verified = pollster::block_on(verify(name, &figure, &files, &mut session, &mut ())).unwrap();
        assert!(verified.is_within(1e-4), "{name}: {verified}");
        // Of `tracr-xproportion` only the divergences: five numbers each of two metrics and three circuits.
        assert!(verified.n_compared >= 30, "{name}: {} numbers", verified.n_compared);
    }
}

/// The posters are drawn from the figures, small, without scripts and other files, and in both colour schemes.
#[test]
fn posters_are_those_of_the_figures() {
    for name in FIGURES {
        let figure = open(name);
        let (expected, committed) = (poster_of(name, &figure).unwrap(), read_text(&dir(name).join("poster.svg")));
        assert!(expected == committed, "{name}: another poster would be drawn now; write it anew");
        assert!(committed.len() < MAX_POSTER_BYTES, "{name}: {} bytes", committed.len());
        for text in ["viewBox=\"0 0 1200 640\"", "prefers-color-scheme:dark", ">A0.", "<desc>", figure.title.as_str()] {
            assert!(committed.contains(text) || text == ">A0." && name.starts_with("tracr"), "{name}: {text}");
        }
        let outside = ["<script", "href", "url(http", "@import", "class=\"background\""];
        assert!(outside.iter().all(|text| !committed.contains(text)), "{name}");
    }
}

/// What the captions of the compiled models say of their heads, and that the circuit of `tracr-xproportion` carries the answer.
#[test]
fn compiled_heads_do_what_their_captions_say() {
    let recorded = |name: &str| open(name).recorded.unwrap();
    // At query 1 to 5 the key that mirrors it is 6 - query.
    for head in recorded("tracr-reverse").attention {
        let at = |query: usize| head.patterns.circuit.values()[query * head.seq + 6 - query];
        assert!((1..6).all(|query| at(query) > 0.99), "{head:?}");
    }
    // At each query the mean over keys 1 to the query.
    for head in recorded("tracr-xproportion").attention {
        let at = |query: usize, key: usize| head.patterns.circuit.values()[query * head.seq + key];
        let is_mean = |query: usize| (1..=query).all(|key| (at(query, key) - 1.0 / query as f32).abs() < 0.01);
        assert!((1..6).all(is_mean), "{head:?}");
    }
    let figure = open("tracr-xproportion");
    let answers = &figure.recorded.unwrap().tokens[1];
    for (prompt, positions) in figure.texts.prompts.iter().zip(answers) {
        let FigureAnswers::Values(expected) = &prompt.answers else { panic!("{:?}", prompt.answers) };
        for (expected, tokens) in expected.iter().zip(positions) {
            assert!((f64::from(tokens.circuit[0].logit) - expected[0]).abs() < 1e-4, "{prompt:?}: {tokens:?}");
        }
    }
    assert_eq!(answers.len(), 6);
}

fn dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www/demo").join(name)
}

fn path(name: &str) -> PathBuf {
    dir(name).join("figure.json")
}

fn open(name: &str) -> FigureFile {
    // Once, whichever test is first.
    static UPDATED: Once = Once::new();
    UPDATED.call_once(|| {
        if std::env::var_os("CIRCUITSCOPE_UPDATE").is_some() {
            FIGURES.into_iter().for_each(update);
        }
    });
    FigureFile::from_json(name, &read_text(&path(name))).unwrap()
}

fn update(name: &str) {
    #[expect(clippy::disallowed_methods, reason = "a native test")]
    let today = date_of(SystemTime::now());
    pollster::block_on(write(&dir(name), recipe(name).unwrap(), Some(today))).unwrap();
}

fn without_results(figure: &FigureFile) -> FigureFile {
    FigureFile { recorded: None, caption: figure.caption.clone(), ..figure.clone() }
}

/// The likeliest tokens are the same, as likely within 1e-4, and so are the numbers of the attention patterns, within 1e-3 as they
/// have 16 bits.
fn assert_same_tokens(name: &str, a: &FigureFile, b: &FigureFile) {
    let [a, b] = [a, b].map(|figure| figure.recorded.as_ref().unwrap());
    assert_eq!(a.tokens.len(), b.tokens.len(), "{name}");
    for (a, b) in a.tokens.iter().flatten().flatten().zip(b.tokens.iter().flatten().flatten()) {
        for (a, b) in [(&a.clean, &b.clean), (&a.corrupt, &b.corrupt), (&a.circuit, &b.circuit)] {
            assert_eq!(a.len(), b.len(), "{name}");
            for (a, b) in a.iter().zip(b) {
                // Tokens that are equally likely may change places between machines.
                assert!((a.prob - b.prob).abs() < 1e-4, "{name}: {a:?}, {b:?}");
            }
        }
    }
    assert_eq!(a.attention.len(), b.attention.len(), "{name}");
    for (a, b) in a.attention.iter().zip(&b.attention) {
        let [p, q] = [a, b].map(|head| [&head.patterns.clean, &head.patterns.corrupt, &head.patterns.circuit]);
        for (p, q) in p.into_iter().zip(q) {
            let far = p.values().iter().zip(q.values()).map(|(p, q)| (p - q).abs()).fold(0.0, f32::max);
            assert!(far < 1e-3 && p.values().len() == q.values().len(), "{name}: {far} in A{}.{}", a.block, a.head_idx);
        }
    }
}
