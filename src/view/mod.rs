//! The page's presentational components: props in, callbacks out.

mod circuit_svg;
mod controls;
mod discover;
mod files;
mod hub;
mod measures;
mod notice;
mod plot_svg;
mod prompt_editor;
mod results;
mod run_bar;
mod scores_io;
mod settings;
mod token_rows;
mod tokens;
mod toolbar;

pub use circuit_svg::CircuitSvg;
pub use discover::{
    DiscoverBar, DiscoverForm, FieldView, KeepForm, ScoresList, ScoresView, ValueView, discover_bar, discover_form,
    keep_form, scores_list,
};
pub use files::{FileList, FileRow, FileState, Remark, drags_files, file_list};
pub use hub::{HubForm, HubStage, KeptRow, hub_form};
pub use measures::{CurveRow, HeatCell, curve_table, sensitivity_table, similarity_table};
pub use notice::{Notice, notice};
pub use plot_svg::{PlotCursor, PlotSvg};
pub use prompt_editor::{AnswerView, DraftPair, PairView, PromptForm, prompt_form};
pub use results::{ResultRow, ResultsTable, TablePage, results_table, use_table_nodes};
pub use run_bar::{Progress, RunBar, run_bar};
pub use scores_io::{ScoresIo, ScoresPanel, scores_io};
pub use settings::{SettingsForm, settings_form};
pub use token_rows::{TokenPair, align};
pub use tokens::{Mark, TokenColumns, TokenRow, TokensPanel, tokens_panel};
pub use toolbar::{EdgeSlider, PictureActions, Slider, edge_slider, picture_actions};
