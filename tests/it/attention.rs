//! Attention patterns: laws for every head of every case, then against patterns worked out from the weights.

use circuitscope_core::{
    AttentionDir, CircuitMasks, EdgeRef, Graph, MaskEdit, MaskEdits, ModelConfig, OutputSlice, PatchType, Prompts,
    PruneScores, RunSettings,
};
use circuitscope_engine::inspect::{InspectInput, Patterns, patterns};
use circuitscope_engine::model::Model;
use circuitscope_wire::engine::Head;

use crate::support::{CASES, Case, CaseGraph, assert_close, tensor};

/// What is inspected, but for the circuit.
struct Inspected<'a> {
    model: &'a dyn Model,
    prompts: &'a Prompts,
    graph: &'a Graph,
    settings: RunSettings,
}

impl Inspected<'_> {
    fn patterns(&self, circuits: CircuitMasks<'_>, n: usize, prompt: usize, heads: &[Head]) -> Patterns {
        let Self { model, prompts, graph, settings } = self;
        let circuit = circuits.circuit(n).unwrap();
        let mean = None;
        let input = InspectInput { model: *model, prompts, graph, circuits, circuit, settings, mean, prompt };
        pollster::block_on(patterns(&input, heads)).unwrap()
    }
}

fn settings(case: &Case, g: &CaseGraph) -> RunSettings {
    RunSettings {
        factorized: g.graph.config.factorized,
        separate_qkv: g.graph.config.separate_qkv,
        token_wise: g.graph.config.seq_len.is_some(),
        batch_size: case.batch_size(),
        ..RunSettings::default()
    }
}

fn all_heads(config: &ModelConfig) -> Vec<Head> {
    let heads = |block| (0..config.n_heads).map(move |head_idx| Head { block, head_idx });
    (0..config.n_layers).flat_map(heads).collect()
}

/// The pattern of one head, `[query][key]`.
fn rows(pattern: &[f32], seq: usize) -> impl Iterator<Item = (usize, &[f32])> {
    pattern.chunks_exact(seq).enumerate().map(move |(row, keys)| (row % seq, keys))
}

#[test]
fn rows_add_up_to_one_over_the_keys_that_a_query_sees() {
    for case in CASES.map(Case::open) {
        let (model, prompts, config) = (case.model(), case.prompts(), case.config());
        let heads = all_heads(&config);
        for g in case.graphs() {
            let settings = settings(&case, &g);
            let inspected = Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings };
            for prompt in [0, case.batch_size()] {
                let found = inspected.patterns((&g.scores).into(), g.graph.n_edges() / 2, prompt, &heads);
                let seq = found.seq;
                assert_eq!(seq, prompts.pairs[prompt].clean.len());
                for pattern in &found.passes {
                    assert_eq!(pattern.len(), heads.len() * seq * seq, "{}", case.name);
                    for (head, pattern) in heads.iter().zip(pattern.chunks_exact(seq * seq)) {
                        for (query, keys) in rows(pattern, seq) {
                            let what = format!("{} graph {} {head:?} query {query}: {keys:?}", case.name, g.idx);
                            assert!((keys.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{what}");
                            assert!(keys.iter().all(|p| (0.0..=1.0).contains(p)), "{what}");
                            let window = config.attn_window(head.block);
                            let hidden = keys.iter().enumerate().filter(|(key, _)| {
                                let later = config.attention_dir == AttentionDir::Causal && *key > query;
                                later || window.is_some_and(|window| key + window <= query)
                            });
                            assert!(hidden.into_iter().all(|(_, &p)| p == 0.0), "{what}");
                        }
                    }
                }
            }
        }
    }
}

/// Edge patch runs the corrupt prompt; with all edges patched every head reads what it reads on the clean one. In a node graph the
/// first block reads the embedding itself, to which no edge leads.
#[test]
fn no_edge_has_the_patterns_of_one_prompt_and_all_edges_those_of_the_other() {
    for case in CASES.map(Case::open) {
        let (model, prompts, heads) = (case.model(), case.prompts(), all_heads(&case.config()));
        for g in case.graphs() {
            for (patch_type, reverse) in [(PatchType::Edge, false), (PatchType::Edge, true), (PatchType::Tree, false)] {
                let settings = RunSettings { patch_type, reverse, ..settings(&case, &g) };
                let inspected = Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings };
                let scores = PruneScores::new((1..=g.graph.n_edges()).map(|i| i as f32).collect());
                let [none, all] =
                    [0, g.graph.n_edges()].map(|n| inspected.patterns((&scores).into(), n, 1, &heads).passes);
                let [clean, corrupt, nothing] = &none;
                let (at_none, at_all) = if reverse { (clean, corrupt) } else { (corrupt, clean) };
                let n_unpatched = if g.graph.config.factorized { 0 } else { clean.len() / case.config().n_layers };
                let is_corrupt = (patch_type == PatchType::Tree) == reverse;
                let run = if is_corrupt { corrupt } else { clean };
                for (what, found, expected) in [("none", nothing, at_none), ("all", &all[2], at_all)] {
                    let what = format!("{} graph {} {patch_type:?} {reverse} {what}", case.name, g.idx);
                    assert_close(&what, &found[..n_unpatched], &run[..n_unpatched]);
                    assert_close(&what, &found[n_unpatched..], &expected[n_unpatched..]);
                }
            }
        }
    }
}

