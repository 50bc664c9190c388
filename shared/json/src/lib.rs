//! JSON as spans of bytes: found without building a tree, edited in place, carried from one document into another.

pub mod node;
pub mod partial;
pub mod scan;
pub mod splice;
pub mod text;
pub mod write;

pub use node::Node;
pub use partial::Partial;
pub use scan::{Kind, ScanError, Span};
pub use text::Text;

/// How deep a document may nest. Real tool schemas stay below 30; the scanner's stack is this many bits.
pub const MAX_DEPTH: usize = 256;
