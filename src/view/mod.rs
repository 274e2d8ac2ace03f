//! The page's presentational components: props in, callbacks out.

pub mod files;
pub mod measures;
pub mod panels;
pub mod parts;
pub mod picture;
pub mod prompts;
pub mod results;
pub mod search;
pub mod settings;
pub mod tokens;

pub use files::hub_form::{HubForm, HubStage, KeptRow, hub_form};
pub use files::list::{FileList, FileRow, FileState, Remark, drags_files, file_list};
pub use files::scores::{ScoresIo, ScoresPanel, scores_io};
pub use measures::tables::{CurveRow, HeatCell, curve_table, sensitivity_table, similarity_table};
pub use parts::notice::{Notice, notice};
pub use parts::plot_svg::{PlotCursor, PlotSvg};
pub use parts::run_bar::{Progress, RunBar, run_bar};
pub use parts::token_rows::{TokenPair, align};
pub use picture::circuit_svg::CircuitSvg;
pub use picture::toolbar::{EdgeSlider, PictureActions, Slider, edge_slider, picture_actions};
pub use prompts::form::{AnswerView, DraftPair, PairView, PromptForm, prompt_form};
pub use results::table::{ResultRow, ResultsTable, TablePage, results_table, use_table_nodes};
pub use search::form::{
    DiscoverBar, DiscoverForm, FieldView, KeepForm, ScoresList, ScoresView, ValueView, discover_bar, discover_form,
    keep_form, scores_list,
};
pub use settings::form::{SettingsForm, settings_form};
pub use tokens::likeliest::{Mark, TokenColumns, TokenRow, TokensPanel, tokens_panel};
