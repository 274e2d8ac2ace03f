//! The figure file: what is read and written, what is refused, and its JSON Schema.

mod caption;
mod fuzz;
mod random;
mod read;
mod refused;
mod sample;
mod schema;
