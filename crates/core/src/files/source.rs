//! Where a file comes from, as messages between programs say it.

use serde::{Deserialize, Serialize};

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Source {
    /// An absolute URL, fetched in ranges where the server allows it.
    Url { url: String },
    /// An attachment of the message.
    Attached {
        index: usize,
        /// For messages.
        name: String,
    },
}
