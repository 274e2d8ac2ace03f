//! The SVG: golden files, markup that is safe with any label, names that others rely on, and what other programs make of it.

use std::rc::Rc;

use circuitscope_picture::drawn::{Drawn, NodeKind, Nodes, Side};
use circuitscope_picture::sankey::svg::{
    About, Ground, LegendItem, Look, legend_items, markup, root, style, svg_string,
};
use circuitscope_picture::sankey::{Layout, layout};
use circuitscope_picture::{Orientation, Size, Theme};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, roxmltree};

use crate::support::{WIDE, case, case_json, deep, model_graph, power_law, read_text, request, tests_dir, wide};

/// Compares a picture with its golden file, or writes it where `CIRCUITSCOPE_UPDATE_GOLDEN` is set.
fn check_golden(name: &str, drawn: &Layout) {
    let path = tests_dir().join("golden").join(name);
    let about = About { title: "", description: "", legend: true, ground: Ground::Own };
    let svg = svg_string(drawn, Theme::Light, &about).replace("><", ">\n<") + "\n";
    assert!(svg.len() < 150_000, "{name} is large: {} bytes", svg.len());
    if std::env::var_os("CIRCUITSCOPE_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    assert!(
        svg == read_text(&path),
        "{name} has changed: set CIRCUITSCOPE_UPDATE_GOLDEN=1 to accept it, and look at it"
    );
}

/// The official edges of a case.
fn official(name: &str) -> Drawn {
    let edges = case_json(name)["graphs"][0]["official_edges"].clone();
    let names: Vec<_> = edges.as_array().unwrap().iter().map(|edge| edge.as_str().unwrap().to_owned()).collect();
    let g = case(name, 0);
    let of_graph: Vec<_> = g.graph.edges().map(|edge| g.graph.edge_name(edge)).collect();
    let mut drawn = g.drawn(|edge, _| names.contains(&of_graph[edge]));
    drawn.bands[0].links.iter_mut().for_each(|link| link.score = 1.0);
    drawn
}

#[test]
fn pictures_are_the_golden_ones() {
    check_golden("sankey-gpt2.svg", &wide(case("gpt2", 0).top(14)));
    check_golden("sankey-gpt2-tokens.svg", &wide(case("gpt2", 2).top(30)));
    check_golden("sankey-tracr-reverse-official.svg", &wide(official("tracr-reverse")));
    let deep = deep();
    check_golden("sankey-deep.svg", &wide(deep.top(50)));
    let phone = Size { width: 400.0, height: 600.0 };
    check_golden("sankey-deep-vertical.svg", &layout(&request(deep.top(50), phone, Orientation::Vertical)));
}

/// Drawings with everything that a drawing can have.
fn full() -> Vec<Layout> {
    let g = power_law(model_graph(4, 8, None), 7);
    let mut compared = g.top(40);
    for (i, link) in compared.bands[0].links.iter_mut().enumerate() {
        link.side = [Side::Both, Side::OnlyA, Side::OnlyB][i % 3];
    }
    let mut edited = g.top(40);
    edited.bands[0].links[0].mask = 0.0;
    edited.bands[0].links[1].mask = 0.4;
    edited.bands[0].links[2].on_path = false;
    edited.bands[0].links[3].score = 0.0;
    let nodes = case("gpt2", 3).top(12);
    let mut all: Vec<_> = [compared, edited, nodes, case("gpt2", 2).top(40), deep().top(400)].map(wide).into();
    all.push(layout(&request(g.top(30), Size { width: 400.0, height: 344.0 }, Orientation::Vertical)));
    all
}

fn in_page(drawn: &Layout) -> String {
    format!("<svg>{}</svg>", markup(drawn, &Look::in_page("a")))
}

#[test]
fn markup_is_well_formed_and_names_boxes_and_ribbons() {
    for drawn in full() {
        let text = in_page(&drawn);
        let document = roxmltree::Document::parse(&text).unwrap();
        let edges: Vec<_> = document.descendants().filter_map(|node| node.attribute("data-edge")).collect();
        let expected: Vec<_> = drawn.ribbons.iter().map(|ribbon| drawn.link(ribbon).name.as_str()).collect();
        assert_eq!(edges, expected);
        let nodes: Vec<_> = document.descendants().filter_map(|node| node.attribute("data-node")).collect();
        let expected: Vec<_> = drawn.boxes.iter().map(|b| drawn.node(b).name.as_str()).collect();
        assert_eq!(nodes, expected);
        let seqs: Vec<_> = document.descendants().filter_map(|node| node.attribute("data-seq")).collect();
        let expected: Vec<_> = drawn.boxes.iter().filter_map(|b| drawn.seq_idx(b)).map(|i| i.to_string()).collect();
        assert_eq!(seqs, expected);
        let hits = document.descendants().filter(|node| node.attribute("class") == Some("hit")).count();
        assert_eq!(hits, if drawn.ribbons.len() <= 300 { drawn.ribbons.len() } else { 0 });
    }
}

