#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// 2026-04-01T12:00:00Z.
const NOW: Timestamp = Timestamp(1_775_044_800_000_000_000);

fn of(headers: &[(&str, &str)]) -> Option<u64> {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    asked(&headers, b"", NOW).map(|millis| millis.0)
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    for (value, millis) in [
        ("7", Some(7_000)),
        ("0.25", Some(250)),
        (" 20 ", Some(20_000)),
        ("Wed, 01 Apr 2026 12:00:30 GMT", Some(30_000)),
        ("Wednesday, 01-Apr-26 12:01:00 GMT", Some(60_000)),
        ("Wed Apr  1 12:00:05 2026", Some(5_000)),
        // What says nothing.
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e9", None),
        ("Wed, 01 Apr 2026 11:59:00 GMT", None),
        ("Wed, 32 Apr 2026 12:00:30 GMT", None),
        // What says too much or too little.
        ("0.001", Some(MIN_COOLDOWN.0)),
        ("99999999999999999999999", Some(MAX_COOLDOWN.0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(MAX_COOLDOWN.0)),
    ] {
        assert_eq!(of(&[("retry-after", value)]), millis, "{value}");
    }
}

#[test]
fn milliseconds_are_more_exact_than_seconds_and_both_than_resets() {
    let reset = ("x-ratelimit-reset-requests", "6m0s");
    let (seconds, millis) = (("retry-after", "2"), ("Retry-After-Ms", "1250"));
    assert_eq!(of(&[reset, seconds, millis]), Some(1_250));
    assert_eq!(of(&[reset, seconds]), Some(2_000));
    assert_eq!(of(&[reset, ("retry-after", "0")]), Some(360_000));
}

#[test]
fn a_date_is_taken_against_the_providers_own_clock() {
    let date = ("date", "Wed, 01 Apr 2026 13:00:00 GMT");
    let after = ("retry-after", "Wed, 01 Apr 2026 13:00:09 GMT");
    assert_eq!(of(&[date, after]), Some(9_000));
    assert_eq!(of(&[("date", "yesterday"), ("retry-after", "3")]), Some(3_000));
}

#[test]
fn mistrals_limits_are_by_the_minute() {
    let of_minute = |remaining| {
        of(&[
            ("x-ratelimit-remaining-req-minute", remaining),
            ("x-ratelimit-reset-req-minute", "23"),
        ])
    };
    assert_eq!(of_minute("0"), Some(23_000));
    assert_eq!(of_minute("17"), None);
}

/// Azure does so where it has no count: what it says beside it is taken.
#[test]
fn minus_one_says_nothing() {
    let (remaining, reset) = ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests");
    assert_eq!(of(&[(remaining, "-1"), (reset, "-1")]), None);
    assert_eq!(of(&[(remaining, "-1"), (reset, "0")]), None);
    assert_eq!(of(&[("retry-after", "-1"), ("retry-after-ms", "-1")]), None);
    assert_eq!(
        of(&[(remaining, "-1"), (reset, "-1"), ("retry-after", "6")]),
        Some(6_000)
    );
}

#[test]
fn openais_resets_are_durations_and_azures_seconds() {
    let requests = |reset| {
        of(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", reset),
        ])
    };
    for (reset, millis) in [
        ("120ms", 120),
        ("1s", 1_000),
        ("6m0s", 360_000),
        ("1m2.5s", 62_500),
        ("1h2m3s", 3_600_000),
        ("250µs", 100),
        ("10", 10_000),
        ("1775044820", 20_000),
    ] {
        assert_eq!(requests(reset), Some(millis), "{reset}");
    }
    assert_eq!(
        (requests("6m0"), requests("m"), requests("0s")),
        (None, None, None)
    );
}

#[test]
fn only_the_limits_that_are_used_up_count() {
    assert_eq!(
        of(&[
            ("x-ratelimit-remaining-requests", "4999"),
            ("x-ratelimit-reset-requests", "8h"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "12s"),
        ]),
        Some(12_000)
    );
    assert_eq!(
        of(&[
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-04-01T12:00:03Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            (
                "anthropic-ratelimit-input-tokens-reset",
                "2026-04-01T14:00:45+02:00"
            ),
            ("anthropic-ratelimit-output-tokens-remaining", "8000"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-04-01T12:30:00Z"),
        ]),
        Some(45_000)
    );
    // Where a deployment does not tell what remains, its reset is believed.
    assert_eq!(
        of(&[
            ("x-ratelimit-remaining-tokens", "-1"),
            ("x-ratelimit-reset-tokens", "4")
        ]),
        Some(4_000)
    );
    assert_eq!(
        of(&[
            ("x-ratelimit-remaining-tokens", "10"),
            ("x-ratelimit-reset-tokens", "4")
        ]),
        None
    );
}

#[test]
fn googles_body_says_it_in_its_details() {
    let body = |delay: &str| {
        format!(
            r#"{{"error":{{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{{"@type":"x"}},{{"@type":"y","retryDelay":{delay}}}]}}}}"#
        )
    };
    let of = |body: &str| asked(&[], body.as_bytes(), NOW).map(|millis| millis.0);
    assert_eq!(of(&body(r#""7s""#)), Some(7_000));
    assert_eq!(of(&format!("[{}]", body(r#""34.074824224s""#))), Some(34_075));
    for delay in [r#""0s""#, r#""-7s""#, r#""later""#, "7", "null"] {
        assert_eq!(of(&body(delay)), None, "{delay}");
    }
    assert_eq!(of(r#"{"error":{"message":"\"retryDelay\":\"7s\""}}"#), None);
    assert_eq!(
        of(&format!("{}{}", body(r#""7s""#), " ".repeat(MAX_ERROR_BODY))),
        None
    );
}
