//! What the element's script calls.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;
use yew::{AppHandle, Callback};

use crate::app::{Host, HostProps, Msg, Parts, Told};
use crate::figure::Opened;
use crate::live::{Results, Status};
use crate::show;
use crate::state::{Saved, Shown};
use circuitscope_core::figure_file::files::FigureFiles;
use circuitscope_core::scores::known_circuit::edge_name;
use circuitscope_core::settings::run::RunSettings;
use circuitscope_core::{Circuit, Edge, Metric};
use circuitscope_figure::Target;
use circuitscope_picture::figure_view::is_mask;
use circuitscope_picture::{Size, Theme};

/// The size of an exported picture, in pixels: that of a poster.
const EXPORT: Size = Size { width: 1200.0, height: 640.0 };

/// The style of a figure, for the shadow root that it is mounted in.
#[wasm_bindgen]
pub fn style() -> String {
    let drawing = circuitscope_picture::sankey::svg::style();
    [&drawing, circuitscope_figure::STYLE, circuitscope_picture::strip::svg::STYLE, include_str!("viewer.css")].concat()
}

/// A figure that is mounted in an element.
#[wasm_bindgen]
pub struct Figure {
    opened: Rc<Opened>,
    shown: Rc<RefCell<Shown>>,
    app: Option<AppHandle<Host>>,
}

#[wasm_bindgen]
impl Figure {
    /// Opens a figure file's text; `config` is that of the model's config, where the figure only says where that is.
    ///
    /// # Errors
    /// When the figure or the config is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, text: &str, config: Option<String>) -> Result<Self, JsError> {
        let opened = Rc::new(Opened::read(name, text, config.as_deref())?);
        let shown = Rc::new(RefCell::new(Shown::of(&opened)));
        Ok(Self { opened, shown, app: None })
    }

    /// The address of the config, where the text of a figure has it nowhere else; it is to be fetched and given to `new`.
    ///
    /// # Errors
    /// When the text is no figure.
    #[wasm_bindgen(js_name = configUrl)]
    pub fn config_url(name: &str, text: &str) -> Result<Option<String>, JsError> {
        let file = circuitscope_core::figure_file::FigureFile::from_json(name, text)?;
        Ok(file.files.config.content().is_none().then_some(file.files.config.url).flatten())
    }

    /// Shows the figure in an element. `controls` names what stands below the drawing: `curve`, `tokens`, `run`. `on_event` is called
    /// with the name of what happens and its data as JSON.
    pub fn mount(&mut self, root: web_sys::Element, controls: &str, page: Option<String>, on_event: Function) {
        let has = |name: &str| controls.split_whitespace().any(|word| word == name);
        let parts = Parts { curve: has("curve"), tokens: has("tokens"), run: has("run") };
        let on_told = Callback::from(move |told: Told| {
            let (name, data) = event(&told);
            // A page's own handler that throws is its own affair.
            _ = on_event.call2(&JsValue::NULL, &name.into(), &json(&data).into());
        });
        let props = HostProps { opened: self.opened.clone(), shown: self.shown.clone(), parts, page, on_told };
        self.app = Some(yew::Renderer::<Host>::with_root_and_props(root, props).render());
    }

    /// Shows a circuit of so many edges.
    #[wasm_bindgen(js_name = setEdges)]
    pub fn set_edges(&self, edges: usize) {
        self.change(move |opened, shown| shown.request(opened, edges));
    }

    /// Shows the circuit of the edges whose |score| is at least a threshold.
    #[wasm_bindgen(js_name = setThreshold)]
    pub fn set_threshold(&self, threshold: f32) {
        self.change(move |opened, shown| shown.request(opened, opened.scores.n_at_least(threshold)));
    }

    /// What is shown, as JSON for `restore`.
    pub fn save(&self) -> String {
        json(&self.shown.borrow().saved())
    }

    /// Shows again what was saved.
    ///
    /// # Errors
    /// When it is no such JSON.
    pub fn restore(&self, saved: &str) -> Result<(), JsError> {
        let saved: Saved = serde_json::from_str(saved)?;
        self.change(move |opened, shown| shown.restore(opened, saved));
        Ok(())
    }

    /// The drawing as an SVG file, light or dark.
    #[wasm_bindgen(js_name = exportSvg)]
    pub fn export_svg(&self, dark: bool) -> String {
        let theme = if dark { Theme::Dark } else { Theme::Light };
        show::svg_file(&self.opened, &self.shown.borrow(), EXPORT, theme)
    }

    /// How far a live run is, as JSON: `{"state": "running", "label", "done", "total"}`, `{"state": "failed", "message"}` or
    /// `{"state": "idle"}`.
    ///
    /// # Errors
    /// When it is no such JSON.
    #[wasm_bindgen(js_name = setStatus)]
    pub fn set_status(&self, status: &str) -> Result<(), JsError> {
        let status: Status = serde_json::from_str(status)?;
        self.change(move |_, shown| shown.live.status = status);
        Ok(())
    }

    /// What a live run gave, as JSON: `{"device", "circuits": [{"circuit", "measurement"}]}`, as a figure file has recorded circuits.
    ///
    /// # Errors
    /// When it is no such JSON.
    #[wasm_bindgen(js_name = addResults)]
    pub fn add_results(&self, results: &str) -> Result<(), JsError> {
        let results: Results = serde_json::from_str(results)?;
        self.change(move |opened, shown| shown.live.add(opened, results));
        Ok(())
    }

    /// What a run of this figure needs, as JSON: its files, its settings, its prompts as tokens where it has all of them, the sizes that
    /// are recorded, whether the circuit that is shown is measured, and the other hosts that would be asked. `base` is the figure's URL.
    pub fn plan(&self, base: &str) -> String {
        let (opened, shown) = (&self.opened, self.shown.borrow());
        let counts = opened.recorded().iter().flat_map(|r| &r.circuits).map(|r| r.circuit.requested).collect();
        json(&Plan {
            files: &opened.file.files,
            run: &opened.file.run,
            prompts: show::all_prompts(opened),
            is_mask: is_mask(&opened.file),
            counts,
            shown: shown.requested,
            measured: shown.measurement(opened).is_some(),
            has_run: !shown.live.rows.is_empty(),
            other_hosts: opened.file.other_hosts(base),
        })
    }

    /// The figure's scores by edge, as JSON that `runCircuits` takes.
    #[wasm_bindgen(js_name = edgeScores)]
    pub fn edge_scores(&self) -> String {
        json(&NamedScores(&self.opened))
    }

    /// Takes the figure out of its element.
    pub fn unmount(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
    }

    fn change(&self, change: impl FnOnce(&Opened, &mut Shown) + 'static) {
        match &self.app {
            Some(app) => app.send_message(Msg::Change(Box::new(change))),
            None => change(&self.opened, &mut self.shown.borrow_mut()),
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers can be written as JSON")
}

/// What a run needs. Written at once: as a value it would be a copy of the figure's inlined files.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plan<'a> {
    files: &'a FigureFiles,
    run: &'a RunSettings,
    prompts: Option<show::PromptsFile<'a>>,
    is_mask: bool,
    counts: Vec<usize>,
    shown: usize,
    measured: bool,
    has_run: bool,
    other_hosts: Vec<String>,
}

