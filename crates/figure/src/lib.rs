//! A circuit as a figure that any page can mount: the drawing, the strip that sets the circuit's size, a caption and tokens.
//!
//! Data in, events out: no component here knows where its data come from, or what follows from an event.
