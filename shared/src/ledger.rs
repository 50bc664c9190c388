//! What a call used and what it cost.

mod budget;
mod period;
mod price;
mod usage;
mod window;

pub use budget::{Ceiling, Exhausted, Hold, Percent, Spending, Unit};
pub use period::{Period, Span, Zone};
pub use price::{Price, Rate};
pub use usage::Usage;
pub use window::{RateLimits, Reservation, UsedUp, Window};
