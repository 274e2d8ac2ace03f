//! The values of all prompts as rows of dots; a click or a key selects a prompt.

use yew::prelude::*;

use circuitscope_picture::Point;
use circuitscope_picture::strip::dots::{DotsLayout, DotsRequest, DrawnRow, PromptDot, dots};

use crate::shared::Shared;

#[derive(Properties, PartialEq)]
pub struct DotsProps {
    /// Begins the ids of the list's options; no other list of the page has it.
    #[prop_or(AttrValue::Static("cs-dots"))]
    pub id: AttrValue,
    /// What the rows show: `Logit difference, all 16 prompts`.
    pub label: AttrValue,
    pub request: Shared<DotsRequest>,
    /// The prompt that is ringed.
    pub selected: Option<usize>,
    /// Called with a prompt's index.
    pub on_select: Callback<usize>,
}

/// Rows of dots, one a prompt. Keys go through the prompts from the worst to the best.
#[component]
pub fn Dots(props: &DotsProps) -> Html {
    let DotsProps { id, label, request, selected, on_select } = props;
    let layout = use_memo(request.clone(), |request| dots(request));
    let figure = use_node_ref();
    let onclick = {
        let (figure, layout, on_select) = (figure.clone(), layout.clone(), on_select.clone());
        Callback::from(move |event: MouseEvent| {
            let Some(at) = crate::place::of(&event, &figure, layout.size.width) else { return };
            if let Some(prompt) = layout.prompt_at(at) {
                on_select.emit(prompt);
            }
        })
    };
    let onkeydown = {
        let (layout, on_select, selected) = (layout.clone(), on_select.clone(), *selected);
        Callback::from(move |event: KeyboardEvent| {
            if let Some(prompt) = layout.next(selected, &event.key()) {
                event.prevent_default();
                on_select.emit(prompt);
            }
        })
    };
    let option_id = |prompt: usize| format!("{id}-{prompt}");
    let options = layout.worst_first.iter().map(|&prompt| {
        let is_selected = *selected == Some(prompt);
        html! {
            <span role="option" id={option_id(prompt)} key={prompt} aria-selected={is_selected.to_string()}>
                { layout.titles.get(prompt) }
            </span>
        }
    });
    html! {
        <div
            class="cs-dots" ref={figure} tabindex="0" role="listbox" aria-label={label.clone()}
            aria-activedescendant={selected.map(option_id)} {onclick} {onkeydown}
            style={format!("width:{}px", layout.size.width)}
        >
            { picture(&layout, *selected) }
            <div class="cs-hidden" role="presentation">{ for options }</div>
        </div>
    }
}

fn picture(layout: &DotsLayout, selected: Option<usize>) -> Html {
    let ticks = layout.ticks.iter().map(|tick| {
        let Point { x, y } = tick.spot.at;
        let class = classes!("rule", (tick.text == "0").then_some("zero"));
        html! {
            <>
                <path {class} d={format!("M{x:.2} 4V{:.2}", layout.bottom)} />
                <text x={format!("{x:.2}")} y={y.to_string()} text-anchor="middle">{ &tick.text }</text>
            </>
        }
    });
    html! {
        <svg viewBox={format!("0 0 {} {}", layout.size.width, layout.size.height)} aria-hidden="true">
            { for ticks }
            { for layout.rows.iter().map(|drawn| row(layout, drawn, selected)) }
        </svg>
    }
}

/// The selected prompt's dot lies above the others.
fn row(layout: &DotsLayout, drawn: &DrawnRow, selected: Option<usize>) -> Html {
    let is_selected = |prompt: usize| selected == Some(prompt);
    let (above, below): (Vec<&PromptDot>, Vec<&PromptDot>) = drawn.dots.iter().partition(|dot| is_selected(dot.prompt));
    let dots = below.into_iter().chain(above).map(|dot| {
        let negative = (dot.value < 0.0).then_some("negative");
        let ringed = is_selected(dot.prompt).then_some("selected");
        let radius = if is_selected(dot.prompt) { "4.5" } else { "3" };
        html! {
            <circle
                class={classes!("dot", negative, ringed)} cx={format!("{:.2}", dot.at.x)} cy={format!("{:.2}", dot.at.y)}
                r={radius}
            >
                <title>{ layout.titles.get(dot.prompt) }</title>
            </circle>
        }
    });
    let Point { x, y } = drawn.name.spot.at;
    html! { <g><text x={x.to_string()} y={y.to_string()}>{ &drawn.name.text }</text>{ for dots }</g> }
}
