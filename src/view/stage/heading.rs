//! The title and the caption of a figure, where it is from and what it may be used for.

use yew::prelude::*;

use crate::select::figure_words::Heading;

/// The heading.
pub fn figure_heading(heading: &Heading) -> Html {
    let Heading { title, caption, source, licence } = heading;
    html! {
        <div class="caption">
            <p><b>{ title }</b></p>
            { for caption.iter().map(|line| html! { <p>{ line }</p> }) }
            if source.is_some() || licence.is_some() {
                <p class="figure-source">
                    if let Some((text, url)) = source {
                        if let Some(url) = url {
                            <a href={url.clone()} rel="noopener noreferrer" target="_blank">{ text }</a>
                        } else {
                            { text }
                        }
                    }
                    if let Some(licence) = licence {
                        <span>{ if source.is_some() { " · " } else { "" } }{ licence }</span>
                    }
                </p>
            }
        </div>
    }
}
