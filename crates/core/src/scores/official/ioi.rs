//! Indirect object identification in GPT-2 small (Wang et al. 2022, "Interpretability in the Wild").

use super::edges::{Edges, Head, Words};
use crate::error::CircuitError;

/// Some heads, or the embedding where there are none; the heads that read them; and by which inputs, at which positions.
type Read<'a> = (Option<&'a [Head]>, &'a [Head], &'a [(char, usize)]);

const NAME_MOVERS: &[Head] = &[(9, 9), (10, 0), (9, 6)];
const BACKUP_NAME_MOVERS: &[Head] = &[(10, 10), (10, 6), (10, 2), (10, 1), (11, 2), (9, 7), (9, 0), (11, 9)];
const NEGATIVE: &[Head] = &[(10, 7), (11, 10)];
const S2_INHIBITION: &[Head] = &[(7, 3), (7, 9), (8, 6), (8, 10)];
const INDUCTION: &[Head] = &[(5, 5), (5, 8), (5, 9), (6, 9)];
const DUPLICATE_TOKEN: &[Head] = &[(0, 1), (0, 10), (3, 0)];
const PREVIOUS_TOKEN: &[Head] = &[(2, 2), (4, 11)];

/// The groups of heads of Wang et al. 2022 and which reads which, with the MLPs between two groups as part of the path.
pub fn edges(words: &Words) -> Result<Edges, CircuitError> {
    let (io, s1, after_s1, s2) = (words.at("IO")?, words.at("S1")?, words.at("S1+1")?, words.at("S2")?);
    let end = words.at("end")?;
    let mut edges = Edges::default();
    // From nothing: from the embedding.
    let embedding: Option<&[Head]> = None;
    let reads: [Read; 12] = [
        (embedding, PREVIOUS_TOKEN, &[('Q', after_s1), ('K', s1), ('V', s1)]),
        (embedding, DUPLICATE_TOKEN, &[('Q', s2), ('K', s1), ('V', s1)]),
        (embedding, S2_INHIBITION, &[('Q', end)]),
        (embedding, NEGATIVE, &[('K', io), ('V', io)]),
        (embedding, NAME_MOVERS, &[('K', io), ('V', io)]),
        (embedding, BACKUP_NAME_MOVERS, &[('K', io), ('V', io)]),
        (Some(PREVIOUS_TOKEN), INDUCTION, &[('K', after_s1), ('V', after_s1)]),
        (Some(INDUCTION), S2_INHIBITION, &[('K', s2), ('V', s2)]),
        (Some(DUPLICATE_TOKEN), S2_INHIBITION, &[('K', s2), ('V', s2)]),
        (Some(S2_INHIBITION), NEGATIVE, &[('Q', end)]),
        (Some(S2_INHIBITION), NAME_MOVERS, &[('Q', end)]),
        (Some(S2_INHIBITION), BACKUP_NAME_MOVERS, &[('Q', end)]),
    ];
    for (from, to, inputs) in reads {
        let dests = to.iter().flat_map(|(block, head)| {
            inputs.iter().map(move |(input, position)| (format!("A{block}.{head}.{input}"), *position))
        });
        let blocks = first_block(from)..to.iter().map(|h| h.0).max().unwrap_or(0);
        let positions: Vec<usize> = inputs.iter().map(|i| i.1).collect();
        connect(&mut edges, from, dests.collect(), blocks, &positions);
    }
    for from in [NEGATIVE, NAME_MOVERS, BACKUP_NAME_MOVERS] {
        // As in the reference, where MLPs before the output count up to the block of the last position's number.
        let blocks = first_block(Some(from))..end;
        connect(&mut edges, Some(from), vec![("Resid End".to_owned(), end)], blocks, &[end]);
    }
    edges.required = vec!["Resid Start->A9.9.K".to_owned(), "A11.10->Resid End".to_owned()];
    Ok(edges)
}

fn first_block(from: Option<&[Head]>) -> usize {
    from.and_then(|heads| heads.iter().map(|h| h.0).min()).unwrap_or(0)
}

/// Adds the edges from some heads to some dest nodes, directly and through the MLPs of some blocks.
fn connect(
    edges: &mut Edges,
    from: Option<&[Head]>,
    mut dests: Vec<(String, usize)>,
    blocks: std::ops::Range<usize>,
    positions: &[usize],
) {
    let mut srcs: Vec<String> = match from {
        None => vec!["Resid Start".to_owned()],
        Some(heads) => heads.iter().map(|(block, head)| format!("A{block}.{head}")).collect(),
    };
    for block in blocks {
        srcs.push(format!("MLP {block}"));
        dests.extend(positions.iter().map(|&position| (format!("MLP {block}"), position)));
    }
    for src in &srcs {
        for (dest, position) in &dests {
            edges.add(&format!("{src}->{dest}"), &[*position]);
        }
    }
}
