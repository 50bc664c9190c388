//! What a call used and what it cost.

mod price;
mod usage;

pub use price::{Price, Rate};
pub use usage::Usage;
