//! JSON as spans of bytes: found without building a tree, edited in place.

pub mod scan;
pub mod splice;

pub use scan::{Kind, ScanError, Span};
