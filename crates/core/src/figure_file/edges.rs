//! The edges of a figure with their scores, so that it is drawn without the scores' file.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::numbers::Numbers;
use crate::scores::mask::{EdgeRef, EdgeValues, MaskEdit};

/// The scores of edges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FigureEdges {
    /// Whether the numbers are scores, which circuits are cut from, or the mask of one circuit.
    #[serde(default)]
    pub values: EdgeValues,
    pub scores: EdgeScores,
}

/// A number for every edge, or for those of the largest circuit that is shown: `{"all": …}` or `{"listed": […]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EdgeScores {
    /// In the graph's edge order, as many as the graph has edges.
    All(Numbers),
    /// The edges with the largest scores, in any order, each once. The scores of all others count as 0.
    Listed(Vec<ListedEdge>),
}

/// An edge by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedEdge {
    /// `A0.1->MLP 1`, or `3:A0.1->MLP 1` at position 3 of a token-wise graph.
    pub edge: String,
    /// `"Infinity"` and `"-Infinity"` stand for scores that JSON has no number for.
    #[serde(with = "infinite")]
    pub score: f32,
}

/// An edge's mask, in place of the one that it has in the circuit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EdgeEdit {
    /// As [`ListedEdge::edge`].
    pub edge: String,
    /// Any finite number: 1 is in the circuit, 0 out of it.
    pub mask: f32,
}

impl From<&EdgeEdit> for MaskEdit {
    fn from(edit: &EdgeEdit) -> Self {
        Self { edge: EdgeRef::Name(edit.edge.clone()), mask: edit.mask }
    }
}

/// Numbers that may be infinite.
mod infinite {
    use super::*;

    pub fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        match *value {
            f32::INFINITY => to.serialize_str("Infinity"),
            f32::NEG_INFINITY => to.serialize_str("-Infinity"),
            finite => to.serialize_f32(finite),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        from.deserialize_any(Score)
    }

    struct Score;

    impl Visitor<'_> for Score {
        type Value = f32;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a number, \"Infinity\" or \"-Infinity\"")
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<f32, E> {
            Ok(value as f32)
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<f32, E> {
            Ok(value as f32)
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<f32, E> {
            Ok(value as f32)
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<f32, E> {
            match value {
                "Infinity" => Ok(f32::INFINITY),
                "-Infinity" => Ok(f32::NEG_INFINITY),
                other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
            }
        }
    }
}
