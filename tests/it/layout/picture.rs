//! The picture as a file: well-formed, safe with any label, complete, and the same as the golden files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use circuitscope_picture::*;

use super::{options, scores};
use crate::support::{Case, read_text, strings};

/// Asserts that tags are closed in order and that no `&` stands for itself; gives the names of the elements.
fn check_xml(svg: &str) -> BTreeSet<String> {
    let (mut open, mut names) = (Vec::new(), BTreeSet::new());
    for part in svg.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, false) => open.push(name),
            (false, true) => {}
        }
        names.insert(name.to_owned());
    }
    assert!(open.is_empty(), "{open:?} not closed");
    let entities = ["amp;", "lt;", "gt;", "quot;"];
    assert!(svg.split('&').skip(1).all(|rest| entities.iter().any(|entity| rest.starts_with(entity))));
    names
}

#[test]
fn hostile_labels_are_text() {
    let g = Case::open("gpt2").graph(2);
    let hostile = "\"'><script>alert(1)</script>&\0\u{8}\u{fffe}";
    let labels = vec![hostile.to_owned(); 6];
    let circuit = g.scores.circuit(30).unwrap();
    let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, Some(&labels), DrawOptions::default());
    let svg = svg_string(&layout(&request), Theme::Light);
    let expected = "defs g path pattern rect svg text title";
    assert_eq!(check_xml(&svg).into_iter().collect::<Vec<_>>().join(" "), expected);
    assert!(svg.contains("&quot;'&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
    assert!(svg.chars().all(|c| c >= ' ' && c != '\u{fffe}' || c == '\n'));
}

#[test]
fn a_line_break_in_a_label_is_made_visible() {
    let g = Case::open("gpt2").graph(2);
    let labels = vec!["\n".to_owned(); 6];
    let circuit = g.scores.circuit(30).unwrap();
    let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, Some(&labels), DrawOptions::default());
    assert!(layout(&request).position_labels.iter().all(|label| label.text == "␊" && label.full_text == "\n"));
}

#[test]
fn every_edge_has_its_name_and_score_and_the_sign_is_more_than_a_colour() {
    let g = Case::open("gpt2").graph(0);
    let circuit = g.scores.circuit(30).unwrap();
    let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, None, DrawOptions::default());
    let svg = svg_string(&layout(&request), Theme::Light);
    check_xml(&svg);
    assert!(svg.contains("role=\"img\" aria-label=\"Circuit of 30 edges between 12 nodes\""));
    let links = &request.sub_diagrams[0].links;
    for link in links {
        let name = link.edge_name.replace('>', "&gt;");
        assert!(svg.contains(&format!("<title>{name}\nscore {:.2}</title>", link.score)), "{name}");
    }
    let n_negative = links.iter().filter(|link| link.score < 0.0).count();
    // One more stands in the legend.
    assert_eq!(svg.matches("stroke=\"url(#circuit-negative)\"").count(), n_negative + 1);
}

/// Compares a picture with its golden file, or writes it where `CIRCUITSCOPE_UPDATE_GOLDEN` is set.
fn check_golden(name: &str, request: &LayoutRequest) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let svg = svg_string(&layout(request), Theme::Light).replace("><", ">\n<") + "\n";
    if std::env::var_os("CIRCUITSCOPE_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    assert!(
        svg == read_text(&path),
        "{name} has changed: set CIRCUITSCOPE_UPDATE_GOLDEN=1 to accept it, and look at it"
    );
}

#[test]
fn pictures_are_the_golden_ones() {
    let g = Case::open("gpt2").graph(2);
    let circuit = g.scores.circuit(8).unwrap();
    let labels: Vec<String> = (0..6).map(|i| format!("tok{i}")).collect();
    let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, Some(&labels), DrawOptions::default());
    check_golden("gpt2-tokens.svg", &request);

    let case = Case::open("tracr-reverse");
    let g = case.graph(0);
    let official: Vec<_> = strings(&g.json["official_edges"]);
    let named: Vec<_> = official.iter().map(|name| (name.as_str(), 1.0)).collect();
    let vertical = options(Orientation::Vertical, true, SeqPositions::default());
    let request = LayoutRequest::new(&g.graph, &scores(&g.graph, &named), 1.0, None, vertical);
    check_golden("tracr-reverse-official.svg", &request);
}
