//! What pictures take: so much is reserved of budgets before they are made.

use crate::units::Tokens;
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

/// The most output of a call for pictures. A quality that is not said is the provider's choice, so it is the best one.
pub fn most_output(body: &[u8]) -> Tokens {
    let values = scan::members(body, ["n", "quality", "partial_images"]).map(|members| members.values);
    let [n, quality, partial] = values.unwrap_or_default();
    let number = |value: Option<scan::Value>| {
        let value = value.filter(|value| value.kind == Kind::Number)?;
        scan::unsigned(value.span.of(body))
    };
    let each = match quality
        .and_then(|quality| scan::string(quality.span.of(body)))
        .as_deref()
    {
        Some("low") => LOW,
        Some("medium") => MEDIUM,
        _ => HIGH,
    };
    let partial = number(partial).unwrap_or(0).min(MAX_PARTIAL) * PARTIAL;
    let images = number(n).unwrap_or(1).clamp(1, MAX_IMAGES);
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
            assert_eq!(most_output(body.as_bytes()), Tokens(most), "{body}");
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
            assert_eq!(most_output(body.as_bytes()), Tokens(most), "{body}");
        }
    }
}
