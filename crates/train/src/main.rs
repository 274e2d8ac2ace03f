//! `circuitscope-train NAME DIR`: trains the model of a demo, on the CPU or a GPU, and writes its folder; with `--figure`, once there are
//! scores, the figure of a folder. `cargo xtask train` starts both.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use circuitscope_engine::device::{self, Opened, Trouble};
use circuitscope_memory::{MiMalloc, keep_freed_pages};
use circuitscope_record::date_of;
use circuitscope_train::figures::FIGURES;
use circuitscope_train::training::Recipe;
use circuitscope_train::{TASKS, figures, files, task, train};
use circuitscope_wire::engine::DeviceChoice;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A line of progress is written after every so many steps.
const REPORT_EVERY: usize = 100;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    keep_freed_pages();
    let args: Vec<String> = std::env::args().skip(1).collect();
    match pollster::block_on(run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &[String]) -> Result<()> {
    let usage = || {
        let [tasks, figures] = [&TASKS[..], &FIGURES].map(|names| names.join("|"));
        format!(
            "usage: circuitscope-train {tasks} DIR [--seed N] [--steps N] [--device cpu|gpu|auto]\n       circuitscope-train {figures} DIR --figure"
        )
    };
    let [name, dir, options @ ..] = args else { return Err(usage().into()) };
    if options == ["--figure"] {
        let recipe = figures::recipe(name).ok_or_else(usage)?;
        return Ok(figures::write(Path::new(dir), recipe, Some(today())).await?);
    }
    let task = task(name).ok_or_else(usage)?;
    let (recipe, choice) = recipe(task.recipe(), DeviceChoice::Cpu, options).ok_or_else(usage)?;
    let Opened { device, info } = device::open(choice, on_trouble).await?;
    eprintln!("device: {} ({})", info.name, info.reason);
    let start = started();
    let report = |step: usize, loss: f64| {
        if step.is_multiple_of(REPORT_EVERY) || step == recipe.steps {
            eprintln!("step {step} of {}: loss {loss:.4}, {:.0} s", recipe.steps, start.elapsed().as_secs_f64());
        }
    };
    let trained = train(&*task, files::config(&*task)?, &recipe, &device, report).await?;
    let found = files::write(Path::new(dir), &*task, &recipe, &trained, &device).await?;
    println!(
        "{name}: {:.1}% right, mean logit difference {:.2}, probability of answers {:.1}%, in {:.0} s",
        100.0 * found.accuracy,
        found.logit_diff,
        100.0 * found.answer_prob,
        start.elapsed().as_secs_f64()
    );
    if task.reached(&found) { Ok(()) } else { Err("that is less than the demo must reach".into()) }
}

fn on_trouble(trouble: Trouble) {
    match trouble {
        Trouble::Lost(reason) => eprintln!("warning: the GPU is lost: {reason}"),
        Trouble::Error(reason) => eprintln!("warning: the GPU refused an operation: {reason}"),
    }
}

/// The recipe with what the options change, and what computes.
fn recipe(recipe: Recipe, device: DeviceChoice, options: &[String]) -> Option<(Recipe, DeviceChoice)> {
    let [option, value, rest @ ..] = options else { return options.is_empty().then_some((recipe, device)) };
    match (option.as_str(), value.as_str()) {
        ("--seed", seed) => self::recipe(Recipe { seed: seed.parse().ok()?, ..recipe }, device, rest),
        ("--steps", steps) => self::recipe(Recipe { steps: steps.parse().ok()?, ..recipe }, device, rest),
        ("--device", "cpu") => self::recipe(recipe, DeviceChoice::Cpu, rest),
        ("--device", "gpu") => self::recipe(recipe, DeviceChoice::Webgpu, rest),
        ("--device", "auto") => self::recipe(recipe, DeviceChoice::Auto, rest),
        _ => None,
    }
}

#[expect(clippy::disallowed_methods, reason = "a native program")]
fn started() -> Instant {
    Instant::now()
}

/// The date in UTC.
#[expect(clippy::disallowed_methods, reason = "a native program")]
fn today() -> String {
    date_of(SystemTime::now())
}
