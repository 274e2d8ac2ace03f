//! The drawn circuit against the reference.
