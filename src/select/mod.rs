//! What views show, computed from the state.

pub mod caption;
pub mod compare;
pub mod curves;
pub mod draft;
pub mod edges;
pub mod export;
pub mod figure;
pub mod files;
pub mod header;
pub mod hub;
pub mod insight;
pub mod inspector;
pub mod measures;
pub mod memory;
pub mod picture;
pub mod python;
pub mod rail;
pub mod random;
pub mod results;
pub mod runs;
pub mod scores;
pub mod search;
pub mod search_words;
pub mod strip;
pub mod tokens;
pub mod two_circuits;
