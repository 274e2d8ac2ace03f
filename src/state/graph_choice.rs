//! The settings that choose the graph.

use circuitscope_core::{GraphConfig, RunSettings};

/// The settings that choose the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphChoice {
    pub factorized: bool,
    pub separate_qkv: bool,
    pub token_wise: bool,
}

impl GraphChoice {
    /// The graph that the settings choose.
    pub fn of(settings: &RunSettings) -> Self {
        let &RunSettings { factorized, separate_qkv, token_wise, .. } = settings;
        Self { factorized, separate_qkv, token_wise }
    }

    /// What it is called on a button.
    pub fn label(self) -> String {
        let graph = match (self.factorized, self.separate_qkv) {
            (true, true) => "edges with separate Q, K and V",
            (true, false) => "edges with joint Q, K and V",
            (false, _) => "nodes",
        };
        format!("{graph}{}", if self.token_wise { ", token-wise" } else { "" })
    }

    /// Every graph of a model; unfactorized ones have no separate inputs.
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds = [(true, true), (true, false), (false, false)];
        let all = |token_wise| kinds.map(|(factorized, separate_qkv)| Self { factorized, separate_qkv, token_wise });
        all(false).into_iter().chain(all(true))
    }

    /// With the prompts' length, where it is known.
    pub fn config(self, seq_len: Option<usize>) -> GraphConfig {
        let Self { factorized, separate_qkv, token_wise } = self;
        GraphConfig { factorized, separate_qkv, seq_len: seq_len.filter(|_| token_wise) }
    }
}
