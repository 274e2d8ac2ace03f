//! Whether this browser keeps a person's files for the next visit.

use yew::prelude::*;

use crate::select::link::RememberRemark;
use crate::view::parts::controls::{Check, check};

/// What is kept, and what to call.
pub struct Remember {
    pub remark: RememberRemark,
    pub on_choose: Callback<bool>,
    pub on_forget: Callback<()>,
}

/// The choice, what is kept, and the button that forgets it.
pub fn remember(props: &Remember) -> Html {
    let RememberRemark { on, kept, error } = &props.remark;
    let choice = Check {
        label: "Remember these files in this browser",
        title: "Copies the files in use into this browser's own storage, so that a reload or a link opens them without asking. They go nowhere else.",
        checked: *on,
        on_check: props.on_choose.clone(),
        ..Check::default()
    };
    html! {
        <div class="remember">
            { check(choice) }
            if let Some(kept) = kept {
                <p class="quiet" role="status">
                    { kept }{ " " }
                    <button type="button" onclick={props.on_forget.reform(|_: MouseEvent| ())}>{ "Forget" }</button>
                </p>
            }
            if let Some(error) = error {
                <p class="wrong" role="alert">{ error }</p>
            }
        </div>
    }
}
