//! The windows of budgets: calendar minutes, hours, days and months of a time zone, or all of time.
//!
//! A zone is a fixed offset from UTC. Zones with daylight saving need a table that governments change several times a
//! year, which a module that runs for months would have wrong sooner or later.

use time::{Date, OffsetDateTime};

use crate::units::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The longest offset from UTC that a zone may have; the widest in use is 14 hours.
const MAX_OFFSET: i64 = 15 * HOUR;

/// How long a budget lasts before it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// A calendar minute.
    Minute,
    /// A calendar hour.
    Hour,
    /// A calendar day, from midnight to midnight.
    Day,
    /// A calendar month.
    Month,
    /// For ever.
    Total,
}

impl Period {
    /// All periods.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Total];

    /// The period as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

/// An offset from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Seconds east of Greenwich.
    seconds: i64,
}

impl Zone {
    /// UTC itself.
    pub const UTC: Self = Self { seconds: 0 };

    /// Reads `UTC`, `Z`, `+01:00` or `-05:30`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "UTC" || text == "Z" {
            return Some(Self::UTC);
        }
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let two = |digits: &str| {
            let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_two.then(|| digits.parse::<i64>().ok()).flatten()
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        let seconds = hours * HOUR + minutes * MINUTE;
        (minutes < 60 && seconds <= MAX_OFFSET).then_some(Self {
            seconds: sign * seconds,
        })
    }
}

/// The time for which a budget is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first second, in seconds since the Unix epoch; zero for [`Period::Total`].
    pub start: u64,
    /// When the next one begins; `None` if none ever does.
    pub end: Option<Timestamp>,
}

impl Span {
    /// The one that a point in time is in.
    #[must_use]
    pub fn of(period: Period, zone: Zone, now: Timestamp) -> Self {
        let seconds = i64::try_from(now.0 / 1_000_000_000).unwrap_or(i64::MAX);
        let local = seconds.saturating_add(zone.seconds);
        let (start, end) = match period {
            Period::Minute => fixed(local, MINUTE),
            Period::Hour => fixed(local, HOUR),
            Period::Day => fixed(local, DAY),
            Period::Month => month(local).unwrap_or_else(|| fixed(local, DAY)),
            Period::Total => return Self { start: 0, end: None },
        };
        let utc = |local: i64| u64::try_from(local.saturating_sub(zone.seconds)).unwrap_or_default();
        Self {
            start: utc(start),
            end: Some(Timestamp(utc(end).saturating_mul(1_000_000_000))),
        }
    }
}

fn fixed(local: i64, length: i64) -> (i64, i64) {
    let start = local.saturating_sub(local.rem_euclid(length));
    (start, start.saturating_add(length))
}

/// The first second of a month and of the next one; `None` beyond the calendar.
fn month(local: i64) -> Option<(i64, i64)> {
    let date = OffsetDateTime::from_unix_timestamp(local).ok()?.date();
    let next = date.month().next();
    let year = if next == time::Month::January {
        date.year().checked_add(1)?
    } else {
        date.year()
    };
    let second = |date: Date| date.midnight().assume_utc().unix_timestamp();
    let first = date.replace_day(1).ok()?;
    let end = Date::from_calendar_date(year, next, 1).ok()?;
    Some((second(first), second(end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::rfc3339;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// 2026-11-21T09:44:05.678Z.
    const NOW: Timestamp = Timestamp(1_795_254_245_678_000_000);

    fn span(period: Period, zone: &str, now: Timestamp) -> (String, String) {
        let span = Span::of(period, Zone::parse(zone).unwrap(), now);
        let short = |at: Timestamp| rfc3339(at).replace(":00.000Z", "Z");
        (
            short(Timestamp(span.start * 1_000_000_000)),
            span.end.map(short).unwrap_or_default(),
        )
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        for (period, start, end) in [
            (Period::Minute, "2026-11-21T09:44Z", "2026-11-21T09:45Z"),
            (Period::Hour, "2026-11-21T09:00Z", "2026-11-21T10:00Z"),
            (Period::Day, "2026-11-21T00:00Z", "2026-11-22T00:00Z"),
            (Period::Month, "2026-11-01T00:00Z", "2026-12-01T00:00Z"),
            (Period::Total, "1970-01-01T00:00Z", ""),
        ] {
            assert_eq!(span(period, "UTC", NOW), (start.to_owned(), end.to_owned()));
        }
    }

    #[test]
    fn midnight_is_that_of_the_zone() {
        let of = |period, zone| span(period, zone, NOW).0;
        assert_eq!(of(Period::Day, "+01:00"), "2026-11-20T23:00Z");
        assert_eq!(of(Period::Day, "-11:00"), "2026-11-20T11:00Z");
        assert_eq!(of(Period::Hour, "+05:30"), "2026-11-21T09:30Z");
        assert_eq!(of(Period::Month, "+01:00"), "2026-10-31T23:00Z");
        assert_eq!(of(Period::Minute, "+05:30"), "2026-11-21T09:44Z");
    }

    #[test]
    fn a_year_ends_with_its_december() {
        // 2026-12-31T23:30:00Z: a new year already in Paris.
        let late = Timestamp(1_798_759_800_000_000_000);
        assert_eq!(span(Period::Month, "Z", late).1, "2027-01-01T00:00Z");
        assert_eq!(span(Period::Month, "+01:00", late).0, "2026-12-31T23:00Z");
    }

    #[test]
    fn a_zone_is_an_offset_and_nothing_else() {
        for text in [
            "",
            "+1:00",
            "+01:60",
            "+16:00",
            "01:00",
            "+01",
            "Europe/Paris",
            "+０1:00",
            "+-1:00",
        ] {
            assert_eq!(Zone::parse(text), None, "{text}");
        }
        assert_eq!(Zone::parse("+00:00"), Some(Zone::UTC));
    }

    #[test]
    fn absurd_times_have_windows_too() {
        for period in Period::ALL {
            for now in [Timestamp(0), Timestamp(u64::MAX)] {
                let span = Span::of(period, Zone::parse("+14:00").unwrap(), now);
                assert!(
                    span.end.is_none_or(|end| end.0 > 0 || now.0 == 0),
                    "{period:?} {now:?}"
                );
            }
        }
    }
}
