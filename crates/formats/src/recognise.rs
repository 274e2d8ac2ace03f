//! How one format is told from another: by what a file holds, never by its name.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json::quote_infinities;
use circuitscope_core::FormatId;

/// What a file seems to be, from its content. A torch file of EAP-IG is told from one of scores when it is opened.
///
/// # Errors
/// When it is none of the formats; says what it is instead.
pub fn recognise(bytes: &[u8]) -> Result<FormatId, String> {
    match bytes {
        [] => Err("the file is empty".to_owned()),
        [b'P', b'K', 3, 4, ..] => Ok(FormatId::Torch),
        [0x80, 2..=5, ..] => Err("it is a bare pickle or a torch file of before torch 1.6: load it in Python (trust it first: \
                                  its code is run) and save it anew with torch.save, or with safetensors.torch.save_file"
            .to_owned()),
        [_, _, _, _, _, _, _, 0, ..] => Ok(FormatId::Safetensors),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => recognise_text(text.trim_start_matches('\u{feff}').trim_start()),
            Err(_) => Err("its bytes are of none of these".to_owned()),
        },
    }
}

#[derive(Deserialize)]
struct Probe {
    edges: Option<IgnoredAny>,
    prompts: Option<IgnoredAny>,
    model_type: Option<IgnoredAny>,
}

fn recognise_text(text: &str) -> Result<FormatId, String> {
    match text.chars().next() {
        Some('[') => Ok(FormatId::EdgeListJson),
        Some('{') => {
            // A later key shows what the file is, and whatever is wrong with it is told by its reader.
            let probe: Result<Probe, _> = serde_json::from_str(&quote_infinities(text));
            match probe {
                Ok(Probe { edges: Some(_), .. }) => Ok(FormatId::MibJson),
                Ok(Probe { prompts: Some(_), .. }) => Err("it is a file of prompts".to_owned()),
                Ok(Probe { model_type: Some(_), .. }) => Err("it is a model's config".to_owned()),
                Ok(_) => Ok(FormatId::EdgeListJson),
                Err(error) => Err(format!("it begins as JSON and is not: {error}")),
            }
        }
        _ if text.lines().take(50).any(|line| line.contains("->")) => Ok(FormatId::EdgeListCsv),
        _ => Err("it is a text that names no edge (such as `A0.1->MLP 1`)".to_owned()),
    }
}
