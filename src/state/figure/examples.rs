//! The figures that come with the page.

/// The figure that the page opens on, in place of the demo that is part of it; its address, relative to the page.
pub const FIRST: Option<&str> = Some("demo/ioi/figure.json");

/// What an address names in place of a figure where it means the demo that is part of the page.
pub const BUILT_IN: &str = "none";

/// The figure of an address that names this one, or none.
pub fn named(figure: Option<String>) -> Option<String> {
    let first = || FIRST.map(str::to_owned);
    figure.map_or_else(first, |figure| (figure != BUILT_IN).then_some(figure))
}

/// An example of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// Its folder in `demo/`.
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
}

/// The examples, simple things last.
pub const EXAMPLES: [Example; 5] = [
    Example { name: "ioi", title: "Indirect object", about: "who gets the drink, Mary or John?" },
    Example { name: "induction", title: "Induction", about: "two heads that repeat what was" },
    Example { name: "greater-than", title: "Greater than", about: "a war's end after its beginning" },
    Example { name: "tracr-reverse", title: "Tracr reverse", about: "4 layers · 2 of 77 edges" },
    Example { name: "tracr-xproportion", title: "Tracr proportion", about: "compiled: the share of x so far" },
];

impl Example {
    /// Whether it is the demo that is part of the page, and needs no figure.
    pub fn is_built_in(self) -> bool {
        FIRST.is_none() && self.name == "tracr-reverse"
    }

    /// Its address, relative to the page.
    pub fn address(self) -> String {
        format!("demo/{}/figure.json", self.name)
    }
}
