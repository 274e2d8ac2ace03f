//! The keys, and what the words mean.

use yew::prelude::*;

use crate::update::{Action, ScreenAction};
use crate::view::connected::Connected;

/// Keys and what they do.
const KEYS: [(&str, &str); 14] = [
    ("← →", "at the curve: one edge fewer or more; in the drawing: along the strongest edge"),
    ("Page ↑ ↓", "at the curve: half as many edges again, or fewer"),
    ("Home, End", "at the curve: no edges, all edges"),
    ("digits, Enter", "at the curve: that many edges"),
    ("↑ ↓", "in the drawing: the next box of the column, or the next edge of the box"),
    ("e", "in the drawing: from a box to its edges, and back"),
    ("Enter", "in the drawing: look into it; once more on an edge: put it in or take it out"),
    ("Esc", "let go"),
    ("+ − 0 f", "in the drawing: zoom in, zoom out, fit, full screen"),
    ("r", "turn the drawing"),
    ("[ ]", "fold the setup or the inspector away"),
    ("1 to 4", "open a table"),
    ("Ctrl Z, Ctrl Y", "undo, redo"),
    ("?", "this list"),
];

/// Words of the field.
const WORDS: [(&str, &str); 6] = [
    ("Edge", "what one part of the model adds to the residual stream, on its way to another part that reads it"),
    ("Circuit", "the edges with the largest |score|; all others are patched"),
    ("Edge patch", "runs the corrupt prompt and gives the circuit's edges their clean activations"),
    ("Tree patch", "runs the clean prompt and gives all other edges their corrupt activations"),
    ("Faithfulness", "how near the circuit's output is to the whole model's"),
    ("auto-circuit", "the Python library whose numbers these are, to the fourth digit"),
];

/// A sheet over the page.
pub fn help(props: &Connected) -> Html {
    let close = props.on(|_: MouseEvent| Action::Screen(ScreenAction::HelpToggled));
    let list = |items: &[(&'static str, &'static str)]| {
        html! { <dl>{ for items.iter().map(|(term, text)| html! { <><dt>{ *term }</dt><dd>{ *text }</dd></> }) }</dl> }
    };
    html! {
        <div class="sheet" role="dialog" aria-modal="true" aria-label="Help">
            <div class="sheet-body">
                <div class="sheet-head"><h2>{ "Words" }</h2><button type="button" class="icon" aria-label="Close the help" onclick={close}>{ "×" }</button></div>
                { list(&WORDS) }
                <p>
                    <a href="read.html">{ "How to read a circuit" }</a>{ " · " }<a href="gallery.html">{ "Gallery" }</a>{ " · " }
                    <a href="embedding.html">{ "A figure in your own page" }</a>{ " · " }<a href="exactness.html">{ "How exact it is" }</a>
                </p>
                <h2>{ "Keys" }</h2>
                { list(&KEYS) }
            </div>
        </div>
    }
}
