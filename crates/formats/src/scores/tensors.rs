//! Prune scores as auto-circuit's `PruneScores` has them, a tensor `[seq?, head?, n_src]` for each dest module: in
//! safetensors, and in torch files.

use circuitscope_core::files::tensor_file::write_tensors;
use circuitscope_core::{CircuitError, DestModule, FormatId, Graph, GraphConfig, PruneScores, ScoresInfo, TensorFile};

use super::error::FormatError;
use super::read::{FoundScores, Wanted};
use super::torch::{TorchFile, TorchTensor};

/// So many names of scores are listed in a message.
const MAX_LISTED: usize = 20;

/// Reads a safetensors file.
///
/// # Errors
/// When it is not one, says of itself that it is for another graph or model, or its tensors are not those of a graph.
pub fn read_safetensors(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let tensors = TensorFile::from_bytes(file, bytes)?;
    let info = ScoresInfo::from_metadata(file, &tensors.metadata)?;
    let shapes: Vec<_> = tensors.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice())).collect();
    let graph = implied_graph(&shapes, wanted)?;
    let scores = PruneScores::from_bytes(file, bytes, &graph)?;
    Ok(FoundScores { info, ..FoundScores::new(FormatId::Safetensors, graph, scores) })
}

/// Reads the scores of a torch file that are picked.
///
/// # Errors
/// When it holds no scores, none of the name that is picked, or its tensors are not those of a graph.
pub fn read_torch(file: &str, torch: &mut TorchFile, wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let choices = torch.choices()?;
    let names: Vec<_> = choices.iter().map(|choice| choice.name.clone()).collect();
    let chosen = match wanted.pick {
        None => 0,
        Some(pick) => names.iter().position(|name| name == pick).ok_or_else(|| no_such_choice(file, pick, &names))?,
    };
    let tensors = torch.read(&choices[chosen])?;
    let shapes: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice())).collect();
    let graph = implied_graph(&shapes, wanted)?;
    let views =
        tensors.iter().map(|(name, TorchTensor { shape, numbers })| (name.as_str(), shape.clone(), numbers.as_slice()));
    // As safetensors, so that names, shapes and numbers are checked in one place.
    let safetensors = write_tensors(views, &ScoresInfo::default().to_metadata());
    let scores = PruneScores::from_bytes(file, &safetensors, &graph)?;
    let algorithm = names[chosen].rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(FoundScores {
        choices: if names.len() > 1 { names } else { Vec::new() },
        chosen,
        info: ScoresInfo { algorithm, ..ScoresInfo::default() },
        ..FoundScores::new(FormatId::Torch, graph, scores)
    })
}

fn no_such_choice(file: &str, pick: &str, names: &[String]) -> FormatError {
    let listed: Vec<_> = names.iter().take(MAX_LISTED).map(String::as_str).collect();
    let more = if names.len() > listed.len() { ", …" } else { "" };
    let choices = format!("{}{more}", listed.join(", "));
    FormatError::NoSuchChoice { file: file.to_owned(), pick: pick.to_owned(), choices }
}

/// The graph of the model whose masks have the names and shapes of some tensors. Where there is none, the present graph, which
/// the error is then about.
///
/// # Errors
/// When the present graph is too large, and there is no other.
fn implied_graph(tensors: &[(&str, &[usize])], wanted: &Wanted) -> Result<Graph, CircuitError> {
    // Unfactorized graphs have no inputs that could be separate: that setting stays as it is.
    let kinds = [(true, true), (true, false), (false, wanted.graph.separate_qkv)];
    let seq_len = implied_seq_len(tensors);
    let graphs = kinds.map(|(factorized, separate_qkv)| GraphConfig { factorized, separate_qkv, seq_len });
    let mut graphs = graphs.into_iter().filter_map(|config| Graph::try_new(wanted.model, config).ok());
    graphs.find(|graph| has_shapes(graph, tensors)).map_or_else(|| Graph::try_new(wanted.model, wanted.graph), Ok)
}

/// The number of positions that tensors have: the end of the residual stream has the mask `[seq?, n_src]`.
fn implied_seq_len(tensors: &[(&str, &[usize])]) -> Option<usize> {
    match tensors.iter().find(|(name, _)| name.ends_with("hook_resid_post"))? {
        (_, [seq_len, _]) => Some(*seq_len),
        _ => None,
    }
}

fn has_shapes(graph: &Graph, tensors: &[(&str, &[usize])]) -> bool {
    let has_tensor = |module: &DestModule| {
        let is_of =
            |(name, shape): &(&str, &[usize])| *name == module.module_name && *shape == graph.mask_shape(module);
        tensors.iter().any(is_of)
    };
    graph.dests.len() == tensors.len() && graph.dests.iter().all(has_tensor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use circuitscope_core::{ModelConfig, Sizes};

    /// A file may say of its tensors that they are of any number of positions.
    #[test]
    fn a_graph_that_is_too_large_is_an_error() {
        let sizes = Sizes { n_layers: 2, n_heads: 2, d_model: 8, d_head: 4, d_mlp: Some(8), n_ctx: 8, d_vocab: 8 };
        let model = ModelConfig::decoder("gpt2", sizes);
        let of = |seq_len, tensor: &[usize]| {
            let graph = GraphConfig { seq_len, ..GraphConfig::default() };
            let wanted = Wanted { model: &model, graph, seq_len: None, pick: None };
            implied_graph(&[("blocks.1.hook_resid_post", tensor)], &wanted)
        };
        assert_eq!(of(None, &[usize::MAX, 7]).unwrap().config.seq_len, None);
        let error = of(Some(usize::MAX), &[usize::MAX, 7]).unwrap_err().to_string();
        assert!(error.contains("seq_len") && error.contains("token-wise"), "{error}");
    }
}
