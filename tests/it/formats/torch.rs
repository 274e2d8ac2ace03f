//! Files that torch pickles.

use super::*;

/// A torch file of some members.
fn torch_zip(method: CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(format!("archive/{name}"), SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn pickled(pickle: &[u8]) -> Vec<u8> {
    torch_zip(CompressionMethod::Stored, &[("data.pkl", pickle)])
}

/// `{module: tensor}` of one tensor, as `torch.save` pickles it.
fn tensor_pickle(module: &str, storage: &str, n: u8, offset: u8, shape: &[u8], stride: &[u8]) -> Vec<u8> {
    let text = |text: &str| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let sizes = |sizes: &[u8]| [&b"("[..], &sizes.iter().flat_map(|n| [b'K', *n]).collect::<Vec<_>>(), b"t"].concat();
    [
        &b"\x80\x02}"[..],
        &text(module),
        b"ctorch._utils\n_rebuild_tensor_v2\n((",
        &text("storage"),
        format!("ctorch\n{storage}\n").as_bytes(),
        &text("0"),
        &text("cpu"),
        &[b'K', n],
        b"tQ",
        &[b'K', offset],
        &sizes(shape),
        &sizes(stride),
        b"\x89ccollections\nOrderedDict\n)RtRs.",
    ]
    .concat()
}

/// The scores of a one-layer attention-only model's last module, in a file of one tensor.
fn one_tensor(storage: &str, n: u8, offset: u8, shape: &[u8], stride: &[u8], order: &str, data: &[u8]) -> Vec<u8> {
    let pickle = tensor_pickle("blocks.0.hook_resid_post", storage, n, offset, shape, stride);
    let members = [("data.pkl", pickle.as_slice()), ("byteorder", order.as_bytes()), ("data/0", data)];
    torch_zip(CompressionMethod::Stored, &members)
}

/// A model of one layer without MLPs, in whose unfactorized graph one module has three sources.
fn tiny_model() -> ModelConfig {
    let case = Case::open("attn-only");
    let mut json: Value = serde_json::from_str(&read_text(&case.config_path())).unwrap();
    (json["n_layers"], json["n_heads"]) = (json!(1), json!(2));
    ModelConfig::from_json("tl_config.json", &json.to_string()).unwrap()
}

fn read_tiny(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let (model, graph) = (tiny_model(), GraphConfig { factorized: false, separate_qkv: false, seq_len: None });
    let found = read_scores("t", bytes, &Wanted { model: &model, graph, seq_len: None, pick: None });
    found.map(|found| found.scores.values().to_vec()).map_err(|e| e.to_string())
}

#[test]
fn storages_of_every_kind_and_order() {
    let bytes = |numbers: &[[u8; 4]]| numbers.concat();
    let little = bytes(&[1.0, 2.0, 3.0_f32].map(f32::to_le_bytes));
    let big = bytes(&[1.0, 2.0, 3.0_f32].map(f32::to_be_bytes));
    let one = [1.0, 2.0, 3.0];
    let float = |order: &str, data: &[u8]| read_tiny(&one_tensor("FloatStorage", 3, 0, &[3], &[1], order, data));
    assert_eq!(float("little", &little).unwrap(), one);
    assert_eq!(float("big", &big).unwrap(), one);
    assert!(float("middle", &big).unwrap_err().contains("byteorder"));
    let kind = |storage: &str, data: &[u8]| read_tiny(&one_tensor(storage, 3, 0, &[3], &[1], "little", data)).unwrap();
    assert_eq!(kind("DoubleStorage", &[1.0, 2.0, 3.0_f64].map(f64::to_le_bytes).concat()), one);
    assert_eq!(kind("HalfStorage", &[0, 0x3c, 0, 0x40, 0, 0x42]), one);
    assert_eq!(kind("BFloat16Storage", &[0x80, 0x3f, 0, 0x40, 0x40, 0x40]), one);
    assert_eq!(kind("LongStorage", &[1_i64, -2, 3].map(i64::to_le_bytes).concat()), [1.0, -2.0, 3.0]);
    assert_eq!(kind("IntStorage", &[1_i32, -2, 3].map(i32::to_le_bytes).concat()), [1.0, -2.0, 3.0]);
    assert_eq!(kind("ShortStorage", &[1_i16, -2, 3].map(i16::to_le_bytes).concat()), [1.0, -2.0, 3.0]);
    assert_eq!(kind("CharStorage", &[1, 0xfe, 3]), [1.0, -2.0, 3.0]);
    assert_eq!(kind("ByteStorage", &[1, 0xfe, 3]), [1.0, 254.0, 3.0]);
    assert_eq!(kind("BoolStorage", &[1, 0, 1]), [1.0, 0.0, 1.0]);
}

#[test]
fn views_are_read_where_they_lie_within_their_storage() {
    let five = [9.0, 1.0, 8.0, 2.0, 3.0_f32].map(f32::to_le_bytes).concat();
    let view = |n, offset, shape: &[u8], stride: &[u8]| {
        read_tiny(&one_tensor("FloatStorage", n, offset, shape, stride, "little", &five))
    };
    assert_eq!(view(5, 2, &[3], &[1]).unwrap(), [8.0, 2.0, 3.0]);
    assert_eq!(view(5, 0, &[3], &[2]).unwrap(), [9.0, 8.0, 3.0]);
    assert_eq!(view(5, 1, &[3], &[0]).unwrap(), [1.0, 1.0, 1.0]);
    assert!(view(5, 3, &[3], &[1]).unwrap_err().contains("a view of a storage of 5 numbers"));
    assert!(view(5, 0, &[3], &[200]).unwrap_err().contains("stride [200]"));
    assert!(view(6, 0, &[3], &[1]).unwrap_err().contains("a storage of 6 numbers"));
    assert!(view(5, 0, &[255, 255], &[0, 0]).unwrap_err().contains("no longer than the file"));
    assert!(view(5, 0, &[3], &[1, 1]).unwrap_err().contains("strides"));
    assert!(view(5, 0, &[2], &[1]).unwrap_err().contains("should have shape [3]"));
}

#[test]
fn a_pickle_that_asks_for_more_is_refused_by_name() {
    let call = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00echo\x85R.";
    refused("p", &pickled(call), &["`posix.system`", "refused"]);
    let stacked = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.";
    refused("p", &pickled(stacked), &["`os.system`"]);
    refused("p", &pickled(b"\x80\x02(X\x02\x00\x00\x00lsios\nsystem\n."), &["`os.system`"]);
    refused("p", &pickled(b"\x80\x02cbuiltins\neval\n."), &["`builtins.eval`"]);
    refused("p", &pickled(b"\x80\x02ctorch\nload\n."), &["`torch.load`"]);
    refused("module.pt", &fixture("module.pt"), &["`torch.nn.modules.linear.Linear`", "torch.save"]);
    refused("legacy.pt", &fixture("legacy.pt"), &["before torch 1.6", "save it again"]);
    let class = format!("\x02c{}\n{}\n.", "m".repeat(5000), "n".repeat(5000));
    refused("p", &pickled(&[b"\x80", class.as_bytes()].concat()), &["mmmm…"]);
}

#[test]
fn a_pickle_that_is_wrong_in_itself() {
    let rows: &[(&[u8], &str)] = &[
        (b"", "cut off"),
        (b"\x80\x02", "cut off"),
        (b"\x80\x09.", "protocol 9"),
        (b"\x80\x02.", "more than was pushed"),
        (b"\x80\x02X\xff\xff\xff\xffabc", "cut off"),
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", "cut off"),
        (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff", "should be scores"),
        (b"\x80\x02h\x07.", "recalls 7"),
        (b"\x80\x02e.", "mark is missing"),
        (b"\x80\x02]K\x01s.", "more than was pushed"),
        (b"\x80\x02K\x01K\x02K\x03s.", "not a dictionary"),
        (b"\x80\x02}(K\x01u.", "without a value"),
        (b"\x80\x02K\x01K\x02a.", "not a list"),
        (b"\x80\x02K\x01(K\x02tR.", "not a global"),
        (b"\x80\x02ccollections\nOrderedDict\n(K\x02tR.", "arguments"),
        (b"\x80\x02K\x01Q.", "not a tuple"),
        (b"\x80\x02]Q.", "named as torch.save"),
        (b"\x80\x02\x8a\xff.", "255 bytes"),
        (b"\x80\x02K\x01K\x02b.", "attributes"),
        (b"\x80\x02\xc3", "opcode 0xc3"),
        (b"\x80\x02K\x01.", "a number"),
        (b"\x80\x02}.", "dictionary without such tensors"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "made as torch.save"),
    ];
    for (pickle, part) in rows {
        let message = read("p", &pickled(pickle), None).unwrap_err().to_string();
        if *part != "should be scores" {
            assert!(message.contains(part), "{pickle:?}: {message:?} should say {part:?}");
        }
    }
}

#[test]
fn a_pickle_that_nests_or_repeats_is_bounded() {
    // Lists in lists, deeper than any stack.
    let deep = [&b"\x80\x02"[..], &b"]".repeat(1_000_000), &b"a".repeat(999_999), b"."].concat();
    refused("deep", &pickled(&deep), &["a list"]);
    // A dictionary that holds itself.
    refused("self", &pickled(b"\x80\x02}q\x00K\x01h\x00s."), &["dictionary without such tensors"]);
    // Each of twenty lists holds the one before twice: two to the twenty.
    let laughs: Vec<u8> = (0..20).flat_map(|i| [b'q', i, b'(', b'h', i, b'h', i, b'l']).collect();
    refused("laughs", &pickled(&[&b"\x80\x02]"[..], &laughs, b"."].concat()), &["a list"]);
    // A hundred times a hundred times a hundred dictionaries, in few bytes.
    let level = |of: u8| {
        let mut level = vec![b'}', b'q', of + 1, b'('];
        for key in 0..200 {
            level.extend([b'K', key, b'h', of]);
        }
        level.push(b'u');
        level
    };
    let wide = [&b"\x80\x02}q\x00"[..], &level(0), &level(1), &level(2), b"."].concat();
    refused("wide", &pickled(&wide), &["at most 10000 scores"]);
    let many = [&b"\x80\x02"[..], &b"N".repeat(5 << 20), b"."].concat();
    refused("many", &pickled(&many), &["builds too much"]);
}

#[test]
fn archives_that_lie() {
    let good = fixture("gpt2.scores.pt");
    for n in [4, 30, 100, good.len() / 2, good.len() - 23, good.len() - 1] {
        let message = read("cut", &good[..n], None).unwrap_err().to_string();
        assert!(message.contains("cut: "), "{message}");
    }
    refused("empty", b"", &["empty"]);
    refused("no pickle", &torch_zip(CompressionMethod::Stored, &[("x", b"y")]), &["no data.pkl"]);
    // Every byte of the directory changed once: an error or the same numbers, never a panic or others.
    let scores = Case::open("gpt2").graph(0).scores;
    let directory = good.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    for at in (directory..good.len()).step_by(3) {
        for flip in [0xff, 0x01] {
            let mut bad = good.clone();
            bad[at] ^= flip;
            if let Ok(found) = read("bad", &bad, None) {
                assert_eq!(found.scores, scores, "byte {at}");
            }
        }
    }
    // And some in the pickle and the numbers, which the checksum holds.
    for at in (0..directory).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        if let Ok(found) = read("bad", &bad, None) {
            assert_eq!(found.scores, scores, "byte {at}");
        }
    }
}

#[test]
fn a_directory_that_declares_more_than_the_file_has() {
    let mut huge = pickled(b"\x80\x02}.");
    let entry = huge.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    // Compressed and uncompressed size in the central directory.
    huge[entry + 20..entry + 28].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f, 0xf0, 0xff, 0xff, 0x7f]);
    refused("huge", &huge, &["data.pkl", "within the file"]);
    let mut bomb = pickled(b"\x80\x02}.");
    bomb[entry + 24..entry + 28].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f]);
    refused("bomb", &bomb, &["data.pkl"]);
    let mut deflated = pickled(b"\x80\x02}.");
    deflated[entry + 10] = 8;
    refused("deflated", &deflated, &["data.pkl"]);
}

