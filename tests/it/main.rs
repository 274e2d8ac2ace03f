//! The native tests: by hand first, then against what auto-circuit computed, then laws, then bad input.

mod attention;
mod attribution;
mod bad_input;
mod circuit;
mod demo;
mod discover;
mod eap;
mod families;
mod figures;
mod formats;
mod hand_worked;
mod laws;
mod layout;
mod masks;
mod measures;
mod memory;
mod model;
mod plot;
mod python;
mod run;
mod session;
mod shards;
mod support;
mod text;
mod trained;
mod values;
