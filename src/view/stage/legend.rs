//! What the colours of the matrix mean.

use yew::prelude::*;

use circuitscope_figure::{SideNames, legend_entry};
use circuitscope_picture::sankey::svg::LegendItem;

/// The legend of the matrix, whose cells have steps of colour; of two circuits the colour is that of the side.
pub fn matrix_legend(names: Option<&SideNames>) -> Html {
    let items = [LegendItem::Shared, LegendItem::OnlyA, LegendItem::OnlyB];
    html! {
        <div class="legend">
            if names.is_some() {
                { for items.iter().map(|item| legend_entry(item, names)) }
                <span>{ "half as wide: negative" }</span>
            } else {
                <span><i class="steps positive" />{ "positive, helps" }</span>
                <span><i class="steps negative" />{ "negative, hurts: half as wide" }</span>
            }
            <span>{ "the stronger the colour, the larger |score|" }</span>
        </div>
    }
}
