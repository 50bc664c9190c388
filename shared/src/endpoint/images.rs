//! What pictures take: so much is reserved of budgets before they are made.

use crate::units::Tokens;
use json::Span;
use json::scan::{self, Kind};

/// The tokens of a picture of the dearest size in each quality, by OpenAI's GPT Image models:
/// <https://platform.openai.com/docs/guides/image-generation#cost-and-latency>
const LOW: u64 = 408;
const MEDIUM: u64 = 1_584;
const HIGH: u64 = 6_240;
/// What each unfinished picture takes that a stream shows on the way; in the same place.
const PARTIAL: u64 = 100;

/// The most pictures, and the most unfinished ones, that a call may ask for:
/// <https://platform.openai.com/docs/api-reference/images/create>
const MAX_IMAGES: u64 = 10;
const MAX_PARTIAL: u64 = 3;

/// What a call says of the pictures that it asks for: how many, how good, and how many unfinished ones before them.
pub const WISHES: [&str; 3] = ["n", "quality", "partial_images"];

/// The most output of a call for pictures in JSON.
pub fn most_in_json(body: &[u8]) -> Tokens {
    let values = scan::members(body, WISHES).map(|members| members.values);
    let [n, quality, partial] = values.unwrap_or_default();
    let number = |value: Option<scan::Value>| {
        let value = value.filter(|value| value.kind == Kind::Number)?;
        scan::unsigned(value.span.of(body))
    };
    let quality = quality.and_then(|quality| scan::string(quality.span.of(body)));
    most(number(n), quality.as_deref(), number(partial))
}

/// That of a call in a form, where these are the values of what it says.
pub fn most_in_form(body: &[u8], values: [Option<Span>; WISHES.len()]) -> Tokens {
    let [n, quality, partial] = values.map(|span| std::str::from_utf8(span?.of(body)).ok());
    let number = |text: Option<&str>| text?.trim().parse().ok();
    most(number(n), quality, number(partial))
}

/// A quality that is not said is the provider's choice, so it is the best one.
fn most(n: Option<u64>, quality: Option<&str>, partial: Option<u64>) -> Tokens {
    let each = match quality {
        Some("low") => LOW,
        Some("medium") => MEDIUM,
        _ => HIGH,
    };
    let partial = partial.unwrap_or(0).min(MAX_PARTIAL) * PARTIAL;
    let images = n.unwrap_or(1).clamp(1, MAX_IMAGES);
    Tokens(images * (each + partial))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn pictures_take_what_their_quality_and_number_say() {
        for (body, most) in [
            (r#"{"prompt":"a"}"#, 6_240),
            (r#"{"prompt":"a","quality":"auto","n":null}"#, 6_240),
            (r#"{"prompt":"a","quality":"low","size":"1024x1024"}"#, 408),
            (r#"{"prompt":"a","quality":"medium","n":3}"#, 4_752),
            (
                r#"{"prompt":"a","quality":"high","n":2,"partial_images":3}"#,
                13_080,
            ),
        ] {
            assert_eq!(most_in_json(body.as_bytes()), Tokens(most), "{body}");
        }
    }

    #[test]
    fn what_no_provider_takes_is_bounded() {
        for (body, most) in [
            (r#"{"n":18446744073709551615,"partial_images":99999}"#, 65_400),
            (r#"{"n":-1,"quality":7}"#, 6_240),
            (r#"{"n":0}"#, 6_240),
            (r#"{"n":"#, 6_240),
        ] {
            assert_eq!(most_in_json(body.as_bytes()), Tokens(most), "{body}");
        }
    }
}
