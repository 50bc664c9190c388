use jiff::ToSpan as _;
use jiff::civil::Date;
use proptest::prelude::*;
use shared::config::{Audience, filter_part, load};
use shared::ledger::{Period, Span};

use super::*;

/// Half hours, quarters, daylight saving at midnight and over it, half an hour of it, negative, four times a year, and
/// none at all.
const ZONES: [&str; 14] = [
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

/// 2026-11-21T09:44:05Z.
const NOW: u64 = 1_795_254_245;
const NANOS: u64 = 1_000_000_000;

fn document(zone: &str) -> Value {
    json!({
        "budgets": [{"name": "b", "scope": "agent", "tokens": 5, "per": "day", "time_zone": zone}],
        "providers": [{
            "name": "p", "kind": "openai", "endpoint": "https://api.openai.com", "credential": {"env": "KEY"},
            "budget": {"usd": 5, "per": "month", "time_zone": zone},
        }],
        "models": [{"name": "m", "targets": [{"provider": "p", "model": "gpt-5-mini"}]}],
        "agents": [{"name": "a", "token_sha256": "a".repeat(64)}],
    })
}

/// The zone as the filter has it.
fn filters(name: &str) -> Zone {
    let mut document = document(name);
    assert_eq!(look_up(&mut document, Timestamp(NOW * NANOS)), []);
    let loaded =
        load(&filter_part(&document), Audience::Filter).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let of_account = loaded.snapshot.providers[0]
        .budget
        .as_ref()
        .unwrap()
        .ceiling
        .zone
        .clone();
    assert_eq!(loaded.snapshot.budgets[0].ceiling.zone, of_account);
    of_account
}

fn second(span: &Span) -> (u64, u64) {
    (span.start, span.end.unwrap().0 / NANOS)
}

fn first_second(zone: &TimeZone, date: Date) -> u64 {
    let first = zone.to_ambiguous_zoned(date.at(0, 0, 0, 0)).compatible().unwrap();
    // What is no time of that day is taken a whole gap later; the day begins where the gap is.
    let first = if first.time() == jiff::civil::Time::midnight() {
        first.timestamp()
    } else {
        let mut before = zone.preceding(first.timestamp().checked_add(1.second()).unwrap());
        before.next().unwrap().timestamp()
    };
    u64::try_from(first.as_second()).unwrap()
}

#[test]
fn the_filter_is_given_the_changes_of_the_years_around() {
    let mut document = document("Europe/Berlin");
    assert_eq!(look_up(&mut document, Timestamp(NOW * NANOS)), []);
    let zone = &document["budgets"][0]["time_zone"];
    assert_eq!(
        (&zone["name"], &zone["offset"]),
        (&json!("Europe/Berlin"), &json!("+01:00"))
    );
    let changes = zone["changes"].as_array().unwrap();
    assert_eq!(
        changes[0],
        json!({"at": "2026-03-29T01:00:00.000Z", "offset": "+02:00"})
    );
    assert_eq!(changes.len(), 12);
    assert_eq!(
        changes[11],
        json!({"at": "2031-10-26T01:00:00.000Z", "offset": "+01:00"})
    );
    assert_eq!(filters("Etc/UTC"), Zone::UTC);
    assert_eq!(filters("Asia/Kolkata"), Zone::parse("+05:30").unwrap());
}

#[test]
fn the_version_of_a_configuration_does_not_change_with_the_day_on_which_zones_are_looked_up() {
    let version = |name, now: u64| {
        let mut document = document(name);
        look_up(&mut document, Timestamp(now * NANOS));
        load(&document, Audience::Operator)
            .unwrap()
            .snapshot
            .version
            .clone()
    };
    let berlin = version("Europe/Berlin", NOW);
    assert_eq!(version("Europe/Berlin", NOW + 300 * 86_400), berlin);
    assert_ne!(version("Europe/Paris", NOW), berlin);
}

#[test]
fn what_is_no_zone_is_told_with_the_nearest_one() {
    for (name, near) in [
        ("Europe/Berln", Some("Europe/Berlin")),
        ("europe/berlin", Some("Europe/Berlin")),
        ("Tokyo", Some("Asia/Tokyo")),
        ("America/NewYork", Some("America/New_York")),
        ("Middle-earth/Hobbiton-upon-the-Water", None),
    ] {
        let mistakes = look_up(&mut document(name), Timestamp(NOW * NANOS));
        assert_eq!(mistakes.len(), 2, "{name}");
        assert_eq!(mistakes[0].nearest.as_deref(), near, "{name}");
        let message = mistakes[0].to_string();
        assert!(
            message.starts_with(&format!("budgets[0].time_zone: `{name}` is no time zone")),
            "{message}"
        );
        assert!(
            mistakes[1].path == "providers[0].budget.time_zone",
            "{mistakes:?}"
        );
    }
}

#[test]
fn every_zone_that_there_is_fits_into_the_filters_part() {
    let zones = TimeZoneDatabase::bundled();
    let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400);
    for name in names {
        filters(&name);
    }
}

