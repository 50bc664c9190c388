//! What a call used and what it cost.

mod price;
mod usage;
mod window;

pub use price::{Price, Rate};
pub use usage::Usage;
pub use window::{RateLimits, Reservation, UsedUp, Window};
