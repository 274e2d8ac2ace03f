//! Two programs compiled by Tracr: the edges that matter under resample ablation (Miller et al. 2024), and all edges that the
//! compiler uses, for zero ablation (Conmy et al. 2023).

use super::edges::Edges;

/// The positions at which reversing changes a token: position 3 is the middle of 5 tokens after BOS, and reversed it is itself.
const REVERSED: [usize; 4] = [1, 2, 4, 5];
/// All after BOS.
const ALL: [usize; 5] = [1, 2, 3, 4, 5];

pub fn reverse() -> Edges {
    Edges::at(&REVERSED, &["Resid Start->A3.0.V", "A3.0->Resid End"])
}

pub fn reverse_as_compiled() -> Edges {
    let names = [
        "A3.0->Resid End",
        "MLP 2->A3.0.Q",
        "Resid Start->A3.0.K",
        "Resid Start->A3.0.V",
        "MLP 1->MLP 2",
        "MLP 0->MLP 1",
        "Resid Start->MLP 1",
        "A0.0->MLP 0",
        "Resid Start->MLP 0",
        "Resid Start->A0.0.V",
    ];
    Edges::at(&REVERSED, &names)
}

pub fn xproportion() -> Edges {
    Edges::at(&ALL, &["Resid Start->MLP 0", "MLP 0->A1.0.V", "A1.0->Resid End"])
}

pub fn xproportion_as_compiled() -> Edges {
    let names =
        ["A1.0->Resid End", "Resid Start->A1.0.Q", "Resid Start->A1.0.K", "MLP 0->A1.0.V", "Resid Start->MLP 0"];
    Edges::at(&ALL, &names)
}
