//! Saved pictures as other programs see them: rendered by resvg, which knows no custom properties, and read attribute by
//! attribute, as most programs know even less.

use circuitscope_picture::{
    Axis, DrawOptions, DrawnNode, Layout, LayoutRequest, Level, Link, NODE_COLOURS, PlotLayout, PlotRequest, PlotValue,
    Point, SERIES, Scale, Series, Size, SubDiagram, Theme, layout, plot, plot_string, svg_string,
};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, roxmltree};

/// A circuit of edges from Resid Start to Resid End at one token position, one a score.
fn circuit(scores: &[f32]) -> Layout {
    let nodes = ["Resid Start", "Resid End"].into_iter().enumerate();
    let link = |(edge_idx, &score): (usize, &f32)| {
        let edge_name = format!("Resid Start->Resid End, {edge_idx}");
        Link { edge_idx, edge_name, src: 0, dest: 1, score }
    };
    layout(&LayoutRequest {
        options: DrawOptions::default(),
        nodes: nodes.map(|(layer, name)| DrawnNode { name: name.to_owned(), layer }).collect(),
        n_graph_layers: 2,
        sub_diagrams: vec![SubDiagram {
            seq_idx: Some(0),
            seq_label: Some("token".to_owned()),
            domain: [0.0, 1.0],
            links: scores.iter().enumerate().map(link).collect(),
        }],
        reference_size: Size { width: 600.0, height: 400.0 },
    })
}

/// A plot with everything that a plot can have.
fn full_plot() -> PlotLayout {
    let value = |x: f64| PlotValue { x, y: 0.5 / (1.0 + x), band: Some((0.1, 0.6)), hover: format!("{x}") };
    let axis = |label: &str, scale| Axis { label: label.to_owned(), scale, range: None };
    let series = |style: usize| Series {
        name: format!("series {style}"),
        style,
        values: [0.0, 1.0, 10.0, 100.0].map(value).to_vec(),
    };
    plot(&PlotRequest {
        size: Size { width: 600.0, height: 300.0 },
        x: axis("Edges", Scale::LogCounts),
        y: axis("KL divergence", Scale::Log { least: 1e-2 }),
        series: (0..SERIES.len()).map(series).collect(),
        levels: vec![Level { name: "unpatched corrupt".to_owned(), y: 0.3 }],
        diagonal: true,
        legend: true,
    })
}

fn render(svg: &str) -> Pixmap {
    let tree = Tree::from_str(svg, &Options::default()).unwrap();
    let mut pixmap = Pixmap::new(tree.size().width() as u32, tree.size().height() as u32).unwrap();
    resvg::render(&tree, Transform::default(), &mut pixmap.as_mut());
    pixmap
}

/// Red, green and blue; every pixel of a saved picture is opaque.
fn pixel(pixmap: &Pixmap, Point { x, y }: Point) -> [f64; 3] {
    let colour = pixmap.pixel(x as u32, y as u32).unwrap();
    assert_eq!(colour.alpha(), 255, "transparent at {x}, {y}");
    [colour.red(), colour.green(), colour.blue()].map(f64::from)
}

/// A colour written as `#rrggbb`.
fn rgb(hex: &str) -> [f64; 3] {
    [1, 3, 5].map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).map(f64::from)
}

/// A colour of some opacity above another.
fn above(ground: [f64; 3], colour: [f64; 3], opacity: f64) -> [f64; 3] {
    [0, 1, 2].map(|i| ground[i] + opacity * (colour[i] - ground[i]))
}

#[track_caller]
fn assert_colour(found: [f64; 3], expected: [f64; 3]) {
    assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= 1.5), "{found:?}, expected {expected:?}");
}

/// Points on the middle line of the first ribbon, between its boxes.
fn on_ribbon(drawn: &Layout) -> Vec<Point> {
    let curve = drawn.ribbons[0].curves[0];
    let between = |a: f64, b: f64, t: f64| a + t * (b - a);
    let t = |i: i32| 0.2 + 0.005 * f64::from(i);
    // A chain of one edge is a straight line.
    (0..120)
        .map(|i| Point { x: between(curve.start.x, curve.end.x, t(i)), y: between(curve.start.y, curve.end.y, t(i)) })
        .collect()
}

