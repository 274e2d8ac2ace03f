//! Tokenizers and text prompts: against transformers, then auto-circuit's rules for BOS, labels, padding and answers.

use std::path::PathBuf;

use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{Answers, Metric, OutputSlice, PromptSettings, Prompts, RunSettings};
use circuitscope_engine::run::{RunInput, Stacking, graph_config, run_circuits};
use circuitscope_formats::{Answer, File, Session, Tokenizer, read_prompts};
use circuitscope_wire::reader::{Event, Request};
use serde_json::{Value, json};

use crate::support::{Case, assert_close, numbers, read_text, run_with_logits};

const TOKENIZERS: [&str; 3] = ["gpt2", "llama", "llama3"];

fn dir(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers").join(name)
}

fn file(name: &str, leaf: &str) -> File {
    File { name: leaf.to_owned(), bytes: read_text(&dir(name).join(leaf)).into_bytes() }
}

fn tokenizer(name: &str) -> Tokenizer {
    let config = file(name, "tokenizer_config.json");
    Tokenizer::open(&file(name, "tokenizer.json"), Some(&config)).unwrap()
}

fn expected(name: &str) -> Value {
    serde_json::from_str(&read_text(&dir(name).join("expected.json"))).unwrap()
}

fn prompts_file(json: &Value) -> File {
    File { name: "prompts.json".to_owned(), bytes: json.to_string().into_bytes() }
}

/// Reads prompts with the tokenizer like GPT-2's.
fn read(json: &Value, settings: PromptSettings) -> Result<Prompts, String> {
    read_prompts(&prompts_file(json), Some(&tokenizer("gpt2")), settings)
        .map(|read| read.prompts)
        .map_err(|e| e.to_string())
}

/// The notes on prompts that are read with a tokenizer.
fn notes(name: &str, json: &Value) -> Vec<String> {
    read_prompts(&prompts_file(json), Some(&tokenizer(name)), PromptSettings::default()).unwrap().notes
}

#[test]
fn texts_have_the_tokens_that_transformers_gives_them() {
    for name in TOKENIZERS {
        let (tokenizer, expected) = (tokenizer(name), expected(name));
        for (i, text) in expected["texts"].as_array().unwrap().iter().enumerate() {
            let text = text.as_str().unwrap();
            for (field, prepend_bos) in [("plain", false), ("with_bos", true)] {
                let ids: Vec<usize> =
                    tokenizer.encode(text, prepend_bos).unwrap().iter().map(|&id| id as usize).collect();
                assert_eq!(ids, numbers(&expected[field][i]), "{name}: {text:?} {field}");
            }
        }
    }
}

#[test]
fn special_tokens_are_told_from_the_config_or_from_the_tokenizer() {
    for name in TOKENIZERS {
        let expected = expected(name);
        let without = Tokenizer::open(&file(name, "tokenizer.json"), None).unwrap();
        for tokenizer in [tokenizer(name), without] {
            let bos = tokenizer.info().bos.as_ref().unwrap().id;
            assert_eq!(Some(u64::from(bos)), expected["bos"].as_u64(), "{name}");
        }
        // Without a config, what short prompts are filled up with is the BOS token; it is masked.
        let pad = tokenizer(name).info().pad.as_ref().unwrap().id;
        assert_eq!(Some(u64::from(pad)), expected["pad"].as_u64(), "{name}");
    }
}

#[test]
fn tokens_are_shown_as_the_text_that_they_stand_for() {
    for name in TOKENIZERS {
        let tokenizer = tokenizer(name);
        let pieces = tokenizer.pieces();
        let pieces: Vec<&str> = pieces.lines().collect();
        assert_eq!(pieces.len(), tokenizer.info().n_tokens);
        for text in ["When Ada and Ben went", "a  b\n\tc", "12345 o'clock!"] {
            let shown: String = tokenizer.encode(text, false).unwrap().iter().map(|&id| pieces[id as usize]).collect();
            let written = text.replace(' ', "␣").replace('\n', "⏎").replace('\t', "⇥");
            // Llama's tokenizer puts a space before every text.
            let space = if name == "llama" { "␣" } else { "" };
            assert_eq!(shown, format!("{space}{written}"), "{name}");
        }
        // A character of three bytes, none of which was seen in training.
        let bytes: Vec<&str> = tokenizer.encode("語", false).unwrap().iter().map(|&id| pieces[id as usize]).collect();
        assert_eq!(bytes[bytes.len() - 3..], ["\\xe8", "\\xaa", "\\x9e"], "{name}");
    }
}

