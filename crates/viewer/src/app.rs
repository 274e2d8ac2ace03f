//! The component: caption, drawing, strip, tokens, and the button that runs the figure.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::figure::Opened;
use crate::live::Status;
use crate::show::{self, Picture};
use crate::state::Shown;
use circuitscope_core::{Circuit, Metric};
use circuitscope_figure::tip::{Tip, blocks_to_open, tip_text, tip_view};
use circuitscope_figure::{
    Caption, Drawing, HeatMap, NextTokens, ReadingLine, Shared, Strip, StripEvent, Target, Tokens, legend, plain_text,
    use_room, use_zoom,
};
use circuitscope_picture::drawn::Drawn;
use circuitscope_picture::{Orientation, Size};

/// Below this width, in pixels, a drawing goes from top to bottom and readings are short, as on the page.
const NARROW: f64 = 600.0;
/// The strip's height, in pixels, as on the page.
const STRIP: f64 = 138.0;
/// The width of attention patterns, in pixels.
const HEAT: f64 = 300.0;

/// What stands below the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub curve: bool,
    pub tokens: bool,
    pub run: bool,
}

/// What happens in a figure that its page may want to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Another circuit is shown.
    Changed(Circuit),
    /// The strip came to rest at a circuit.
    Settled(usize),
    Selected(Option<Target>),
    RunWanted,
    CancelWanted,
    /// The reader agreed that the hosts be asked.
    Agreed,
}

#[derive(Properties)]
pub struct HostProps {
    pub opened: Rc<Opened>,
    /// What is shown, for those outside who ask.
    pub shown: Rc<RefCell<Shown>>,
    pub parts: Parts,
    /// The address of the whole page with this figure, where there is one.
    pub page: Option<String>,
    pub on_told: Callback<Told>,
}

impl PartialEq for HostProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.opened, &other.opened) && Rc::ptr_eq(&self.shown, &other.shown) && self.parts == other.parts
    }
}

/// What is to be done to what is shown.
type Change = Box<dyn FnOnce(&Opened, &mut Shown)>;

/// A change of what is shown, or something to tell.
pub enum Msg {
    Change(Change),
    Tell(Told),
}

/// Keeps what is shown, and tells what changed.
pub struct Host;

impl Component for Host {
    type Message = Msg;
    type Properties = HostProps;

    fn create(_: &Context<Self>) -> Self {
        Self
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let HostProps { opened, shown, on_told, .. } = ctx.props();
        match msg {
            Msg::Tell(told) => {
                on_told.emit(told);
                false
            }
            Msg::Change(change) => {
                let before = shown.borrow().clone();
                let mut after = before.clone();
                change(opened, &mut after);
                shown.replace(after.clone());
                if after.circuit(opened) != before.circuit(opened) {
                    on_told.emit(Told::Changed(after.circuit(opened)));
                }
                if after.selection != before.selection {
                    on_told.emit(Told::Selected(after.selection.clone()));
                }
                after != before
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let HostProps { opened, shown, parts, page, .. } = ctx.props();
        html! {
            <Figure
                opened={OpenedRc(opened.clone())} shown={shown.borrow().clone()} parts={*parts} page={page.clone()}
                on_msg={ctx.link().callback(|msg| msg)}
            />
        }
    }
}

#[derive(Properties, PartialEq, Clone)]
struct FigureProps {
    opened: OpenedRc,
    shown: Shown,
    parts: Parts,
    page: Option<String>,
    on_msg: Callback<Msg>,
}

/// An opened figure. Equal where it is the same one.
#[derive(Debug, Clone)]
struct OpenedRc(Rc<Opened>);

impl PartialEq for OpenedRc {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl FigureProps {
    /// A callback that changes what is shown.
    fn change<T: 'static>(&self, change: impl Fn(&Opened, &mut Shown, T) + 'static) -> Callback<T> {
        let change = Rc::new(change);
        self.on_msg.reform(move |value: T| {
            let change = change.clone();
            Msg::Change(Box::new(move |opened: &Opened, shown: &mut Shown| change(opened, shown, value)))
        })
    }
}

/// The figure as it is seen.
#[component]
fn Figure(props: &FigureProps) -> Html {
    let FigureProps { opened, shown, parts, .. } = props;
    let opened = &*opened.0;
    let frame = use_node_ref();
    let room = use_room(&frame);
    let is_narrow = room.is_some_and(|room| room.width < NARROW);
    html! {
        <div class={classes!("cs-figure", is_narrow.then_some("narrow"))} ref={frame}>
            // What may scroll can be reached by keys.
            <div class="caption" part="caption" tabindex="0" role="group" aria-label="Caption"><Caption spans={show::caption(opened)} /></div>
            <DrawingPart ..props.clone() />
            if parts.curve {
                <StripPart ..props.clone() />
            }
            if parts.tokens {
                { tokens(props) }
            }
            { foot(props) }
            { source(opened) }
            <p class="cs-hidden" aria-live="polite">{ shown.live.verified.as_ref().map(ToString::to_string) }</p>
        </div>
    }
}

/// The legend and the drawing.
#[component]
fn DrawingPart(props: &FigureProps) -> Html {
    let FigureProps { opened, shown, .. } = props;
    let frame = use_node_ref();
    let room = use_room(&frame);
    let (zoom, on_zoom) = use_zoom(room, ());
    let hovered = use_state_eq(|| None::<Target>);
    let drawn = use_memo((opened.clone(), circuit_of(shown)), |(opened, _)| show::drawn(&opened.0, shown));
    let picture = use_memo((DrawnRc((*drawn).clone()), room), |(drawn, room)| {
        room.map(|room| show::picture(&drawn.0, &opened.0, room, orientation(&opened.0, room)))
    });
    let tip = (*hovered).as_ref().and_then(|target| show::tip(&opened.0, &drawn, target));
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |target| hovered.set(target))
    };
    let selected = shown.selection.as_ref().and_then(|target| show::tip(&opened.0, &drawn, target));
    html! { <>
        { legend(picture.as_ref().as_ref().map_or(&[], |picture: &Picture| &picture.legend), None) }
        <div class="room" part="drawing" ref={frame}>
            if let Some((Picture { scene, .. }, room)) = picture.as_ref().clone().zip(room) {
                <Drawing
                    {scene} {room} vertical={orientation(&opened.0, room) == Orientation::Vertical} {zoom}
                    selection={shown.selection.clone()} tip={tip.as_ref().map(tip_view)} {on_hover} {on_zoom}
                    on_select={on_select(props, &drawn)}
                />
            }
        </div>
        { below(props, &drawn, selected.as_ref()) }
    </> }
}

