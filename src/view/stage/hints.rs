//! Three hints for a first visit.

use yew::prelude::*;

const HINTS: [&str; 3] = ["Drag the curve to keep fewer edges", "Click a box or a ribbon", "Find a circuit, live"];

/// The hints, and the button that takes them away.
pub fn hints(on_dismiss: Callback<()>) -> Html {
    html! {
        <div class="hints">
            <ol>
                { for HINTS.iter().enumerate().map(|(i, hint)| html! { <li><span class="n" aria-hidden="true">{ i + 1 }</span>{ *hint }</li> }) }
            </ol>
            <a href="read.html">{ "How to read a circuit" }</a>
            <button type="button" class="icon" aria-label="Dismiss the hints" onclick={on_dismiss.reform(|_: MouseEvent| ())}>{ "×" }</button>
        </div>
    }
}