#[test]
fn text_prompts_are_those_that_auto_circuit_loads() {
    let case = Case::open("gpt2-text");
    let text = read_text(&case.dir.join("prompts.json"));
    let prompts = read(&serde_json::from_str(&text).unwrap(), PromptSettings::default()).unwrap();
    let batches = prompts.batches(prompts.pairs.len()).unwrap();
    let sides = [batches[0].padded(|p| &p.clean), batches[0].padded(|p| &p.corrupt)];
    for (side, (name, rows)) in ["clean", "corrupt"].into_iter().zip(sides).enumerate() {
        for (i, row) in rows.iter().enumerate() {
            let ids: Vec<usize> = row.tokens.iter().map(|&id| id as usize).collect();
            assert_eq!(ids, numbers(&case.json[name][i]));
            assert_eq!(row.n_pads, numbers(&case.json["pads"][side])[i]);
        }
    }
    assert_eq!(json!(prompts.word_idxs), case.json["word_idxs"]);
    let n_answers = prompts.pairs.iter().map(|pair| pair.answers.tokens().count());
    assert_eq!(n_answers.collect::<Vec<_>>(), [1, 2, 1, 2]);
    assert_eq!(Prompts::from_json("prompts.json", &prompts.to_json()).unwrap(), prompts);
}

#[test]
fn padded_prompts_run_as_in_auto_circuit() {
    let case = Case::open("gpt2-text");
    let prompts =
        read(&serde_json::from_str(&read_text(&case.dir.join("prompts.json"))).unwrap(), PromptSettings::default());
    let (model, prompts) = (case.model(), prompts.unwrap());
    for g in case.graphs() {
        for (r, run) in g.json["runs"].as_array().unwrap().iter().enumerate() {
            let settings = g.settings(&case, run);
            let (graph, scores, stacking) = (&g.graph, &g.scores, Stacking::cpu(1 << 28));
            let input = RunInput {
                model: &model,
                prompts: &prompts,
                graph,
                circuits: scores.into(),
                settings: &settings,
                stacking,
                unpatched: None,
                keep_logits: true,
            };
            let (output, logits) = run_with_logits(&input);
            for (circuit, logits) in output.circuits.iter().zip(&logits) {
                let name = format!("graph{}.run{r}.edges{}", g.idx, circuit.circuit.n_edges);
                assert_close(&name, &logits.values, &case.expected(&name).1);
                for (key, points) in run["metrics"].as_object().unwrap() {
                    let metric = Metric::from_key(key).unwrap();
                    let points = points.as_array().unwrap();
                    let at = points.iter().find(|point| point[0] == circuit.circuit.n_edges).unwrap();
                    let (found, expected) = (circuit.measurement.mean(metric).unwrap(), at[1].as_f64().unwrap());
                    let close = (found - expected).abs() <= 1e-4 + 1e-3 * expected.abs();
                    assert!(close, "{key} of {name}: {found}, expected {expected}");
                }
            }
            if r == 0 && settings.slice == OutputSlice::None {
                for (side, name) in [(PromptSide::Clean, "clean_logits"), (PromptSide::Corrupt, "corrupt_logits")] {
                    assert_close(name, &output.unpatched.logits(side).values, &case.expected(name).1);
                }
            }
        }
    }
}

#[test]
fn what_needs_prompts_of_one_length_says_so() {
    let case = Case::open("gpt2-text");
    let prompts =
        read(&serde_json::from_str(&read_text(&case.dir.join("prompts.json"))).unwrap(), PromptSettings::default());
    let (model, prompts, g) = (case.model(), prompts.unwrap(), case.graph(0));
    let settings = RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 2, ..RunSettings::default() };
    let (graph, scores, stacking) = (&g.graph, &g.scores, Stacking::cpu(1 << 28));
    let input = RunInput {
        model: &model,
        prompts: &prompts,
        graph,
        circuits: scores.into(),
        settings: &settings,
        stacking,
        unpatched: None,
        keep_logits: false,
    };
    let error = pollster::block_on(run_circuits(&input, &(), &mut ())).unwrap_err().to_string();
    assert!(error.contains("prompts[0].clean") && error.contains("pad token"), "{error}");
    let token_wise = RunSettings { token_wise: true, batch_size: 2, ..RunSettings::default() };
    let error = graph_config(&token_wise, &prompts).unwrap_err().to_string();
    assert!(error.contains("prompts[0].clean") && error.contains("a token-wise graph needs one length"), "{error}");
}

