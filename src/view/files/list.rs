//! The list of files, where they are dropped or chosen.

use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

use crate::select::files::{FileRow, FileState, Remark};
use crate::words::counted;

/// The list and what to call.
pub struct FileList {
    pub rows: Vec<FileRow>,
    /// How many of them were refused.
    pub n_refused: usize,
    /// What the example is: a figure, or the demo.
    pub example: &'static str,
    /// Whether the files are the example's.
    pub demo: bool,
    /// About the files that came last.
    pub note: Option<Remark>,
    /// How much memory the model needs.
    pub memory: Option<Remark>,
    pub on_files: Callback<Vec<File>>,
    pub on_remove: Callback<u32>,
    /// Takes away all that were refused.
    pub on_clear: Callback<()>,
    pub on_fix: Callback<u32>,
    pub on_demo: Callback<()>,
}

/// The list.
pub fn file_list(props: &FileList) -> Html {
    let on_files = props.on_files.clone();
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        on_files.emit(files(input.files()));
        // The same file may be chosen again after it was put right.
        input.set_value("");
    });
    html! {
        <div class="files">
            <ul aria-label="Files">
                { for props.rows.iter().map(|row| file_row(row, props)) }
            </ul>
            if props.n_refused > 0 {
                <p class="quiet">
                    { if props.n_refused == 1 { "1 file is refused; what was in use stays so. ".to_owned() } else { format!("{} are refused; what was in use stays so. ", counted(props.n_refused, "file")) } }
                    <button type="button" class="link" onclick={props.on_clear.reform(|_: MouseEvent| ())}>{ "Clear" }</button>
                </p>
            }
            { for [&props.memory, &props.note].into_iter().flatten().map(remark) }
            <div class="file-actions">
                <label class="button">
                    <input type="file" multiple=true accept=".json,.safetensors,.pt,.pth,.pkl,.csv,.tsv,.txt,.zip" class="visually-hidden" onchange={onchange.clone()} />
                    { "Choose files…" }
                </label>
                <label class="button">
                    <input type="file" webkitdirectory=true class="visually-hidden" {onchange} />
                    { "Choose a folder…" }
                </label>
                if props.demo {
                    <span class="quiet">{ "or drop files or a folder anywhere" }</span>
                } else {
                    <button type="button" onclick={props.on_demo.reform(|_| ())}>{ format!("Back to the {}", props.example) }</button>
                }
            </div>
        </div>
    }
}

fn remark(remark: &Remark) -> Html {
    let Remark { text, wrong } = remark;
    if *wrong {
        html! { <p class="remark wrong" role="alert">{ text }</p> }
    } else {
        html! { <p class="remark quiet">{ text }</p> }
    }
}

fn file_row(row: &FileRow, props: &FileList) -> Html {
    let (class, state, sign) = match row.state {
        FileState::Wanted => ("file wanted", "missing", "missing"),
        FileState::Reading => ("file reading", "reading", "reading…"),
        FileState::Ready => ("file ready", "ready", "✓"),
        FileState::Wrong => ("file bad", "wrong", "wrong"),
    };
    let key = row.id.map_or_else(|| row.role.to_owned(), |id| id.to_string());
    html! {
        <li {key} {class}>
            <span class="role">{ if row.role.is_empty() { "File" } else { row.role } }</span>
            <span class="name" title={row.name.clone()}>{ &row.name }</span>
            <span class="size">{ &row.size }</span>
            <span class="state" role="img" aria-label={state} title={state}>{ sign }</span>
            if let Some(id) = row.id.filter(|_| row.removable) {
                <button
                    type="button" class="remove" aria-label={format!("Remove {}", row.name)} title="Remove"
                    onclick={props.on_remove.reform(move |_| id)}
                >{ "×" }</button>
            }
            if let Some(error) = &row.error {
                <p class="wrong" role="alert">{ error }</p>
            }
            { for row.notes.iter().map(|note| html! { <p class="quiet" role="note">{ note }</p> }) }
            if let Some((id, fix)) = row.id.zip(row.fix.as_ref()) {
                <button type="button" class="fix" onclick={props.on_fix.reform(move |_| id)}>{ fix }</button>
            }
        </li>
    }
}

/// Whether files are dragged, and not a text or a link.
pub fn drags_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// The files of a browser's list.
fn files(list: Option<web_sys::FileList>) -> Vec<File> {
    list.iter().flat_map(|list| (0..list.length()).filter_map(|i| list.get(i))).collect()
}
