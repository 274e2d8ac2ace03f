//! The model against the reference: logits of the unpatched model and the outputs of its src nodes.

use burn::tensor::{Device, Tensor};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{OutputSlice, PromptPair};
use circuitscope_engine::model::{Model, Plain, TokenBatch};
use circuitscope_engine::run::Batches;
use circuitscope_engine::run::steps::Steps;
use serde_json::Value;

use crate::support::{CASES, Case, ablation, assert_close, read_text, tensor};

fn tokens(pairs: &[PromptPair], prompt: impl Fn(&PromptPair) -> &[u32]) -> TokenBatch {
    TokenBatch::new(pairs.iter().map(prompt), &Device::flex())
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    pollster::block_on(tensor.into_data_async()).unwrap().try_to_vec().unwrap()
}

fn logits(model: &dyn Model, tokens: &TokenBatch) -> Vec<f32> {
    let seq = tokens.dims()[1];
    numbers(model.forward(tokens, 0..seq, &mut Plain))
}

#[test]
fn the_unpatched_model_has_the_reference_logits() {
    for case in CASES.map(Case::open) {
        let (model, prompts) = (case.model(), case.prompts());
        let clean = tokens(&prompts.pairs, |p| &p.clean);
        let corrupt = tokens(&prompts.pairs, |p| &p.corrupt);
        assert_close(&format!("{} clean", case.name), &logits(&model, &clean), &case.expected("clean_logits").1);
        assert_close(&format!("{} corrupt", case.name), &logits(&model, &corrupt), &case.expected("corrupt_logits").1);
    }
}

#[test]
fn src_nodes_have_the_reference_outputs_under_every_ablation() {
    let ablations = [
        "RESAMPLE",
        "ZERO",
        "TOKENWISE_MEAN_CLEAN",
        "TOKENWISE_MEAN_CORRUPT",
        "TOKENWISE_MEAN_CLEAN_AND_CORRUPT",
        "BATCH_TOKENWISE_MEAN",
        "BATCH_ALL_TOK_MEAN",
    ];
    let case = Case::open("gpt2");
    let (model, prompts, g) = (case.model(), case.prompts(), case.graph(0));
    for name in ablations {
        let batches = Batches::new(&model, &g.graph, &prompts, OutputSlice::None, case.batch_size()).unwrap();
        let mean = pollster::block_on(batches.dataset_mean(ablation(name), &mut Steps::new(0, &mut ()))).unwrap();
        let found = mean.unwrap_or_else(|| batches.patch(0, ablation(name), PromptSide::Corrupt).0);
        let (shape, expected) = case.expected(&format!("graph0.src_outs.{name}"));
        let found: Vec<f32> = found
            .groups
            .iter()
            .flat_map(|group| {
                let all = group.out.clone().expand([1, group.out.dims()[1], shape[1], shape[2], shape[3]]);
                numbers(all)
            })
            .collect();
        assert_close(name, &found, &expected);
    }
}

#[test]
fn padded_prompts_have_the_logits_of_transformer_lens() {
    for name in ["gpt2", "pythia", "gpt-neo", "llama-gqa", "attn-only-shortformer"] {
        let case = Case::open(name);
        let folder = case.dir.join("../../padding");
        let json: Value = serde_json::from_str(&read_text(&folder.join(format!("{name}.json")))).unwrap();
        let prompts: Vec<Vec<u32>> = serde_json::from_value(json["prompts"].clone()).unwrap();
        let padding: Vec<usize> = serde_json::from_value(json["padding"].clone()).unwrap();
        let (model, device) = (case.model(), Device::flex());
        let rows = || prompts.iter().map(Vec::as_slice).zip(padding.iter().copied());
        let found = logits(&model, &TokenBatch::left_padded(rows(), &device));
        let expected = tensor(&folder.join(format!("{name}.safetensors")), "logits").1;
        assert_close(&format!("{name} padded"), &found, &expected);
        // A prompt is what it is without its padding.
        let d_vocab = case.config().d_vocab_out;
        let per_prompt = prompts[0].len() * d_vocab;
        for ((prompt, n), found) in rows().zip(found.chunks_exact(per_prompt)) {
            let alone = logits(&model, &TokenBatch::new([&prompt[n..]].into_iter(), &device));
            assert_close(&format!("{name} less {n}"), &found[n * d_vocab..], &alone);
        }
    }
}
