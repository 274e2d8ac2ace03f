//! The middle of the page.

use yew::prelude::*;

use super::drawing::DrawingPanel;
use super::hints::hints;
use super::strip::StripPanel;
use crate::select::caption::caption;
use crate::update::{Action, ScreenAction};
use crate::view::connected::Connected;
use crate::view::drawer::panel::DrawerPanel;

/// The middle of the page.
#[component]
pub fn Stage(props: &Connected) -> Html {
    let state = &props.state;
    let on_dismiss = props.on(|()| Action::Screen(ScreenAction::HintsDismissed));
    html! {
        <div class="stage">
            <p class="caption">{ caption(state) }</p>
            if state.screen.hints {
                { hints(on_dismiss) }
            }
            <DrawingPanel ..props.clone() />
            <StripPanel ..props.clone() />
            <DrawerPanel ..props.clone() />
        </div>
    }
}
