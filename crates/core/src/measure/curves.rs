//! Numbers for a metric's whole curve against the edge count: the area under it as auto-circuit has it, and the MIB
//! benchmark's CPR and CMD.

use serde::{Deserialize, Serialize};

use crate::measure::metric::Metric;

/// The reference gives no smaller area (`measurements_auc`'s `eps`).
const LEAST_AREA: f64 = 1e-3;
/// MIB's least share of the edges.
const LEAST_SHARE: f64 = 0.001;

/// A metric at some edge counts: the realised count and the value, ascending, each count once.
pub type Curve = Vec<(usize, f64)>;

/// The areas of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Areas {
    /// The area under the curve, auto-circuit's. See [`area_under_curve`].
    pub auc: Option<f64>,
    /// The area under the faithfulness, MIB's CPR under its settings: larger is better. See [`faithfulness_areas`] and
    /// [`AreaLabels`](super::area_labels::AreaLabels).
    pub cpr: Option<f64>,
    /// The area from 1, MIB's CMD under its settings: smaller is better.
    pub cmd: Option<f64>,
}

/// The area under a curve, as auto-circuit computes it (`metrics/area_under_curve.py`, `measurements_auc`).
///
/// Edge counts are on a logarithmic axis, base 10, without the part between 0 edges and the first count above. Where the
/// metric's axis is logarithmic too ([`Metric::log_y_min`]), values are clamped and counted in decades above the least.
/// Heights are measured from the value at 0 edges, which is taken as it is, not in decades: that is how the reference does
/// it, and why areas are to be compared with areas of the same metric only. No area is below 0.001.
///
/// `None` where the curve has fewer than two points or does not start at 0 edges, which the reference refuses.
pub fn area_under_curve(metric: Metric, curve: &[(usize, f64)]) -> Option<f64> {
    let &[(0, baseline), _, ..] = curve else { return None };
    let height = |y: f64| match metric.log_y_min() {
        Some(least) => y.max(least).log10() - least.log10() - baseline,
        None => y - baseline,
    };
    let above_zero = curve[1..].windows(2);
    let areas = above_zero.map(|pair| {
        let [(x1, y1), (x2, y2)] = [pair[0], pair[1]];
        ((x2 as f64).log10() - (x1 as f64).log10()) * (height(y1) + height(y2)) / 2.0
    });
    Some(areas.sum::<f64>().max(LEAST_AREA))
}

/// How much of the way from the empty circuit to the whole model a metric has gone at each edge count: MIB's
/// `f(C) = (m(C) - m(∅)) / (m(model) - m(∅))` (Mueller et al. 2025, "MIB: A Mechanistic Interpretability Benchmark").
///
/// `whole` is the metric of the unpatched model that the full circuit stands for. Under resample ablation `m(∅)` is that of
/// the corrupt prompts. `None` where the empty circuit is not on the curve or both ends are the same.
pub fn faithfulness(curve: &[(usize, f64)], whole: f64) -> Option<Vec<(usize, f64)>> {
    let &(0, empty) = curve.first()? else { return None };
    let way = whole - empty;
    let share = |&(n, value): &(usize, f64)| (n, (value - empty) / way);
    (way != 0.0 && way.is_finite()).then(|| curve.iter().map(share).collect())
}

/// MIB's CPR, the area under the faithfulness `f`, and CMD, the area under `|1 - f|`, against the share of the graph's
/// edges, by trapezoids on a linear axis from 0.001 to 1, as in its `evaluation.py`.
///
/// MIB has circuits of 0.001, 0.002, 0.005, 0.01, … 0.5 and 1 of all edges ([`crate::EdgeCounts::Mib`]); here every circuit
/// of the curve counts, at the share of edges that it really has, and the curve is interpolated at 0.001. `None` where there
/// is no circuit of all edges.
pub fn faithfulness_areas(curve: &[(usize, f64)], whole: f64, n_edges: usize) -> Option<(f64, f64)> {
    let faithfulness = faithfulness(curve, whole)?;
    if faithfulness.last()?.0 != n_edges {
        return None;
    }
    let points: Vec<_> = faithfulness.into_iter().map(|(n, f)| (n as f64 / n_edges as f64, f)).collect();
    let (mut cpr, mut cmd) = (0.0, 0.0);
    for pair in points.windows(2) {
        let [(x1, f1), (x2, f2)] = [pair[0], pair[1]];
        if x2 > LEAST_SHARE {
            let start = x1.max(LEAST_SHARE);
            let f1 = f1 + (f2 - f1) * (start - x1) / (x2 - x1);
            cpr += (x2 - start) * (f1 + f2) / 2.0;
            cmd += (x2 - start) * ((1.0 - f1).abs() + (1.0 - f2).abs()) / 2.0;
        }
    }
    Some((cpr, cmd))
}

impl Areas {
    /// Whether the area is the least that the reference gives, to which smaller ones are raised.
    pub fn auc_at_floor(&self) -> bool {
        self.auc == Some(LEAST_AREA)
    }

    /// Of a metric's curve in a graph of `n_edges`; `whole` as for [`faithfulness`].
    pub fn of(metric: Metric, curve: &[(usize, f64)], whole: Option<f64>, n_edges: usize) -> Self {
        let mib = whole.and_then(|whole| faithfulness_areas(curve, whole, n_edges));
        Self { auc: area_under_curve(metric, curve), cpr: mib.map(|areas| areas.0), cmd: mib.map(|areas| areas.1) }
    }
}