#[test]
fn days_on_which_clocks_change_have_one_hour_more_or_less() {
    for (zone, day, hours) in [
        ("Europe/Berlin", "2027-03-28", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Havana", "2027-03-14", 23),
        ("America/Santiago", "2026-09-06", 23),
        ("Asia/Beirut", "2027-03-28", 23),
        ("Asia/Beirut", "2026-10-24", 25),
    ] {
        let noon = day.parse::<Date>().unwrap().at(12, 0, 0, 0).in_tz(zone).unwrap();
        let now = Timestamp(u64::try_from(noon.timestamp().as_second()).unwrap() * NANOS);
        let (start, end) = second(&Span::of(Period::Day, &filters(zone), now));
        assert_eq!((end - start) / 3_600, hours, "{zone} {day}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn windows_tile_time_and_begin_as_the_zones_clocks_say(
        name in prop::sample::select(&ZONES[..]),
        // Within a day of a change, or anywhere.
        near in any::<prop::sample::Index>(),
        is_near in any::<bool>(),
        at in NOW - 330 * 86_400..NOW + 1_780 * 86_400,
        away in 0..3 * 86_400_u64,
    ) {
        let zone = TimeZoneDatabase::bundled().get(name).unwrap();
        let changes: Vec<u64> = zone
            .following(jiff::Timestamp::from_second(i64::try_from(NOW).unwrap() - 330 * 86_400).unwrap())
            .take(8)
            .map(|change| u64::try_from(change.timestamp().as_second()).unwrap())
            .filter(|at| *at < NOW + 1_700 * 86_400)
            .collect();
        let at = if is_near && !changes.is_empty() {
            near.get(&changes) + away - 86_400
        } else {
            at
        };
        let filters = filters(name);
        let of = |period, at: u64| second(&Span::of(period, &filters, Timestamp(at * NANOS)));
        for period in [Period::Minute, Period::Hour, Period::Day, Period::Month] {
            let (start, end) = of(period, at);
            prop_assert!(start <= at && at < end, "{period:?} of {at}: {start} to {end}");
            prop_assert_eq!(of(period, start), (start, end));
            prop_assert_eq!(of(period, end - 1), (start, end));
            prop_assert_eq!(of(period, end).0, end);
            prop_assert_eq!(of(period, start - 1).1, start);
        }
        let local = jiff::Timestamp::from_second(i64::try_from(at).unwrap()).unwrap().to_zoned(zone.clone());
        let date = local.date();
        let day = (first_second(&zone, date), first_second(&zone, date.tomorrow().unwrap()));
        prop_assert_eq!(of(Period::Day, at), day);
        let month = date.first_of_month();
        let next = month.checked_add(1.month()).unwrap();
        prop_assert_eq!(of(Period::Month, at), (first_second(&zone, month), first_second(&zone, next)));
        let (start, end) = of(Period::Hour, at);
        prop_assert!(end - start <= 3_600 && (end - start) % 900 == 0);
    }
}
