//! What the colours and widths of a drawing mean.

use yew::prelude::*;

use circuitscope_picture::sankey::svg::{LegendItem, group_dashes};

/// The names of two circuits that are drawn together.
#[derive(Debug, Clone, PartialEq)]
pub struct SideNames {
    pub a: String,
    pub b: String,
}

/// The legend. Of two circuits it has their names instead of the kinds of boxes: what is to be told apart are the ribbons.
pub fn legend(items: &[LegendItem], sides: Option<&SideNames>) -> Html {
    let is_told = |item: &&LegendItem| sides.is_none() || !matches!(item, LegendItem::Kind(_));
    html! { <div class="legend" part="legend">{ for items.iter().filter(is_told).map(|item| legend_entry(item, sides)) }</div> }
}

/// What one item of it means, beside a sample.
pub fn legend_entry(item: &LegendItem, sides: Option<&SideNames>) -> Html {
    let label = match (item, sides) {
        (LegendItem::OnlyA, Some(sides)) => format!("only A: {}", sides.a),
        (LegendItem::OnlyB, Some(sides)) => format!("only B: {}", sides.b),
        // What a sign does to the answer is not said where the scores are of two kinds.
        (LegendItem::Negative, Some(_)) => {
            return html! { <span><i class="sample negative of-two" />{ "hatched or dashed: negative" }</span> };
        }
        _ => item.label(),
    };
    html! { <span>{ sample(item) }{ label }</span> }
}

fn sample(item: &LegendItem) -> Html {
    match item {
        LegendItem::Kind(kind) => html! { <i class={classes!("swatch", kind.key())} /> },
        LegendItem::Scale { width, .. } => html! { <i class="sample" style={format!("height: {width:.1}px")} /> },
        LegendItem::Positive => html! { <i class="sample positive" /> },
        LegendItem::Negative => html! { <i class="sample negative" /> },
        LegendItem::Zero => html! { <i class="sample zero" /> },
        LegendItem::Shared => html! { <i class="sample shared" /> },
        LegendItem::OnlyA => html! { <i class="sample only-a" /> },
        LegendItem::OnlyB => html! { <i class="sample only-b" /> },
        LegendItem::Attention => html! { <i class="sample arc" /> },
        LegendItem::OffPath => html! { <i class="sample faded" /> },
        LegendItem::Group(group, _) => html! {
            <svg width="13" height="13" aria-hidden="true"><rect x="1" y="1" width="11" height="11" rx="3" fill="none" stroke="var(--ink)" stroke-width="1.2" stroke-dasharray={group_dashes(*group)} /></svg>
        },
        // As the drawing has it: a thin dotted line.
        LegendItem::TakenOut => html! {
            <svg width="22" height="10" aria-hidden="true"><path d="M0 5h22" fill="none" stroke="var(--ctl)" stroke-width="1.1" stroke-dasharray="2 3" /></svg>
        },
    }
}
