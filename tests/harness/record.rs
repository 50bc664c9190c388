//! The record of a call, as the access log has it.

use serde_json::Value;

/// One line of the access log: a flat object with dotted keys, as `llm.agent`.
#[derive(Clone, Debug)]
pub struct Record(Value);

/// One attempt of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The provider account.
    pub provider: String,
    /// The model it was asked for.
    pub model: String,
    /// The HTTP status in digits, or `reset`, `connect_failure` or `timeout`.
    pub status: String,
    /// How long it took, in milliseconds.
    pub ms: f64,
}

impl Record {
    /// Reads a line.
    pub fn read(line: &str) -> Self {
        let json: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no record ({error}): {line}"));
        assert!(json.is_object(), "no record: {line}");
        Self(json)
    }

    /// Whether the record has this field. Null counts as absent: that is how Envoy writes it.
    pub fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some_and(|value| !value.is_null())
    }

    /// A field as it stands in the log.
    #[track_caller]
    pub fn value(&self, field: &str) -> &Value {
        self.0
            .get(field)
            .filter(|value| !value.is_null())
            .unwrap_or_else(|| panic!("no `{field}` in {}", self.0))
    }

    /// A field that holds text.
    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        let value = self.value(field);
        value
            .as_str()
            .unwrap_or_else(|| panic!("`{field}` is no text but {value}"))
    }

    /// A field that holds a number.
    #[track_caller]
    pub fn number(&self, field: &str) -> f64 {
        let value = self.value(field);
        value
            .as_f64()
            .unwrap_or_else(|| panic!("`{field}` is no number but {value}"))
    }

    /// A field that holds a whole number, as a count of tokens.
    #[track_caller]
    pub fn count(&self, field: &str) -> u64 {
        let value = self.value(field);
        value
            .as_u64()
            .unwrap_or_else(|| panic!("`{field}` is no whole number but {value}"))
    }

    /// A field that holds a boolean.
    #[track_caller]
    pub fn flag(&self, field: &str) -> bool {
        let value = self.value(field);
        value
            .as_bool()
            .unwrap_or_else(|| panic!("`{field}` is no boolean but {value}"))
    }

    /// `llm.attempts`.
    #[track_caller]
    pub fn attempts(&self) -> Vec<Attempt> {
        let value = self.value("llm.attempts");
        let list = value
            .as_array()
            .unwrap_or_else(|| panic!("`llm.attempts` is no list but {value}"));
        list.iter().map(Attempt::read).collect()
    }

    /// The provider and the status of each attempt.
    #[track_caller]
    pub fn ways(&self) -> Vec<(String, String)> {
        self.attempts()
            .into_iter()
            .map(|attempt| (attempt.provider, attempt.status))
            .collect()
    }
}

impl Attempt {
    fn read(value: &Value) -> Self {
        let field = |name: &str| {
            value
                .get(name)
                .unwrap_or_else(|| panic!("no `{name}` in the attempt {value}"))
        };
        let text = |name: &str| {
            field(name)
                .as_str()
                .unwrap_or_else(|| panic!("`{name}` is no text in {value}"))
                .to_owned()
        };
        let status = field("status");
        Self {
            provider: text("provider"),
            model: text("model"),
            status: status.as_str().map_or_else(|| status.to_string(), str::to_owned),
            ms: field("ms")
                .as_f64()
                .unwrap_or_else(|| panic!("`ms` is no number in {value}")),
        }
    }
}
