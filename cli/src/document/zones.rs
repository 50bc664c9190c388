//! Time zones of budgets: the filter has no table of them, so it is given the offsets of the years that matter.

#[cfg(test)]
mod tests;

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde_json::{Value, json};
use shared::config::{self, Mistake, nearest};
use shared::ledger::Zone;
use shared::units::rfc3339;
use shared::units::{Millis, Timestamp};

const YEAR: Millis = Millis(365 * 86_400_000);

/// So far back no window is open.
const YEARS_BACK: u64 = 1;

/// So far ahead an Envoy keeps the windows of the calendar without being given a configuration again.
const YEARS_AHEAD: u64 = 5;

/// Puts the offsets of each zone in the place of its name; gives what is no zone.
pub fn look_up(document: &mut Value, now: Timestamp) -> Vec<Mistake> {
    let zones = TimeZoneDatabase::bundled();
    let named = config::time_zones(document);
    let mistakes = named.into_iter().filter_map(|(path, value)| {
        let name = value.as_str()?.to_owned();
        if Zone::parse(&name).is_some() || !looks_like_a_name(&name) {
            return None;
        }
        let (found, mistake) = match offsets(&zones, &name, now) {
            Some(found) => (found, None),
            // What stands in for it is not read: a document with a mistake is refused.
            None => (json!("UTC"), Some(unknown(path, &name, &zones))),
        };
        *value = found;
        mistake
    });
    mistakes.collect()
}

/// Otherwise an offset was meant.
fn looks_like_a_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn unknown(path: String, name: &str, zones: &TimeZoneDatabase) -> Mistake {
    let known: Vec<String> = zones.available().map(|name| name.to_string()).collect();
    let known = || known.iter().map(String::as_str);
    let city = |known: &str| known.rsplit('/').next().map(str::to_ascii_lowercase);
    let wanted = city(name);
    let same_city = known().find(|known| city(known) == wanted);
    Mistake {
        path,
        nearest: same_city.map(str::to_owned).or_else(|| nearest(name, known())),
        value: name.chars().take(60).collect(),
        problem:
            "is no time zone (supported: `UTC`, offsets such as `+01:00`, names such as `Europe/Berlin`)"
                .to_owned(),
    }
}

/// The zone as the filter reads it.
fn offsets(zones: &TimeZoneDatabase, name: &str, now: Timestamp) -> Option<Value> {
    zones.available().find(|known| known.as_str() == name)?;
    let zone = zones.get(name).ok()?;
    let from = now
        .0
        .saturating_sub(years(YEARS_BACK).0.saturating_mul(1_000_000));
    let from = jiff::Timestamp::from_second(i64::try_from(from / 1_000_000_000).ok()?).ok()?;
    let until = now.after(years(YEARS_AHEAD));
    let before = zone.to_offset(from);
    let changes = changes(&zone, from, until)?;
    Some(json!({"name": name, "offset": written(before)?, "changes": changes}))
}

fn changes(zone: &TimeZone, from: jiff::Timestamp, until: Timestamp) -> Option<Vec<Value>> {
    let mut in_force = zone.to_offset(from);
    let mut changes = Vec::new();
    for change in zone.following(from) {
        let at = u64::try_from(change.timestamp().as_second()).ok()?;
        let at = Timestamp(at.saturating_mul(1_000_000_000));
        if at > until {
            break;
        }
        // Some change only what the time is called.
        if change.offset() != in_force {
            in_force = change.offset();
            changes.push(json!({"at": rfc3339(at), "offset": written(in_force)?}));
        }
    }
    Some(changes)
}

/// `+01:00`. Offsets of parts of a minute were given up long before there were budgets.
fn written(offset: Offset) -> Option<String> {
    let (sign, seconds) = (
        if offset.is_negative() { '-' } else { '+' },
        offset.seconds().unsigned_abs(),
    );
    let (hours, minutes) = (seconds / 3_600, seconds % 3_600 / 60);
    (seconds % 60 == 0).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

fn years(count: u64) -> Millis {
    Millis(YEAR.0.saturating_mul(count))
}
