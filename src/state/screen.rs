//! What is open on the screen.

/// What is open on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Whether the rail is there in full; folded away it is a narrow strip. On a phone it is a sheet over the page.
    pub rail: bool,
    /// The line of the rail whose panel is open.
    pub section: Option<Section>,
    pub drawer: Option<Drawer>,
    /// Whether the inspector is there.
    pub inspector: bool,
    /// Whether hints for a first visit are shown.
    pub hints: bool,
    /// Whether the keys are listed.
    pub help: bool,
}

/// A line of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Model,
    Prompts,
    Scores,
    Settings,
    Find,
}

/// What the drawer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawer {
    Edges,
    Circuits,
    Settings,
    Compare,
}

impl Default for Screen {
    fn default() -> Self {
        Self { rail: true, section: None, drawer: None, inspector: true, hints: true, help: false }
    }
}

impl Section {
    /// Part of the id of its panel.
    pub fn key(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Prompts => "prompts",
            Self::Scores => "scores",
            Self::Settings => "settings",
            Self::Find => "find",
        }
    }

    /// The heading of its panel.
    pub fn title(self) -> &'static str {
        match self {
            Self::Model => "Model and files",
            Self::Prompts => "Prompts",
            Self::Scores => "Scores",
            Self::Settings => "Run settings",
            Self::Find => "Find a circuit",
        }
    }
}

impl Drawer {
    pub const ALL: [Self; 4] = [Self::Edges, Self::Circuits, Self::Settings, Self::Compare];

    /// The name of its tab.
    pub fn label(self) -> &'static str {
        match self {
            Self::Edges => "Edges",
            Self::Circuits => "Circuits",
            Self::Settings => "Every setting",
            Self::Compare => "Compare",
        }
    }

    /// Part of the ids of its tab and its panel.
    pub fn key(self) -> &'static str {
        match self {
            Self::Edges => "edges",
            Self::Circuits => "circuits",
            Self::Settings => "settings",
            Self::Compare => "compare",
        }
    }
}