#[test]
fn labels_and_positions_move_with_the_bos_token() {
    let file = json!({
        "seq_labels": ["who", "when"], "word_idxs": {"who": 0},
        "prompts": [{"clean": "Ada and", "corrupt": "Ben and", "answers": [" Ben"], "wrong_answers": [" Ada"]}],
    });
    let with = read(&file, PromptSettings::default()).unwrap();
    assert_eq!(with.seq_labels.as_deref().unwrap(), ["<|BOS|>", "who", "when"]);
    assert_eq!((with.word_idxs["who"], with.pairs[0].clean[0]), (1, 0));
    let without = read(&file, PromptSettings { prepend_bos: false, pad: true }).unwrap();
    assert_eq!(without.seq_labels.as_deref().unwrap(), ["who", "when"]);
    assert_eq!(without.word_idxs["who"], 0);
    assert_eq!(with.pairs[0].clean[1..], without.pairs[0].clean);
    let unpadded = read(&file, PromptSettings { prepend_bos: false, pad: false }).unwrap();
    assert_eq!((unpadded.pad_token, without.pad_token), (None, Some(0)));
}

#[test]
fn ids_stay_as_they_are() {
    let file = json!({
        "seq_labels": ["a"],
        "prompts": [{"clean": [5], "corrupt": [6], "answers": [" Ben"], "wrong_answers": [7]}],
    });
    let prompts = read(&file, PromptSettings::default()).unwrap();
    assert_eq!((prompts.pairs[0].clean.as_slice(), prompts.pad_token), (&[5][..], None));
    assert_eq!(prompts.seq_labels.as_deref().unwrap(), ["a"]);
    assert_eq!(prompts.pairs[0].answers, Answers::Tokens(tokenizer("gpt2").encode(" Ben", false).unwrap()));
}

#[test]
fn answers_of_several_tokens_are_told_with_their_tokens() {
    let file = json!({"prompts": [
        {"clean": "Ada", "corrupt": "Ben", "answers": [" Ben", "Cleo"], "wrong_answers": [" xyz"]},
        {"clean": "Ada", "corrupt": "Ben", "answers": [""], "wrong_answers": [" Ada"]},
    ]});
    let error = read(&file, PromptSettings::default()).unwrap_err();
    for part in [
        "prompts.json: every answer should be one token",
        r#"prompts[0].answers[1] "Cleo" is"#,
        r#"(" Cleo", with a leading space, is one)"#,
        r#"prompts[0].wrong_answers[0] " xyz" is 4 tokens, ␣ | x | y | z"#,
        r#"prompts[1].answers[0] "" is no token"#,
    ] {
        assert!(error.contains(part), "{error:?} should say {part:?}");
    }
    assert!(!error.contains("answers[0] \" Ben\""), "{error:?}");
}

#[test]
fn an_answer_that_seems_to_lack_its_space_has_a_note() {
    let file =
        |clean: Value, answer: &str| json!({"prompts": [{"clean": clean, "corrupt": clean, "answers": [answer]}]});
    // "Ben" and " Ben" are one token each.
    let note = notes("gpt2", &file(json!("When Ada and"), "Ben"));
    assert_eq!(note.len(), 1, "{note:?}");
    for part in ["prompts.json: ", r#"prompts[0].answers[0] "Ben""#, "needs a space before it"] {
        assert!(note[0].contains(part), "{note:?} should say {part:?}");
    }
    // After token ids, of which the last is text without a space.
    let ids = tokenizer("gpt2").encode("When Ada and", false).unwrap();
    assert_eq!(notes("gpt2", &file(json!(ids), "Ben")).len(), 1);
    for (clean, answer) in [
        // It has its space, or the prompt has.
        ("When Ada and", " Ben"),
        ("When Ada and ", "Ben"),
        // Words begin without a space here, and so may digits: the year of "from 1732 to 17".
        ("When Ada said \"", "Ben"),
        ("f(", "Ben"),
        ("from 17", "3"),
    ] {
        assert_eq!(notes("gpt2", &file(json!(clean), answer)), [""; 0], "{clean:?} {answer:?}");
    }
    // Llama's tokenizer puts the space there itself.
    assert_eq!(notes("llama", &file(json!("When Ada and"), "Ben")), [""; 0]);
    let many = json!({"prompts": vec![json!({"clean": "Ada", "corrupt": "Ben", "answers": ["Ben"]}); 20]});
    assert!(notes("gpt2", &many)[0].ends_with("and 8 more."), "{:?}", notes("gpt2", &many));
}

#[test]
fn a_text_that_a_tokenizer_refuses_is_named_with_its_file() {
    let words = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":null,"post_processor":null,"decoder":null,
        "model":{"type":"WordLevel","vocab":{"Ada":0},"unk_token":"?"}}"#;
    let words =
        Tokenizer::open(&File { name: "words.json".to_owned(), bytes: words.as_bytes().to_vec() }, None).unwrap();
    let file = json!({"prompts": [{"clean": "Ada", "corrupt": "Eve"}]});
    let settings = PromptSettings { prepend_bos: false, pad: true };
    let error = read_prompts(&prompts_file(&file), Some(&words), settings).unwrap_err().to_string();
    for part in ["prompts.json: `prompts[0].corrupt`", "\"Eve\" cannot be tokenized by words.json"] {
        assert!(error.contains(part), "{error:?} should say {part:?}");
    }
}

