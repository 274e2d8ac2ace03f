//! Greater-than in GPT-2 small (Hanna et al. 2023, "How does GPT-2 compute greater-than?").

use super::edges::{Edges, Head, Positions};

/// A node of the greater-than circuit: a head or, without one, the MLP of a block.
type Part = (usize, Option<usize>);

/// The groups of Hanna et al. 2023 and how they are connected; at all positions.
pub fn edges() -> Edges {
    let heads = |list: &[Head]| list.iter().map(|&(block, head)| (block, Some(head))).collect::<Vec<Part>>();
    let mlps = |blocks: std::ops::Range<usize>| blocks.map(|block| (block, None)).collect::<Vec<Part>>();
    let (two, one) = (heads(&[(0, 3), (0, 5)]), heads(&[(0, 1)]));
    let (early, late) = (mlps(0..4), mlps(8..12));
    let mid = heads(&[(5, 5), (6, 1), (6, 9), (7, 10), (8, 11), (9, 1)]);
    let src_name = |&(block, head): &Part| head.map_or(format!("MLP {block}"), |head| format!("A{block}.{head}"));
    let dest_names = |&(block, head): &Part| match head {
        None => vec![format!("MLP {block}")],
        Some(head) => ["Q", "K", "V"].map(|input| format!("A{block}.{head}.{input}")).to_vec(),
    };
    let mut names = Vec::new();
    for part in two.iter().chain(&one).chain(&early) {
        names.extend(dest_names(part).iter().map(|dest| format!("Resid Start->{dest}")));
    }
    names.extend(mid.iter().chain(&late).map(|part| format!("{}->Resid End", src_name(part))));
    let pairs =
        [(&early, &early), (&late, &late), (&one, &early), (&one, &mid), (&two, &mid), (&early, &mid), (&mid, &late)];
    for (srcs, dests) in pairs {
        for (src, dest) in srcs.iter().flat_map(|src| dests.iter().map(move |dest| (src, dest))) {
            let to_own_mlp = src.1.is_some() && dest.1.is_none() && src.0 == dest.0;
            if src.0 < dest.0 || to_own_mlp {
                names.extend(dest_names(dest).iter().map(|dest| format!("{}->{dest}", src_name(src))));
            }
        }
    }
    // The queries of the middle heads are left whole in the paper: the MLPs before them stand for that.
    let last_mid = mid.iter().map(|part| part.0).max().unwrap_or(0);
    for src in 0..last_mid {
        names.extend((src + 1..last_mid).map(|dest| format!("MLP {src}->MLP {dest}")));
    }
    for (block, head) in &mid {
        let head = head.unwrap_or(0);
        names.extend((0..*block).map(|src| format!("MLP {src}->A{block}.{head}.Q")));
    }
    let positions = names.iter().map(|name| (name.clone(), Positions::All)).collect();
    Edges { positions, required: names }
}