/// The heads that are asked for come in the order in which they are asked for, and do not depend on each other.
#[test]
fn heads_are_told_in_the_order_in_which_they_are_asked_for() {
    let case = Case::open("gpt2");
    let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
    let inspected = Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings: settings(&case, &g) };
    let heads = [(1, 2), (0, 3), (1, 0)].map(|(block, head_idx)| Head { block, head_idx });
    let together = inspected.patterns((&g.scores).into(), 30, 2, &heads);
    let n = together.seq * together.seq;
    for (i, head) in heads.iter().enumerate() {
        let alone = inspected.patterns((&g.scores).into(), 30, 2, &[*head]);
        for (together, alone) in together.passes.iter().zip(&alone.passes) {
            assert_eq!(together[i * n..(i + 1) * n], alone[..], "{head:?}");
        }
    }
    assert!(inspected.patterns((&g.scores).into(), 30, 2, &[]).passes.iter().all(Vec::is_empty));
}

#[test]
fn a_query_that_is_padding_attends_to_nothing_and_no_query_to_padding() {
    let case = Case::open("gpt2");
    let json = serde_json::json!({ "pad_token": 0, "prompts": [
        { "clean": [1, 2, 3, 4], "corrupt": [5, 6], "answers": [1], "wrong_answers": [2] },
        { "clean": [7, 8, 9], "corrupt": [7, 8, 9, 10], "answers": [1], "wrong_answers": [2] },
    ]});
    let (model, g) = (case.model(), case.graph(0));
    let prompts = Prompts::from_json("p", &json.to_string()).unwrap();
    let settings = settings(&case, &g);
    let inspected = Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings };
    let found = inspected.patterns((&g.scores).into(), 50, 0, &all_heads(&case.config()));
    assert_eq!((found.seq, found.n_pads), (4, [0, 2, 2]));
    for (pattern, n_pads) in found.passes.iter().zip(found.n_pads) {
        for (query, keys) in rows(pattern, 4) {
            let sum = if query < n_pads { 0.0 } else { 1.0 };
            assert!((keys.iter().sum::<f32>() - sum).abs() < 1e-5, "query {query}: {keys:?}");
            assert!(keys[..n_pads].iter().all(|&p| p == 0.0), "query {query}: {keys:?}");
        }
    }
}

// Worked out from the weights.

/// The first block of the case gpt2: `d_model` 16, 4 heads.
struct FirstBlock {
    d_model: usize,
    n_heads: usize,
    weights: [Vec<f32>; 6],
}

impl FirstBlock {
    fn open(case: &Case) -> Self {
        let names = [
            "wte.weight",
            "wpe.weight",
            "h.0.ln_1.weight",
            "h.0.ln_1.bias",
            "h.0.attn.c_attn.weight",
            "h.0.attn.c_attn.bias",
        ];
        let file = case.dir.join("model.safetensors");
        let weights = names.map(|name| tensor(&file, &format!("transformer.{name}")).1);
        let ModelConfig { d_model, n_heads, .. } = case.config();
        Self { d_model, n_heads, weights }
    }

