//! How much memory it takes to read a figure: a few times its text, whatever numbers it names. In a program of its own, for its
//! allocator counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use circuitscope_core::FigureFile;
use circuitscope_core::figure_file::MAX_BYTES;

/// The system's allocator, with the bytes that are in use and the most that were.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator is unsafe; this one passes everything on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(in_use, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Of a list `[],[],…` every three bytes are a vector of 24; while it grows there are three times as many.
const MOST_TIMES: usize = 24;
/// The largest graph of a figure with its scores, while it is checked: 16 thousand heads and 4 million edges.
const MOST_BESIDES: usize = 96 << 20;

/// A config in JSON.
fn config(n_layers: usize, n_heads: usize, n_ctx: usize) -> String {
    format!(
        r#"{{"json":{{"n_layers":{n_layers},"n_heads":{n_heads},"d_model":64,"d_head":8,"d_mlp":64,"n_ctx":{n_ctx},"d_vocab":50000,
        "act_fn":"relu","normalization_type":null,"attention_dir":"causal"}}}}"#
    )
}

/// A figure with these fields besides the ones that it needs.
fn figure(config: &str, view: &str, others: &str) -> String {
    format!(
        r#"{{"format":"circuitscope-figure","version":1,"title":"a","files":{{"config":{{"inline":{config}}}}},
        "view":{{"size":{{"edges":1}}{view}}}{others}}}"#
    )
}

/// What is read of a text, with the most memory that it took.
fn read(text: &str) -> (Result<FigureFile, String>, usize) {
    let before = IN_USE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let figure = FigureFile::from_json("f", text).map_err(|error| error.to_string());
    (figure, MOST.load(Ordering::Relaxed) - before)
}

/// As many parts as make 4 MB.
fn many(part: &str) -> String {
    part.repeat((4 << 20) / part.len()) + part.trim_end_matches(',')
}

#[test]
fn memory_is_bounded_by_the_text() {
    let small = config(2, 2, 16);
    let listed = r#","circuit":{"scores":{"listed":[{"edge":"A0.0->MLP 0","score":1}]}}"#;
    let token_wise = |n: u64| {
        format!(r#","graph":{{"factorized":true,"separateQkv":true,"seqLen":{n}}},"run":{{"tokenWise":true}}"#)
    };
    let recorded = |fields: &str| {
        format!(
            r#","recorded":{{"baseline":{{"shape":[1,9],"clean":{{}},"corrupt":{{}},"nPrompts":1,"nPositions":1,"forwardPasses":1}},{fields}}}"#
        )
    };
    let circuit = r#"{"circuit":{"requested":0,"nEdges":0,"threshold":null},"measurement":{}},"#;
    let hostile = [
        ("many layers", figure(&config(1024, 16, 16), "", listed)),
        ("many heads", figure(&config(16, 1024, 16), "", listed)),
        ("many positions", figure(&config(2, 2, 1 << 20), "", &(token_wise(1 << 20) + listed))),
        ("more positions than can be counted", figure(&small, "", &(token_wise(u64::MAX) + listed))),
        ("the graph of GPT-2 XL", figure(&config(48, 25, 16), "", listed)),
        ("a large graph", figure(&config(72, 60, 16), "", listed)),
        ("a long list in a config", figure(&format!(r#"{{"json":[{}]}}"#, many("0,")), "", "")),
        ("a deep config", figure(&format!(r#"{{"json":{}}}"#, many("[")), "", "")),
        (
            "many edges",
            figure(
                &small,
                "",
                &format!(r#","circuit":{{"scores":{{"listed":[{}]}}}}"#, many(r#"{"edge":"","score":1},"#)),
            ),
        ),
        (
            "many scores",
            figure(&small, "", &format!(r#","circuit":{{"scores":{{"all":{{"f16":"{}"}}}}}}"#, many("AAAA"))),
        ),
        ("many edits", figure(&small, &format!(r#","edits":[{}]"#, many(r#"{"edge":"","mask":1},"#)), "")),
        ("a large group", figure(&small, &format!(r#","groups":{{"a":[{}]}}"#, many(r#""","#)), "")),
        ("many blocks", figure(&small, &format!(r#","look":{{"opened":[{}]}}"#, many("0,")), "")),
        (
            "many answers",
            figure(
                &small,
                "",
                &format!(
                    r#","texts":{{"prompts":[{{"clean":[1],"corrupt":[1],"answers":{{"perPosition":[{}]}}}}]}}"#,
                    many("[],")
                ),
            ),
        ),
        ("a list that goes on", figure(&small, "", &format!(r#","later":[{}]"#, many("[],")))),
        ("a deep list", figure(&small, "", &format!(r#","later":{}"#, many("[")))),
        ("many tokens", figure(&small, "", &recorded(&format!(r#""circuits":[],"tokens":[{}]"#, many("[],"))))),
        ("many circuits", figure(&small, "", &recorded(&format!(r#""circuits":[{}]"#, many(circuit))))),
        (
            "a large pattern",
            figure(
                &small,
                "",
                &recorded(&format!(
                    r#""circuits":[{}],"attention":[{{"prompt":0,"block":0,"headIdx":0,"circuit":0,"seq":4294967296,
            "patterns":{{"clean":{{"f16":""}},"corrupt":{{"f16":""}},"circuit":{{"f16":""}}}}}}]"#,
                    circuit.trim_end_matches(',')
                )),
            ),
        ),
        ("a long title", format!(r#"{{"format":"circuitscope-figure","version":1,"title":"{}"}}"#, many("a"))),
        (
            "many shards",
            format!(
                r#"{{"format":"circuitscope-figure","version":1,"title":"a","files":{{"config":{{}},"weights":[{}]}}}}"#,
                many("{},")
            ),
        ),
    ];
    let mut were_read = Vec::new();
    for (name, text) in &hostile {
        let (figure, n_bytes) = read(text);
        assert!(n_bytes <= MOST_TIMES * text.len() + MOST_BESIDES, "{name}: {n_bytes} bytes for {}", text.len());
        match figure {
            Ok(_) => were_read.push(*name),
            Err(error) => assert!(error.len() < 1_000, "{name}: {error}"),
        }
    }
    assert_eq!(were_read, ["the graph of GPT-2 XL", "a list that goes on"]);

    let (too_long, n_bytes) = read(&" ".repeat(MAX_BYTES + 1));
    assert!(too_long.is_err() && n_bytes < 10_000, "{n_bytes} bytes to refuse a text for its length");
}
