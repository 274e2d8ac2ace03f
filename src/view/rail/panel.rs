//! The rail.

use yew::prelude::*;

use super::lines::{RailLine, rail_line, rail_panel};
use super::status::{StatusBlock, status_block};
use crate::select::rail::{self as select, Remedy, Status, StatusKind};
use crate::select::{search, search_words};
use crate::state::figure::Next;
use crate::state::figure::examples::{EXAMPLES, Example};
use crate::state::runs::Run;
use crate::state::screen::Section;
use crate::tasks::{self, figure};
use crate::update::{Action, ScreenAction};
use crate::view::connected::Connected;
use crate::view::files::panel::FilesPanel;
use crate::view::files::scores_panel::ScoresPanel;
use crate::view::parts::menu::Menu;
use crate::view::prompts::panel::PromptsPanel;
use crate::view::search::panel::SearchPanel;
use crate::view::settings::panel::SettingsPanel;

/// The rail, with the panel of the line that is open.
#[component]
pub fn Rail(props: &Connected) -> Html {
    let state = &props.state;
    let on_open = props.on(|section| Action::Screen(ScreenAction::SectionOpened(section)));
    let screen = &state.screen;
    html! {
        <aside class={classes!("rail", (!screen.rail).then_some("folded"))} aria-label="Setup">
            { grab(props) }
            <div class="rail-body">
                { examples(props) }
                <div class="rail-lines">
                    <h2>{ "Setup" }</h2>
                    { for select::lines(state).into_iter().map(|line| {
                        let open = screen.section == Some(line.section);
                        rail_line(&RailLine { line, open, on_open: on_open.clone() })
                    }) }
                </div>
                { settings(props, &on_open) }
                { find(props, &on_open) }
                { status_block(&StatusBlock {
                    status: select::status(state),
                    can_run: crate::select::runs::ready(state) && matches!(state.run, Run::Idle(_)),
                    on_remedy: remedy(props),
                }) }
            </div>
            <button
                type="button" class="fold" aria-expanded={screen.rail.to_string()} title="Fold the setup away, or unfold it ( [ )"
                onclick={props.on(|_: MouseEvent| Action::Screen(ScreenAction::RailToggled))}
            >{ if screen.rail { "« Fold away" } else { "» Setup" } }</button>
            if let Some(section) = screen.section {
                { rail_panel(section, section.title(), on_open, panel(section, props)) }
            }
        </aside>
    }
}

/// On a phone the rail is a sheet: this is what is seen of it.
fn grab(props: &Connected) -> Html {
    let [model, _, scores] = select::lines(&props.state);
    let onclick = props.on(|_: MouseEvent| Action::Screen(ScreenAction::RailToggled));
    let Status { kind, title, text, remedy: next, .. } = select::status(&props.state);
    let line = match kind {
        StatusKind::Busy => format!("{title} {text}"),
        _ => format!("{} · {}", model.value, scores.value),
    };
    let is_open = props.state.screen.rail;
    html! {
        <div class="peek">
            <button type="button" class="grab" aria-expanded={is_open.to_string()} {onclick}>
                <b>{ "Setup" }</b><span>{ line }</span>
            </button>
            if is_open {
            } else if next == Some(Remedy::RunLive) {
                <button type="button" class="primary" onclick={remedy(props).reform(|_: MouseEvent| Remedy::RunLive)}>{ "Run live" }</button>
            } else {
                { find_button(props) }
            }
        </div>
    }
}

