//! A saved strip as other programs see it: rendered by resvg, which knows no custom properties, and read attribute by attribute.

use circuitscope_picture::strip::svg::{PINNED, markup, svg_string};
use circuitscope_picture::strip::{
    Cursor, Edited, Measure, Stops, StripLayout, StripPoint, StripRequest, StripSeries, ValueScale, layout,
};
use circuitscope_picture::{Level, Point, Size, Theme};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, roxmltree};

/// A series whose values go straight from 0 to 100, with a point at each of some counts.
fn series(name: &str, style: usize, counts: &[usize]) -> StripSeries {
    let point = |(i, &k): (usize, &usize)| {
        let mean = 100.0 * i as f64 / (counts.len() - 1) as f64;
        StripPoint { k, mean, middle_half: Some((mean - 5.0, mean + 5.0)) }
    };
    StripSeries { name: name.to_owned(), style, points: counts.iter().enumerate().map(point).collect(), partial: false }
}

/// A strip with everything that a strip can have.
fn full() -> StripLayout {
    layout(&StripRequest {
        size: Size { width: 770.0, height: 142.0 },
        stops: Stops::every(1519),
        measure: Measure { name: "Logit difference <recovered> & more".to_owned(), scale: ValueScale::Percent },
        chosen: Some(series("EAP", 0, &[0, 1, 10, 100, 1519])),
        pinned: (0..PINNED.len()).map(|style| series("pinned", style, &[0, 30 + style, 1519])).collect(),
        random: Some(series("random edges", 0, &[0, 1000, 1519])),
        levels: vec![Level { name: "unpatched clean".to_owned(), y: 98.0 }],
        distribution: None,
        stale: true,
    })
}

fn render(svg: &str) -> Pixmap {
    let tree = Tree::from_str(svg, &Options::default()).unwrap();
    let mut pixmap = Pixmap::new(tree.size().width() as u32, tree.size().height() as u32).unwrap();
    resvg::render(&tree, Transform::default(), &mut pixmap.as_mut());
    pixmap
}

fn hex(pixmap: &Pixmap, Point { x, y }: Point) -> String {
    let colour = pixmap.pixel(x as u32, y as u32).unwrap();
    format!("#{:02x}{:02x}{:02x}", colour.red(), colour.green(), colour.blue())
}

#[test]
fn a_saved_strip_has_the_colours_of_its_theme() {
    let strip = full();
    for (theme, ground, accent) in [(Theme::Light, "#ffffff", "#1f5db8"), (Theme::Dark, "#15181e", "#82b3f7")] {
        let picture = render(&svg_string(&strip, &Cursor::at(10), theme));
        assert_eq!(hex(&picture, Point { x: 1.0, y: 1.0 }), ground);
        // The groove left of the knob, and the hollow ring of a measured circuit.
        let x = strip.x_of(10);
        assert_eq!(hex(&picture, Point { x: x - 60.0, y: 14.0 }), accent);
        assert_eq!(hex(&picture, Point { x, y: strip.values.y_of(50.0) }), ground);
    }
}

#[test]
fn every_paint_of_a_saved_strip_is_literal() {
    let edited = Cursor { k: 31, edited: Edited::Yes(Some(60.0)) };
    for (theme, cursor) in [(Theme::Light, Cursor::at(31)), (Theme::Dark, edited)] {
        let svg = svg_string(&full(), &cursor, theme);
        let document = roxmltree::Document::parse(&svg).unwrap();
        for element in document.descendants().filter(roxmltree::Node::is_element) {
            assert_ne!(element.tag_name().name(), "style");
            for attribute in element.attributes().filter(|a| ["fill", "stroke"].contains(&a.name())) {
                let paint = attribute.value();
                assert!(paint == "none" || (paint.len() == 7 && paint.starts_with('#')), "{paint:?}");
            }
        }
        let label = document.root_element().attribute("aria-label").unwrap();
        assert!(label.starts_with("Logit difference <recovered> & more against the number of edges"), "{label}");
    }
}

#[test]
fn the_picture_of_a_page_does_not_depend_on_the_cursor() {
    let markup = markup(&full());
    assert!(!markup.contains("class=\"cursor\"") && !markup.contains("class=\"groove\""));
    assert!(roxmltree::Document::parse(&markup).is_ok());
}
