//! An algorithm with its settings.

use yew::prelude::*;

use crate::select::search_words::{FieldView, ValueView};
use crate::view::parts::controls::{Choice, Entry, choice, entry};

/// The form and what to call.
pub struct SearchForm {
    pub algorithms: Vec<&'static str>,
    pub chosen: usize,
    /// What it measures, and at what cost.
    pub about: &'static str,
    /// Where it was published; empty where it was not.
    pub paper: &'static str,
    pub fields: Vec<FieldView>,
    /// What the batch size means, where scores depend on it.
    pub batch_note: Option<String>,
    pub on_algorithm: Callback<usize>,
    /// The index of a field, and what it is to hold.
    pub on_entry: Callback<(usize, String)>,
}

/// The algorithm and its settings.
pub fn search_form(props: &SearchForm) -> Html {
    let fields = |advanced: bool| {
        let some = props.fields.iter().enumerate().filter(move |(_, field)| field.advanced == advanced);
        some.map(|(i, field)| field_view(i, field, &props.on_entry)).collect::<Vec<_>>()
    };
    let (plain, advanced) = (fields(false), fields(true));
    let wrong = |field: &FieldView| field.advanced && matches!(field.value, ValueView::Text { error: Some(_), .. });
    html! {
        <div class="settings">
            { choice(Choice {
                id: "find-algorithm",
                label: "Algorithm",
                options: props.algorithms.clone(),
                chosen: props.chosen,
                title: "How edges get their scores (auto-circuit: prune algorithms)",
                on_choose: props.on_algorithm.clone(),
                ..Choice::default()
            }) }
            <p class="about">
                { props.about }
                if !props.paper.is_empty() {
                    <cite>{ format!(" {}.", props.paper) }</cite>
                }
            </p>
            { for plain }
            if let Some(note) = &props.batch_note {
                <p class="quiet">{ note }</p>
            }
            if !advanced.is_empty() {
                // Each algorithm's are folded anew.
                <details class="more" key={props.chosen} open={props.fields.iter().any(wrong)}>
                    <summary>{ "More settings" }</summary>
                    <div class="settings">{ for advanced }</div>
                </details>
            }
        </div>
    }
}

fn field_view(i: usize, field: &FieldView, on_entry: &Callback<(usize, String)>) -> Html {
    let &FieldView { id, label, title, .. } = field;
    match &field.value {
        ValueView::Choice { options, chosen } => {
            let (values, options): (Vec<_>, Vec<_>) = options.iter().map(|o| (o.value.clone(), o.label)).unzip();
            let on_choose = on_entry.reform(move |choice: usize| (i, values[choice].clone()));
            choice(Choice { id, label, title, options, chosen: *chosen, on_choose, ..Choice::default() })
        }
        ValueView::Text { text, error } => {
            let on_entry = on_entry.reform(move |text| (i, text));
            let (value, error) = (text.clone(), error.clone());
            entry(Entry { id, label, title, value, error, on_entry, ..Entry::default() })
        }
    }
}
