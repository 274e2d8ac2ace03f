//! The middle of the page.

use yew::prelude::*;

use super::drawing::DrawingPanel;
use super::heading::figure_heading;
use super::hints::hints;
use super::selected::selected_line;
use super::strip::StripPanel;
use crate::select::caption::caption;
use crate::select::figure_words;
use crate::update::{Action, ScreenAction};
use crate::view::connected::Connected;
use crate::view::drawer::panel::DrawerPanel;
use crate::view::parts::remembered;

/// The name under which the browser remembers that the hints were seen.
pub const HINTS: &str = "hints";

/// The middle of the page.
#[component]
pub fn Stage(props: &Connected) -> Html {
    let state = &props.state;
    let on_dismiss = props.on(|()| {
        remembered::set(HINTS, "seen");
        Action::Screen(ScreenAction::HintsDismissed)
    });
    html! {
        <div class="stage">
            { figure_words::heading(state).map_or_else(|| html! { <p class="caption">{ caption(state) }</p> }, |heading| figure_heading(&heading)) }
            if state.screen.hints {
                { hints(on_dismiss) }
            }
            <DrawingPanel ..props.clone() />
            <div class="foot">
                { selected_line(props) }
                <StripPanel ..props.clone() />
            </div>
            <DrawerPanel ..props.clone() />
        </div>
    }
}