#[test]
fn a_saved_circuit_has_the_colours_of_its_theme() {
    for (theme, background, text, [positive, zero], opacity) in [
        (Theme::Light, "#ffffff", "#20242c", ["#2f6fd6", "#8b919c"], 0.42),
        (Theme::Dark, "#15181e", "#e4e7ec", ["#6aa5ff", "#8b919c"], 0.5),
    ] {
        for (score, colour) in [(1.0, positive), (0.0, zero)] {
            // Beside an edge of score 1 that lies below it, one of score 0 is as narrow as edges are: alone it is not.
            let drawn = circuit(&[score]);
            let picture = render(&svg_string(&drawn, theme));
            assert_colour(pixel(&picture, Point { x: 1.0, y: 1.0 }), rgb(background));
            let band = above(rgb(background), rgb(text), 0.035);
            assert_colour(pixel(&picture, Point { x: 300.0, y: 40.0 }), band);
            let rect = drawn.boxes[0].rect;
            let middle = Point { x: rect.x + rect.width / 2.0, y: rect.y + rect.height / 2.0 };
            if score != 0.0 {
                assert_colour(pixel(&picture, on_ribbon(&drawn)[0]), above(band, rgb(colour), opacity));
                assert_colour(pixel(&picture, middle), rgb(NODE_COLOURS[0]));
            }
        }
    }
}

#[test]
fn a_negative_ribbon_is_hatched_in_its_colour() {
    for (theme, negative) in [(Theme::Light, "#d2452c"), (Theme::Dark, "#ff7d5e")] {
        let drawn = circuit(&[-1.0]);
        let picture = render(&svg_string(&drawn, theme));
        let ground = pixel(&picture, Point { x: 300.0, y: 40.0 });
        let red = on_ribbon(&drawn).into_iter().map(|at| pixel(&picture, at));
        // How far each pixel is from the ground to the colour. A light stripe covers 0.8 * 0.45 of the ground, a dark one
        // 0.8 * (1 - 0.55 * 0.4).
        let shares: Vec<f64> = red.map(|c| (c[1] - ground[1]) / (rgb(negative)[1] - ground[1])).collect();
        let (least, most) = (shares.iter().copied().fold(1.0, f64::min), shares.iter().copied().fold(0.0, f64::max));
        assert!((least - 0.36).abs() < 0.03 && (most - 0.624).abs() < 0.03, "{theme:?}: {least} to {most}");
    }
}

#[test]
fn a_saved_plot_has_the_colours_of_its_theme() {
    let drawn = full_plot();
    for (theme, background) in [(Theme::Light, "#ffffff"), (Theme::Dark, "#15181e")] {
        let picture = render(&plot_string(&drawn, theme));
        assert_colour(pixel(&picture, Point { x: 1.0, y: 1.0 }), rgb(background));
        // The first series' mark lies above everything else.
        let mark = drawn.series[0].points[2].at;
        let colour = if theme == Theme::Light { SERIES[0].light } else { SERIES[0].dark };
        assert_colour(pixel(&picture, mark), rgb(colour));
    }
}

/// Whether any program reads this as a paint: a colour in digits, none, or the hatching with a colour to fall back on.
fn is_literal(paint: &str) -> bool {
    let is_hex = |colour: &str| {
        colour.len() == 7 && colour.starts_with('#') && colour[1..].chars().all(|c| c.is_ascii_hexdigit())
    };
    paint == "none" || is_hex(paint) || paint.strip_prefix("url(#circuit-negative) ").is_some_and(is_hex)
}

#[test]
fn every_paint_of_a_saved_file_is_literal() {
    let (circuit, plot, none) = (circuit(&[1.0, -0.5, 0.0]), full_plot(), circuit(&[]));
    for theme in [Theme::Light, Theme::Dark] {
        for svg in [svg_string(&circuit, theme), svg_string(&none, theme), plot_string(&plot, theme)] {
            let document = roxmltree::Document::parse(&svg).unwrap();
            let mut n_paints = 0;
            for element in document.descendants().filter(roxmltree::Node::is_element) {
                assert_ne!(element.tag_name().name(), "style", "a style asks more of a program than attributes");
                for attribute in element.attributes() {
                    let (name, value) = (attribute.name(), attribute.value());
                    assert!(!["style", "paint-order"].contains(&name), "{name}={value:?}");
                    let is_paint = ["fill", "stroke", "color", "stop-color"].contains(&name);
                    assert!(!is_paint || is_literal(value), "{name}={value:?}");
                    n_paints += usize::from(is_paint);
                }
                let has_paint = |name| element.ancestors().any(|e| e.has_attribute(name));
                assert!(has_paint("fill"), "{element:?} is filled in whatever colour the program likes");
            }
            assert!(n_paints > 3);
            let root = document.root_element();
            assert!(root.attribute("font-family").unwrap().starts_with("Arial, "), "a font by name");
        }
    }
}

#[test]
fn a_label_lies_above_its_halo() {
    let svg = svg_string(&circuit(&[1.0]), Theme::Light);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let labels: Vec<_> = document.descendants().filter(|node| node.attribute("class") == Some("labels")).collect();
    let shown: Vec<_> = labels.iter().map(|labels| (labels.attribute("stroke"), labels.children().count())).collect();
    assert_eq!(shown, [(Some("#ffffff"), 2), (None, 2)]);
}
