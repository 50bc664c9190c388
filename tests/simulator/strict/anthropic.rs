//! Anthropic's messages API, as strict as it is: everything but the messages and the tools themselves.

use hyper::HeaderMap;
use serde_json::Value;

use super::{
    Checked, Fault, anthropic_messages, anthropic_tools, ensure, field, items, object, schema, text,
};

/// What Anthropic says to this call.
pub(super) fn check(headers: &HeaderMap, body: &Value) -> Checked {
    let version = headers_ok(headers)?;
    let fields = object(body, || Fault::new("Input should be a valid dictionary"))?;
    for name in fields.keys() {
        ensure(KEYS.contains(&name.as_str()), || extra(name))?;
    }
    for name in ["model", "max_tokens", "messages"] {
        ensure(fields.contains_key(name), || {
            Fault::new(format!("{name}: Field required"))
        })?;
    }
    let model = Model::of(text(body, "model").unwrap_or_default());
    max_tokens(body, model)?;
    sampling(body, model, version)?;
    thinking(body, model)?;
    output_config(body, model)?;
    anthropic_tools::check(body, model)?;
    little_things(body)?;
    anthropic_messages::check(body, model)
}

pub(super) fn extra(place: &str) -> Fault {
    Fault::new(format!("{place}: Extra inputs are not permitted"))
}

/// The API's version.
fn headers_ok(headers: &HeaderMap) -> Result<&str, Fault> {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let has_key = value("x-api-key").is_some_and(|key| !key.is_empty())
        || value("authorization").is_some_and(|key| key.starts_with("Bearer "));
    ensure(has_key, || Fault::unauthorized("x-api-key header is required"))?;
    match value("anthropic-version") {
        None => Err(Fault::new("anthropic-version: header is required")),
        Some(version) if VERSIONS.contains(&version) => Ok(version),
        Some(version) => Err(Fault::new(format!(
            "anthropic-version: \"{version}\" is not a valid version"
        ))),
    }
}

fn max_tokens(body: &Value, model: Model) -> Checked {
    let asked = body
        .get("max_tokens")
        .and_then(Value::as_u64)
        .ok_or_else(|| Fault::new("max_tokens: Input should be a valid integer"))?;
    let most = model.most_tokens();
    ensure(asked <= most, || {
        Fault::new(format!(
            "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for this model"
        ))
    })
}

