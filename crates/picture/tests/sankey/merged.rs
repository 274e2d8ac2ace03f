//! Many ribbons as few paths, while the cursor moves.

use circuitscope_picture::sankey::Layout;
use circuitscope_picture::sankey::svg::{Look, markup};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::support::{WIDE, deep, wide};

fn picture(drawn: &Layout, look: &Look) -> Pixmap {
    let (width, height) = (WIDE.width, WIDE.height);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">{}</svg>",
        markup(drawn, look)
    );
    let tree = Tree::from_str(&svg, &Options::default()).unwrap();
    let mut pixmap = Pixmap::new(width as u32, height as u32).unwrap();
    resvg::render(&tree, Transform::default(), &mut pixmap.as_mut());
    pixmap
}

#[test]
fn many_ribbons_become_few_paths_of_the_same_lines() {
    let drawn = wide(deep().top(1_000));
    let look = Look::in_page("a");
    let (whole, merged) = (markup(&drawn, &look), markup(&drawn, &look.merged()));
    let n_paths = |text: &str| text.matches("<path").count();
    assert!(n_paths(&merged) < n_paths(&whole) / 5, "{} and {}", n_paths(&merged), n_paths(&whole));
    assert_eq!(merged.matches("data-edge").count(), 0);
    let lines = |text: &str| {
        let starts = text.split("class=\"ribbons").nth(1).unwrap().split("</g>").next().unwrap();
        let mut lines: Vec<_> =
            starts.split(" d=\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split('M').skip(1)).collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    assert_eq!(lines(&merged), lines(&whole));
}

#[test]
fn merged_ribbons_look_nearly_the_same() {
    let drawn = wide(deep().top(1_000));
    let look = Look::in_page("a");
    let (whole, merged) = (picture(&drawn, &look), picture(&drawn, &look.merged()));
    let differences = whole.data().iter().zip(merged.data()).map(|(a, b)| f64::from(a.abs_diff(*b)));
    let mean = differences.sum::<f64>() / whole.data().len() as f64;
    assert!(mean < 0.5, "by {mean} of 255 on average");
}

#[test]
fn few_ribbons_stay_apart() {
    let drawn = wide(deep().top(50));
    let look = Look::in_page("a");
    assert_eq!(markup(&drawn, &look.merged()), markup(&drawn, &look));
}
