//! Plots: by hand, then the golden files.

use std::path::PathBuf;

use circuitscope_core::{Metric, roc};
use circuitscope_picture::{
    Axis, Cursor, Level, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size, Theme, cursor, plot, plot_string,
};

use crate::support::{Case, read_text, strings};

fn axis(label: &str, scale: Scale) -> Axis {
    Axis { label: label.to_owned(), scale, range: None }
}

fn request(x: Scale, y: Scale, values: &[(f64, f64)]) -> PlotRequest {
    let value = |&(x, y): &(f64, f64)| PlotValue { x, y, band: None, hover: format!("{x}: {y}") };
    PlotRequest {
        size: Size { width: 600.0, height: 260.0 },
        x: axis("x", x),
        y: axis("y", y),
        series: vec![Series { name: "one".to_owned(), style: 0, values: values.iter().map(value).collect() }],
        levels: Vec::new(),
        diagonal: false,
        legend: false,
    }
}

fn labels(axis: &circuitscope_picture::AxisLayout) -> Vec<&str> {
    axis.ticks.iter().filter_map(|tick| Some(tick.label.as_ref()?.text.as_str())).collect()
}

fn xs(layout: &PlotLayout) -> Vec<f64> {
    layout.series[0].points.iter().map(|point| point.at.x).collect()
}

#[test]
fn zero_edges_stand_where_half_an_edge_would() {
    let drawn = plot(&request(Scale::LogCounts, Scale::Linear, &[(0.0, 0.0), (1.0, 1.0), (10.0, 2.0), (100.0, 3.0)]));
    let [zero, one, ten, hundred] = xs(&drawn)[..] else { panic!() };
    let decade = hundred - ten;
    assert!((ten - one - decade).abs() < 1e-9);
    assert!((one - zero - decade * 2f64.log10()).abs() < 1e-9);
    assert_eq!(labels(&drawn.x), ["0", "1", "2", "5", "10", "20", "50", "100"]);
    assert_eq!(drawn.axis_break, Some((zero + one) / 2.0));
    assert_eq!((zero, hundred), (drawn.frame.x, drawn.frame.x + drawn.frame.width));
    let without = plot(&request(Scale::LogCounts, Scale::Linear, &[(1.0, 1.0), (10.0, 2.0)]));
    assert_eq!(without.axis_break, None);
}