fn sampling(body: &Value, model: Model, version: &str) -> Checked {
    for name in ["temperature", "top_p", "top_k"] {
        if field(body, name).is_none() {
            ensure(body.get(name).is_none_or(|_| version == VERSIONS[0]), || {
                extra(name)
            })?;
            continue;
        }
        ensure(version == VERSIONS[0] && model.takes_sampling(), || {
            Fault::new(format!("`{name}` is not supported for this model."))
        })?;
    }
    for name in ["temperature", "top_p"] {
        let value = field(body, name).map(|value| value.as_f64().unwrap_or(f64::NAN));
        ensure(value.is_none_or(|value| (0.0..=1.0).contains(&value)), || {
            Fault::new(format!("{name}: range: 0..1"))
        })?;
    }
    let both = field(body, "temperature").is_some() && field(body, "top_p").is_some();
    ensure(!(both && model >= Model::new(4, 5)), || {
        Fault::new("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    })
}

/// Whether the model is to think.
pub(super) fn thinks(body: &Value) -> bool {
    let kind = field(body, "thinking").and_then(|thinking| text(thinking, "type"));
    kind.is_some_and(|kind| kind != "disabled")
}

fn thinking(body: &Value, model: Model) -> Checked {
    let Some(thinking) = field(body, "thinking") else {
        return Ok(());
    };
    match text(thinking, "type") {
        Some("disabled") => return Ok(()),
        Some("adaptive" | "between_tools") => ensure(model >= Model::new(4, 6), || {
            Fault::new("adaptive thinking is not supported on this model")
        })?,
        Some("enabled") => budget(body, thinking, model)?,
        _ => {
            return Err(Fault::new(
                "thinking: Input tag found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'",
            ));
        }
    }
    let forced = field(body, "tool_choice").and_then(|choice| text(choice, "type"));
    ensure(!matches!(forced, Some("any" | "tool")), || {
        Fault::new("Thinking may not be enabled when tool_choice forces tool use.")
    })?;
    let temperature = field(body, "temperature").and_then(Value::as_f64);
    ensure(
        temperature.is_none_or(|temperature| (temperature - 1.0).abs() < f64::EPSILON),
        || Fault::new("`temperature` may only be set to 1 when thinking is enabled."),
    )?;
    ensure(field(body, "top_k").is_none(), || {
        Fault::new("`top_k` must be unset when thinking is enabled.")
    })?;
    let top_p = field(body, "top_p").and_then(Value::as_f64);
    ensure(top_p.is_none_or(|top_p| top_p >= 0.95), || {
        Fault::new("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")
    })
}

fn budget(body: &Value, thinking: &Value, model: Model) -> Checked {
    ensure(model < Model::new(5, 1), || {
        Fault::new(
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\".",
        )
    })?;
    let budget = thinking
        .get("budget_tokens")
        .and_then(Value::as_u64)
        .ok_or_else(|| Fault::new("thinking.enabled.budget_tokens: Field required"))?;
    ensure(budget >= 1024, || {
        Fault::new("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    })?;
    let most = body.get("max_tokens").and_then(Value::as_u64).unwrap_or_default();
    ensure(budget < most, || {
        Fault::new("`max_tokens` must be greater than `thinking.budget_tokens`.")
    })
}

fn output_config(body: &Value, model: Model) -> Checked {
    let Some(config) = field(body, "output_config") else {
        return Ok(());
    };
    for name in object(config, || {
        Fault::new("output_config: Input should be a valid dictionary")
    })?
    .keys()
    {
        ensure(
            ["effort", "format", "task_budget"].contains(&name.as_str()),
            || extra(&format!("output_config.{name}")),
        )?;
    }
    if let Some(effort) = field(config, "effort") {
        let known = effort.as_str().is_some_and(|effort| EFFORTS.contains(&effort));
        ensure(known, || {
            Fault::new("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
        })?;
        ensure(model >= Model::new(4, 6), || {
            Fault::new("This model does not support the effort parameter.")
        })?;
    }
    let Some(format) = field(config, "format") else {
        return Ok(());
    };
    ensure(model >= Model::new(4, 1), || {
        Fault::new("output_config.format: structured outputs are not supported by this model")
    })?;
    ensure(text(format, "type") == Some("json_schema"), || {
        Fault::new("output_config.format.type: Input should be 'json_schema'")
    })?;
    let schema = field(format, "schema")
        .filter(|schema| schema.is_object())
        .ok_or_else(|| Fault::new("output_config.format.schema: Field required"))?;
    for name in format.as_object().into_iter().flat_map(|format| format.keys()) {
        ensure(["type", "schema"].contains(&name.as_str()), || {
            extra(&format!("output_config.format.{name}"))
        })?;
    }
    match schema::of_anthropic(schema) {
        Some(message) => Err(Fault::new(format!("output_config.format.schema: {message}"))),
        None => Ok(()),
    }
}

fn little_things(body: &Value) -> Checked {
    for sequence in items(body, "stop_sequences") {
        let sequence = sequence
            .as_str()
            .ok_or_else(|| Fault::new("stop_sequences: Input should be a valid string"))?;
        ensure(!sequence.trim().is_empty(), || {
            Fault::new("stop_sequences: each stop sequence must contain non-whitespace")
        })?;
    }
    ensure(
        body.get("stop_sequences")
            .is_none_or(|list| list.is_array() || list.is_null()),
        || Fault::new("stop_sequences: Input should be a valid list"),
    )?;
    if let Some(metadata) = field(body, "metadata") {
        for (name, value) in metadata.as_object().into_iter().flatten() {
            ensure(name == "user_id", || extra(&format!("metadata.{name}")))?;
            let long = value.as_str().is_some_and(|id| id.chars().count() > 256);
            ensure(!long, || {
                Fault::new("metadata.user_id: String should have at most 256 characters")
            })?;
        }
    }
    let tier = field(body, "service_tier").and_then(Value::as_str);
    ensure(
        tier.is_none_or(|tier| ["auto", "standard_only"].contains(&tier)),
        || Fault::new("service_tier: Input should be 'auto' or 'standard_only'"),
    )?;
    let marks = count(body, "cache_control");
    ensure(marks <= 4, || {
        Fault::new(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {marks}."
        ))
    })
}

/// How often a key stands in a document, at any depth.
fn count(value: &Value, key: &str) -> usize {
    match value {
        Value::Object(fields) => {
            usize::from(fields.get(key).is_some_and(|value| !value.is_null()))
                + fields.values().map(|value| count(value, key)).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(|value| count(value, key)).sum(),
        _ => 0,
    }
}

/// The generation of a Claude model. A name that says none is of the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Model {
    major: u32,
    minor: u32,
}

impl Model {
    pub(super) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// `claude-opus-4-7`, `claude-sonnet-5`, `claude-haiku-4-5-20251001`; `claude-3-5-sonnet` has it before the family. At
    /// Google the date stands behind an `@`.
    pub(super) fn of(name: &str) -> Self {
        let mut numbers = name
            .split(['-', '@'])
            .skip(1)
            .filter(|part| part.len() <= 2)
            .filter_map(|part| part.parse().ok());
        Self::new(numbers.next().unwrap_or(3), numbers.next().unwrap_or(0))
    }

    fn most_tokens(self) -> u64 {
        match self {
            model if model >= Self::new(4, 6) => 128_000,
            model if model >= Self::new(4, 0) => 64_000,
            _ => 8_192,
        }
    }

    fn takes_sampling(self) -> bool {
        self < Self::new(4, 7)
    }

    /// Whether the model goes on with an answer that the caller began.
    pub(super) fn takes_prefill(self) -> bool {
        self < Self::new(4, 6)
    }
}

const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
const KEYS: [&str; 22] = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "stop_sequences",
    "stream",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "cache_control",
    "service_tier",
    "speed",
    "container",
    "inference_geo",
    "diagnostics",
    "user_profile_id",
    "temperature",
    "top_p",
    "top_k",
    "context_management",
];

#[test]
fn a_models_generation_is_in_its_name() {
    for (name, major, minor) in [
        ("claude-sonnet-4-5-20250929", 4, 5),
        ("claude-opus-4-7", 4, 7),
        ("claude-3-5-haiku-20241022", 3, 5),
        ("claude-sonnet-4-20250514", 4, 0),
        ("claude-opus-5", 5, 0),
        ("anything", 3, 0),
    ] {
        assert_eq!(Model::of(name), Model::new(major, minor), "{name}");
    }
}
