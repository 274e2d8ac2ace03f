//! The form with the choices of a run, in plain words beside auto-circuit's.

use yew::prelude::*;

use crate::view::parts::controls::{Check, Choice, Entry, check, choice, entry};
use circuitscope_core::{AblationType, EdgeCounts, OutputSlice, PatchType, PromptSettings, RunSettings};

const GRAPHS: &[&str] = &["edges (factorized)", "nodes (unfactorized)"];
const WORKERS: &[&str] = &["one a core", "1", "2", "3", "4", "8"];
const DEVICES: &[&str] = &["automatic", "GPU (WebGPU)", "CPU"];

/// The choices, what is wrong with them, and what to call when one changes.
pub struct SettingsForm {
    pub run: RunSettings,
    /// The edge counts as typed, where they are a list.
    pub counts_text: String,
    pub counts_error: Option<String>,
    pub batch_size_error: Option<String>,
    /// Which prompts fill no batch, and what a batch means for the ablation.
    pub batch_size_note: Option<String>,
    /// The number of prompts.
    pub n_prompts: usize,
    /// How texts become prompts, where they are texts.
    pub texts: Option<PromptSettings>,
    pub on_texts: Callback<PromptSettings>,
    /// The index in: automatic, GPU, CPU.
    pub device: usize,
    pub workers: usize,
    /// Whether a run is going on that began with another device or number of workers.
    pub machine_is_for_next_run: bool,
    /// How many of the numbers of workers can be chosen.
    pub n_workers: usize,
    pub on_change: Callback<RunSettings>,
    pub on_counts: Callback<String>,
    pub on_device: Callback<usize>,
    pub on_workers: Callback<usize>,
}

/// The form.
pub fn settings_form(props: &SettingsForm) -> Html {
    html! {
        <div class="settings">
            if let Some(texts) = props.texts {
                { text_fields(props, texts) }
            }
            { graph_fields(props) }
            { patch_fields(props) }
            { run_fields(props) }
        </div>
    }
}

/// A callback that changes one setting.
fn change<T: 'static>(props: &SettingsForm, set: impl Fn(&mut RunSettings, T) + 'static) -> Callback<T> {
    let (run, on_change) = (props.run.clone(), props.on_change.clone());
    Callback::from(move |value| {
        let mut run = run.clone();
        set(&mut run, value);
        on_change.emit(run);
    })
}

fn text_fields(props: &SettingsForm, texts: PromptSettings) -> Html {
    html! {
        <div class="checks">
            { check(Check {
                label: "Begin with BOS",
                checked: texts.prepend_bos,
                title: "Every prompt begins with the tokenizer's BOS token, once (auto-circuit: prepend_bos)",
                on_check: props.on_texts.reform(move |prepend_bos| PromptSettings { prepend_bos, ..texts }),
                ..Check::default()
            }) }
            { check(Check {
                label: "Pad short prompts",
                checked: texts.pad,
                title: "Prompts of fewer tokens are filled up on the left with tokens that none attends to (auto-circuit: pad)",
                on_check: props.on_texts.reform(move |pad| PromptSettings { pad, ..texts }),
                ..Check::default()
            }) }
        </div>
    }
}

fn graph_fields(props: &SettingsForm) -> Html {
    let run = &props.run;
    html! { <>
        { choice(Choice {
            id: "graph",
            label: "Circuit of",
            options: GRAPHS.to_vec(),
            chosen: usize::from(!run.factorized),
            title: "Edges between any two layers, or nodes of the residual stream (auto-circuit: factorized)",
            on_choose: change(props, |run, i| run.factorized = i == 0),
            ..Choice::default()
        }) }
        { choice(Choice {
            id: "slice",
            label: "Compare at",
            options: OutputSlice::ALL.map(OutputSlice::label).to_vec(),
            chosen: OutputSlice::ALL.iter().position(|slice| *slice == run.slice).unwrap_or(0),
            title: "The positions of the output that are compared (auto-circuit: slice_output)",
            on_choose: change(props, |run, i: usize| run.slice = OutputSlice::ALL[i]),
            ..Choice::default()
        }) }
        <div class="checks">
            { check(Check {
                label: "Q, K, V apart",
                checked: run.separate_qkv && run.factorized,
                disabled: !run.factorized,
                title: "A head's query, key and value inputs are nodes of their own (auto-circuit: separate_qkv)",
                on_check: change(props, |run, on| run.separate_qkv = on),
            }) }
            { check(Check {
                label: "Each position apart",
                checked: run.token_wise,
                title: "An edge at every token position; needs prompts of one length (token-wise; auto-circuit: seq_len)",
                on_check: change(props, |run, on| run.token_wise = on),
                ..Check::default()
            }) }
            { check(Check {
                label: "Swap clean and corrupt",
                checked: run.reverse,
                title: "The clean prompt takes the corrupt one's part, and the other way round (auto-circuit: reverse_clean_corrupt)",
                on_check: change(props, |run, on| run.reverse = on),
                ..Check::default()
            }) }
        </div>
    </> }
}

