//! Which files of a folder, or of several dropped together, are of use, from their paths, before any is read.
//!
//! 1. Hidden files and what a snapshot of a hub repository holds beside a model are left out.
//! 2. The folder of the model is the one with a config and weights; of folders inside each other the outermost.
//! 3. What lies below the model's folder (`onnx/`, checkpoints) is left out; what lies elsewhere may be prompts or scores.

use crate::state::files::Note;
use circuitscope_core::files::shards::ShardName;

/// Files beside a model that say nothing of its maths.
const BESIDE: [&str; 14] = [
    "README.md",
    "LICENSE",
    "merges.txt",
    "vocab.json",
    "vocab.txt",
    "generation_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "preprocessor_config.json",
    "trainer_state.json",
    "all_results.json",
    "train_results.json",
    "eval_results.json",
    "model_index.json",
];
/// The same by how their names begin: weights in other forms, adapters.
const BESIDE_BEGIN: [&str; 8] =
    ["pytorch_model", "tf_model", "flax_model", "rust_model", "consolidated", "adapter_", "optimizer", "training_args"];
/// What other programs write scores as.
const SCORES: [&str; 5] = ["pt", "pth", "pkl", "csv", "tsv"];
const CONFIGS: [&str; 2] = ["config.json", "tl_config.json"];
const INDEX: &str = "model.safetensors.index.json";
/// How many names a message lists.
const NAMED: usize = 4;

/// Files that were sorted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sorted {
    /// The indices of those that are of use.
    pub take: Vec<usize>,
    pub note: Option<Note>,
}

/// Sorts files by their paths, which have folders (`pythia/config.json`) where a folder was given.
pub fn sort(paths: &[&str]) -> Sorted {
    let folder_given = paths.iter().any(|path| path.contains('/'));
    if paths.is_empty() {
        return Sorted { take: Vec::new(), note: Some(Note::wrong("The folder is empty.")) };
    }
    if paths.len() == 1 && !folder_given {
        return Sorted { take: vec![0], note: None };
    }
    let model = match model_folder(paths) {
        Ok(model) => model,
        Err(note) => return Sorted { take: Vec::new(), note: Some(note) },
    };
    let seen: Vec<_> = (0..paths.len()).filter(|&i| !is_hidden(paths[i])).collect();
    let (take, left_out): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|&i| is_of_use(paths[i], paths, model, folder_given));
    let note = pickled_only(paths, &take).or_else(|| left_out_note(paths, &take, &left_out));
    Sorted { take, note }
}

/// The folder of a path, and its name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// Whether a folder is another one or lies in it.
fn is_within(folder: &str, outer: &str) -> bool {
    outer.is_empty() || folder == outer || folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder that holds the model, where one does.
fn model_folder<'a>(paths: &[&'a str]) -> Result<Option<&'a str>, Note> {
    let folders = |is_wanted: &dyn Fn(&str) -> bool| {
        let mut found: Vec<_> = paths
            .iter()
            .filter(|p| !is_hidden(p))
            .map(|p| split(p))
            .filter(|(_, n)| is_wanted(n))
            .map(|(f, _)| f)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let configs = folders(&|name| CONFIGS.contains(&name));
    let weights = folders(&|name| name.ends_with(".safetensors"));
    let whole: Vec<_> = configs.iter().copied().filter(|folder| weights.contains(folder)).collect();
    let found = if whole.is_empty() { configs } else { whole };
    let outermost = found.iter().copied().find(|outer| found.iter().all(|folder| is_within(folder, outer)));
    match found[..] {
        [] => Ok(None),
        _ if outermost.is_some() => Ok(outermost),
        _ => {
            let text = format!("There are {} models here, in {}. Drop the folder of one.", found.len(), names(&found));
            Err(Note::wrong(text))
        }
    }
}

fn is_of_use(path: &str, paths: &[&str], model: Option<&str>, folder_given: bool) -> bool {
    let (folder, name) = split(path);
    let lower = name.to_lowercase();
    let beside =
        BESIDE.iter().any(|b| b.eq_ignore_ascii_case(name)) || BESIDE_BEGIN.iter().any(|b| lower.starts_with(b));
    if beside {
        return false;
    }
    if !folder_given {
        return true;
    }
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let in_model = model == Some(folder);
    match model {
        Some(model) if is_within(folder, model) && !in_model => false,
        // Another folder's config belongs to another model.
        Some(_) if !in_model && CONFIGS.contains(&name) => false,
        Some(model) if in_model && (ShardName::parse(name).is_some() || name == INDEX) => {
            // Some repositories have the weights in both forms.
            let whole =
                if model.is_empty() { "model.safetensors".to_owned() } else { format!("{model}/model.safetensors") };
            !paths.contains(&whole.as_str())
        }
        // A model's folder has tensors of other programs as well, of its training.
        _ => ["json", "safetensors"].contains(&extension) || (!in_model && SCORES.contains(&extension)),
    }
}

/// Weights that are there in a form that is not read.
fn pickled_only(paths: &[&str], take: &[usize]) -> Option<Note> {
    let has_tensors = take.iter().any(|&i| paths[i].ends_with(".safetensors"));
    let pickled =
        paths.iter().map(|p| split(p).1).find(|name| name.starts_with("pytorch_model") && name.ends_with(".bin"));
    let name = pickled.filter(|_| !has_tensors)?;
    Some(Note::wrong(format!(
        "{name}: weights are read from safetensors only, since a file of this kind can hold a program. Save the model anew with \
         transformers' save_pretrained, or take model.safetensors from its page on the hub."
    )))
}

