//! What the colours and widths of the drawing mean.

use yew::prelude::*;

use crate::select::two_circuits::Names;
use circuitscope_picture::drawn::NodeKind;
use circuitscope_picture::sankey::svg::LegendItem;

/// The legend. Of two circuits it has their names instead of the kinds of boxes: what is to be told apart are the ribbons.
pub fn legend(items: &[LegendItem], names: Option<&Names>) -> Html {
    let is_told = |item: &&LegendItem| names.is_none() || !matches!(item, LegendItem::Kind(_));
    html! { <div class="legend">{ for items.iter().filter(is_told).map(|item| one(*item, names)) }</div> }
}

/// The legend of the matrix, whose cells have steps of colour; of two circuits the colour is that of the side.
pub fn matrix_legend(names: Option<&Names>) -> Html {
    let items = [LegendItem::Shared, LegendItem::OnlyA, LegendItem::OnlyB];
    html! {
        <div class="legend">
            if names.is_some() {
                { for items.map(|item| one(item, names)) }
                <span>{ "half as wide: negative" }</span>
            } else {
                <span><i class="steps positive" />{ "positive, helps" }</span>
                <span><i class="steps negative" />{ "negative, hurts: half as wide" }</span>
            }
            <span>{ "the stronger the colour, the larger |score|" }</span>
        </div>
    }
}

fn one(item: LegendItem, names: Option<&Names>) -> Html {
    let label = match (item, names) {
        (LegendItem::OnlyA, Some(names)) => format!("only A: {}", names.a),
        (LegendItem::OnlyB, Some(names)) => format!("only B: {}", names.b),
        // What a sign does to the answer is not said where the scores are of two kinds.
        (LegendItem::Negative, Some(_)) => {
            return html! { <span><i class="sample negative of-two" />{ "hatched or dashed: negative" }</span> };
        }
        _ => item.label(),
    };
    html! { <span>{ sample(item) }{ label }</span> }
}

fn sample(item: LegendItem) -> Html {
    match item {
        LegendItem::Kind(kind) => html! { <i class={classes!("swatch", kind_class(kind))} /> },
        LegendItem::Scale { width, .. } => html! { <i class="sample" style={format!("height: {width:.1}px")} /> },
        LegendItem::Positive => html! { <i class="sample positive" /> },
        LegendItem::Negative => html! { <i class="sample negative" /> },
        LegendItem::Zero => html! { <i class="sample zero" /> },
        LegendItem::Shared => html! { <i class="sample shared" /> },
        LegendItem::OnlyA => html! { <i class="sample only-a" /> },
        LegendItem::OnlyB => html! { <i class="sample only-b" /> },
        LegendItem::Attention => html! { <i class="sample arc" /> },
        LegendItem::OffPath => html! { <i class="sample faded" /> },
        // As the drawing has it: a thin dotted line.
        LegendItem::TakenOut => html! {
            <svg width="22" height="10" aria-hidden="true"><path d="M0 5h22" fill="none" stroke="var(--ctl)" stroke-width="1.1" stroke-dasharray="2 3" /></svg>
        },
    }
}

fn kind_class(kind: NodeKind) -> &'static str {
    kind.key()
}
