//! What the README and the reader say of formats.

use super::*;

#[test]
fn every_format_stands_once_in_the_table() {
    for format in FORMATS {
        assert_eq!(FORMATS.iter().filter(|other| other.id == format.id).count(), 1);
        assert_eq!(format.id.format(), format);
    }
}

#[test]
fn the_readme_has_the_table() {
    let readme = read_text(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let [start, end] = [
        "<!-- what follows is FAMILIES of crates/core/src/config/family and FORMATS of crates/core/src/scores/format.rs; a test prints it -->\n",
        "<!-- end -->",
    ];
    let part = readme.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map(|(part, _)| part);
    assert!(
        part == Some(&supported_files()),
        "README.md should have, between its two comments:\n{}",
        supported_files()
    );
}

#[test]
fn the_reader_gives_scores_as_safetensors_and_takes_them_back() {
    let (case, g) = (Case::open("gpt2"), Case::open("gpt2").graph(0));
    let source = || Source::Attached { index: 0, name: "scores".to_owned() };
    let (model, graph) = (case.config(), g.graph.config);
    let mut session = Session::default();
    let file = |name: &str, bytes: Vec<u8>| [File { name: name.to_owned(), bytes }];
    let request = Request::ReadScores {
        scores: source(),
        model: model.clone(),
        graph: GraphConfig { separate_qkv: false, ..graph },
        seq_len: None,
        pick: Some("Tiny Task/EAP".to_owned()),
    };
    assert_eq!(request.sources().len(), 1);
    let answer = session.answer(&request, &file("c", fixture("gpt2.task-prune-scores.pkl"))).unwrap();
    let Event::Scores { found } = answer.event else { panic!("{:?}", answer.event) };
    assert_eq!((found.graph, found.chosen, found.choices.len()), (graph, 0, 2));
    let canonical = answer.attachments[0].clone();
    assert_eq!(PruneScores::from_bytes("s", &canonical, &g.graph).unwrap(), g.scores);
    let request = Request::WriteScores {
        scores: source(),
        model,
        graph,
        format: FormatId::MibJson,
        edge_count: 33,
        extent: Extent::All,
        algorithm: Some("other".to_owned()),
        date: None,
    };
    let answer = session.answer(&request, &file("s", canonical)).unwrap();
    assert_eq!(answer.event, Event::Written);
    assert_eq!(read("m", &answer.attachments[0], None).unwrap().scores, g.scores);
}
