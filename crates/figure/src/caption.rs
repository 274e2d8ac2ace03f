//! Sentences: the caption in a serif face, the line that reads the strip's cursor, and the names of the strip's curves.

use yew::prelude::*;

use circuitscope_picture::strip::svg::PINNED;
use circuitscope_picture::strip::text::{Span, Tone};

#[derive(Properties, PartialEq)]
pub struct CaptionProps {
    pub spans: Vec<Span>,
}

/// What the figure shows, as a sentence.
#[component]
pub fn Caption(props: &CaptionProps) -> Html {
    html! { <p class="cs-caption">{ for props.spans.iter().map(span) }</p> }
}

#[derive(Properties, PartialEq)]
pub struct ReadingLineProps {
    pub spans: Vec<Span>,
}

/// The strip's reading. The knob says it to screen readers, so that it is no live region of its own.
#[component]
pub fn ReadingLine(props: &ReadingLineProps) -> Html {
    html! { <p class="cs-reading">{ for props.spans.iter().map(span) }</p> }
}

#[derive(Properties, PartialEq)]
pub struct StripLegendProps {
    pub chosen: Option<AttrValue>,
    #[prop_or_default]
    pub pinned: Vec<PinnedName>,
    #[prop_or_default]
    pub random: Option<AttrValue>,
    /// Called with the index of a pinned series.
    #[prop_or_default]
    pub on_remove: Callback<usize>,
}

/// The name of a pinned series, with its look in the strip.
#[derive(Debug, Clone, PartialEq)]
pub struct PinnedName {
    pub name: AttrValue,
    pub style: usize,
}

/// The names of the strip's curves, in a row. Pinned ones can be removed.
#[component]
pub fn StripLegend(props: &StripLegendProps) -> Html {
    let StripLegendProps { chosen, pinned, random, on_remove } = props;
    let entry = |(i, PinnedName { name, style }): (usize, &PinnedName)| {
        let style = style % PINNED.len();
        let onclick = on_remove.reform(move |_: MouseEvent| i);
        html! {
            <li>
                { sample(format!("pinned-{style}"), PINNED[style].dashes) }
                { name }{ ", pinned" }
                <button type="button" aria-label={format!("Unpin {name}")} title="Unpin" {onclick}>{ "×" }</button>
            </li>
        }
    };
    html! {
        <ul class="cs-legend">
            if let Some(name) = chosen { <li>{ sample("line".to_owned(), "none") }{ name }</li> }
            { for pinned.iter().enumerate().map(entry) }
            if let Some(name) = random { <li>{ sample("random".to_owned(), "1.5 2.5") }{ name }</li> }
        </ul>
    }
}

/// A piece of a curve, with the class that it has in the strip.
fn sample(class: String, dashes: &'static str) -> Html {
    html! {
        <svg class="strip" viewBox="0 0 20 10" width="20" height="10" aria-hidden="true">
            if class == "line" { <rect class="band" width="20" height="10" fill-opacity="0.16" /> }
            <path {class} d="M0 5h20" fill="none" stroke-width="2" stroke-dasharray={dashes} />
        </svg>
    }
}

fn span(span: &Span) -> Html {
    let text = &span.text;
    match span.tone {
        Tone::Plain => html! { { text } },
        Tone::Strong => html! { <b>{ text }</b> },
        Tone::Between => html! { <b class="between">{ text }</b> },
    }
}
