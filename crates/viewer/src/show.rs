//! What is seen of a figure: pictures, sentences and tables, computed from what it holds and what a reader did.

use std::rc::Rc;

use serde::Serialize;

use crate::figure::Opened;
use crate::live::{Live, Status, TOLERANCE};
use crate::state::Shown;
use circuitscope_core::figure_file::prompts::{FigureAnswers, FigurePrompt};
use circuitscope_core::labels::size_label;
use circuitscope_core::{Metric, Tokens};
use circuitscope_figure::scene::flow_scene;
use circuitscope_figure::tip::{Tip, edge_tip, node_tip};
use circuitscope_figure::{NextToken, Reading, Scene, Span, Target, TokenRole, likeliest, reading};
use circuitscope_picture::drawn::Drawn;
use circuitscope_picture::figure_view::{Part, drawn_part};
use circuitscope_picture::sankey::svg::{self, About, LegendItem, legend_items};
use circuitscope_picture::sankey::{self, Layout};
use circuitscope_picture::strip::heat::{HeatMapData, HeatRequest};
use circuitscope_picture::strip::text::{count_text, value_text};
use circuitscope_picture::strip::{Cursor, Edited, Measure, StripRequest, StripSeries, measured};
use circuitscope_picture::{Orientation, Size, Theme};

/// A drawing with its legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub scene: Scene,
    pub legend: Vec<LegendItem>,
}

/// What is drawn of the circuit that is shown.
pub fn drawn(opened: &Opened, shown: &Shown) -> Rc<Drawn> {
    let part = Part {
        figure: &opened.file,
        graph: &opened.graph,
        values: &opened.scores,
        nodes: &opened.nodes,
        dir: opened.model.attention_dir,
        requested: shown.requested,
        edits: &shown.edits,
        options: &shown.options,
    };
    drawn_part(&part).unwrap_or_default()
}

/// Where it goes in a room.
pub fn picture(drawn: &Rc<Drawn>, opened: &Opened, size: Size, orientation: Orientation) -> Picture {
    let layout = layout(drawn, opened, size, orientation);
    Picture { legend: legend_items(&layout), scene: flow_scene(layout) }
}

/// The drawing as the text of an SVG file.
pub fn svg_file(opened: &Opened, shown: &Shown, size: Size, theme: Theme) -> String {
    let layout = layout(&drawn(opened, shown), opened, size, opened.file.view.look.orientation.into());
    svg::svg_string(&layout, theme, &About { legend: true, ..About::default() })
}

fn layout(drawn: &Rc<Drawn>, opened: &Opened, size: Size, orientation: Orientation) -> Layout {
    let look = &opened.file.view.look;
    let options = sankey::Options { layer_spacing: look.layer_spacing, merge_ports: look.merge_ports };
    sankey::layout(&sankey::Request { orientation, options, ..sankey::Request::new(drawn.clone(), size) })
}

/// The curve, as wide as there is room.
pub fn strip(opened: &Opened, shown: &Shown, size: Size) -> StripRequest {
    let circuits = shown.measured(opened);
    let metric = shown.metric;
    let baseline = opened.recorded().map(|results| &results.baseline);
    let unpatched: Vec<_> =
        baseline.iter().flat_map(|b| [&b.clean, &b.corrupt]).filter_map(|m| m.mean(metric)).collect();
    let means: Vec<_> = circuits.iter().filter_map(|(_, measurement)| measurement.mean(metric)).collect();
    let n_prompts = baseline.map_or(0, |baseline| baseline.n_prompts);
    let series = StripSeries {
        name: metric.name().to_owned(),
        style: 0,
        points: measured::points(metric, &circuits, n_prompts),
        partial: matches!(shown.live.status, Status::Running { .. }),
    };
    StripRequest {
        size,
        stops: opened.stops.clone(),
        measure: measured::fitting(metric, opened.file.view.log_y, &means, &unpatched),
        chosen: (!series.points.is_empty()).then_some(series),
        pinned: Vec::new(),
        random: None,
        levels: baseline.map_or(Vec::new(), |b| measured::levels(metric, &b.clean, &b.corrupt)),
        distribution: Some(opened.descending.clone()),
        stale: false,
    }
}

/// The metrics of which something is known, and the one that is shown.
pub fn metrics(opened: &Opened, shown: &Shown) -> Vec<Metric> {
    let measured = shown.measured(opened);
    let is_known = |metric: &Metric| measured.iter().any(|(_, measurement)| measurement.get(*metric).is_some());
    Metric::ALL.into_iter().filter(|metric| *metric == shown.metric || is_known(metric)).collect()
}

/// Where the strip's cursor is.
pub fn cursor(opened: &Opened, shown: &Shown) -> Cursor {
    let k = shown.circuit(opened).n_edges;
    if shown.edits.is_empty() {
        return Cursor::at(k);
    }
    Cursor { k, edited: Edited::Yes(shown.measurement(opened).and_then(|measured| measured.mean(shown.metric))) }
}