/// What is selected, with its attention where that is recorded, or how much is not drawn.
fn below(props: &FigureProps, drawn: &Drawn, selected: Option<&Tip>) -> Html {
    let clear = props.change(|_, shown, _: MouseEvent| shown.selection = None);
    html! { <>
        if let Some(tip) = selected {
            <p class="selected"><span>{ tip_text(tip) }</span><button type="button" aria-label="Let go of the selection" onclick={clear}>{ "×" }</button></p>
        } else {
            <p class="selected">{ show::left_out(drawn) }</p>
        }
        if let Some((head, request)) = show::attention(&props.opened.0, &props.shown, HEAT) {
            <div class="attention"><HeatMap label={format!("Attention of {head}")} request={Shared::new(request)} /></div>
        }
    </> }
}

/// A click selects what is one thing, and draws apart what is several.
fn on_select(props: &FigureProps, drawn: &Rc<Drawn>) -> Callback<Option<Target>> {
    let drawn = drawn.clone();
    props.change(move |_, shown, target: Option<Target>| {
        match target.as_ref().map(|target| blocks_to_open(&drawn, target)) {
            Some(blocks) if !blocks.is_empty() => shown.options.opened.extend(blocks),
            _ => shown.selection = target,
        }
    })
}

/// The strip and its reading.
#[component]
fn StripPart(props: &FigureProps) -> Html {
    let FigureProps { opened, shown, .. } = props;
    let opened = &*opened.0;
    let frame = use_node_ref();
    let room = use_room(&frame);
    let is_narrow = room.is_some_and(|room| room.width < NARROW);
    let spans = show::read(opened, shown, is_narrow);
    let request = use_memo((props.opened.clone(), shown.metric, shown.live.clone(), room), |(opened, .., room)| {
        room.map(|room| Shared::new(show::strip(&opened.0, shown, Size { width: room.width, height: STRIP })))
    });
    let on_msg = props.on_msg.clone();
    let go = props.change(|opened, shown, k: usize| shown.request(opened, k));
    let on_move = Callback::from(move |event| match event {
        StripEvent::Drag(k) => go.emit(k),
        StripEvent::Settle(k) => on_msg.emit(Msg::Tell(Told::Settled(k))),
    });
    let value_text = plain_text(&spans);
    html! { <>
        <div class="reading" part="reading"><ReadingLine {spans} />{ metrics(props) }</div>
        <div class="strip-room" part="strip" ref={frame} style={format!("height:{STRIP}px")}>
            if let Some(request) = request.as_ref().clone() {
                <Strip {request} cursor={show::cursor(opened, shown)} {value_text} {on_move} />
            }
        </div>
    </> }
}

