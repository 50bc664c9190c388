//! Azure's service of `OpenAI`'s models: as strict as `OpenAI`, with its own header for the key.

use hyper::HeaderMap;
use serde_json::Value;

use super::{Checked, Fault, ensure, openai, responses};
use crate::request::Dialect;

/// What Azure says to this call.
pub(super) fn check(dialect: Dialect, headers: &HeaderMap, body: &Value) -> Checked {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok());
    let has_token = token.is_some_and(|token| token.starts_with("Bearer "));
    ensure(headers.contains_key("api-key") != has_token, || {
        Fault::unauthorized("Access denied due to invalid subscription key or wrong API endpoint.")
            .code("401")
    })?;
    if dialect == Dialect::Responses {
        return responses::check_body(body);
    }
    for name in NOT_IN_EVERY_VERSION {
        ensure(body.get(name).is_none(), || openai::unrecognized(name))?;
    }
    openai::check_body(body)
}

const NOT_IN_EVERY_VERSION: [&str; 5] = [
    "moderation",
    "prompt_cache_options",
    "safety_identifier",
    "service_tier",
    "verbosity",
];
