//! What is drawn of a circuit, and the circuit as a matrix.

mod by_hand;
mod laws;
mod matrix;
mod support;
