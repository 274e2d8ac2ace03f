//! Progress bars on stderr. They are seen in a terminal only.

use std::rc::Rc;

use circuitscope_engine::run::{CircuitOutput, Logits, Observer};
use indicatif::{ProgressBar, ProgressStyle};

/// Forward passes, or forward and backward passes.
const PASSES: &str = "{bar:40} {pos}/{len} passes, {elapsed}, {eta} left: {msg}";
/// The weights of a model.
const LOADING: &str = "{bar:40} {bytes}/{total_bytes} of weights read, {eta} left";

/// A bar that watches a run or a search, and keeps the logits that a run gives.
pub struct PassesBar {
    bar: ProgressBar,
    loss: Option<f64>,
    /// Of each circuit, with its number of edges; none where they are not asked for.
    logits: Vec<(usize, Rc<Logits>)>,
}

impl PassesBar {
    pub fn new() -> Self {
        Self { bar: bar(PASSES), loss: None, logits: Vec::new() }
    }

    /// Takes the bar away and gives the logits of each circuit.
    pub fn finish(self) -> Vec<(usize, Rc<Logits>)> {
        self.bar.finish_and_clear();
        self.logits
    }
}

impl Observer for PassesBar {
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        let loss = self.loss.map_or(String::new(), |loss| format!(", loss {loss:.4}"));
        self.bar.set_message(format!("{label}{loss}"));
        true
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        self.logits.extend(logits.map(|logits| (output.circuit.n_edges, logits)));
    }

    fn loss(&mut self, loss: f64) {
        self.loss = Some(loss);
    }
}

/// A bar for the bytes of a model's weights.
pub fn loading_bar() -> ProgressBar {
    bar(LOADING)
}

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(0).with_style(style)
}