/// Each fixture cut off anywhere, and with a few bytes changed: scores, or an error that begins with the file's name.
#[test]
fn damaged_files_are_errors() {
    let model = Case::open("gpt2").config();
    let check = |fixture: &str, bytes: &[u8]| {
        if let Err(error) = read_scores("bad", bytes, &wanted(&model, None)) {
            let message = error.to_string();
            assert!(message.starts_with("bad: ") || message.starts_with("bad is "), "{fixture}: {message}");
            assert!(message.len() < 4_000, "{fixture}: {message}");
        }
    };
    let mut random = Random(11);
    for name in [
        "gpt2.mib.json",
        "gpt2.mib.pt",
        "gpt2.scores.pt",
        "gpt2.task-prune-scores.pkl",
        "kinds.protocol2.pt",
        "kinds.protocol4.pt",
        "legacy.pt",
        "module.pt",
    ] {
        let good = fixture(name);
        let step = good.len() / 1_000 + 1;
        for n in (0..good.len()).step_by(step).chain(good.len().saturating_sub(100)..good.len()) {
            check(name, &good[..n]);
        }
        for _ in 0..500 {
            let mut bad = good.clone();
            for _ in 0..1 + random.next() % 3 {
                let at = random.next() as usize % bad.len();
                bad[at] = random.next() as u8;
            }
            check(name, &bad);
        }
        // Pickles that the archive's checksum does not protect, so that their changed bytes are read.
        if let Some(at) = good.windows(2).position(|start| matches!(start, [0x80, 2..=5])) {
            let pickle = &good[at..good.len().min(at + 2_000)];
            for _ in 0..500 {
                let mut bad = pickle.to_vec();
                let at = random.next() as usize % bad.len();
                bad[at] = random.next() as u8;
                check(name, &pickled(&bad));
            }
        }
    }
    for list in
        ["edge,position,score\n\"A0.1->MLP 1\",3,0.5\nMLP 0->Resid End,2,-inf", r#"[{"edge": "3:A0.1->MLP 1"}]"#]
    {
        for n in 0..list.len() {
            check("a list", &list.as_bytes()[..n]);
        }
    }
}

#[test]
fn files_of_other_kinds() {
    refused("prompts.json", br#"{"prompts": []}"#, &["a file of prompts", "edge list"]);
    refused("config.json", br#"{"model_type": "gpt2"}"#, &["a model's config"]);
    refused("notes.txt", b"hello", &["names no edge"]);
    refused("cat.png", b"\x89PNG\r\n\x1a\n\xff\xfe", &["no format that is read"]);
    refused("cut.json", b"{\"edges\": {", &["EOF"]);
    refused("broken.json", b"{\"a\" 1}", &["begins as JSON", "line 1 column 6"]);
    refused("index.json", br#"{"weight_map": {}}"#, &["the index of a model's shards"]);
    refused("tokenizer_config.json", br#"{"bos_token": "<s>"}"#, &["a tokenizer's config"]);
    refused("junk.csv", b"->,->,->,->\n\"\"\"\n->", &["junk.csv"]);
    refused("deep.json", "[".repeat(100_000).as_bytes(), &["recursion"]);
    let weights = std::fs::read(Case::open("gpt2").dir.join("model.safetensors")).unwrap();
    refused("model.safetensors", &weights, &["transformer.h.0"]);
    assert_eq!(TensorFile::from_bytes("m", &weights).unwrap().metadata.get("kind"), None);
}
