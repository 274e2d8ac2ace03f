//! Which circuit sizes to test; auto-circuit's `edge_counts_util` (`utils/graph_utils.py`).

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;
use crate::scores::prune_scores::PruneScores;

/// The shares of all edges at which the MIB benchmark runs circuits (`MIB-circuit-track/evaluation.py`).
const MIB_SHARES: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// A rule for the edge counts of a sweep, or a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum EdgeCounts {
    /// `0, 1, 2, …, n_edges`.
    All,
    /// `0, 1, …, 10, 20, …, 100, 200, …, n_edges`.
    Logarithmic,
    /// Where the scores, sorted by size, change: a count for every group of equal scores.
    Groups,
    /// Groups where there are few different scores, else logarithmic above 200 edges, else all.
    Default,
    /// The MIB benchmark's shares of all edges: 0.001, 0.002, 0.005, 0.01, … 0.5 and 1, rounded down; and 0 edges.
    Mib,
    /// These counts.
    List(Vec<usize>),
}

impl EdgeCounts {
    /// The rules, without a list.
    pub const RULES: [Self; 5] = [Self::Default, Self::Groups, Self::Logarithmic, Self::Mib, Self::All];

    /// The rule, as a form offers it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Groups => "groups of equal scores",
            Self::Logarithmic => "logarithmic",
            Self::Mib => "MIB's shares",
            Self::All => "all",
            Self::List(_) => "a list",
        }
    }

    /// Checks the counts of a list against the number of edges of a graph; a rule always fits.
    ///
    /// # Errors
    /// [`CircuitError::EdgeCount`] where a count is above it, another error where the list is empty.
    pub fn check(&self, n_edges: usize) -> Result<(), CircuitError> {
        match self {
            Self::List(list) => checked_list(list, n_edges).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Reads `all`, `logarithmic`, `groups`, `default`, `mib` or a list such as `0,1,10`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self, CircuitError> {
        match text {
            "all" => Ok(Self::All),
            "logarithmic" => Ok(Self::Logarithmic),
            "groups" => Ok(Self::Groups),
            "default" => Ok(Self::Default),
            "mib" => Ok(Self::Mib),
            list => list.split(',').map(|n| n.trim().parse()).collect::<Result<_, _>>().map(Self::List).map_err(|_| {
                let expected = "all, logarithmic, groups, default, mib or a list such as 0,1,10";
                CircuitError::field("settings", "edge counts", expected, format!("{text:?}"))
            }),
        }
    }
}

/// The edge counts that a rule gives for these scores, ascending.
///
/// As in the reference, 0 and all edges are added where the rule gives more than two counts, and removed where it does not
/// (such a score set is likely a circuit written as 0 and 1). A list is taken as it is.
///
/// # Errors
/// When a listed count is above the number of edges, or the list is empty.
pub fn edge_counts(rule: &EdgeCounts, scores: &PruneScores) -> Result<Vec<usize>, CircuitError> {
    let n_edges = scores.n_edges();
    let groups = || scores.group_counts();
    let counts = match rule {
        EdgeCounts::List(list) => return checked_list(list, n_edges),
        EdgeCounts::All => (0..=n_edges).collect(),
        EdgeCounts::Logarithmic => logarithmic(n_edges),
        EdgeCounts::Groups => groups(),
        EdgeCounts::Mib => MIB_SHARES.iter().map(|share| (share * n_edges as f64) as usize).collect(),
        EdgeCounts::Default => {
            let groups = groups();
            // The reference's bounds: fewer groups than half the edges, and than 100.
            if (groups.len() as f64) < (n_edges as f64 / 2.0).min(100.0) {
                groups
            } else if n_edges > 200 {
                logarithmic(n_edges)
            } else {
                (0..=n_edges).collect()
            }
        }
    };
    Ok(with_ends(counts, n_edges))
}

/// `1, …, 10, 20, …` below `n_edges`: the numbers whose digits after the first are zeros.
fn logarithmic(n_edges: usize) -> Vec<usize> {
    (1..n_edges).filter(|&n| n % 10_usize.pow(n.ilog10()) == 0).collect()
}

/// Adds 0 and `n_edges` to a list of more than two counts and removes them from a shorter one.
fn with_ends(mut counts: Vec<usize>, n_edges: usize) -> Vec<usize> {
    if counts.len() > 2 {
        counts.extend([0, n_edges]);
    } else {
        counts.retain(|&n| n != 0 && n != n_edges);
    }
    counts.sort_unstable();
    counts.dedup();
    counts
}

fn checked_list(list: &[usize], n_edges: usize) -> Result<Vec<usize>, CircuitError> {
    if let Some(&found) = list.iter().find(|&&n| n > n_edges) {
        return Err(CircuitError::EdgeCount { n_edges, found });
    }
    if list.is_empty() {
        return Err(CircuitError::field("settings", "edge counts", "at least one count", "none"));
    }
    Ok(list.to_vec())
}