#[test]
fn values_below_a_logarithmic_axis_lie_on_its_foot() {
    let drawn = plot(&request(
        Scale::LogCounts,
        Scale::Log { least: 1e-2 },
        &[(1.0, 0.0), (2.0, 1e-3), (3.0, 0.1), (4.0, 0.7)],
    ));
    let ys: Vec<_> = drawn.series[0].points.iter().map(|point| point.at.y).collect();
    let foot = drawn.frame.y + drawn.frame.height;
    assert_eq!(&ys[..2], [foot, foot]);
    // The axis goes to 1, two decades up: 0.1 is halfway.
    assert!((ys[2] - (foot - drawn.frame.height / 2.0)).abs() < 1e-9);
    assert_eq!(labels(&drawn.y), ["≤ 0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
    // They are at most that, which their marks say.
    let at_floor: Vec<_> = drawn.series[0].points.iter().map(|point| point.at_floor).collect();
    assert_eq!(at_floor, [true, true, false, false]);
    let svg = plot_string(&drawn, Theme::Light);
    assert_eq!((svg.matches("class=\"clipped mark").count(), svg.matches("<circle").count()), (2, 2));
    let linear = plot(&request(Scale::LogCounts, Scale::Linear, &[(1.0, 0.0), (2.0, 1e-3)]));
    assert!(linear.series[0].points.iter().all(|point| !point.at_floor), "a linear axis has a place for every value");
}

#[test]
fn the_cursor_has_a_handle_only_where_the_curve_has_been_measured() {
    let drawn = plot(&request(Scale::LogCounts, Scale::Linear, &[(0.0, 0.0), (32_000.0, 2.0), (32_001.0, 2.0)]));
    let handle = |x: f64, y: Option<f64>| {
        let cursor = cursor(&drawn, Cursor { x, y });
        let circle = cursor.children.iter().find(|child| child.tag == "circle").cloned();
        circle.map(|circle| circle.attributes.iter().find(|(name, _)| *name == "cy").unwrap().1.clone())
    };
    // The axis goes from 0 to 2, which is the frame's upper end.
    assert_eq!(handle(32_000.0, Some(2.0)), Some(format!("{}", drawn.frame.y)));
    assert_eq!(handle(10.0, None), None);
    assert_eq!(handle(31_999.0, None), None, "its neighbour, less than half a pixel away, is another circuit");
    assert_eq!(handle(10.0, Some(f64::NAN)), None);
}

#[test]
fn linear_axes_have_round_numbers() {
    for (values, expected) in [
        ([-0.13, 0.34], &["−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3", "0.4"][..]),
        ([0.0, 100.0], &["0", "20", "40", "60", "80", "100"]),
        ([30.0, 168.0], &["20", "40", "60", "80", "100", "120", "140", "160", "180"]),
        ([5.0, 5.0], &["4.6", "4.8", "5.0", "5.2", "5.4"]),
    ] {
        let drawn = plot(&request(Scale::LogCounts, Scale::Linear, &[(0.0, values[0]), (10.0, values[1])]));
        let found = labels(&drawn.y);
        assert!(found.len() >= 3 && found.iter().all(|label| expected.contains(label)), "{values:?}: {found:?}");
    }
}

#[test]
fn large_and_small_powers_are_written_as_such() {
    let wide = plot(&request(Scale::LogCounts, Scale::Log { least: 1e-6 }, &[(0.0, 0.3), (32_491.0, 1e-7)]));
    assert_eq!(labels(&wide.x), ["0", "1", "10", "100", "1,000", "10,000"]);
    assert_eq!(labels(&wide.y)[..3], ["≤ 10⁻⁶", "10⁻⁵", "10⁻⁴"]);
    assert!(labels(&wide.y).contains(&"0.1"));
}

#[test]
fn what_is_no_number_is_left_out_and_nothing_is_no_failure() {
    let drawn = plot(&request(Scale::LogCounts, Scale::Linear, &[(0.0, f64::NAN), (1.0, 2.0), (2.0, f64::INFINITY)]));
    assert_eq!(drawn.series[0].points.len(), 1);
    for scale in [Scale::Linear, Scale::Log { least: 0.01 }] {
        let empty = plot(&request(Scale::LogCounts, scale, &[]));
        assert!(
            !plot_string(&empty, Theme::Light).contains("NaN") && !plot_string(&empty, Theme::Light).contains("inf")
        );
        assert_eq!(empty.nearest(0, 10.0), None);
        assert!(empty.near(10.0).is_empty());
    }
}

#[test]
fn the_pointer_finds_the_points_of_its_edge_count() {
    let mut asked = request(Scale::LogCounts, Scale::Linear, &[(0.0, 1.0), (10.0, 2.0), (100.0, 3.0)]);
    let mut other = asked.series[0].clone();
    other.values.remove(1);
    asked.series.push(other);
    let drawn = plot(&asked);
    let at = drawn.x.px(10.0);
    assert_eq!(drawn.near(at + 2.0), [(0, 1)]);
    assert_eq!(drawn.near(drawn.x.px(100.0)), [(0, 2), (1, 1)]);
    assert_eq!(drawn.nearest(1, at), Some(1), "the second curve's nearest is 100, which is nearer than 0");
}

#[test]
fn names_are_text() {
    let mut asked = request(Scale::LogCounts, Scale::Linear, &[(0.0, 1.0), (10.0, 2.0)]);
    asked.series[0].name = "</text><script>".to_owned();
    asked.legend = true;
    let svg = plot_string(&plot(&asked), Theme::Light);
    assert!(!svg.contains("<script") && svg.contains("&lt;/text&gt;&lt;script&gt;"));
}

/// Compares a plot with its golden file, or writes it where `CIRCUITSCOPE_UPDATE_GOLDEN` is set.
fn check_golden(name: &str, request: &PlotRequest) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let svg = plot_string(&plot(request), Theme::Light).replace("><", ">\n<") + "\n";
    if std::env::var_os("CIRCUITSCOPE_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    let changed = "has changed: set CIRCUITSCOPE_UPDATE_GOLDEN=1 to accept it, and look at it";
    assert!(svg == read_text(&path), "{name} {changed}");
}

#[test]
fn plots_are_the_golden_ones() {
    // Two runs of a case as two score sets, with a band.
    let case = Case::open("gpt2");
    let series = |run: usize, style: usize, name: &str| {
        let values = &case.json["graphs"][0]["runs"][run]["metrics"][Metric::CleanKlDiv.key()];
        let value = |pair: &serde_json::Value| {
            let (x, y) = (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
            PlotValue { x, y, band: Some((y / 2.0, y * 1.5)), hover: format!("{x} edges: {y:.3}") }
        };
        Series { name: name.to_owned(), style, values: values.as_array().unwrap().iter().map(value).collect() }
    };
    check_golden(
        "plot-kl.svg",
        &PlotRequest {
            size: Size { width: 600.0, height: 260.0 },
            x: axis("Edges in the circuit (log scale)", Scale::LogCounts),
            y: axis("KL divergence from clean (nats, log scale)", Scale::Log { least: 1e-2 }),
            series: vec![series(0, 0, "random · edge · resample"), series(1, 1, "random · edge · resample · reversed")],
            levels: vec![Level { name: "unpatched corrupt".to_owned(), y: 0.225 }],
            diagonal: false,
            legend: true,
        },
    );

    let case = Case::open("tracr-reverse");
    let g = case.graph(0);
    let official = strings(&g.json["official_edges"]);
    let mask: Vec<bool> = g.graph.edges().map(|edge| official.contains(&g.graph.edge_name(edge))).collect();
    let found = roc(&g.scores, &mask).unwrap();
    let value = |p: &circuitscope_core::RocPoint| {
        let (x, y) = (p.false_positive_rate, p.true_positive_rate);
        PlotValue { x, y, band: None, hover: format!("{} edges", p.n_edges) }
    };
    let rate = |label: &str| Axis { range: Some((0.0, 1.0)), ..axis(label, Scale::Linear) };
    check_golden(
        "plot-roc.svg",
        &PlotRequest {
            size: Size { width: 280.0, height: 290.0 },
            x: rate("False positive rate"),
            y: rate("True positive rate"),
            series: vec![Series {
                name: format!("random, AUC {:.3}", found.auc),
                style: 0,
                values: found.points.iter().map(value).collect(),
            }],
            levels: Vec::new(),
            diagonal: true,
            legend: true,
        },
    );
}
