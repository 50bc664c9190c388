//! Times as text: decimal numbers, durations as Go and protobuf write them, dates of HTTP and of RFC 3339.

use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

use crate::limits::MAX_DELAY_TEXT;
use crate::units::Timestamp;

const NANOS: u64 = 1_000_000_000;

/// Units of durations; those that others end in come after them.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS),
    ("m", 60 * NANOS),
    ("h", 3_600 * NANOS),
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A decimal number without sign and exponent, such as `7` or `0.5`, times `unit`; too much is the largest number.
pub fn decimal(text: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_DELAY_TEXT || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digit = |byte: u8| u64::from(byte.saturating_sub(b'0'));
    let whole = whole.bytes().fold(0_u64, |number, byte| {
        number.saturating_mul(10).saturating_add(digit(byte))
    });
    let (fraction, _) = fraction.bytes().fold((0_u64, unit), |(sum, unit), byte| {
        let unit = unit / 10;
        (sum.saturating_add(unit.saturating_mul(digit(byte))), unit)
    });
    Some(whole.saturating_mul(unit).saturating_add(fraction))
}

/// Nanoseconds of a duration such as `12ms`, `1s`, `6m0s` or `1h2m3.5s`; a number alone is seconds.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    if let Some(seconds) = decimal(text, NANOS) {
        return Some(seconds);
    }
    if text.is_empty() || text.len() > MAX_DELAY_TEXT {
        return None;
    }
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at_checked(end)?;
        let (name, factor) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
        sum = sum.saturating_add(decimal(number, *factor)?);
        rest = unit.strip_prefix(name)?;
    }
    Some(sum)
}

/// A date as HTTP has it: `Sun, 06 Nov 1994 08:49:37 GMT`, and the two forms that are obsolete.
#[must_use]
pub fn date(text: &str) -> Option<Timestamp> {
    if text.len() > MAX_DELAY_TEXT {
        return None;
    }
    let mut words = text
        .split([' ', ',', '-'])
        .filter(|word| !word.is_empty())
        .skip(1);
    let (first, second, third, fourth) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (day, month, year, clock) = if first.starts_with(|c: char| c.is_ascii_digit()) {
        (first, second, third, fourth)
    } else {
        // asctime: Sun Nov  6 08:49:37 1994
        (second, first, fourth, third)
    };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let year = match (number(year)?, year.len()) {
        // RFC 850 has two digits.
        (year, 2) if year < 70 => 2_000 + year,
        (year, 2) => 1_900 + year,
        (year, _) => year,
    };
    let month = u8::try_from(month).ok()?.checked_add(1)?;
    let date = Date::from_calendar_date(year.into(), Month::try_from(month).ok()?, byte(day)?).ok()?;
    timestamp(date, time_of_day(clock)?, UtcOffset::UTC)
}

/// A point in time as RFC 3339 has it: `2026-04-01T12:00:00.5Z`, `2026-04-01T14:00:00+02:00`.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    if text.len() > MAX_DELAY_TEXT {
        return None;
    }
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(byte(month)?).ok()?;
    let date = Date::from_calendar_date(number(year)?.into(), month, byte(day)?).ok()?;
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(zone)?;
    timestamp(date, time_of_day(clock)?, offset(zone)?)
}

/// `08:49:37` or `08:49:37.25`; a leap second is the one before it.
fn time_of_day(text: &str) -> Option<Time> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let nanos = decimal(second, NANOS)?;
    let second = u8::try_from(nanos / NANOS).ok()?;
    let second = if second == 60 { 59 } else { second };
    let nano = u32::try_from(nanos % NANOS).ok()?;
    Time::from_hms_nano(byte(hour)?, byte(minute)?, second, nano).ok()
}

/// `Z`, `+02:00`, `-05:30`.
fn offset(text: &str) -> Option<UtcOffset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(UtcOffset::UTC);
    }
    let is_west = text.starts_with('-');
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (byte(hours)?.cast_signed(), byte(minutes)?.cast_signed());
    if is_west {
        UtcOffset::from_hms(hours.checked_neg()?, minutes.checked_neg()?, 0).ok()
    } else {
        UtcOffset::from_hms(hours, minutes, 0).ok()
    }
}

fn timestamp(date: Date, time: Time, offset: UtcOffset) -> Option<Timestamp> {
    let nanos = PrimitiveDateTime::new(date, time)
        .assume_offset(offset)
        .unix_timestamp_nanos();
    // What is after the last point in time there is is as good as that one.
    (nanos >= 0).then(|| Timestamp(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

/// A year.
fn number(text: &str) -> Option<u16> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// A part of a date or a time: one or two digits.
fn byte(text: &str) -> Option<u8> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
