//! The loss of a search while it learns.

use yew::prelude::*;

use crate::select::search_words::loss_plot;
use crate::view::connected::Connected;
use crate::view::parts::plot_svg::PlotSvg;

/// The loss of the last search, pass by pass, where it is made smaller step by step.
#[component]
pub fn LossPlot(props: &Connected) -> Html {
    let search = props.state.discover.search.as_ref();
    let losses = search
        .filter(|search| search.is_learning() && search.is_of(&props.state.discover))
        .map(|search| search.losses.clone());
    let layout = use_memo(losses, |losses| losses.as_deref().filter(|losses| losses.len() > 1).map(loss_plot));
    let hovered = use_state_eq(|| None::<f64>);
    let Some(layout) = &*layout else { return Html::default() };
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    let last = layout.series[0].points.last().map_or_else(String::new, |point| point.hover.clone());
    let pointed = hovered.and_then(|x| layout.nearest(0, x)).map(|i| layout.series[0].points[i].hover.clone());
    html! {
        <div class="loss">
            <PlotSvg layout={layout.clone()} label="Loss" {on_hover} />
            <p class="about">{ pointed.unwrap_or(last) }</p>
        </div>
    }
}