/// The choice of what is on the curve, where there is one.
fn metrics(props: &FigureProps) -> Html {
    let metrics = show::metrics(&props.opened.0, &props.shown);
    let chosen = props.shown.metric;
    let option = |metric: &Metric| html! { <option selected={*metric == chosen}>{ metric.name() }</option> };
    let options: Html = metrics.iter().map(option).collect();
    let onchange = props.change(move |_, shown, event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        shown.metric =
            usize::try_from(select.selected_index()).ok().and_then(|i| metrics.get(i)).copied().unwrap_or(shown.metric);
    });
    html! { <select aria-label="Measure" {onchange}>{ options }</select> }
}

/// The prompt that is shown, with the likeliest next tokens.
fn tokens(props: &FigureProps) -> Html {
    let FigureProps { opened, shown, .. } = props;
    let opened = &*opened.0;
    let Some((clean, corrupt)) = show::prompt(opened, shown) else { return Html::default() };
    let (n, at) = (opened.file.texts.prompts.len(), shown.prompt);
    let by = |to: usize| props.change(move |_, shown, _: MouseEvent| shown.prompt = to);
    html! {
        <div class="tokens" part="tokens">
            <div class="prompt">
                if n > 1 {
                    <p class="pager">
                        <button type="button" aria-label="Previous prompt" disabled={at == 0} onclick={by(at.saturating_sub(1))}>{ "‹" }</button>
                        { format!("Prompt {} of {n}", at + 1) }
                        <button type="button" aria-label="Next prompt" disabled={at + 1 >= n} onclick={by((at + 1).min(n - 1))}>{ "›" }</button>
                    </p>
                }
                <Tokens {clean} {corrupt} />
            </div>
            if let Some((runs, tokens)) = show::next_tokens(opened, shown) {
                <div class="next" tabindex="0" role="group" aria-label="Likeliest next tokens">
                    <NextTokens runs={runs.into_iter().map(AttrValue::from).collect::<Vec<_>>()} {tokens} />
                </div>
            }
        </div>
    }
}

/// The button that runs the figure, what is known of its results, and where they are from.
fn foot(props: &FigureProps) -> Html {
    let FigureProps { opened, shown, parts, page, on_msg } = props;
    let (opened, is_running) = (&*opened.0, matches!(shown.live.status, Status::Running { .. }));
    let asks = matches!(shown.live.status, Status::Asks { .. });
    let tell = |told: Told| on_msg.reform(move |_: MouseEvent| Msg::Tell(told.clone()));
    let (line, is_wrong) = show::run_line(opened, &shown.live);
    html! {
        <div class="foot" part="foot">
            if parts.run && is_running {
                <button type="button" part="run" onclick={tell(Told::CancelWanted)}>{ "Cancel" }</button>
            } else if parts.run && asks {
                <button type="button" part="run" onclick={tell(Told::Agreed)}>{ "Fetch and run" }</button>
            } else if parts.run {
                <button type="button" part="run" onclick={tell(Told::RunWanted)}>{ "Run live" }</button>
            }
            if parts.run {
                <span class={classes!("state", is_wrong.then_some("wrong"))} role="status">{ line }</span>
            }
            <span class="grow" />
            if let Some(page) = page {
                <a href={page.clone()}>{ "Open in Circuitscope\u{a0}↗" }</a>
            }
        </div>
    }
}

/// Where the figure is from, and under which licence. Only addresses of the web are links.
fn source(opened: &Opened) -> Html {
    let is_web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    let source = opened.file.source.as_ref().map(|source| match source.url.as_ref().filter(is_web) {
        Some(url) => html! { <a href={url.clone()} rel="noopener">{ &source.text }</a> },
        None => html! { { &source.text } },
    });
    let licence = opened.file.licence.as_ref();
    if source.is_none() && licence.is_none() {
        return Html::default();
    }
    let dot = if source.is_some() && licence.is_some() { " · " } else { "" };
    html! { <p class="source" part="source">{ source }{ dot }{ licence }</p> }
}

/// Which way the drawing goes: as the figure says, or down where there is little width.
fn orientation(opened: &Opened, room: Size) -> Orientation {
    if room.width < NARROW { Orientation::Vertical } else { opened.file.view.look.orientation.into() }
}

/// What the drawn edges depend on.
fn circuit_of(shown: &Shown) -> (usize, Vec<(usize, u32)>, Vec<usize>) {
    let edits = shown.edits.iter().map(|(&edge_idx, mask)| (edge_idx, mask.to_bits())).collect();
    (shown.requested, edits, shown.options.opened.iter().copied().collect())
}

/// What is drawn. Equal where it is the same.
#[derive(Debug, Clone)]
struct DrawnRc(Rc<Drawn>);

impl PartialEq for DrawnRc {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
