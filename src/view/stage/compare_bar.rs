//! What of two circuits is drawn, and the end of the comparison.

use yew::prelude::*;

/// What is chosen, and what to call.
pub struct CompareBar {
    /// How many edges are in both, and in one only.
    pub overlap: String,
    /// Whether the drawing's manner has room for one circuit only.
    pub only_a: bool,
    pub only_differences: bool,
    pub on_only_differences: Callback<bool>,
    pub on_end: Callback<()>,
}

/// The choice of what is drawn, and the button that ends the comparison.
pub fn compare_bar(props: &CompareBar) -> Html {
    let choice = |label: &'static str, only: bool| {
        let onclick = props.on_only_differences.reform(move |_: MouseEvent| only);
        html! { <button type="button" aria-pressed={(props.only_differences == only).to_string()} {onclick}>{ label }</button> }
    };
    html! {
        <div class="figure-bar compare-bar">
            if props.only_a {
                <span class="quiet">{ "auto-circuit draws one circuit: this is A." }</span>
            } else {
                <span class="segments" role="group" aria-label="Edges of the two circuits">
                    { choice("Both circuits", false) }
                    { choice("Only differences", true) }
                </span>
            }
            <span class="grow" />
            <span class="quiet">{ &props.overlap }</span>
            <button type="button" class="small" onclick={props.on_end.reform(|_: MouseEvent| ())}>{ "End comparison" }</button>
        </div>
    }
}