#[test]
fn the_root_has_the_names_that_others_rely_on() {
    let drawn = wide(case("gpt2", 0).top(14));
    let root = root(&drawn);
    let attribute = |name: &str| root.attributes.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
    assert_eq!(attribute("data-figure"), Some("circuit"));
    assert_eq!(attribute("role"), Some("group"));
    assert_eq!(attribute("aria-label"), Some("Circuit of 14 edges between 10 nodes"));
    assert_eq!(attribute("viewBox"), Some("0 0 770 414"));
}

#[test]
fn labels_are_text_and_never_markup() {
    let hostile = "\"'><script>alert(1)</script>&\0";
    let mut drawn = case("gpt2", 2).top(30);
    let mut nodes = (*drawn.nodes).clone();
    for node in &mut nodes.nodes {
        (node.name, node.label, node.short_label) = (hostile.to_owned(), hostile.to_owned(), hostile.to_owned());
    }
    drawn.nodes = nodes.into();
    for band in &mut drawn.bands {
        band.label = Some(hostile.to_owned());
        band.links.iter_mut().for_each(|link| link.name = hostile.to_owned());
    }
    let drawn = wide(drawn);
    let about = About { title: hostile, description: hostile, legend: true, ground: Ground::Own };
    for text in [in_page(&drawn), svg_string(&drawn, Theme::Dark, &about)] {
        let document = roxmltree::Document::parse(&text).unwrap();
        assert!(document.descendants().all(|node| node.tag_name().name() != "script"));
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script"));
    }
}

/// Whether any program reads this as a paint: none, or a colour in digits.
fn is_literal(paint: &str) -> bool {
    let is_hex = paint.len() == 7 && paint.starts_with('#') && paint[1..].chars().all(|c| c.is_ascii_hexdigit());
    paint == "none" || is_hex
}

#[test]
fn a_file_asks_nothing_of_a_program_but_attributes() {
    for drawn in full() {
        for theme in [Theme::Light, Theme::Dark] {
            let about = About { title: "A circuit", description: "What was run", legend: true, ground: Ground::Own };
            let text = svg_string(&drawn, theme, &about);
            let document = roxmltree::Document::parse(&text).unwrap();
            let root = document.root_element();
            assert!(root.attribute("font-family").unwrap().starts_with("Arial, "), "a font by name");
            let children: Vec<_> = root.children().take(2).map(|node| (node.tag_name().name(), node.text())).collect();
            assert_eq!(children, [("title", Some("A circuit")), ("desc", Some("What was run"))]);
            for element in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(!["style", "script"].contains(&element.tag_name().name()));
                for attribute in element.attributes() {
                    let (name, value) = (attribute.name(), attribute.value());
                    assert!(!["style", "paint-order", "tabindex"].contains(&name), "{name}={value:?}");
                    let is_paint = ["fill", "stroke"].contains(&name);
                    let is_hatch = value.starts_with("url(#circuit-");
                    assert!(!is_paint || is_literal(value) || is_hatch, "{name}={value:?}");
                    let id = value.trim_start_matches("url(#").trim_end_matches(')');
                    let is_there = || document.descendants().any(|node| node.attribute("id") == Some(id));
                    assert!(!is_hatch || is_there(), "no pattern {id}");
                }
                let is_hatched = element.attribute("stroke").is_some_and(|stroke| stroke.starts_with("url"));
                if is_hatched && element.attribute("class").is_some() {
                    let below = element.prev_sibling_element().unwrap();
                    assert!(
                        below.attribute("d") == element.attribute("d")
                            && is_literal(below.attribute("stroke").unwrap())
                    );
                }
            }
        }
    }
}

fn render(svg: &str) -> Pixmap {
    let tree = Tree::from_str(svg, &Options::default()).unwrap();
    let mut pixmap = Pixmap::new(tree.size().width() as u32, tree.size().height() as u32).unwrap();
    resvg::render(&tree, Transform::default(), &mut pixmap.as_mut());
    pixmap
}

fn rgb(hex: &str) -> [u8; 3] {
    [1, 3, 5].map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
}

#[test]
fn boxes_have_the_colours_of_their_kinds() {
    let drawn = wide(case("gpt2", 0).top(14));
    for (theme, ground, mlp) in [(Theme::Light, "#ffffff", "#7b539e"), (Theme::Dark, "#11151b", "#c2a0e2")] {
        let picture = render(&svg_string(&drawn, theme, &About::default()));
        assert_eq!((f64::from(picture.width()), f64::from(picture.height())), (WIDE.width, WIDE.height));
        let pixel = |x: f64, y: f64| {
            let colour = picture.pixel(x as u32, y as u32).unwrap();
            [colour.red(), colour.green(), colour.blue()]
        };
        assert_eq!(pixel(1.0, 1.0), rgb(ground));
        let of_mlp = drawn.boxes.iter().find(|b| drawn.node(b).name.starts_with("MLP")).unwrap().rect.centre();
        assert_eq!(pixel(of_mlp.x, of_mlp.y), rgb(mlp));
    }
}

