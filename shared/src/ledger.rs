//! What a call used and what it cost.

mod budget;
mod period;
mod price;
mod prices;
mod usage;
mod window;
mod zone;

pub use budget::{Ceiling, Exhausted, Hold, Percent, Spending, Unit};
pub use period::{Period, Span};
pub use price::{Factor, LongContext, Price, Rate, Rates, Tiers};
pub use prices::{AS_OF, Prices, Source, shipped, shipped_rows};
pub use usage::{ServiceTier, Usage};
pub use window::{RateLimits, Reservation, UsedUp, Window};
pub(crate) use zone::parse_offset;
pub use zone::{Change, Zone};
