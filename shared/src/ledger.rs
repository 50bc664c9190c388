//! What a call used and what it cost.

mod price;
mod prices;
mod usage;
mod window;

pub use price::{LongContext, Percent, Price, Rate, Rates, Tiers};
pub use prices::{AS_OF, Prices, Source, shipped, shipped_rows};
pub use usage::{ServiceTier, Usage};
pub use window::{RateLimits, Reservation, UsedUp, Window};