#[test]
fn signs_are_told_apart_without_colour() {
    let drawn = wide(power_law(model_graph(4, 8, None), 7).top(31));
    let text = svg_string(&drawn, Theme::Light, &About::default());
    let document = roxmltree::Document::parse(&text).unwrap();
    for (element, ribbon) in document.descendants().filter(|n| n.has_attribute("data-edge")).zip(&drawn.ribbons) {
        let shown = element.last_element_child().unwrap();
        let is_textured =
            shown.attribute("stroke").unwrap().starts_with("url") || shown.has_attribute("stroke-dasharray");
        assert_eq!(is_textured, drawn.link(ribbon).score < 0.0);
        let hatched = shown.attribute("stroke").unwrap().starts_with("url");
        assert!(!hatched || ribbon.width >= 4.5);
    }
}

#[test]
fn the_style_has_every_colour_and_no_name_without_a_fallback() {
    let style = style();
    assert!(style.contains("stroke:var(--pos,light-dark(#2a66b4,#5c9bec))"));
    assert!(style.contains("forced-colors:active") && style.contains("prefers-reduced-motion"));
    let without_fallback: Vec<_> = style
        .split("var(")
        .skip(1)
        .filter(|rest| {
            let name = rest.split([',', ')']).next().unwrap();
            rest[name.len()..].starts_with(')') && name != "--w"
        })
        .collect();
    assert!(without_fallback.is_empty(), "{without_fallback:?}");
}

#[test]
fn the_legend_names_what_is_drawn() {
    let drawn = wide(case("gpt2", 0).top(14));
    let items: Vec<_> = legend_items(&drawn).iter().map(LegendItem::label).collect();
    assert_eq!(items[..3], ["Embed", "Attention head", "MLP"]);
    let has_end = drawn.boxes.iter().any(|b| drawn.node(b).name == "Resid End");
    assert_eq!(items.contains(&"Unembed".to_owned()), has_end);
    assert!(items.contains(&"positive, helps".to_owned()) && items.contains(&"negative, hurts".to_owned()));
    let Some(LegendItem::Scale { score, width }) = legend_items(&drawn).pop() else { panic!("no scale") };
    assert!((width - score * drawn.unit).abs() < 1e-9 && (6.0..=15.0).contains(&width));
}

#[test]
fn boxes_of_a_group_are_outlined_and_the_legend_names_those_that_are_drawn() {
    let mut drawn = case("gpt2", 0).top(14);
    let mut nodes = Nodes::clone(&drawn.nodes);
    let shown = wide(drawn.clone());
    let is_drawn = |name: &str| shown.boxes.iter().any(|b| shown.node(b).name == name);
    nodes.groups = vec!["<b>movers".to_owned(), "not drawn".to_owned()];
    for node in nodes.nodes.iter_mut().filter(|node| node.kind == NodeKind::Head) {
        node.group = Some(usize::from(!is_drawn(&node.name)));
    }
    drawn.nodes = Rc::new(nodes);
    let drawn = wide(drawn);
    let groups: Vec<_> =
        legend_items(&drawn).into_iter().filter(|item| matches!(item, LegendItem::Group(..))).collect();
    assert_eq!(groups, [LegendItem::Group(0, "<b>movers".to_owned())]);
    let svg = svg_string(&drawn, Theme::Light, &About { legend: true, ..About::default() });
    let n_heads = drawn.boxes.iter().filter(|b| b.kind == NodeKind::Head).count();
    assert_eq!(svg.matches("class=\"group\"").count(), n_heads + 1, "one of them in the legend");
    assert_eq!(
        svg.matches(", of &lt;b>movers, ").count() + svg.matches(", of &lt;b&gt;movers, ").count(),
        n_heads,
        "in words"
    );
}

#[test]
fn the_legend_names_an_edge_that_was_taken_out_and_no_sign_of_it() {
    let labels = |drawn: Drawn| -> Vec<_> { legend_items(&wide(drawn)).iter().map(LegendItem::label).collect() };
    let official = official("tracr-reverse");
    assert!(!labels(official.clone()).contains(&"taken out".to_owned()));
    let mut edited = official.clone();
    edited.bands[0].links[0].mask = 0.0;
    assert_eq!((edited.n_edges(), edited.n_taken_out()), (official.n_edges() - 1, 1));
    assert!(labels(edited.clone()).contains(&"taken out".to_owned()));
    edited.bands[0].links.iter_mut().for_each(|link| link.mask = 0.0);
    assert!(!labels(edited).contains(&"positive, helps".to_owned()));
}
