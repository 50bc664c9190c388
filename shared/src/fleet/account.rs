//! What a budget of a subject, or a limit of a provider account, is called in the service, and in what it is counted there.
//!
//! A service counts in windows of its own, which are not the calendar's: its month has 30 days and its year 365. So each of
//! our windows has counters of its own, of a longer window of the service's. Where that ends within ours, as the year does
//! once, on a day of December, the counters begin anew; then each of the two parts has its share of the ceiling, by its
//! length, so that both together are no more than one.

use crate::ids::{BudgetName, ProviderName};
use crate::ledger::{Ceiling, Period, Span, Zone};
use crate::units::Timestamp;

/// The key of a descriptor's second entry; that of its first is [`Owner::key`].
pub const ACCOUNT: &str = "account";

/// The limit of every counter in the service: the highest that it can have.
pub const LIMIT: u64 = u32::MAX as u64;

/// The most units of a ceiling. Counters only go up, with every reservation, so they have to hold the ceiling many times:
/// this often at the least, 256 times.
const MOST_UNITS: u64 = 1 << 24;

/// A window of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceUnit {
    /// Sixty minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}

impl ServiceUnit {
    /// A window that is longer than the budget's, and where the budget's is one of UTC has no end within it but once a
    /// year.
    #[must_use]
    pub fn of(period: Period, zone: &Zone) -> Self {
        match period {
            Period::Minute if *zone == Zone::UTC => Self::Hour,
            Period::Hour if *zone == Zone::UTC => Self::Day,
            Period::Day if *zone == Zone::UTC => Self::Month,
            _ => Self::Year,
        }
    }

    /// The unit as the service's configuration spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Its number in the protocol.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Hour => 3,
            Self::Day => 4,
            Self::Month => 5,
            Self::Year => 6,
        }
    }

    fn seconds(self) -> u64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Month => 30 * 86_400,
            Self::Year => 365 * 86_400,
        }
    }
}

/// In what a ceiling is counted, and what may be spent before the counters begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// How many tokens or millionths of a dollar a unit is.
    pub scale: u64,
    /// The most units.
    pub most: u64,
    /// The service's window.
    pub unit: ServiceUnit,
    /// The first second of our window.
    pub start: u64,
    /// When the counters begin anew.
    pub until: Timestamp,
}

impl Division {
    /// That of a ceiling at a time.
    #[must_use]
    pub fn of(ceiling: &Ceiling, now: Timestamp) -> Self {
        let mut scale = 1_u64;
        while ceiling.most / scale > MOST_UNITS {
            scale = scale.saturating_mul(10);
        }
        let unit = ServiceUnit::of(ceiling.period, &ceiling.zone);
        let span = Span::of(ceiling.period, &ceiling.zone, now);
        let end = span.end.map_or(u64::MAX, |end| end.0 / NANOS);
        let length = unit.seconds();
        let first = (now.0 / NANOS / length).saturating_mul(length);
        let last = first.saturating_add(length);
        let part = end.min(last).saturating_sub(span.start.max(first));
        let whole = end.saturating_sub(span.start).max(1);
        let share = u128::from(ceiling.most / scale) * u128::from(part) / u128::from(whole);
        Self {
            scale,
            most: u64::try_from(share).unwrap_or(u64::MAX),
            unit,
            start: span.start,
            until: Timestamp(end.min(last).saturating_mul(NANOS)),
        }
    }
}

const NANOS: u64 = 1_000_000_000;

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What was taken.
    Taken,
    /// What was returned of that.
    Returned,
}

/// What of the configuration counters belong to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A budget.
    Budget(BudgetName),
    /// The limits of a provider account.
    Limits(ProviderName),
}

impl Owner {
    /// The key of a descriptor's first entry.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Budget(_) => "budget",
            Self::Limits(_) => "limits",
        }
    }

    /// The value of that entry: the name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Budget(name) => name.as_str(),
            Self::Limits(name) => name.as_str(),
        }
    }
}

/// The counters of one subject's budget, or of one limit, in one of its windows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// To what they belong.
    pub owner: Owner,
    window: String,
}

impl Account {
    /// The one of a counter; `key` tells subjects, units and periods apart.
    #[must_use]
    pub fn of(owner: &Owner, key: &str, division: &Division) -> Self {
        let (scale, start) = (division.scale.to_string(), division.start.to_string());
        Self {
            owner: owner.clone(),
            window: [key, "/", &scale, "/", &start].concat(),
        }
    }

    /// The name of a counter: the fleet's, or the one that is only of a worker's book.
    #[must_use]
    pub fn counter(&self, side: Side, book: Option<&str>) -> String {
        let side = match side {
            Side::Taken => "taken",
            Side::Returned => "returned",
        };
        match book {
            None => [&self.window, "/", side].concat(),
            Some(book) => [&self.window, "/", book, "/", side].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Unit;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn division(most: u64, period: Period, zone: &str, at: u64) -> Division {
        let ceiling = Ceiling {
            unit: Unit::Tokens,
            most,
            period,
            zone: Zone::parse(zone).unwrap(),
        };
        Division::of(&ceiling, Timestamp(at * NANOS))
    }

    /// 2026-11-21T09:44:05Z.
    const NOVEMBER: u64 = 1_795_254_245;
    /// 2026-12-18T00:00:00Z, when the service's 57th year begins.
    const TURN: u64 = 57 * 365 * 86_400;

    #[test]
    fn a_window_of_the_calendar_is_counted_within_a_longer_one_of_the_service() {
        for (period, unit, end) in [
            (Period::Minute, ServiceUnit::Hour, 1_795_254_300),
            (Period::Hour, ServiceUnit::Day, 1_795_255_200),
            (Period::Day, ServiceUnit::Month, 1_795_305_600),
            (Period::Month, ServiceUnit::Year, 1_796_083_200),
        ] {
            let division = division(1_000, period, "UTC", NOVEMBER);
            assert_eq!((division.unit, division.most), (unit, 1_000));
            assert_eq!(division.until, Timestamp(end * NANOS), "{period:?}");
        }
        assert_eq!(
            division(1_000, Period::Day, "+01:00", NOVEMBER).unit,
            ServiceUnit::Year
        );
    }

    #[test]
    fn where_the_service_begins_anew_the_parts_share_the_ceiling() {
        let before = division(3_100, Period::Month, "UTC", TURN - 1);
        let after = division(3_100, Period::Month, "UTC", TURN);
        assert_eq!((before.most, after.most), (1_700, 1_400));
        assert_eq!(before.start, after.start);
        assert_eq!(before.until, Timestamp(TURN * NANOS));
    }

    #[test]
    fn what_a_service_can_count_to_holds_the_ceiling_many_times() {
        for most in [1, 5_000, 2_000_000, 500_000_000, 9_000_000_000_000_000] {
            let division = division(most, Period::Day, "UTC", NOVEMBER);
            assert!(division.most > 0 && division.most <= LIMIT / 256, "{division:?}");
            // Nor is a unit coarse.
            assert!(division.scale == 1 || division.most > 1_000_000, "{division:?}");
        }
    }

    #[test]
    fn absurd_times_are_divided_too() {
        for period in Period::ALL {
            for at in [0, u64::MAX / NANOS] {
                let division = division(1_000, period, "-11:00", at);
                assert!(division.most <= 1_000, "{division:?}");
            }
        }
    }
}
