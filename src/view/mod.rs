//! Pictures: a circuit as an SVG file, and as a component of the page.

#[cfg(feature = "page")]
mod circuit_svg;
#[cfg(feature = "page")]
mod controls;
#[cfg(feature = "page")]
mod discover;
#[cfg(feature = "page")]
mod files;
#[cfg(feature = "page")]
mod hub;
#[cfg(feature = "page")]
mod measures;
#[cfg(feature = "page")]
mod notice;
mod plot;
#[cfg(feature = "page")]
mod plot_svg;
#[cfg(feature = "page")]
mod prompt_editor;
#[cfg(feature = "page")]
mod results;
#[cfg(feature = "page")]
mod run_bar;
#[cfg(feature = "page")]
mod scores_io;
#[cfg(feature = "page")]
mod settings;
mod svg;
#[cfg(feature = "page")]
mod token_rows;
#[cfg(feature = "page")]
mod tokens;
#[cfg(feature = "page")]
mod toolbar;

#[cfg(feature = "page")]
pub use circuit_svg::{CircuitSvg, CircuitSvgProps};
#[cfg(feature = "page")]
pub use discover::{
    DiscoverBar, DiscoverForm, FieldView, KeepForm, ScoresList, ScoresView, ValueView, discover_bar, discover_form,
    keep_form, scores_list,
};
#[cfg(feature = "page")]
pub use files::{FileList, FileRow, FileState, Remark, drags_files, file_list};
#[cfg(feature = "page")]
pub use hub::{HubForm, HubStage, KeptRow, hub_form};
#[cfg(feature = "page")]
pub use measures::{CurveRow, HeatCell, curve_table, sensitivity_table, similarity_table};
#[cfg(feature = "page")]
pub use notice::{Notice, notice};
pub use plot::{SERIES, plot_string};
#[cfg(feature = "page")]
pub use plot_svg::{PlotCursor, PlotSvg};
#[cfg(feature = "page")]
pub use prompt_editor::{AnswerView, DraftPair, PairView, PromptForm, prompt_form};
#[cfg(feature = "page")]
pub use results::{ResultRow, ResultsTable, TableNodes, TablePage, results_table, use_table_nodes};
#[cfg(feature = "page")]
pub use run_bar::{Progress, RunBar, run_bar};
#[cfg(feature = "page")]
pub use scores_io::{ScoresIo, ScoresPanel, scores_io};
#[cfg(feature = "page")]
pub use settings::{SettingsForm, settings_form};
pub use svg::{NODE_COLOURS, svg_string};
#[cfg(feature = "page")]
pub use token_rows::{TokenPair, align};
#[cfg(feature = "page")]
pub use tokens::{Mark, TokenColumns, TokenRow, TokensPanel, tokens_panel};
#[cfg(feature = "page")]
pub use toolbar::{EdgeSlider, PictureActions, Slider, edge_slider, picture_actions};
