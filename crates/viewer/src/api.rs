//! What the element's script calls.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use serde_json::json;
use wasm_bindgen::prelude::*;
use yew::{AppHandle, Callback};

use crate::app::{Host, HostProps, Msg, Parts, Told};
use crate::figure::Opened;
use crate::live::{Results, Status};
use crate::show;
use crate::state::{Saved, Shown};
use circuitscope_core::scores::known_circuit::edge_name;
use circuitscope_core::scores::mask::EdgeValues;
use circuitscope_core::{Edge, Metric};
use circuitscope_figure::Target;
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
            _ = on_event.call2(&JsValue::NULL, &name.into(), &data.to_string().into());
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
        json!(self.shown.borrow().saved()).to_string()
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
        let counts: Vec<_> = opened.recorded().iter().flat_map(|r| &r.circuits).map(|r| r.circuit.requested).collect();
        json!({
            "files": opened.file.files,
            "run": opened.file.run,
            "prompts": show::all_prompts(opened),
            "isMask": opened.file.circuit.as_ref().is_some_and(|circuit| circuit.values == EdgeValues::Mask),
            "counts": counts,
            "shown": shown.requested,
            "measured": shown.measurement(opened).is_some(),
            "hasRun": !shown.live.rows.is_empty(),
            "otherHosts": opened.file.other_hosts(base),
        })
        .to_string()
    }

    /// The figure's scores by edge, as JSON that `runCircuits` takes.
    #[wasm_bindgen(js_name = edgeScores)]
    pub fn edge_scores(&self) -> String {
        let (graph, scores) = (&self.opened.graph, &self.opened.scores);
        let edges = graph.edges().filter(|edge: &Edge| scores.score(*edge) != 0.0);
        let named = edges.map(|edge| (edge_name(graph, edge), json!(scores.score(edge))));
        serde_json::Value::Object(named.collect()).to_string()
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

/// The keys of all metrics in the engine's results, each with the one that figures have.
#[wasm_bindgen(js_name = metricKeys)]
pub fn metric_keys() -> String {
    json!(Metric::ALL.map(|metric| (metric.key(), json!(metric)))).to_string()
}

fn event(told: &Told) -> (&'static str, serde_json::Value) {
    match told {
        Told::Changed(circuit) => ("change", json!({ "edges": circuit.n_edges, "threshold": circuit.threshold })),
        Told::Settled(edges) => ("settle", json!({ "edges": edges })),
        Told::Selected(Some(Target::Node(node))) => ("select", json!({ "node": node })),
        Told::Selected(Some(Target::Edge(edge))) => ("select", json!({ "edge": edge })),
        Told::Selected(None) => ("select", json!({})),
        Told::RunWanted => ("run", json!({})),
        Told::CancelWanted => ("cancel", json!({})),
    }
}
