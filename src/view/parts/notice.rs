//! A failure, with what can be done about it.

use yew::prelude::*;

/// What went wrong.
pub struct Notice {
    pub message: String,
    /// What a button does about it.
    pub remedy: Option<&'static str>,
    pub on_remedy: Callback<()>,
    pub on_dismiss: Callback<()>,
}

/// A bar over the page's parts.
pub fn notice(props: &Notice) -> Html {
    html! {
        <div class="notice" role="alert">
            <p>{ &props.message }</p>
            if let Some(remedy) = props.remedy {
                <button type="button" class="primary" onclick={props.on_remedy.reform(|_| ())}>{ remedy }</button>
            }
            <button type="button" onclick={props.on_dismiss.reform(|_| ())}>{ "Dismiss" }</button>
        </div>
    }
}