#[test]
fn what_cannot_be_tokenized_is_refused() {
    let text = json!({"prompts": [{"clean": "Ada", "corrupt": "Ben"}]});
    let mixed = json!({"prompts": [{"clean": "Ada", "corrupt": [3]}]});
    let error = read_prompts(&prompts_file(&text), None, PromptSettings::default()).unwrap_err().to_string();
    assert_eq!(error, "prompts.json: a tokenizer is needed for these prompts: they are text");
    assert!(read(&mixed, PromptSettings::default()).unwrap_err().contains("prompts[0].corrupt"));
    let plain = read(&text, PromptSettings::default()).unwrap();
    assert_eq!((plain.seq_labels, plain.word_idxs.len()), (None, 0), "neither labels nor answers are needed");
    let texts = json!({"clean": "Ada", "corrupt": "Ben"});
    for other in [json!(5), json!([]), json!({}), json!({"clean": "Ada"}), json!({"clean": "Ada", "corrupt": null})] {
        let file = json!({"prompts": [texts, other]});
        assert!(read(&file, PromptSettings::default()).is_err(), "{file}");
    }
    let open = |text: &str| {
        let file = File { name: "tokenizer.json".to_owned(), bytes: text.as_bytes().to_vec() };
        Tokenizer::open(&file, None).map(|_| ()).unwrap_err().to_string()
    };
    for bad in ["", "{}", "[1]", r#"{"model": {"type": "Abacus", "vocab": {}}}"#] {
        assert!(open(bad).starts_with("tokenizer.json"), "{bad}");
    }
    let huge =
        r#"{"version":"1.0","added_tokens":[],"model":{"type":"WordLevel","vocab":{"a":4294967295},"unk_token":"a"}}"#;
    assert!(open(huge).contains("ids up to"), "{}", open(huge));
    let config = File { name: "tokenizer_config.json".to_owned(), bytes: br#"{"bos_token": "<bos>"}"#.to_vec() };
    let error = Tokenizer::open(&file("gpt2", "tokenizer.json"), Some(&config)).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`bos_token` should be a token of tokenizer.json, found <bos>"), "{error}");
}

#[test]
fn prompts_of_unequal_lengths_need_a_pad_token() {
    let pair = |clean: &[u32]| json!({"clean": clean, "corrupt": clean});
    let mut file = json!({"prompts": [pair(&[1, 2]), pair(&[3])]});
    let read = |file: &Value| Prompts::from_json("p", &file.to_string()).unwrap();
    let error = read(&file).batches(2).unwrap_err().to_string();
    assert!(error.contains("prompts[1].clean") && error.contains("pad_token"), "{error}");
    file["pad_token"] = json!(9);
    let padded = read(&file);
    let rows = padded.batches(1).unwrap()[1].padded(|p| &p.clean);
    assert_eq!((rows[0].tokens.as_slice(), rows[0].n_pads), (&[9, 3][..], 1), "to the longest of the file");
    assert_eq!(padded.one_seq(2, "").unwrap(), 2);
    assert!(padded.one_len(2, "(why)").unwrap_err().to_string().contains("like the longest prompt (why)"));
}

#[test]
fn a_session_answers_with_what_is_open() {
    let mut session = Session::default();
    let source = |index| circuitscope_core::Source::Attached { index, name: String::new() };
    let encode = Request::Encode { texts: vec!["Ada".to_owned()], prepend_bos: true };
    assert!(session.answer(&encode, &[]).unwrap_err().to_string().contains("a tokenizer is needed"));
    let open = Request::OpenTokenizer { tokenizer: source(0), config: Some(source(1)) };
    let files = ["tokenizer.json", "tokenizer_config.json"].map(|leaf| file("gpt2", leaf));
    let Answer { event: Event::Tokenizer { tokenizer: info, .. }, .. } = session.answer(&open, &files).unwrap() else {
        panic!("opening a tokenizer tells of it");
    };
    assert_eq!(info.bos.unwrap().text, "<|endoftext|>");
    let expected = vec![tokenizer("gpt2").encode("Ada", true).unwrap()];
    assert_eq!(session.answer(&encode, &[]).unwrap().event, Event::Encoded { ids: expected });
    assert!(session.answer(&open, &[File { name: "t".to_owned(), bytes: vec![0] }]).is_err());
    assert!(session.answer(&encode, &[]).is_err(), "no text is read with another tokenizer than was asked for");
}
