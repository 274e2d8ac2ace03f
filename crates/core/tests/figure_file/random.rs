//! Random figures, written and read.

use std::collections::BTreeMap;

use circuitscope_core::figure_file::edges::{EdgeEdit, EdgeScores, FigureEdges, ListedEdge};
use circuitscope_core::figure_file::recorded::RecordedCircuit;
use circuitscope_core::figure_file::view::{BlockWindow, CircuitSize, FigureFocus, FigureTheme, HeadBoxes, Manner};
use circuitscope_core::figure_file::{FigureFile, Numbers};
use circuitscope_core::{Circuit, EdgeCounts, Measured, Measurement, Metric, TokenProb, Tokens};

use super::sample::{full, graph};

/// Marsaglia's xorshift with 64 bits: the same figures in every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    /// A number of six digits, as results are recorded: serde_json reads more than fifteen to the nearest number but one.
    fn f64(&mut self) -> f64 {
        let number = (self.below(2_000_000) as f64 - 1e6) / 10_f64.powi(self.below(12) as i32);
        format!("{number:.5e}").parse().unwrap()
    }

    /// Any finite number but 0.
    fn f32(&mut self) -> f32 {
        let number = f32::from_bits(self.next() as u32);
        if number.is_finite() && number != 0.0 { number } else { 0.5 }
    }

    fn text(&mut self) -> String {
        let chars = ['a', 'é', '"', '\\', '<', '&', '\u{1f600}', ' ', '\u{2028}', '/'];
        (0..self.below(12)).map(|_| chars[self.below(chars.len())]).collect()
    }

    fn list<T>(&mut self, most: usize, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| item(self)).collect()
    }

    fn measurement(&mut self) -> Measurement {
        let all = Metric::ALL.map(|_| {
            let measured =
                Measured { mean: self.f64(), std: self.f64(), quartiles: [self.f64(), self.f64(), self.f64()] };
            self.flip().then_some(measured)
        });
        Measurement::of_all(all)
    }

    fn tokens(&mut self) -> Tokens {
        let mut side = || {
            self.list(3, |random| TokenProb {
                token: random.below(3) as u32,
                logit: random.f32(),
                prob: random.below(1_000_000) as f64 / 1e6,
            })
        };
        Tokens { clean: side(), corrupt: side(), circuit: side() }
    }
}

/// A figure of the demo's graph.
pub fn figure(random: &mut Random) -> FigureFile {
    let (mut figure, graph) = (full(), graph());
    let names: Vec<String> = graph.edges().map(|edge| graph.edge_name(edge)).collect();
    figure.title = random.text();
    figure.caption = random.text() + "\n" + &random.text();
    figure.licence = random.flip().then(|| random.text());
    figure.run.edge_counts =
        [EdgeCounts::All, EdgeCounts::Mib, EdgeCounts::List(vec![random.below(78)])][random.below(3)].clone();
    let mut some_edges: Vec<usize> = (0..77).filter(|_| random.flip()).collect();
    some_edges.push(77 - 1);
    some_edges.dedup();
    let n_known = if random.flip() { some_edges.len() } else { 77 };
    let score = |random: &mut Random| if random.below(9) == 0 { f32::NEG_INFINITY } else { random.f32() };
    let scores = match (n_known, random.flip()) {
        (77, true) => EdgeScores::All(Numbers::f32((0..77).map(|_| random.f32()).collect())),
        (77, false) => EdgeScores::All(Numbers::f16(&(0..77).map(|_| random.f32()).collect::<Vec<_>>())),
        _ => EdgeScores::Listed(
            some_edges.iter().map(|&edge| ListedEdge { edge: names[edge].clone(), score: score(random) }).collect(),
        ),
    };
    figure.circuit = Some(FigureEdges { scores, ..figure.circuit.unwrap() });
    random_view(random, &mut figure, &names, n_known);
    random_results(random, &mut figure);
    figure
}

fn random_view(random: &mut Random, figure: &mut FigureFile, names: &[String], n_known: usize) {
    let view = &mut figure.view;
    view.size = CircuitSize::Edges(random.below(n_known + 1));
    let edited: Vec<_> = names.iter().filter(|_| random.below(20) == 0).cloned().collect();
    view.edits = edited.into_iter().map(|edge| EdgeEdit { edge, mask: random.f32() }).collect();
    view.look.manner = [Manner::Flow, Manner::Matrix, Manner::AutoCircuit][random.below(3)];
    view.look.heads = [HeadBoxes::Auto, HeadBoxes::Apart, HeadBoxes::ByLayer][random.below(3)];
    view.look.opened = random.list(4, |random| random.below(4));
    view.look.window = random.flip().then(|| BlockWindow { first: random.below(2), end: 2 + random.below(3) });
    view.look.focus = random.flip().then(|| FigureFocus { node: "MLP 2".to_owned(), hops: random.flip().then_some(1) });
    view.look.compact = random.flip();
    view.prompt = random.below(6);
    view.metric = Metric::ALL[random.below(Metric::ALL.len())];
    view.log_y = [None, Some(true), Some(false)][random.below(3)];
    view.theme = [FigureTheme::Auto, FigureTheme::Light, FigureTheme::Dark][random.below(3)];
    let labelled: Vec<usize> = (0..4).filter(|_| random.flip()).collect();
    view.labels = labelled.into_iter().map(|block| (format!("A{block}.0.K"), random.text())).collect();
    view.groups = BTreeMap::from([(random.text(), vec!["MLP 1".to_owned()])]);
    figure.texts.tokens =
        random.list(9, |random| (random.next() as u32, random.text() + "\t\u{0}")).into_iter().collect();
}

fn random_results(random: &mut Random, figure: &mut FigureFile) {
    let results = figure.recorded.as_mut().unwrap();
    (results.baseline.clean, results.baseline.corrupt) = (random.measurement(), random.measurement());
    let requested: Vec<_> = (0..=77).filter(|_| random.below(9) == 0).collect();
    let circuit = |requested| RecordedCircuit {
        circuit: Circuit {
            requested,
            n_edges: requested,
            threshold: if requested == 0 { f32::INFINITY } else { random.f32() },
        },
        measurement: random.measurement(),
    };
    results.circuits = requested.into_iter().map(circuit).collect();
    results.edited = results.circuits.first().cloned();
    let n_circuits = results.circuits.len();
    results.tokens = random.list(n_circuits, |random| random.list(6, |random| random.list(5, Random::tokens)));
    for head in &mut results.attention {
        head.circuit = random.below(n_circuits.max(1));
    }
    if n_circuits == 0 {
        results.attention.clear();
    }
    if random.below(4) == 0 {
        figure.recorded = None;
    }
}

#[test]
fn random_figures_are_read_as_they_are_written() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for i in 0..200 {
        let figure = figure(&mut random);
        let json = figure.to_json("f").unwrap_or_else(|error| panic!("figure {i}: {error}"));
        let read = FigureFile::from_json("f", &json).unwrap_or_else(|error| panic!("figure {i}: {error}"));
        assert_eq!(read, figure, "figure {i}");
        assert_eq!(read.to_json("f").unwrap(), json, "figure {i}");
    }
}