fn left_out_note(paths: &[&str], take: &[usize], left_out: &[usize]) -> Option<Note> {
    if take.is_empty() {
        let expected = "expected config.json and model.safetensors, prompts (JSON) or scores (safetensors)";
        return Some(Note::wrong(format!("Nothing here is of use: {expected}.")));
    }
    let left_out: Vec<_> = left_out.iter().map(|&i| split(paths[i]).1).collect();
    (!left_out.is_empty()).then(|| Note { text: format!("Not used: {}.", names(&left_out)), wrong: false })
}

/// A few names, and how many more there are.
fn names(all: &[&str]) -> String {
    let shown = all.iter().take(NAMED).map(|name| if name.is_empty() { "the top folder" } else { name });
    let list = shown.collect::<Vec<_>>().join(", ");
    if all.len() > NAMED { format!("{list} and {} more", all.len() - NAMED) } else { list }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken, and the note.
    fn sorted(paths: &[&str]) -> (Vec<String>, String) {
        let Sorted { take, note } = sort(paths);
        (take.into_iter().map(|i| paths[i].to_owned()).collect(), note.map_or(String::new(), |note| note.text))
    }

    #[test]
    fn a_snapshot_of_a_repository_gives_its_model() {
        let (taken, note) = sorted(&[
            "pythia-70m/.gitattributes",
            "pythia-70m/README.md",
            "pythia-70m/config.json",
            "pythia-70m/generation_config.json",
            "pythia-70m/merges.txt",
            "pythia-70m/model.safetensors",
            "pythia-70m/onnx/config.json",
            "pythia-70m/onnx/model.onnx",
            "pythia-70m/pytorch_model.bin",
            "pythia-70m/tokenizer.json",
            "pythia-70m/tokenizer_config.json",
            "pythia-70m/vocab.json",
        ]);
        let of_use = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
        assert_eq!(taken, of_use.map(|name| format!("pythia-70m/{name}")));
        assert_eq!(note, "Not used: README.md, generation_config.json, merges.txt, config.json and 3 more.");
    }

    #[test]
    fn shards_are_taken_unless_the_whole_is_there() {
        let index = format!("m/{INDEX}");
        let shards =
            ["m/config.json", &index, "m/model-00001-of-00002.safetensors", "m/model-00002-of-00002.safetensors"];
        assert_eq!(sorted(&shards), (shards.map(str::to_owned).to_vec(), String::new()));
        let (taken, note) = sorted(&[&shards[..], &["m/model.safetensors"]].concat());
        assert_eq!(taken, ["m/config.json", "m/model.safetensors"]);
        assert!(note.starts_with("Not used: model.safetensors.index.json, model-00001"), "{note}");
    }

    #[test]
    fn prompts_and_scores_may_lie_beside_the_models_folder() {
        let paths =
            ["ioi/model/config.json", "ioi/model/model.safetensors", "ioi/prompts.json", "ioi/scores/eap.safetensors"];
        assert_eq!(sorted(&paths), (paths.map(str::to_owned).to_vec(), String::new()));
        let scores = ["runs/eap.pt", "runs/edges.csv", "runs/notes.txt"];
        assert_eq!(sorted(&scores).0, &scores[..2]);
        let flat = ["config.json", "model.safetensors", "prompts.json", "cat.png"];
        assert_eq!(sorted(&flat).0, flat, "what is dropped by itself is told what is wrong with it");
    }

    #[test]
    fn a_folder_in_the_models_is_no_second_model_but_one_beside_it_is() {
        let checkpoints = ["m/config.json", "m/model.safetensors", "m/step1/config.json", "m/step1/model.safetensors"];
        assert_eq!(sorted(&checkpoints).0, &checkpoints[..2]);
        let two = ["x/a/config.json", "x/a/model.safetensors", "x/b/config.json", "x/b/model.safetensors"];
        assert_eq!(sorted(&two), (vec![], "There are 2 models here, in x/a, x/b. Drop the folder of one.".to_owned()));
    }

    #[test]
    fn a_folder_with_nothing_of_use_says_so() {
        assert_eq!(sorted(&[]).1, "The folder is empty.");
        assert!(sorted(&["d/notes.txt", "d/cat.png"]).1.starts_with("Nothing here is of use"));
        let (taken, note) = sorted(&["m/config.json", "m/pytorch_model.bin", "m/README.md"]);
        assert_eq!(taken, ["m/config.json"]);
        assert!(note.starts_with("pytorch_model.bin: weights are read from safetensors only"), "{note}");
        assert_eq!(sorted(&["pytorch_model.bin"]), (vec!["pytorch_model.bin".to_owned()], String::new()));
    }

    #[test]
    fn a_folder_of_transformer_lens_is_taken_as_it_is() {
        let paths = ["tl/tl_config.json", "tl/model.safetensors", "tl/prompts.json"];
        assert_eq!(sorted(&paths), (paths.map(str::to_owned).to_vec(), String::new()));
    }
}
