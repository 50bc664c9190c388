use proptest::prelude::*;

use super::*;
use crate::limits::MAX_COOLDOWN;

const NAMES: [&str; 11] = [
    "date",
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-tokens",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-priority-input-tokens-reset",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[-+]?[0-9]{0,25}(\\.[0-9]{0,25})?".prop_map(String::into_bytes),
        "([0-9]{1,4}(\\.[0-9]{1,3})?(ns|us|µs|ms|s|m|h|d)?){0,6}".prop_map(String::into_bytes),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})?"
            .prop_map(String::into_bytes),
        "(Sun|Wednesday)?,? ?[0-9]{1,2}[ -](Jan|Apr|Dez)[ -][0-9]{2,4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn whatever_an_answer_says_is_within_bounds(
        headers in prop::collection::vec((prop::sample::select(&NAMES[..]), value()), 0..6),
        body in prop_oneof![
            value(),
            value().prop_map(|text| {
                let text = serde_json::to_string(&String::from_utf8_lossy(&text)).unwrap();
                format!(r#"{{"error":{{"details":[{{"retryDelay":{text}}}]}}}}"#).into_bytes()
            }),
        ],
        now in any::<u64>(),
    ) {
        let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(asked) = asked(&headers, &body, Timestamp(now)) {
            prop_assert!((MIN_COOLDOWN..=MAX_COOLDOWN).contains(&asked));
        }
    }

    #[test]
    fn a_duration_is_read_as_it_is_written(hours in 0..20_u64, minutes in 0..60_u64, seconds in 0..60_u64, millis in 0..1_000_u64) {
        let nanos = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + millis * 1_000_000;
        prop_assert_eq!(duration(&format!("{hours}h{minutes}m{seconds}.{millis:03}s")), Some(nanos));
    }

    #[test]
    fn a_moment_is_read_as_it_is_written(second in 0..4_000_000_000_u64, offset in -12..=14_i8) {
        let zone = time::UtcOffset::from_hms(offset, 0, 0).unwrap();
        let at = time::OffsetDateTime::from_unix_timestamp(second.try_into().unwrap()).unwrap().to_offset(zone);
        let sign = if offset < 0 { '-' } else { '+' };
        let text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:00",
            at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second(), offset.abs()
        );
        prop_assert_eq!(moment(&text), Some(Timestamp(second * 1_000_000_000)), "{}", text);
    }
}
