//! Lines of the rail, each with the panel that it opens.

use yew::prelude::*;

use crate::select::files::FileState;
use crate::select::rail::Line;
use crate::state::screen::Section;

/// A line and what to call.
pub struct RailLine {
    pub line: Line,
    pub open: bool,
    /// Given what is to be open.
    pub on_open: Callback<Option<Section>>,
}

/// A line: what is in use, and whether it is as it must be.
pub fn rail_line(props: &RailLine) -> Html {
    let Line { section, label, value, detail, state } = &props.line;
    let (class, sign, words) = match state {
        FileState::Ready => ("ready", "✓", "ready"),
        FileState::Reading => ("reading", "…", "being read"),
        FileState::Wanted => ("wanted", "○", "missing"),
        FileState::Wrong => ("bad", "!", "something is wrong"),
    };
    let next = (!props.open).then_some(*section);
    html! {
        <button
            type="button" class={classes!("rail-line", class)} data-section={section.key()} aria-expanded={props.open.to_string()}
            aria-controls={panel_id(*section)} onclick={props.on_open.reform(move |_| next)}
        >
            <span class="sign" aria-hidden="true">{ sign }</span>
            <span class="what"><span class="kind">{ *label }</span><span class="visually-hidden">{ format!(" ({words}): ") }</span><span class="value" title={value.clone()}>{ value }</span></span>
            <span class="size">{ detail }</span>
        </button>
    }
}

/// The panel beside the rail that a line opens.
pub fn rail_panel(section: Section, title: &'static str, on_close: Callback<Option<Section>>, content: Html) -> Html {
    html! {
        <section class="rail-panel" id={panel_id(section)} aria-label={title}>
            <header>
                <h2>{ title }</h2>
                <button type="button" class="icon" aria-label={format!("Close {title}")} onclick={on_close.reform(|_| None)}>{ "×" }</button>
            </header>
            <div class="rail-panel-content">{ content }</div>
        </section>
    }
}

fn panel_id(section: Section) -> String {
    format!("panel-{}", section.key())
}