fn examples(props: &Connected) -> Html {
    let state = &props.state;
    let on_own = props.on(|_: MouseEvent| Action::Screen(ScreenAction::SectionOpened(Some(Section::Model))));
    let name = match state.figure() {
        Some(open) => {
            let address = state.figures.link();
            let example = EXAMPLES.into_iter().find(|example| address == Some(&example.address()));
            example.map_or_else(|| open.figure.title.clone(), |example| example.title.to_owned())
        }
        None if state.is_demo() => "Tracr reverse".to_owned(),
        None => "Your own files".to_owned(),
    };
    let button =
        html! { <><span class="kind">{ "Example" }</span><b>{ name }</b><span aria-hidden="true">{ "▾" }</span></> };
    let item = |example: Example| {
        let is_built_in = example.is_built_in();
        let is_open = state.figure().is_some() && state.figures.link() == Some(&example.address());
        let is_open = is_open || is_built_in && state.is_demo();
        let onclick = props.with(move |_, tasks, _: MouseEvent| match is_built_in {
            true => figure::open_first(tasks),
            false => figure::open_address(tasks, example.address(), String::new()),
        });
        html! {
            <button type="button" aria-current={is_open.then_some("true")} {onclick}>
                { example.title }<span class="quiet">{ example.about }</span>
            </button>
        }
    };
    html! {
        <Menu class="examples" {button}>
            { for EXAMPLES.into_iter().map(item) }
            <a href="gallery.html">{ "Gallery" }<span class="quiet">{ "all of them, with pictures" }</span></a>
            <button type="button" onclick={on_own}>{ "Your own files…" }<span class="quiet">{ "or drop them anywhere" }</span></button>
        </Menu>
    }
}

fn settings(props: &Connected, on_open: &Callback<Option<Section>>) -> Html {
    let open = props.state.screen.section == Some(Section::Settings);
    let next = (!open).then_some(Section::Settings);
    html! {
        <div>
            <h2>{ "Run settings" }</h2>
            <button
                type="button" class="sentence" data-section="settings" aria-expanded={open.to_string()} aria-controls="panel-settings"
                onclick={on_open.reform(move |_| next)}
            >{ select::settings_sentence(&props.state) }{ " " }<span class="link">{ "Change" }</span></button>
        </div>
    }
}

fn find(props: &Connected, on_open: &Callback<Option<Section>>) -> Html {
    let state = &props.state;
    let open = state.screen.section == Some(Section::Find);
    let next = (!open).then_some(Section::Find);
    let algorithm = state.discover.offer().labels.title;
    let cost = search_words::cost(state).map_or_else(|| algorithm.to_owned(), |cost| format!("{algorithm}: {cost}"));
    let line = search::order(state, false).err().unwrap_or(cost);
    let is_said_below = line == select::status(state).text;
    html! {
        <div class="find">
            <div class="find-buttons">
                { find_button(props) }
                <button
                    type="button" class="primary more-find" data-section="find" aria-label="Choose the algorithm and its settings" title="Choose the algorithm and its settings"
                    aria-expanded={open.to_string()} aria-controls="panel-find" onclick={on_open.reform(move |_| next)}
                >{ "▾" }</button>
            </div>
            if !is_said_below {
                <p class="quiet cost-line">{ line }</p>
            }
        </div>
    }
}

fn find_button(props: &Connected) -> Html {
    let state = &props.state;
    let onclick = props.with(|state, tasks, _: MouseEvent| match search::order(state, false) {
        Ok(order) => tasks::search(tasks, order),
        Err(_) if search::fetches_first(state) => figure::fetch(tasks, state, Next::Search),
        Err(_) => {}
    });
    let is_possible = search::order(state, false).is_ok() || search::fetches_first(state);
    let disabled = !is_possible || state.searching().is_some();
    html! { <button type="button" class="primary" {disabled} {onclick}>{ "Find a circuit" }</button> }
}

fn remedy(props: &Connected) -> Callback<Remedy> {
    props.with(|state, tasks, remedy| match remedy {
        Remedy::Run => {
            if let Some(plan) = crate::select::runs::sweep(state) {
                tasks::run(tasks, plan);
            }
        }
        Remedy::Cancel => tasks::cancel(tasks),
        Remedy::RunLive => figure::fetch(tasks, state, Next::Run),
        Remedy::CancelFetch => figure::cancel_fetch(tasks),
        Remedy::Open(section) => state.dispatch(Action::Screen(ScreenAction::SectionOpened(Some(section)))),
    })
}

fn panel(section: Section, props: &Connected) -> Html {
    match section {
        Section::Model => html! { <FilesPanel ..props.clone() /> },
        Section::Prompts => html! { <PromptsPanel ..props.clone() /> },
        Section::Scores => html! { <ScoresPanel ..props.clone() /> },
        Section::Settings => html! { <SettingsPanel ..props.clone() /> },
        Section::Find => html! { <SearchPanel ..props.clone() /> },
    }
}
