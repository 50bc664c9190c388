//! Time zones: a fixed offset from UTC, or offsets that change at known points in time.
//!
//! Where daylight saving is kept, governments change the rules several times a year. The filter has no table of them; the
//! operator's command looks the zone up and hands over the changes of the years that matter.

use std::sync::Arc;

/// Seconds of a minute.
pub const MINUTE: i64 = 60;
/// Seconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Seconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// The longest offset from UTC that a zone may have; the widest in use is 14 hours.
const MAX_OFFSET: i64 = 15 * HOUR;

/// The most changes of a zone. No government makes more than four a year, and six years are handed over.
const MAX_CHANGES: usize = 64;

/// A time zone. Its default is UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Seconds east of Greenwich before the first change.
    offset: i64,
    /// In ascending order.
    changes: Option<Arc<[Change]>>,
}

/// From a point in time on another offset is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first second, since the Unix epoch.
    pub at: i64,
    /// Seconds east of Greenwich.
    pub offset: i64,
}

/// A stretch of time in which the offset does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Its first second, since the Unix epoch.
    pub from: i64,
    /// The first second of the next one.
    pub until: i64,
    /// Seconds east of Greenwich.
    pub offset: i64,
}

impl Zone {
    /// UTC itself.
    pub const UTC: Self = Self {
        offset: 0,
        changes: None,
    };

    /// Reads `UTC`, `Z`, `+01:00` or `-05:30`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "UTC" || text == "Z" {
            return Some(Self::UTC);
        }
        let offset = parse_offset(text)?;
        Some(Self {
            offset,
            changes: None,
        })
    }

    /// A zone whose offset changes; `None` if that is not in ascending order, too often, or by too much.
    #[must_use]
    pub fn new(offset: i64, changes: Vec<Change>) -> Option<Self> {
        let is_near = |offset: i64| (-MAX_OFFSET..=MAX_OFFSET).contains(&offset);
        let are_near = is_near(offset) && changes.iter().all(|change| is_near(change.offset));
        let are_sorted = changes.is_sorted_by(|one, other| one.at < other.at);
        (are_near && are_sorted && changes.len() <= MAX_CHANGES).then(|| Self {
            offset,
            changes: (!changes.is_empty()).then(|| changes.into()),
        })
    }

    /// The stretch that a second is in.
    pub(super) fn stretch(&self, seconds: i64) -> Stretch {
        let mut stretches = self.stretches();
        let found = stretches.find(|stretch| seconds < stretch.until);
        // The last second of all is in the last stretch, too.
        found.or_else(|| self.stretches().last()).unwrap_or(Stretch {
            from: i64::MIN,
            until: i64::MAX,
            offset: self.offset,
        })
    }

    /// The day of a second, in days since 1970-01-01: the latest that clocks showed by then. Where they went back over
    /// midnight, the day that had begun goes on.
    pub(super) fn day(&self, seconds: i64) -> i64 {
        let begun = self.stretches().take_while(|stretch| stretch.from <= seconds);
        let days = begun.map(|stretch| {
            let last = seconds.min(stretch.until.saturating_sub(1));
            last.saturating_add(stretch.offset).div_euclid(DAY)
        });
        days.max().unwrap_or_default()
    }

    /// The first second at which clocks show a day or a later one: midnight, or what they show instead.
    pub(super) fn beginning(&self, day: i64) -> i64 {
        let midnight = day.saturating_mul(DAY);
        let mut firsts = self.stretches().filter_map(|stretch| {
            let first = midnight.saturating_sub(stretch.offset).max(stretch.from);
            (first < stretch.until).then_some(first)
        });
        firsts.next().unwrap_or(i64::MAX)
    }

    /// All of time, in order.
    fn stretches(&self) -> impl Iterator<Item = Stretch> {
        let changes = self.changes.as_deref().unwrap_or_default();
        let offsets = std::iter::once((i64::MIN, self.offset))
            .chain(changes.iter().map(|change| (change.at, change.offset)));
        let ends = changes.iter().map(|change| change.at);
        let ends = ends.chain(std::iter::once(i64::MAX));
        offsets
            .zip(ends)
            .map(|((from, offset), until)| Stretch { from, until, offset })
    }
}

/// Reads `+01:00` or `-05:30` as seconds.
pub(crate) fn parse_offset(text: &str) -> Option<i64> {
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
    (minutes < 60 && seconds <= MAX_OFFSET).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const MIDNIGHT: i64 = 20_000 * DAY;

    fn changing(offset: i64, changes: &[(i64, i64)]) -> Zone {
        let changes = changes.iter().map(|(at, offset)| Change {
            at: *at,
            offset: *offset,
        });
        Zone::new(offset, changes.collect()).unwrap()
    }

    #[test]
    fn an_offset_is_of_hours_and_minutes() {
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
    fn a_day_without_midnight_begins_with_its_first_second() {
        // As in Beirut and Cairo: from 24:00 to 01:00.
        let zone = changing(0, &[(MIDNIGHT, HOUR)]);
        assert_eq!(zone.beginning(20_000), MIDNIGHT);
        assert_eq!(zone.beginning(20_001), MIDNIGHT + 23 * HOUR);
        assert_eq!((zone.day(MIDNIGHT - 1), zone.day(MIDNIGHT)), (19_999, 20_000));
    }

    #[test]
    fn a_day_whose_last_hour_comes_twice_has_both() {
        // And back: from 24:00 to 23:00.
        let zone = changing(HOUR, &[(MIDNIGHT - HOUR, 0)]);
        assert_eq!(zone.day(MIDNIGHT - HOUR), 19_999);
        assert_eq!(zone.beginning(20_000), MIDNIGHT);
    }

    #[test]
    fn a_day_that_has_begun_goes_on_where_clocks_go_back_over_midnight() {
        // As in St. John's until 2011: from 00:01 to 23:01.
        let zone = changing(HOUR, &[(MIDNIGHT - HOUR + MINUTE, 0)]);
        assert_eq!(zone.beginning(20_000), MIDNIGHT - HOUR);
        for second in [MIDNIGHT - HOUR, MIDNIGHT - HOUR + MINUTE, MIDNIGHT] {
            assert_eq!(zone.day(second), 20_000);
        }
    }

    #[test]
    fn after_its_last_change_a_zone_keeps_its_offset() {
        let zone = changing(0, &[(MIDNIGHT, HOUR)]);
        assert_eq!(zone.beginning(40_000), 40_000 * DAY - HOUR);
    }

    #[test]
    fn changes_are_in_order_few_and_small() {
        let at = |at, offset| Change { at, offset };
        assert_eq!(Zone::new(0, vec![at(2, 60), at(1, 0)]), None);
        assert_eq!(Zone::new(0, vec![at(1, 60), at(1, 0)]), None);
        assert_eq!(Zone::new(0, vec![at(1, 16 * HOUR)]), None);
        assert_eq!(Zone::new(16 * HOUR, Vec::new()), None);
        assert_eq!(Zone::new(0, (0..65).map(|second| at(second, 0)).collect()), None);
        assert_eq!(Zone::new(0, Vec::new()), Some(Zone::UTC));
    }
}
