//! What the colours and widths of the drawing mean.

use yew::prelude::*;

use circuitscope_picture::drawn::NodeKind;
use circuitscope_picture::sankey::svg::LegendItem;

/// The legend.
pub fn legend(items: &[LegendItem]) -> Html {
    html! { <div class="legend">{ for items.iter().map(item) }</div> }
}

fn item(item: &LegendItem) -> Html {
    html! { <span>{ sample(*item) }{ item.label() }</span> }
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
    }
}

fn kind_class(kind: NodeKind) -> &'static str {
    kind.key()
}
