//! The requests to the hub's worker, `www/module/hub-worker.js`, and its replies: models of the Hugging Face hub, found,
//! fetched and kept in the browser; and a person's own files that are kept there beside them.

use serde::{Deserialize, Serialize};

use crate::message::{Meaning, Protocol};

/// The protocol of the hub's worker.
pub struct Hub;

/// What the hub's worker can be asked for. All but [`Request::Find`] and [`Request::Fetch`] work without the hub itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(rename = "HubRequest"))]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Request {
    /// Looks a model up. Answered by [`Event::Found`].
    Find {
        /// What a person typed: `owner/name`, `owner/name@revision`, or an address of the hub.
        text: String,
        /// The query of the page's own address, which may name another hub, for tests.
        search: String,
    },
    /// Fetches what is not kept yet of a model that was found, or kept in part. [`Event::Progress`], then [`Event::Files`].
    Fetch { key: String },
    /// Lists the models that are kept. Answered by [`Event::Kept`].
    Kept,
    /// Opens a kept model. Answered by [`Event::Files`].
    Open { key: String },
    /// Removes a kept model. Answered by [`Event::Kept`].
    Remove { key: String },
    /// Keeps files, the attachments, which are known by their hashes. Answered by [`Event::Remembered`].
    Remember { files: Vec<FileToKeep> },
    /// Opens those of some files that are kept, and those of kept models that have the name and the size of one, which the asker
    /// is to tell apart. Answered by [`Event::Files`].
    Recall { files: Vec<FileToKeep> },
    /// How many files are kept. Answered by [`Event::Remembered`].
    Remembered,
    /// Removes all files that were kept by [`Request::Remember`]. Answered by [`Event::Remembered`].
    Forget,
    /// Stops the call of this number, which is then answered by [`Event::Cancelled`], this one by nothing.
    Cancel { id: u32 },
}

/// What the hub's worker replies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(rename = "HubEvent"))]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Event {
    Found {
        model: FoundModel,
    },
    Kept {
        models: Vec<KeptModel>,
    },
    /// The files of a model, as attachments.
    Files,
    /// How many files are kept, models of the hub apart, and their size.
    Remembered {
        files: usize,
        bytes: u64,
    },
    /// How many bytes have arrived, how many there are in all, and the file that is arriving.
    Progress {
        done: u64,
        total: u64,
        file: String,
    },
    Cancelled,
    Failed {
        message: String,
    },
}

/// A model of the hub, of which nothing but the config was fetched (`findModel` in `www/module/hub.js`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FoundModel {
    /// Its name among the kept models.
    pub key: String,
    /// `owner/name`.
    pub id: String,
    pub revision: String,
    pub commit: String,
    /// What would be fetched.
    pub files: Vec<FoundFile>,
    /// The bytes of all files.
    pub bytes: u64,
    /// The bytes that are kept already.
    pub kept_bytes: u64,
    pub config: ConfigText,
    /// Whether the browser keeps anything for this page.
    pub keeps: bool,
}

/// A file and its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct FoundFile {
    pub name: String,
    pub bytes: u64,
}

/// A person's own file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct FileToKeep {
    pub name: String,
    pub bytes: u64,
    /// What the page knows it by.
    pub hash: Option<String>,
}

/// The config of a model that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct ConfigText {
    /// The file's name, for messages.
    pub name: String,
    pub text: String,
}

/// A model of which the browser keeps something (`keptModels` in `www/module/hub.js`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct KeptModel {
    pub key: String,
    pub id: String,
    pub revision: String,
    /// The bytes of all files.
    pub bytes: u64,
    pub kept_bytes: u64,
    /// Whether all of it is kept.
    pub complete: bool,
}

impl Protocol for Hub {
    const NAME: &'static str = "hub";
    type Request = Request;
    type Event = Event;

    fn failed(message: String) -> Event {
        Event::Failed { message }
    }

    fn cancelled() -> Event {
        Event::Cancelled
    }

    fn cancel(id: u32) -> Option<Request> {
        Some(Request::Cancel { id })
    }

    fn cancels(request: &Request) -> Option<u32> {
        if let Request::Cancel { id } = request { Some(*id) } else { None }
    }

    fn meaning(event: &Event) -> Meaning {
        match event {
            Event::Progress { .. } => Meaning::Progress,
            Event::Found { .. } | Event::Kept { .. } | Event::Files | Event::Remembered { .. } => Meaning::Answer,
            Event::Failed { message } => Meaning::Failed(message.clone()),
            Event::Cancelled => Meaning::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    /// As `hub.js` makes them: with more fields than are read here.
    #[test]
    fn the_workers_own_models_are_read() {
        let found = json!({
            "type": "found",
            "model": {
                "base": "https://huggingface.co", "id": "a/b", "revision": "main", "commit": "0123456", "bytes": 5_000_000_000_u64,
                "files": [{ "name": "config.json", "bytes": 2 }], "key": "a%2Fb", "config": { "name": "config.json", "text": "{}" },
                "keptBytes": 0, "keeps": true,
            },
        });
        let Event::Found { model } = from_value(found).unwrap() else { panic!("another event") };
        assert_eq!((model.bytes, model.kept_bytes, model.files[0].bytes), (5_000_000_000, 0, 2));
        let kept = json!({
            "type": "kept",
            "models": [{
                "base": "https://huggingface.co", "id": "a/b", "revision": "main", "commit": "0123456", "files": [], "bytes": 7,
                "date": "2026-11-24T12:00:00Z", "key": "a%2Fb", "keptBytes": 3, "complete": false,
            }],
        });
        let Event::Kept { models } = from_value(kept).unwrap() else { panic!("another event") };
        assert_eq!((models[0].kept_bytes, models[0].complete), (3, false));
    }

    #[test]
    fn requests_carry_the_names_that_the_worker_knows() {
        let requests = [
            (Request::Fetch { key: "k".to_owned() }, json!({ "type": "fetch", "key": "k" })),
            (Request::Kept, json!({ "type": "kept" })),
            (Request::Forget, json!({ "type": "forget" })),
            (Request::Cancel { id: 3 }, json!({ "type": "cancel", "id": 3 })),
        ];
        for (request, written) in requests {
            assert_eq!(serde_json::to_value(request).unwrap(), written);
        }
    }
}
