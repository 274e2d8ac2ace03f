//! Circuits that were run, with their measures and tokens, under one set of files and settings.

use std::rc::Rc;

use serde::Deserialize;

use super::circuit::Edits;
use super::load::{Load, Shared};
use super::runs::{Job, RunKey};
use circuitscope_wire::engine::{Baseline, CircuitResult, Tokens};

/// Results of one key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results {
    pub key: Option<RunKey>,
    /// Ascending in the number of edges, each once.
    pub rows: Vec<Shared<Row>>,
    /// Circuits that a person changed, with their edits; the last is the newest.
    pub edited: Vec<(Edits, Shared<Row>)>,
    pub baseline: Option<Baseline>,
    /// The run whose logits the engine still has.
    pub engine_run: Option<Job>,
    tokens: Vec<(TokenPosition, Load<Rc<Tokens>>)>,
}

/// Results of other keys, the newest last: who goes back to files and settings finds what was run with them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelf(Vec<Results>);

impl Shelf {
    /// Each is some hundreds of kilobytes at most.
    const MAX_KEPT: usize = 8;

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out the results of a key.
    pub fn take(&mut self, key: &RunKey) -> Option<Results> {
        let at = self.0.iter().position(|kept| kept.key.as_ref() == Some(key))?;
        Some(self.0.remove(at))
    }

    /// Puts results away. The engine is asked nothing about them any more.
    pub fn put(&mut self, mut results: Results) {
        if results.rows.is_empty() && results.edited.is_empty() {
            return;
        }
        results.forget_engine_run();
        if self.0.len() >= Self::MAX_KEPT {
            self.0.remove(0);
        }
        self.0.push(results);
    }
}

/// A circuit that was run.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub result: CircuitResult,
    pub job: Job,
}

/// Where tokens are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenPosition {
    /// The circuit's realised number of edges; of a changed one, the number that was asked for before the changes.
    pub n_edges: usize,
    pub edits: Edits,
    pub prompt: usize,
    /// The index among the output's positions.
    pub position: usize,
}

/// A question to the engine about its last run.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub at: TokenPosition,
    pub job: Job,
    /// The circuit's index in that run.
    pub circuit: usize,
}

/// Results that come with a demo.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Recorded {
    pub circuits: Vec<CircuitResult>,
    pub baseline: Baseline,
    /// For each circuit, prompt and position; shorter lists leave the rest out.
    pub tokens: Vec<Vec<Vec<Tokens>>>,
    /// The circuit that is shown, where it has edits.
    #[serde(default)]
    pub edited: Option<CircuitResult>,
}

impl Results {
    /// Results as if they had been run; `edits` are those of the circuit that is shown.
    pub fn recorded(key: RunKey, recorded: Recorded, edits: &Edits) -> Self {
        let mut results = Self { key: Some(key), baseline: Some(recorded.baseline), ..Self::default() };
        if let Some(edited) = recorded.edited.filter(|_| !edits.is_empty()) {
            results.add(0, edits, edited);
        }
        let tokens = recorded.tokens.into_iter().chain(std::iter::repeat(Vec::new()));
        for (result, prompts) in recorded.circuits.into_iter().zip(tokens) {
            let n_edges = result.circuit.n_edges;
            for (prompt, positions) in prompts.into_iter().enumerate() {
                for (position, tokens) in positions.into_iter().enumerate() {
                    let at = TokenPosition { n_edges, edits: Edits::default(), prompt, position };
                    results.set_tokens(at, Load::Ready(Rc::new(tokens)));
                }
            }
            results.add(0, &Edits::default(), result);
        }
        results
    }

    /// Room for what is run under a key.
    pub fn of(key: RunKey) -> Self {
        Self { key: Some(key), ..Self::default() }
    }

    /// The row of a circuit.
    pub fn row(&self, n_edges: usize) -> Option<&Row> {
        self.rows.binary_search_by_key(&n_edges, |row| row.result.circuit.n_edges).ok().map(|i| &*self.rows[i])
    }

    /// The row of a circuit, with edits or without; `n_edges` as in [`TokenPosition`].
    pub fn row_of(&self, n_edges: usize, edits: &Edits) -> Option<&Row> {
        if edits.is_empty() {
            return self.row(n_edges);
        }
        let of = |(of, row): &&(Edits, Shared<Row>)| of == edits && row.result.circuit.requested == n_edges;
        self.edited.iter().rev().find(of).map(|(_, row)| &**row)
    }

    /// Adds a circuit, in place of an earlier result of it.
    pub fn add(&mut self, job: Job, edits: &Edits, result: CircuitResult) {
        /// Enough to come back to what was changed; each is a few kilobytes.
        const MAX_EDITED: usize = 200;
        let (n_edges, requested) = (result.circuit.n_edges, result.circuit.requested);
        let row = Shared::new(Row { result, job });
        if !edits.is_empty() {
            self.edited.retain(|(of, row)| of != edits || row.result.circuit.requested != requested);
            self.edited.push((edits.clone(), row));
            if self.edited.len() > MAX_EDITED {
                self.edited.remove(0);
            }
            return;
        }
        match self.rows.binary_search_by_key(&n_edges, |row| row.result.circuit.n_edges) {
            Ok(i) => self.rows[i] = row,
            Err(i) => self.rows.insert(i, row),
        }
    }

    /// The engine has the logits of no run any more: what it was asked and has not answered, it will not answer, and what failed
    /// may be asked again.
    pub fn forget_engine_run(&mut self) {
        self.engine_run = None;
        self.tokens.retain(|(_, tokens)| matches!(tokens, Load::Ready(_)));
    }

    /// The tokens at a position, if they were asked for.
    pub fn tokens(&self, at: &TokenPosition) -> Option<&Load<Rc<Tokens>>> {
        self.tokens.iter().rev().find(|(p, _)| p == at).map(|(_, tokens)| tokens)
    }

    /// Keeps the tokens at a position, and forgets the oldest where there are many.
    pub fn set_tokens(&mut self, at: TokenPosition, tokens: Load<Rc<Tokens>>) {
        /// Enough for a person's looking around; a few kilobytes.
        const MAX_KEPT: usize = 500;
        self.tokens.retain(|(p, _)| *p != at);
        if self.tokens.len() >= MAX_KEPT {
            self.tokens.remove(0);
        }
        self.tokens.push((at, tokens));
    }

    /// What to ask the engine about a position, where it holds the circuit's logits and was not asked yet.
    pub fn question(&self, at: TokenPosition) -> Option<Question> {
        let row = self.row_of(at.n_edges, &at.edits)?;
        let (job, circuit) = (row.job, row.result.index);
        (self.tokens(&at).is_none() && self.engine_run == Some(job)).then_some(Question { at, job, circuit })
    }

    /// Whether everything about a position is known, or being asked, or can be asked.
    pub fn covers(&self, at: &TokenPosition) -> bool {
        self.row_of(at.n_edges, &at.edits)
            .is_some_and(|row| self.engine_run == Some(row.job) || self.tokens(at).is_some())
    }
}
