//! What is said beside the pointer of what it is at in a drawing, and which boxes a click on it opens.

use yew::prelude::*;

use crate::names::{edge_title, signed};
use crate::walk::Target;
use circuitscope_core::PruneScores;
use circuitscope_picture::drawn::{Drawn, Link};
use circuitscope_picture::strip::text::count_text;

/// What is said of a box or a ribbon.
#[derive(Debug, Clone, PartialEq)]
pub struct Tip {
    pub title: String,
    /// The score, and whether it is negative.
    pub score: Option<(String, bool)>,
    pub text: String,
}

/// Of a node, by the name that its element carries.
pub fn node_tip(drawn: &Drawn, name: &str) -> Option<Tip> {
    let node_idx = drawn.nodes.nodes.iter().rposition(|node| node.name == name)?;
    let node = &drawn.nodes.nodes[node_idx];
    let count = |is_of: fn(&Link) -> usize| {
        drawn.links().filter(|link| is_of(link) == node_idx).map(|link| link.n_edges).sum::<usize>()
    };
    let heads = if node.n_members > 1 { "Click to draw the heads apart. " } else { "" };
    let group = node.group.map_or_else(String::new, |group| format!("{}. ", drawn.nodes.groups[group]));
    let title = if node.n_members > 1 {
        format!("{} heads of layer {}", node.n_members, node.name.trim_start_matches('A'))
    } else if node.is_renamed {
        format!("{} ({})", node.label, node.name)
    } else {
        node.label.clone()
    };
    let text =
        format!("{group}{heads}{} in, {} out", counted(count(|link| link.dest)), count_text(count(|link| link.src)));
    Some(Tip { title, score: None, text })
}

/// Of an edge, or of several that are drawn as one.
pub fn edge_tip(link: &Link, scores: &PruneScores) -> Tip {
    let score = Some((signed(link.score.into()), link.score < 0.0));
    if link.n_edges > 1 {
        let text = format!("{} together. Click to draw them apart.", counted(link.n_edges));
        return Tip { title: edge_title(&link.name), score, text };
    }
    let rank = scores.ranking().rank(link.score);
    let path = if link.on_path || link.mask == 0.0 { "" } else { ", on no path from Embed to Unembed" };
    let mask = match link.mask {
        0.0 => ", taken out".to_owned(),
        mask if mask < 1.0 => format!(", mask {mask:.2}"),
        _ => String::new(),
    };
    let text = format!("rank {} of {}{mask}{path}", count_text(rank), count_text(scores.n_edges()));
    Tip { title: edge_title(&link.name), score, text }
}

/// The blocks whose heads a click on something draws apart.
pub fn blocks_to_open(drawn: &Drawn, target: &Target) -> Vec<usize> {
    let shared = |node_idx: usize| {
        let node = &drawn.nodes.nodes[node_idx];
        (node.n_members > 1).then(|| drawn.nodes.layers.get(node.layer)?.block).flatten()
    };
    match target {
        Target::Node(name) => {
            drawn.nodes.nodes.iter().rposition(|node| node.name == *name).and_then(shared).into_iter().collect()
        }
        Target::Edge(name) => {
            let link = drawn.links().find(|link| link.name == *name && link.n_edges > 1);
            link.map_or(Vec::new(), |link| [link.src, link.dest].into_iter().filter_map(shared).collect())
        }
    }
}

/// The tip, as it stands beside the pointer.
pub fn tip_view(tip: &Tip) -> Html {
    html! { <>
        <b>{ &tip.title }</b><br />
        if let Some((score, negative)) = &tip.score {
            <span class={if *negative { "negative-text" } else { "positive-text" }}>{ score }</span>{ " · " }
        }
        <span class="quiet">{ &tip.text }</span>
    </> }
}

/// The tip as a sentence, for those who hear it.
pub fn tip_text(tip: &Tip) -> String {
    let score = tip.score.as_ref().map_or(String::new(), |(score, _)| format!(" {score}"));
    format!("{}{score}, {}", tip.title, tip.text)
}

/// `1 edge`, `1,234 edges`.
fn counted(n: usize) -> String {
    format!("{} {}", count_text(n), if n == 1 { "edge" } else { "edges" })
}