fn patch_fields(props: &SettingsForm) -> Html {
    let run = &props.run;
    let ablation = AblationType::ALL.iter().position(|a| *a == run.ablation).unwrap_or(0);
    let patch_type = PatchType::ALL.iter().position(|p| *p == run.patch_type).unwrap_or(0);
    html! { <>
        { choice(Choice {
            id: "patch-type",
            label: "Patch",
            options: PatchType::ALL.map(PatchType::label).to_vec(),
            chosen: patch_type,
            title: "Which edges get activations of another run (auto-circuit: PatchType)",
            note: Some(run.patch_type.about()),
            on_choose: change(props, |run, i: usize| run.patch_type = PatchType::ALL[i]),
        }) }
        { choice(Choice {
            id: "ablation",
            label: "With",
            options: AblationType::ALL.map(AblationType::label).to_vec(),
            chosen: ablation,
            title: "What a patched edge carries (auto-circuit: AblationType)",
            note: Some(run.ablation.about()),
            on_choose: change(props, |run, i: usize| run.ablation = AblationType::ALL[i]),
        }) }
    </> }
}

fn run_fields(props: &SettingsForm) -> Html {
    let rules = EdgeCounts::RULES;
    let options = rules.iter().chain([&EdgeCounts::List(Vec::new())]).map(EdgeCounts::label).collect();
    let rule = rules.iter().position(|rule| *rule == props.run.edge_counts).unwrap_or(rules.len());
    let (on_rule, on_list, text) =
        (change(props, |run, rule| run.edge_counts = rule), props.on_counts.clone(), props.counts_text.clone());
    let is_list = rule == rules.len();
    let on_choose = Callback::from(move |i: usize| match rules.get(i) {
        Some(rule) => on_rule.emit(rule.clone()),
        None => on_list.emit(text.clone()),
    });
    let on_batch_size = change(props, |run, text: String| {
        // An empty field is on its way to a number.
        if let Ok(batch_size) = text.trim().parse() {
            run.batch_size = batch_size;
        }
    });
    html! { <>
        { choice(Choice {
            id: "edge-counts",
            label: "Edge counts",
            options,
            chosen: rule,
            on_choose,
            title: "Which circuit sizes are run (auto-circuit: test_edge_counts)",
            ..Choice::default()
        }) }
        if is_list {
            { entry(Entry {
                id: "edge-count-list",
                label: "Counts",
                value: props.counts_text.clone(),
                error: props.counts_error.clone(),
                on_entry: props.on_counts.clone(),
                ..Entry::default()
            }) }
        }
        { entry(Entry {
            id: "batch-size",
            label: "Batch size",
            value: props.run.batch_size.to_string(),
            title: "Prompts a forward pass; a short last batch is dropped",
            range: Some((1, props.n_prompts)),
            error: props.batch_size_error.clone(),
            note: props.batch_size_note.clone(),
            on_entry: on_batch_size,
        }) }
        { machine_fields(props) }
    </> }
}

/// What computes.
fn machine_fields(props: &SettingsForm) -> Html {
    let note = props.machine_is_for_next_run.then_some(
        "Another device or number of workers is taken from the next run on; the present one ends as it began.",
    );
    html! { <>
        { choice(Choice {
            id: "device",
            label: "Run on",
            options: DEVICES.to_vec(),
            chosen: props.device,
            on_choose: props.on_device.clone(),
            title: "Automatic takes the GPU where it works and is worth it",
            ..Choice::default()
        }) }
        { choice(Choice {
            id: "workers",
            label: "Workers on the CPU",
            options: WORKERS[..props.n_workers].to_vec(),
            chosen: props.workers,
            on_choose: props.on_workers.clone(),
            title: "Programs that share a run, each on a core of its own and with a copy of the model; at most as many as memory allows",
            note,
        }) }
    </> }
}
