//! What is said of a link: the files that it needs, and what of it could not be read.

use yew::prelude::*;

use crate::select::link::LinkRemark;

/// A bar over the page's parts.
pub fn link_notice(remark: &LinkRemark, on_dismiss: Callback<()>) -> Html {
    let LinkRemark { text, details, waiting } = remark;
    html! {
        <div class="notice link-notice" role="status">
            <div>
                <p>{ text }</p>
                if !details.is_empty() {
                    <ul>{ for details.iter().map(|detail| html! { <li>{ detail }</li> }) }</ul>
                }
            </div>
            <button type="button" onclick={on_dismiss.reform(|_: MouseEvent| ())}>{ if *waiting { "Go on without it" } else { "Dismiss" } }</button>
        </div>
    }
}
