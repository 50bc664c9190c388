//! The windows of budgets: calendar minutes, hours, days and months of a time zone, or all of time.

use time::{Date, OffsetDateTime};

use super::zone::{DAY, HOUR, MINUTE, Zone};
use crate::units::Timestamp;

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
    ///
    /// Days and months begin at the first second of theirs that clocks of the zone show. Minutes and hours are those of
    /// the offset that is in force, and end where it changes.
    #[must_use]
    pub fn of(period: Period, zone: &Zone, now: Timestamp) -> Self {
        let seconds = i64::try_from(now.0 / 1_000_000_000).unwrap_or(i64::MAX);
        let (start, end) = match period {
            Period::Minute => short(zone, seconds, MINUTE),
            Period::Hour => short(zone, seconds, HOUR),
            Period::Day => day(zone, seconds),
            Period::Month => month(zone, seconds).unwrap_or_else(|| day(zone, seconds)),
            Period::Total => return Self { start: 0, end: None },
        };
        let utc = |seconds: i64| u64::try_from(seconds).unwrap_or_default();
        Self {
            start: utc(start),
            end: Some(Timestamp(utc(end).saturating_mul(1_000_000_000))),
        }
    }
}

fn short(zone: &Zone, seconds: i64, length: i64) -> (i64, i64) {
    let stretch = zone.stretch(seconds);
    let local = seconds.saturating_add(stretch.offset);
    let start = seconds.saturating_sub(local.rem_euclid(length));
    (
        start.max(stretch.from),
        start.saturating_add(length).min(stretch.until),
    )
}

fn day(zone: &Zone, seconds: i64) -> (i64, i64) {
    let day = zone.day(seconds);
    (zone.beginning(day), zone.beginning(day.saturating_add(1)))
}

/// The first second of a month and of the next one; `None` beyond the calendar.
fn month(zone: &Zone, seconds: i64) -> Option<(i64, i64)> {
    let today = zone.day(seconds).checked_mul(DAY)?;
    let date = OffsetDateTime::from_unix_timestamp(today).ok()?.date();
    let next = date.month().next();
    let year = if next == time::Month::January {
        date.year().checked_add(1)?
    } else {
        date.year()
    };
    let beginning =
        |date: Date| zone.beginning(date.midnight().assume_utc().unix_timestamp().div_euclid(DAY));
    let first = date.replace_day(1).ok()?;
    let end = Date::from_calendar_date(year, next, 1).ok()?;
    Some((beginning(first), beginning(end)))
}

#[cfg(test)]
mod tests {
    use super::super::zone::Change;
    use super::*;
    use crate::units::rfc3339;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// 2026-11-21T09:44:05.678Z.
    const NOW: Timestamp = Timestamp(1_795_254_245_678_000_000);

    fn span(period: Period, zone: &str, now: Timestamp) -> (String, String) {
        let span = Span::of(period, &Zone::parse(zone).unwrap(), now);
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

    /// Paris in 2026, from 2025 on.
    fn paris() -> Zone {
        let change = |at, offset| Change { at, offset };
        // 2025-10-26, 2026-03-29 and 2026-10-25, at 01:00 UTC each.
        let changes = [
            (1_761_440_400, 3_600),
            (1_774_746_000, 7_200),
            (1_792_890_000, 3_600),
        ];
        Zone::new(7_200, changes.map(|(at, offset)| change(at, offset)).to_vec()).unwrap()
    }

    #[test]
    fn the_days_on_which_clocks_change_are_longer_or_shorter() {
        let hours = |at: u64| {
            let span = Span::of(Period::Day, &paris(), Timestamp(at * 1_000_000_000));
            (span.end.unwrap().0 / 1_000_000_000 - span.start) / 3_600
        };
        for (at, long) in [(1_774_746_000, 23), (1_774_832_400, 24), (1_792_890_000, 25)] {
            for second in [at - 1, at, at + 1] {
                assert_eq!(hours(second), long, "{second}");
            }
        }
        let month = Span::of(Period::Month, &paris(), Timestamp(1_774_746_000 * 1_000_000_000));
        // From 2026-02-28T23:00Z to 2026-03-31T22:00Z.
        assert_eq!(
            (month.start, month.end),
            (1_772_319_600, Some(Timestamp(1_774_994_400 * 1_000_000_000)))
        );
    }

    #[test]
    fn an_hour_ends_where_the_offset_changes() {
        // As on Lord Howe Island, by half an hour, at 2026-04-04T15:00Z.
        let zone = Zone::new(
            39_600,
            vec![Change {
                at: 1_775_314_800,
                offset: 37_800,
            }],
        )
        .unwrap();
        let hour = |at: u64| {
            let span = Span::of(Period::Hour, &zone, Timestamp(at * 1_000_000_000));
            (span.start, span.end.unwrap().0 / 1_000_000_000)
        };
        assert_eq!(hour(1_775_314_799), (1_775_311_200, 1_775_314_800));
        assert_eq!(hour(1_775_314_800), (1_775_314_800, 1_775_316_600));
        assert_eq!(hour(1_775_316_600), (1_775_316_600, 1_775_320_200));
    }

    #[test]
    fn absurd_times_have_windows_too() {
        for period in Period::ALL {
            for now in [Timestamp(0), Timestamp(u64::MAX)] {
                let span = Span::of(period, &Zone::parse("+14:00").unwrap(), now);
                assert!(
                    span.end.is_none_or(|end| end.0 > 0 || now.0 == 0),
                    "{period:?} {now:?}"
                );
            }
        }
    }
}