/// What is read at the cursor: the metric of the curve and one or two others.
pub fn read(opened: &Opened, shown: &Shown, short: bool) -> Vec<Span> {
    let circuit = shown.circuit(opened);
    let measurement = shown.measurement(opened);
    let value = |metric: Metric| {
        let mean = measurement.as_ref()?.mean(metric)?;
        Some((short_name(metric), value_text(Measure::of(metric).scale, mean)))
    };
    let mut metrics = vec![shown.metric];
    metrics.extend([Metric::LogitDiff, Metric::CleanKlDiv].into_iter().filter(|metric| *metric != shown.metric));
    let mut spans = reading(&Reading {
        k: circuit.n_edges,
        threshold: Some(circuit.threshold.into()),
        values: metrics.into_iter().filter_map(value).take(if short { 1 } else { 2 }).collect(),
        edited: !shown.edits.is_empty(),
        pending: false,
        short,
    });
    if measurement.is_none() {
        let unknown = if opened.recorded().is_some() { " · not recorded" } else { " · not run" };
        spans.push(Span::plain(unknown));
    }
    spans
}

/// A metric's name where there is little room.
fn short_name(metric: Metric) -> String {
    match metric {
        Metric::CleanKlDiv => "KL".to_owned(),
        Metric::CorruptKlDiv => "KL from corrupt".to_owned(),
        Metric::LogitDiff => "logit diff".to_owned(),
        other => other.name().to_ascii_lowercase(),
    }
}

/// The caption: the title, and what the figure says.
pub fn caption(opened: &Opened) -> Vec<Span> {
    vec![Span::emphasised(opened.file.title.clone()), Span::plain(format!(" {}", opened.caption))]
}

/// What is said of what is pointed at, or selected.
pub fn tip(opened: &Opened, drawn: &Drawn, target: &Target) -> Option<Tip> {
    match target {
        Target::Edge(name) => Some(edge_tip(drawn.links().find(|link| link.name == *name)?, &opened.scores)),
        Target::Node(name) => node_tip(drawn, name),
    }
}

/// How many edges are drawn, where it is not all of the circuit.
pub fn left_out(drawn: &Drawn) -> Option<String> {
    let n_weaker = drawn.rest.n_in_circuit;
    (n_weaker > 0).then(|| {
        format!("{} edges drawn, {} weaker ones of the circuit not", count_text(drawn.n_edges()), count_text(n_weaker))
    })
}

/// The tokens of the prompt that is shown, clean and corrupt; the last stand under each other.
pub fn prompt(opened: &Opened, shown: &Shown) -> Option<(Vec<String>, Vec<String>)> {
    let prompt = opened.file.texts.prompts.get(shown.prompt)?;
    let seq = prompt.clean.len().max(prompt.corrupt.len());
    let row = |ids: &[u32]| {
        let padding = std::iter::repeat_n(String::new(), seq - ids.len());
        padding.chain(ids.iter().map(|&id| token_text(opened, id))).collect()
    };
    Some((row(&prompt.clean), row(&prompt.corrupt)))
}

/// Prompts in auto-circuit's format, as token ids.
#[derive(Debug, PartialEq, Serialize)]
pub struct PromptsFile<'a> {
    prompts: Vec<PromptOfFile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pad_token: Option<u32>,
}

#[derive(Debug, PartialEq, Serialize)]
struct PromptOfFile<'a> {
    clean: &'a [u32],
    corrupt: &'a [u32],
    answers: AnswersOfFile<'a>,
    wrong_answers: AnswersOfFile<'a>,
}

impl<'a> From<&'a FigurePrompt> for PromptOfFile<'a> {
    fn from(prompt: &'a FigurePrompt) -> Self {
        Self {
            clean: &prompt.clean,
            corrupt: &prompt.corrupt,
            answers: (&prompt.answers).into(),
            wrong_answers: (&prompt.wrong_answers).into(),
        }
    }
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum AnswersOfFile<'a> {
    Tokens(&'a [u32]),
    PerPosition(&'a [Vec<u32>]),
    Values(&'a [Vec<f64>]),
}

impl<'a> From<&'a FigureAnswers> for AnswersOfFile<'a> {
    fn from(answers: &'a FigureAnswers) -> Self {
        match answers {
            FigureAnswers::Tokens(tokens) => Self::Tokens(tokens),
            FigureAnswers::PerPosition(rows) => Self::PerPosition(rows),
            FigureAnswers::Values(rows) => Self::Values(rows),
        }
    }
}

/// The figure's prompts, where it has as many as were run.
pub fn all_prompts(opened: &Opened) -> Option<PromptsFile<'_>> {
    let texts = &opened.file.texts;
    let n_run = opened.recorded()?.baseline.n_prompts;
    let prompts = texts.prompts.iter().map(PromptOfFile::from).collect();
    (texts.prompts.len() >= n_run.max(1)).then_some(PromptsFile { prompts, pad_token: texts.pad_token })
}