    fn embedding(&self, token: u32, position: usize) -> Vec<f64> {
        let row = |table: usize, i: usize| &self.weights[table][i * self.d_model..][..self.d_model];
        row(0, token as usize).iter().zip(row(1, position)).map(|(&e, &p)| f64::from(e) + f64::from(p)).collect()
    }

    /// A head's query (part 0) or key (part 1) of an input.
    fn project(&self, input: &[f64], part: usize, head: usize) -> Vec<f64> {
        let [_, _, gain, bias, w, b] = &self.weights;
        let n = self.d_model as f64;
        let mean = input.iter().sum::<f64>() / n;
        let scale = (input.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n + 1e-5).sqrt();
        let normed: Vec<f64> =
            (0..self.d_model).map(|i| (input[i] - mean) / scale * f64::from(gain[i]) + f64::from(bias[i])).collect();
        let d_head = self.d_model / self.n_heads;
        (0..d_head)
            .map(|j| {
                let column = part * self.d_model + head * d_head + j;
                let weight = |i: usize| f64::from(w[i * 3 * self.d_model + column]);
                f64::from(b[column]) + normed.iter().enumerate().map(|(i, x)| x * weight(i)).sum::<f64>()
            })
            .collect()
    }

    /// A head's causal pattern, of the inputs of its queries and of its keys.
    fn pattern(&self, head: usize, queries: &[Vec<f64>], keys: &[Vec<f64>]) -> Vec<f32> {
        let d_head = (self.d_model / self.n_heads) as f64;
        let keys: Vec<_> = keys.iter().map(|key| self.project(key, 1, head)).collect();
        let row = |(i, query): (usize, &Vec<f64>)| {
            let query = self.project(query, 0, head);
            let score = |key: &Vec<f64>| (query.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / d_head.sqrt()).exp();
            let scores: Vec<f64> = keys[..=i].iter().map(score).collect();
            let sum: f64 = scores.iter().sum();
            let later = std::iter::repeat_n(0.0, keys.len() - i - 1);
            scores.into_iter().map(move |score| (score / sum) as f32).chain(later).collect::<Vec<f32>>()
        };
        queries.iter().enumerate().flat_map(row).collect()
    }
}

/// In the first block a head reads the embeddings: of the clean prompt, of the corrupt one, and with a part of its query's edge
/// patched, of both.
#[test]
fn the_first_block_s_patterns_are_worked_out_from_its_weights() {
    let case = Case::open("gpt2");
    let (model, prompts, g, block) = (case.model(), case.prompts(), case.graph(0), FirstBlock::open(&case));
    let settings = RunSettings { slice: OutputSlice::None, ..settings(&case, &g) };
    let inspected = Inspected { model: &model, prompts: &prompts, graph: &g.graph, settings };
    let edit = |edge: &str, mask| MaskEdit { edge: EdgeRef::Name(edge.to_owned()), mask };
    let edits = [edit("Resid Start->A0.1.Q", 0.25), edit("Resid Start->A0.2.K", 1.0)];
    let edits = MaskEdits::new(&edits, &g.graph).unwrap();
    for prompt in 0..prompts.pairs.len() {
        let embedded = |tokens: &[u32]| -> Vec<_> { (0..).zip(tokens).map(|(i, &t)| block.embedding(t, i)).collect() };
        let pair = &prompts.pairs[prompt];
        let (clean, corrupt) = (embedded(&pair.clean), embedded(&pair.corrupt));
        let mixed: Vec<Vec<f64>> = corrupt
            .iter()
            .zip(&clean)
            .map(|(corrupt, clean)| corrupt.iter().zip(clean).map(|(a, b)| a + 0.25 * (b - a)).collect())
            .collect();
        let circuits = CircuitMasks::from(&g.scores).with_edits(&edits);
        for (head, queries, keys) in [(0, &corrupt, &corrupt), (1, &mixed, &corrupt), (2, &corrupt, &clean)] {
            let found = inspected.patterns(circuits, 0, prompt, &[Head { block: 0, head_idx: head }]);
            let [on_clean, on_corrupt, patched] = found.passes;
            assert_close(&format!("clean {head}"), &on_clean, &block.pattern(head, &clean, &clean));
            assert_close(&format!("corrupt {head}"), &on_corrupt, &block.pattern(head, &corrupt, &corrupt));
            assert_close(&format!("patched {head}"), &patched, &block.pattern(head, queries, keys));
        }
    }
}
