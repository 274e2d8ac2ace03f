//! The model card, and the loss curve as a table and as a drawing.

use std::fmt::Write;

use circuitscope_core::ModelConfig;
use circuitscope_picture::plot::{Axis, PlotRequest, PlotValue, Scale, Series, plot, plot_string};
use circuitscope_picture::{Size, Theme};

use crate::evaluate::Evaluation;
use crate::tasks::Task;
use crate::training::Recipe;

/// The loss is written as means over so many steps: single batches differ too much to read.
const MEAN_OF: usize = 25;
/// The card gives the last loss to three decimals.
const LEAST_LOSS: f64 = 0.001;
/// Of the drawing, in CSS pixels.
const SIZE: Size = Size { width: 560.0, height: 260.0 };

/// What a card says.
pub struct Facts<'a> {
    pub task: &'a dyn Task,
    pub config: &'a ModelConfig,
    pub recipe: &'a Recipe,
    pub losses: &'a [f64],
    pub found: &'a Evaluation,
}

/// The model card, in Markdown.
pub fn card(Facts { task, config, recipe, losses, found }: &Facts<'_>) -> String {
    let name = task.name();
    let mlps = config.d_mlp.map_or("no MLPs".to_owned(), |d_mlp| format!("MLPs of {d_mlp}"));
    let loss = match means(losses).last() {
        Some((_, loss)) if *loss < LEAST_LOSS => format!("below {LEAST_LOSS}"),
        Some((_, loss)) => format!("{loss:.3}"),
        None => "none".to_owned(),
    };
    format!(
        "# {name}\n\n{about}\n\n\
         | model | |\n| --- | --- |\n\
         | layers, heads, width | {n_layers} layers, {n_heads} heads of {d_head}, {d_model} wide, {mlps} |\n\
         | vocabulary | {d_vocab} whole words |\n\
         | parameters | {n_params}, stored in half precision |\n\n\
         | training | |\n| --- | --- |\n\
         | data | made up at random from a seed; one prompt in eight is held out |\n\
         | steps | {steps} of {batch_size} sequences |\n\
         | optimiser | AdamW, learning rate {rate} at its peak, weight decay {decay} |\n\
         | seed | {seed} |\n\
         | loss | {loss} nats at the end ([curve](loss.svg), [numbers](loss.csv)) |\n\n\
         | on {n} held-out prompts | |\n| --- | --- |\n\
         | likeliest token is an answer | {accuracy:.1}% |\n\
         | mean logit difference | {logit_diff:.2} |\n\
         | probability of the answers | {answer_prob:.1}% |\n\n\
         `cargo xtask train {name}` trains it again.\n",
        about = task.about(),
        n_layers = config.n_layers,
        n_heads = config.n_heads,
        d_head = config.d_head,
        d_model = config.d_model,
        d_vocab = config.d_vocab,
        n_params = config.n_params(),
        steps = recipe.steps,
        batch_size = recipe.batch_size,
        rate = recipe.learning_rate,
        decay = recipe.weight_decay,
        seed = recipe.seed,
        n = found.n_prompts,
        accuracy = 100.0 * found.accuracy,
        logit_diff = found.logit_diff,
        answer_prob = 100.0 * found.answer_prob,
    )
}

/// The loss at every [`MEAN_OF`] steps.
pub fn loss_csv(losses: &[f64]) -> String {
    means(losses).iter().fold("step,loss\n".to_owned(), |mut csv, (step, loss)| {
        let _ = writeln!(csv, "{step},{loss:.5}");
        csv
    })
}

/// The same as an SVG document.
pub fn loss_svg(losses: &[f64]) -> String {
    let value = |&(step, loss): &(usize, f64)| {
        let hover = format!("step {step}: {loss:.3} nats");
        PlotValue { x: step as f64, y: loss, band: None, hover }
    };
    let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: None };
    let request = PlotRequest {
        size: SIZE,
        x: axis("step"),
        y: Axis { range: Some((0.0, losses.iter().copied().fold(0.0, f64::max))), ..axis("loss, nats") },
        series: vec![Series { name: "loss".to_owned(), style: 0, values: means(losses).iter().map(value).collect() }],
        levels: Vec::new(),
        diagonal: false,
        legend: false,
    };
    plot_string(&plot(&request), Theme::Light)
}

/// The mean loss of the steps up to each of these.
fn means(losses: &[f64]) -> Vec<(usize, f64)> {
    let mean = |(i, part): (usize, &[f64])| (i * MEAN_OF + part.len(), part.iter().sum::<f64>() / part.len() as f64);
    losses.chunks(MEAN_OF).enumerate().map(mean).collect()
}