/// The likeliest next tokens of the prompt that is shown, under the names of the runs.
pub fn next_tokens(opened: &Opened, shown: &Shown) -> Option<(Vec<String>, Vec<NextToken>)> {
    let prompt = opened.file.texts.prompts.get(shown.prompt)?;
    let (n_edges, tokens) = nearest_tokens(opened, shown)?;
    let position = opened.file.view.position;
    let role = |id: u32| role(prompt, position, id);
    let rows = likeliest(&[&tokens.clean, &tokens.corrupt, &tokens.circuit], |id| token_text(opened, id), role);
    let circuit = if n_edges == shown.circuit(opened).n_edges {
        "Circuit".to_owned()
    } else {
        format!("{} edges", count_text(n_edges))
    };
    Some((vec!["Clean".to_owned(), "Corrupt".to_owned(), circuit], rows))
}

/// The recorded tokens of the largest circuit that is no larger than the one shown, with its number of edges.
fn nearest_tokens<'a>(opened: &'a Opened, shown: &Shown) -> Option<(usize, &'a Tokens)> {
    let (results, n_edges) = (opened.recorded()?, shown.circuit(opened).n_edges);
    let known = results.circuits.iter().zip(&results.tokens).filter_map(|(recorded, tokens)| {
        Some((recorded.circuit.n_edges, tokens.get(shown.prompt)?.get(opened.file.view.position)?))
    });
    known.filter(|(n, _)| *n <= n_edges).last()
}

fn role(prompt: &FigurePrompt, position: usize, token: u32) -> TokenRole {
    let among = |answers: &FigureAnswers| match answers {
        FigureAnswers::Tokens(tokens) => tokens.contains(&token),
        FigureAnswers::PerPosition(rows) => rows.get(position).is_some_and(|row| row.contains(&token)),
        FigureAnswers::Values(_) => false,
    };
    if among(&prompt.answers) {
        TokenRole::Answer
    } else if among(&prompt.wrong_answers) {
        TokenRole::WrongAnswer
    } else {
        TokenRole::Other
    }
}

/// The recorded attention of the selected head on the prompt that is shown.
pub fn attention(opened: &Opened, shown: &Shown, width: f64) -> Option<(String, HeatRequest)> {
    let Some(Target::Node(name)) = &shown.selection else { return None };
    let (block, head_idx) = name.strip_prefix('A')?.split_once('.')?;
    let (block, head_idx): (usize, usize) = (block.parse().ok()?, head_idx.parse().ok()?);
    let heads = &opened.recorded()?.attention;
    let head = heads.iter().find(|head| (head.block, head.head_idx, head.prompt) == (block, head_idx, shown.prompt))?;
    let prompt = opened.file.texts.prompts.get(shown.prompt)?;
    let tokens = |ids: &[u32], n_pads: usize| {
        let pads = std::iter::repeat_n("pad".to_owned(), n_pads);
        pads.chain(ids.iter().map(|&id| token_text(opened, id))).take(head.seq).collect()
    };
    let map = |name: &str, ids: &[u32], n_pads: usize, pattern: &[f32]| HeatMapData {
        name: name.to_owned(),
        tokens: tokens(ids, n_pads),
        pattern: pattern.into(),
    };
    let ([clean, corrupt, _], patterns) = (head.n_pads, &head.patterns);
    let maps = vec![
        map("Clean", &prompt.clean, clean, patterns.clean.values()),
        map("Corrupt", &prompt.corrupt, corrupt, patterns.corrupt.values()),
    ];
    Some((name.clone(), HeatRequest { width, maps }))
}

fn token_text(opened: &Opened, token: u32) -> String {
    opened.file.texts.token(token).map_or_else(|| token.to_string(), str::to_owned)
}

/// What stands beside the button that runs the figure, and whether it is a warning.
pub fn run_line(opened: &Opened, live: &Live) -> (String, bool) {
    match &live.status {
        Status::Running { label, total, .. } if *total <= 0.0 => (format!("{label}…"), false),
        Status::Running { label, done, total } => (format!("{label}: {:.0} %", 100.0 * done / total), false),
        Status::Asks { message } => (message.clone(), false),
        Status::Failed { message } => (message.clone(), true),
        Status::Idle if !live.rows.is_empty() => ran(live),
        Status::Idle => (recorded_line(opened), false),
    }
}

fn ran(live: &Live) -> (String, bool) {
    match &live.verified {
        Some(verified) if verified.is_within(TOLERANCE) => {
            (format!("Run here, {}. Verified: {verified}", live.device), false)
        }
        Some(verified) => (format!("Run here, {}. Not as recorded: {verified}", live.device), true),
        None => (format!("Run here, {}", live.device), false),
    }
}

fn recorded_line(opened: &Opened) -> String {
    let n_bytes: u64 = opened.file.files.all().filter_map(|(_, file)| file.bytes).sum();
    let fetches =
        if n_bytes > 0 { format!("Running fetches {} and the engine.", size_label(n_bytes)) } else { String::new() };
    match opened.recorded().map(|results| results.date.as_deref()) {
        Some(Some(date)) => format!("Recorded {date}. {fetches}"),
        Some(None) => format!("Recorded. {fetches}"),
        None => format!("Not run yet. {fetches}"),
    }
}
