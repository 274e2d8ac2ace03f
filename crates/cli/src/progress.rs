//! Progress bars on stderr. They are seen in a terminal only.

use circuitscope_engine::run::{CircuitOutput, Observer};
use indicatif::{ProgressBar, ProgressStyle};

/// Forward passes, or forward and backward passes.
const PASSES: &str = "{bar:40} {pos}/{len} passes, {elapsed}, {eta} left: {msg}";
/// The weights of a model.
const LOADING: &str = "{bar:40} {bytes}/{total_bytes} of weights read, {eta} left";

/// A bar that watches a run or a search.
pub struct PassesBar {
    bar: ProgressBar,
    loss: Option<f64>,
}

impl PassesBar {
    pub fn new() -> Self {
        Self { bar: bar(PASSES), loss: None }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
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

    fn circuit(&mut self, _: &CircuitOutput) {}

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