/// The scores that are not 0, by the names of their edges.
struct NamedScores<'a>(&'a Opened);

impl Serialize for NamedScores<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Opened { graph, scores, .. } = self.0;
        let edges = graph.edges().filter(|edge: &Edge| scores.score(*edge) != 0.0);
        to.collect_map(edges.map(|edge| (edge_name(graph, edge), scores.score(edge))))
    }
}

/// The keys of all metrics in the engine's results, each with the one that figures have.
#[wasm_bindgen(js_name = metricKeys)]
pub fn metric_keys() -> String {
    json(&Metric::ALL.map(|metric| (metric.key(), metric)))
}

/// What an event tells besides its name.
#[derive(Default, Serialize)]
struct EventData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    edges: Option<usize>,
    /// Null where it is infinite.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edge: Option<&'a str>,
}

fn event(told: &Told) -> (&'static str, EventData<'_>) {
    let none = EventData::default();
    match told {
        Told::Changed(Circuit { n_edges, threshold, .. }) => {
            ("change", EventData { edges: Some(*n_edges), threshold: Some(*threshold), ..none })
        }
        Told::Settled(edges) => ("settle", EventData { edges: Some(*edges), ..none }),
        Told::Selected(Some(Target::Node(node))) => ("select", EventData { node: Some(node), ..none }),
        Told::Selected(Some(Target::Edge(edge))) => ("select", EventData { edge: Some(edge), ..none }),
        Told::Selected(None) => ("select", none),
        Told::RunWanted => ("run", none),
        Told::CancelWanted => ("cancel", none),
        Told::Agreed => ("agree", none),
    }
}
