//! The dialog that saves a picture: which, how large, as what, with what around it.

use gloo_events::EventListener;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::select::export::{ExportOptions, ExportRequest, Format, PRESETS, Preset, SIDES, What, has_legend};
use crate::select::figure::{nodes_of, placed_nodes};
use crate::tasks::export::save_picture;
use crate::view::connected::Connected;
use crate::view::parts::controls::{Check, Entry, check, entry};
use circuitscope_picture::{Size, Theme};

/// The scales of a PNG that are offered: those of screens, and 4 for print, 384 pixels to the inch.
const SCALES: [u32; 4] = [1, 2, 3, 4];

#[derive(Clone, PartialEq, Properties)]
pub struct ExportDialogProps {
    pub connected: Connected,
    pub on_close: Callback<()>,
}

/// The dialog. It lies over the page until it is shut, by Escape too.
#[component]
pub fn ExportDialog(props: &ExportDialogProps) -> Html {
    let state = &props.connected.state;
    let dialog = use_node_ref();
    use_modal(&dialog, &props.on_close);
    let options = use_state_eq(|| ExportOptions::new(Theme::Light));
    let outcome = use_state_eq(|| None::<Result<String, String>>);
    let nodes = use_memo(nodes_of(state), placed_nodes);
    let request = ExportRequest::new(state, (*nodes).clone(), *options);
    let preview = use_memo(request.clone(), |request| request.as_ref().map(preview));
    let set = {
        let (options, outcome) = (options.clone(), outcome.clone());
        Callback::from(move |changed: ExportOptions| {
            options.set(changed);
            outcome.set(None);
        })
    };
    let onsubmit = {
        let (request, outcome) = (request.clone(), outcome.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let outcome = outcome.clone();
            if let Some(request) = request.clone() {
                save_picture(request, Callback::from(move |done| outcome.set(Some(done))));
            }
        }
    };
    let close = {
        let dialog = dialog.clone();
        move |_: MouseEvent| dialog.cast::<HtmlDialogElement>().iter().for_each(HtmlDialogElement::close)
    };
    html! {
        <dialog class="export" ref={dialog} role="dialog" aria-modal="true" aria-labelledby="export-title">
            <form {onsubmit}>
                <div class="sheet-head">
                    <h2 id="export-title">{ "Save a picture" }</h2>
                    <button type="button" class="icon" aria-label="Close" onclick={close}>{ "×" }</button>
                </div>
                <div class="export-preview">{ preview_view(&preview) }</div>
                { fields(*options, &set, has_legend(state, options.what)) }
                <div class="export-foot">
                    <p role="status" class={classes!(matches!(&*outcome, Some(Err(_))).then_some("wrong"))}>
                        { outcome.as_ref().map(|done| done.clone().unwrap_or_else(|error| error)) }
                    </p>
                    <button type="submit" class="primary" disabled={request.is_none()}>{ format!("Save {}", options.format.label()) }</button>
                </div>
            </form>
        </dialog>
    }
}

/// Opens a dialog over the page, and says when it was shut.
#[hook]
pub fn use_modal(dialog: &NodeRef, on_close: &Callback<()>) {
    let (dialog, on_close) = (dialog.clone(), on_close.clone());
    use_effect_with((), move |()| {
        let element = dialog.cast::<HtmlDialogElement>();
        let listener = element.map(|element| {
            // It is new and in the page, so that nothing keeps it from being shown.
            _ = element.show_modal();
            EventListener::new(&element, "close", move |_| on_close.emit(()))
        });
        move || drop(listener)
    });
}

/// The picture as an address, or what is wrong with it.
fn preview(request: &ExportRequest) -> Result<(String, Size), String> {
    let (svg, size) = request.svg().map_err(|error| error.to_string())?;
    let encoded = String::from(js_sys::encode_uri_component(&svg));
    Ok((format!("data:image/svg+xml,{encoded}"), size))
}

