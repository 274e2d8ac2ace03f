//! What the colours and widths of the drawing mean.

use yew::prelude::*;

use crate::select::figure::Legend;
use crate::words::short;
use circuitscope_picture::drawn::NodeKind;

/// The legend; with nothing to explain, nothing.
pub fn legend(legend: &Legend) -> Html {
    html! {
        <div class="legend">
            { for legend.kinds.iter().map(kind) }
            if legend.positive || legend.negative {
                <span class="sep" />
            }
            if legend.positive {
                <span><svg width="22" height="10" aria-hidden="true"><rect width="22" height="10" class="positive" /></svg>{ "positive, helps" }</span>
            }
            if legend.negative {
                <span><svg width="22" height="10" aria-hidden="true"><rect width="22" height="10" class="negative" /><path class="stripes" d="M-2 12L10 0M4 14L16 2M10 14L24 0M18 14L28 4" /></svg>{ "negative, hurts" }</span>
            }
            if let Some((score, width)) = sample(legend.unit) {
                <span><svg width="22" height={format!("{width:.1}")} aria-hidden="true"><rect width="22" height="40" class="sample" /></svg>{ format!("|score| {}", short(score).trim_end_matches('0').trim_end_matches('.')) }</span>
            }
        </div>
    }
}

fn kind(kind: &NodeKind) -> Html {
    html! { <span><i class={format!("swatch {}", kind.key())} />{ kind.label() }</span> }
}

/// A round score whose ribbon is about 8 pixels wide, and that width.
fn sample(unit: f64) -> Option<(f64, f64)> {
    const WIDTH: f64 = 8.0;
    let wanted = WIDTH / unit;
    let decade = 10_f64.powf(wanted.log10().floor());
    let score = [5.0, 2.5, 1.0].map(|step| step * decade).into_iter().find(|score| *score <= wanted)?;
    (unit > 0.0 && score.is_finite()).then_some((score, score * unit))
}
