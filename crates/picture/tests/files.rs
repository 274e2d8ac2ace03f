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
        Link { edge_idx, edge_name, src: 0, dest: 1, score, activation: None }
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
        by_mask: false,
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
    assert_eq!(curve.start.y, curve.end.y, "a single edge is a straight line");
    let width = curve.end.x - curve.start.x;
    (0..120).map(|i| Point { x: curve.start.x + width * (0.2 + 0.005 * f64::from(i)), y: curve.start.y }).collect()
}

#[test]
fn a_saved_circuit_has_the_colours_of_its_theme() {
    for (theme, background, text, [positive, zero], opacity) in [
        (Theme::Light, "#ffffff", "#20242c", ["#2f6fd6", "#8b919c"], 0.42),
        (Theme::Dark, "#15181e", "#e4e7ec", ["#6aa5ff", "#8b919c"], 0.5),
    ] {
        let band = above(rgb(background), rgb(text), 0.035);
        for (score, colour) in [(1.0, positive), (0.0, zero)] {
            let drawn = circuit(&[score]);
            let picture = render(&svg_string(&drawn, theme));
            assert_colour(pixel(&picture, Point { x: 1.0, y: 1.0 }), rgb(background));
            assert_colour(pixel(&picture, Point { x: 300.0, y: 40.0 }), band);
            // The legend's first sample: a ribbon of score 0 is narrower than a pixel.
            let sample = Point { x: 24.0, y: drawn.size.height - 18.0 };
            assert_colour(pixel(&picture, sample), above(rgb(background), rgb(colour), opacity));
        }
        let drawn = circuit(&[1.0]);
        let picture = render(&svg_string(&drawn, theme));
        let rect = drawn.boxes[0].rect;
        let middle = Point { x: rect.x + rect.width / 2.0, y: rect.y + rect.height / 2.0 };
        assert_colour(pixel(&picture, middle), rgb(NODE_COLOURS[0]));
        assert_colour(pixel(&picture, on_ribbon(&drawn)[0]), above(band, rgb(positive), opacity));
    }
}

#[test]
fn a_negative_ribbon_is_hatched_in_its_colour() {
    for (theme, negative) in [(Theme::Light, "#d2452c"), (Theme::Dark, "#ff7d5e")] {
        let drawn = circuit(&[-1.0]);
        let picture = render(&svg_string(&drawn, theme));
        let ground = pixel(&picture, Point { x: 300.0, y: 40.0 });
        let red = on_ribbon(&drawn).into_iter().map(|at| pixel(&picture, at));
        // How far each pixel is from the ground to the colour. Between the stripes 0.36 of the ground is covered; of the
        // rest, stripes cover 0.8 * 0.515, which makes 0.624.
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

/// Whether any program reads this as a paint: none, or a colour in digits.
fn is_literal(paint: &str) -> bool {
    let is_hex = paint.len() == 7 && paint.starts_with('#') && paint[1..].chars().all(|c| c.is_ascii_hexdigit());
    paint == "none" || is_hex
}

/// Whether an element is the hatching on a plain path, which is seen where patterns are not known.
fn is_hatching(element: roxmltree::Node) -> bool {
    let plain = element.prev_sibling_element().filter(|plain| plain.attribute("d") == element.attribute("d"));
    element.attribute("stroke") == Some("url(#circuit-negative)")
        && plain.and_then(|plain| plain.attribute("stroke")).is_some_and(is_literal)
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
                    assert!(!is_paint || is_literal(value) || is_hatching(element), "{name}={value:?}");
                    n_paints += usize::from(is_paint);
                }
                let is_text = element.tag_name().name() == "text";
                assert!(!is_text || !element.children().any(|child| child.is_element()), "read as part of the text");
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