fn preview_view(preview: &Option<Result<(String, Size), String>>) -> Html {
    match preview {
        None => html! { <p class="quiet">{ "There is no circuit to draw." }</p> },
        Some(Err(error)) => html! { <p class="wrong">{ error }</p> },
        Some(Ok((address, size))) => {
            let (width, height) = (size.width.round(), size.height.round());
            html! { <img src={address.clone()} width={width.to_string()} height={height.to_string()} alt="Preview of the picture" /> }
        }
    }
}

fn fields(options: ExportOptions, set: &Callback<ExportOptions>, legend: bool) -> Html {
    let choose_what = set.reform(move |what| ExportOptions { what, ..options });
    let choose_format = set.reform(move |format| ExportOptions { format, ..options });
    let choose_theme = set.reform(move |theme| ExportOptions { theme, ..options });
    let whats = What::ALL.map(|what| (what.label(), what));
    let formats = Format::ALL.map(|format| (format.label(), format));
    html! {
        <div class="export-fields">
            { segments("Picture", &whats, options.what, &choose_what) }
            { segments("File", &formats, options.format, &choose_format) }
            { sizes(options, set) }
            if options.format == Format::Png {
                { scales(options, set) }
            }
            { segments("Colours", &[("Light", Theme::Light), ("Dark", Theme::Dark)], options.theme, &choose_theme) }
            { check(Check {
                label: "Caption",
                title: "What was run, with which settings, by which version; an SVG says it in its description in any case",
                checked: options.caption,
                on_check: set.reform(move |caption| ExportOptions { caption, ..options }),
                ..Check::default()
            }) }
            { check(Check {
                label: "Legend",
                title: "What colours, textures and widths mean",
                checked: options.legend,
                disabled: !legend,
                on_check: set.reform(move |legend| ExportOptions { legend, ..options }),
            }) }
        </div>
    }
}

fn sizes(options: ExportOptions, set: &Callback<ExportOptions>) -> Html {
    let Size { width, height } = options.size;
    let preset = |preset: &'static Preset| {
        let [width, height] = preset.size;
        let size = Size { width, height };
        let onclick = set.reform(move |_: MouseEvent| ExportOptions { size, ..options });
        html! { <button type="button" aria-pressed={(options.size == size).to_string()} title={preset.about} {onclick}>{ preset.label }</button> }
    };
    let side = |id: &'static str, label: &'static str, value: f64, with: fn(Size, f64) -> Size| {
        let set = set.clone();
        let on_entry = move |text: String| {
            let typed: Option<usize> = text.trim().parse().ok();
            if let Some(side) = typed.filter(|side| (SIDES.0..=SIDES.1).contains(side)) {
                set.emit(ExportOptions { size: with(options.size, side as f64), ..options });
            }
        };
        let (value, range) = (value.to_string(), Some(SIDES));
        entry(Entry { id, label, value, range, on_entry: Callback::from(on_entry), ..Entry::default() })
    };
    html! { <>
        <div class="segments" role="group" aria-label="Size">{ for PRESETS.iter().map(preset) }</div>
        { side("export-width", "Width, px", width, |size, width| Size { width, ..size }) }
        { side("export-height", "Height, px", height, |size, height| Size { height, ..size }) }
    </> }
}

fn scales(options: ExportOptions, set: &Callback<ExportOptions>) -> Html {
    let scales = SCALES.map(|scale| (format!("{scale}×"), scale));
    let scales = scales.each_ref().map(|(label, scale)| (label.as_str(), *scale));
    let choose = set.reform(move |scale| ExportOptions { scale, ..options });
    segments("Pixels for each", &scales, options.scale, &choose)
}

/// A choice of a few, side by side.
fn segments<T: Copy + PartialEq + 'static>(
    label: &'static str,
    choices: &[(&str, T)],
    chosen: T,
    on_choose: &Callback<T>,
) -> Html {
    let button = |&(label, choice): &(&str, T)| {
        let onclick = on_choose.reform(move |_: MouseEvent| choice);
        html! { <button type="button" aria-pressed={(choice == chosen).to_string()} {onclick}>{ label.to_owned() }</button> }
    };
    html! { <div class="segments" role="group" aria-label={label}>{ for choices.iter().map(button) }</div> }
}
