//! What is taken away is what is on the screen.

use std::rc::Rc;

use crate::select::export::{ExportOptions, ExportRequest, Format, What};
use crate::select::figure::{nodes_of, placed_nodes};
use crate::select::python::python;
use crate::state::State;
use crate::state::picture::Look;
use crate::update::{Action, CircuitAction};
use circuitscope_core::{PatchType, RunSettings};
use circuitscope_picture::pdf::pdf;
use circuitscope_picture::{Size, Theme};

fn request(state: &State, options: ExportOptions) -> ExportRequest {
    ExportRequest::new(state, placed_nodes(&nodes_of(state)), options).unwrap()
}

fn usual() -> ExportOptions {
    ExportOptions::new(Theme::Light)
}

fn show(state: &mut State, look: Look) {
    let mut view = state.picture.view.clone();
    view.look = look;
    state.apply(Action::view(|now| *now = view));
}

#[test]
fn a_saved_drawing_has_the_chosen_size_and_says_what_was_run() {
    let state = State::demo();
    let request = request(&state, usual());
    let (svg, size) = request.svg().unwrap();
    assert_eq!(request.file_name(), "tracr-reverse-2-edges.svg");
    assert!((size.height - usual().size.height).abs() < 1.0, "legend and caption are within {size:?}");
    assert_eq!(size.width, usual().size.width);
    for said in
        ["data-figure=\"circuit\"", "data-edge=\"", "compiled from a program by Tracr", "edge patch", "positive, helps"]
    {
        assert!(svg.contains(said), "{said}");
    }
    assert!(svg.contains(&format!("Circuitscope {}.", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn caption_and_legend_can_be_left_out_and_a_png_has_more_pixels() {
    let state = State::demo();
    let bare = ExportOptions { caption: false, legend: false, format: Format::Png, scale: 3, ..usual() };
    let (svg, size) = request(&state, bare).svg().unwrap();
    assert!(!svg.contains("class=\"caption\"") && !svg.contains("class=\"legend\""));
    assert!(svg.contains(&format!("width=\"{}\"", 3.0 * size.width)));
    assert_eq!(size, usual().size);
}

#[test]
fn every_look_and_the_curve_are_saved_in_every_way() {
    let mut state = State::demo();
    for look in Look::ALL {
        show(&mut state, look);
        for (what, theme) in [(What::Drawing, Theme::Light), (What::Drawing, Theme::Dark), (What::Curve, Theme::Dark)] {
            let options = ExportOptions { what, theme, size: Size { width: 336.0, height: 260.0 }, ..usual() };
            let (svg, _) = request(&state, options).svg().unwrap();
            assert_eq!(pdf(&svg).unwrap().n_missing, 0, "{look:?}, {what:?}");
        }
    }
    let curve = request(&state, ExportOptions { what: What::Curve, format: Format::Pdf, ..usual() });
    assert_eq!(curve.file_name(), "tracr-reverse-2-edges-curve.pdf");
}

#[test]
fn patched_edges_are_those_of_the_patch_type() {
    let mut state = State::demo();
    let mut view = state.picture.view.clone();
    (view.look, view.by_mask) = (Look::AutoCircuit, true);
    state.apply(Action::view(|now| *now = view));
    let (edge, _) = request(&state, usual()).svg().unwrap();
    assert_eq!((edge.matches("mask 1.00, patched").count(), edge.contains("not patched")), (2, false));
    let settings = RunSettings { patch_type: PatchType::Tree, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(settings));
    let (tree, _) = request(&state, usual()).svg().unwrap();
    assert_eq!((tree.matches("mask 0.00, not patched").count(), tree.contains(", patched")), (2, false));
}

#[test]
fn the_matrix_is_saved_as_a_matrix() {
    let mut state = State::demo();
    show(&mut state, Look::Matrix);
    let (svg, _) = request(&state, usual()).svg().unwrap();
    assert!(svg.contains("data-cell=\"") && svg.contains("steps at |score|"));
}

#[test]
fn python_runs_the_chosen_circuit_with_what_was_changed() {
    let mut state = State::demo();
    let code = python(&state).unwrap();
    for line in [
        "PROMPTS = \"prompts.json\"",
        "SCORES = \"scores.safetensors\"",
        "N_EDGES = 2",
        "METRIC = \"Clean KL Div\"",
        "BATCH_SIZE = 6",
        "slice_output=\"not_first_seq\"",
        "# On the screen: Clean KL Div = ",
    ] {
        assert!(code.contains(line), "{line} in {code}");
    }
    state.apply(Action::Circuit(CircuitAction::MaskChanged(0, 0.25)));
    let code = python(&state).unwrap();
    let name = circuitscope_picture::view::name_of(&state.scored().unwrap().graph, 0).unwrap();
    assert!(code.contains(&format!("    \"{name}\": 0.25,")), "{code}");
    assert!(!code.contains("On the screen"), "it was not run yet");
}

#[test]
fn without_scores_there_is_nothing_to_copy() {
    let state = State { inputs: Rc::default(), ..State::demo() };
    assert!(python(&state).unwrap_err().contains("scores"));
}
