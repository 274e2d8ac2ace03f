//! Graphs with scores, the reference's and a deep one, and what is drawn of them.

use std::path::PathBuf;
use std::rc::Rc;

use circuitscope_core::{DestKind, Graph, GraphConfig, ModelConfig, PruneScores, Sizes, SrcKind};
use circuitscope_picture::drawn::{Band, Drawn, Layer, LayerPart, Link, Node, NodeKind, Nodes, Port, Rest, Side};
use circuitscope_picture::sankey::{Layout, Request, WeightedEdge, layout, order};
use circuitscope_picture::{Orientation, Size};
use serde_json::Value;

/// A graph with a score for each edge.
pub struct Scored {
    pub name: String,
    pub graph: Graph,
    pub scores: PruneScores,
    pub nodes: Rc<Nodes>,
}

/// The folder of the repository's tests.
pub fn tests_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

pub fn read_text(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A graph of a reference case.
pub fn case(name: &str, graph_idx: usize) -> Scored {
    let dir = tests_dir().join("fixtures/cases").join(name);
    let json = case_json(name);
    let config = if json["format"] == "huggingface" { "config.json" } else { "tl_config.json" };
    let config = ModelConfig::from_json("config", &read_text(&dir.join(config))).unwrap();
    let of = &json["graphs"][graph_idx];
    let flag = |key: &str| of[key].as_bool().unwrap();
    let seq_len = flag("token_wise").then(|| json["seq"].as_u64().unwrap() as usize);
    let config_of_graph = GraphConfig { factorized: flag("factorized"), separate_qkv: flag("separate_qkv"), seq_len };
    let graph = Graph::new(&config, config_of_graph);
    let file = format!("graph{graph_idx}.scores.safetensors");
    let scores = PruneScores::from_bytes(&file, &std::fs::read(dir.join(&file)).unwrap(), &graph).unwrap();
    Scored::new(format!("{name}/{graph_idx}"), graph, scores)
}

pub fn case_json(name: &str) -> Value {
    serde_json::from_str(&read_text(&tests_dir().join("fixtures/cases").join(name).join("case.json"))).unwrap()
}

/// All graphs of all reference cases.
pub fn cases() -> Vec<Scored> {
    let dirs = std::fs::read_dir(tests_dir().join("fixtures/cases")).unwrap();
    let mut names: Vec<_> = dirs.map(|dir| dir.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let graphs = |name: &String| case_json(name)["graphs"].as_array().unwrap().len();
    names.iter().flat_map(|name| (0..graphs(name)).map(move |graph| case(name, graph))).collect()
}

/// Random numbers of a seed (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators").
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal: a sum of uniform numbers.
    pub fn normal(&mut self) -> f64 {
        ((0..4).map(|_| self.share()).sum::<f64>() - 2.0) * 3.0_f64.sqrt()
    }
}

/// A model without weights.
pub fn model_graph(n_layers: usize, n_heads: usize, seq_len: Option<usize>) -> Graph {
    let sizes = Sizes { n_layers, n_heads, d_model: 8 * n_heads, d_head: 8, d_mlp: Some(8), n_ctx: 16, d_vocab: 16 };
    Graph::new(&ModelConfig::decoder("gpt2", sizes), GraphConfig { seq_len, ..GraphConfig::default() })
}

/// Scores as trained models have them: the product of what a src node gives, what a dest node takes and some noise, so that few
/// nodes have most of the strong edges; their sizes fall by a power of their rank.
pub fn power_law(graph: Graph, seed: u64) -> Scored {
    let mut random = Random(seed);
    let gains: Vec<f64> = graph.srcs.iter().map(|_| (1.1 * random.normal()).exp()).collect();
    let mut strengths = Vec::with_capacity(graph.n_edges());
    for node in graph.dest_nodes() {
        let gain = (1.1 * random.normal()).exp() * if graph.dest_node_name(node) == "Resid End" { 6.0 } else { 1.0 };
        for edge in graph.edges_into(node) {
            let noise = (0.8 * random.normal()).exp();
            let is_negative = random.share() < 0.25;
            strengths.push((gain * gains[edge.src_idx] * noise, is_negative));
        }
    }
    let mut ranked: Vec<usize> = (0..strengths.len()).collect();
    ranked.sort_by(|&a, &b| strengths[b].0.total_cmp(&strengths[a].0).then(a.cmp(&b)));
    let mut values = vec![0.0; strengths.len()];
    for (rank, edge) in ranked.into_iter().enumerate() {
        let size = 2.35 * (rank as f64 + 1.4).powf(-0.68);
        values[edge] = (if strengths[edge].1 { -size } else { size }) as f32;
    }
    Scored::new("deep".to_owned(), graph, PruneScores::new(values))
}

/// 30 blocks of 9 heads: 123,211 edges.
pub fn deep() -> Scored {
    power_law(model_graph(30, 9, None), 29)
}

impl Scored {
    pub fn new(name: String, graph: Graph, scores: PruneScores) -> Self {
        let mut nodes = nodes(&graph);
        let places = order(&nodes, &weighted(&graph, &scores, &nodes));
        nodes.nodes.iter_mut().zip(places).for_each(|(node, place)| node.place = place);
        Self { name, graph, scores, nodes: Rc::new(nodes) }
    }

    /// The edges of a circuit of `n` edges or, where scores are tied, more.
    pub fn top(&self, n: usize) -> Drawn {
        let mut sizes: Vec<f32> = self.scores.values().iter().map(|score| score.abs()).collect();
        sizes.sort_unstable_by(|a, b| b.total_cmp(a));
        let threshold = if n == 0 { f32::INFINITY } else { sizes[n.min(sizes.len()) - 1] };
        self.drawn(|_, score| n > 0 && score.abs() >= threshold)
    }

    /// The edges that a rule takes, by their indices and scores.
    pub fn drawn(&self, is_drawn: impl Fn(usize, f32) -> bool) -> Drawn {
        let (graph, values) = (&self.graph, self.scores.values());
        let n_bands = graph.config.seq_len.unwrap_or(1);
        let band = |seq_idx: usize| Band {
            seq_idx: graph.config.seq_len.map(|_| seq_idx),
            label: graph.config.seq_len.map(|_| format!("tok{seq_idx}")),
            links: Vec::new(),
        };
        let mut bands: Vec<Band> = (0..n_bands).map(band).collect();
        for edge in graph.edges().filter(|edge| is_drawn(edge.edge_idx, values[edge.edge_idx])) {
            let dest = graph.dest_name(edge);
            let at = edge.seq_idx.map(|seq_idx| format!("{seq_idx}:")).unwrap_or_default();
            bands[edge.seq_idx.unwrap_or(0)].links.push(Link {
                edge_idx: edge.edge_idx,
                n_edges: 1,
                name: format!("{at}{}", graph.edge_name(edge)),
                src: self.node_idx(&graph.srcs[edge.src_idx].name),
                dest: self.node_idx(&dest),
                port: port(graph.dests[edge.module_idx].kind),
                score: values[edge.edge_idx],
                mask: 1.0,
                side: Side::One,
                on_path: true,
            });
        }
        let n_drawn: usize = bands.iter().map(|band| band.links.len()).sum();
        bands.retain(|band| n_bands == 1 || !band.links.is_empty());
        let rest = Rest { n_outside: graph.n_edges() - n_drawn, ..Rest::default() };
        Drawn { nodes: Rc::clone(&self.nodes), bands, rest }
    }

    fn node_idx(&self, name: &str) -> usize {
        let name = merged(name);
        self.nodes.nodes.iter().position(|node| node.name == name).unwrap()
    }
}

/// A dest node's name, without its input.
fn merged(name: &str) -> &str {
    [".Q", ".K", ".V"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

fn port(kind: DestKind) -> Option<Port> {
    match kind {
        DestKind::Q(_) => Some(Port::Q),
        DestKind::K(_) => Some(Port::K),
        DestKind::V(_) => Some(Port::V),
        _ => None,
    }
}

/// The boxes of a graph, without their places.
fn nodes(graph: &Graph) -> Nodes {
    let mut nodes = Nodes { n_blocks: graph.n_layers, ..Nodes::default() };
    for src in &graph.srcs {
        let kind = match src.kind {
            SrcKind::ResidStart => NodeKind::Embed,
            SrcKind::Heads(_) => NodeKind::Head,
            SrcKind::Mlp(_) => NodeKind::Mlp,
            SrcKind::ResidMid(_) | SrcKind::ResidPost(_) => NodeKind::Resid,
        };
        push(&mut nodes, &src.name, kind, src.layer, src.kind.block());
    }
    for module in &graph.dests {
        for head in 0..module.n_nodes() {
            let name = module.node_name(head, graph.n_layers);
            if name == "Resid End" {
                push(&mut nodes, &name, NodeKind::Unembed, module.layer, None);
            }
        }
    }
    nodes
}

fn push(nodes: &mut Nodes, name: &str, kind: NodeKind, layer: usize, block: Option<usize>) {
    let part = match kind {
        NodeKind::Embed => LayerPart::Embed,
        NodeKind::Head => LayerPart::Attn,
        NodeKind::Mlp => LayerPart::Mlp,
        NodeKind::Resid => LayerPart::Resid,
        NodeKind::Unembed => LayerPart::Unembed,
    };
    if nodes.layers.len() == layer {
        nodes.layers.push(Layer { part, block });
    }
    let label = match name {
        "Resid Start" => "Embed".to_owned(),
        "Resid End" => "Unembed".to_owned(),
        name => name.to_owned(),
    };
    nodes.nodes.push(Node {
        name: name.to_owned(),
        short_label: label.replace("MLP ", "M").replace("Resid ", "R"),
        label,
        kind,
        layer,
        n_members: 1,
        place: 0.5,
        group: None,
        is_renamed: false,
    });
}

/// All edges of a graph, for the order.
pub fn weighted(graph: &Graph, scores: &PruneScores, nodes: &Nodes) -> Vec<WeightedEdge> {
    let idx = |name: &str| nodes.nodes.iter().position(|node| node.name == merged(name)).unwrap() as u32;
    let srcs: Vec<u32> = graph.srcs.iter().map(|src| idx(&src.name)).collect();
    let of_node = |node| {
        let dest = idx(&graph.dest_node_name(node));
        let edge = move |edge: circuitscope_core::Edge| (edge.src_idx, dest, edge.edge_idx);
        graph.edges_into(node).map(edge)
    };
    let edges = graph.dest_nodes().flat_map(of_node);
    edges.map(|(src, dest, edge)| WeightedEdge { src: srcs[src], dest, weight: scores.values()[edge].abs() }).collect()
}

pub const WIDE: Size = Size { width: 770.0, height: 414.0 };

pub fn request(drawn: Drawn, size: Size, orientation: Orientation) -> Request {
    Request { orientation, ..Request::new(Rc::new(drawn), size) }
}

/// The layout at the usual size.
pub fn wide(drawn: Drawn) -> Layout {
    layout(&request(drawn, WIDE, Orientation::Horizontal))
}
