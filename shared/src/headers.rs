//! A call's headers as ordered byte pairs, and every header name the broker knows.

/// The caller's credential, in OpenAI's and the newer Anthropic SDKs' way.
pub const AUTHORIZATION: &str = "authorization";
/// The caller's credential, in the older Anthropic SDKs' way.
pub const X_API_KEY: &str = "x-api-key";
/// Which revision of Anthropic's API a client speaks; its presence tells an Anthropic client.
pub const ANTHROPIC_VERSION: &str = "anthropic-version";
/// Anthropic's opt-in features, comma separated.
pub const ANTHROPIC_BETA: &str = "anthropic-beta";
/// Envoy's id of the request.
pub const X_REQUEST_ID: &str = "x-request-id";
/// Anthropic's name for the id of the request in an answer.
pub const REQUEST_ID: &str = "request-id";
/// AWS's name for the id of the request in an answer.
pub const X_AMZN_REQUESTID: &str = "x-amzn-requestid";
/// What AWS calls an error.
pub const X_AMZN_ERRORTYPE: &str = "x-amzn-errortype";
/// How often the client has tried this call before, as the official SDKs of both vendors say it.
pub const X_STAINLESS_RETRY_COUNT: &str = "x-stainless-retry-count";
/// What the agent says the call is a step of, for rules.
pub const X_BROKER_STEP: &str = "x-broker-step";
/// What the agent says the call is for, for rules.
pub const X_BROKER_PURPOSE: &str = "x-broker-purpose";
/// The feature of a product that a call is for.
pub const X_BROKER_FEATURE: &str = "x-broker-feature";
/// The tier that the agent wishes for, for rules.
pub const X_BROKER_TIER: &str = "x-broker-tier";
/// The person behind the agent, in the agent's words, for the record.
pub const X_BROKER_USER: &str = "x-broker-user";
/// The model by which a call is routed that names none in its body.
pub const X_BROKER_MODEL: &str = "x-broker-model";
/// Tells an agent that a count of tokens is the broker's estimate.
pub const X_BROKER_ESTIMATED: &str = "x-broker-estimated";
/// What proxies in front say of the certificates that they were shown.
pub const X_FORWARDED_CLIENT_CERT: &str = "x-forwarded-client-cert";
/// How an attempt failed, as Envoy's response flags, where a hop inside Envoy answered in the provider's place.
pub const X_BROKER_FAILURE: &str = "x-broker-failure";
/// The prefix of the broker's own headers; none of them is ever forwarded.
pub const BROKER_PREFIX: &str = "x-broker-";
/// The prefix of the headers that steer Envoy; a client's are removed.
pub const ENVOY_PREFIX: &str = "x-envoy-";
/// What Envoy notes of where a call came from.
const ENVOY_NOTES: [&str; 2] = ["x-envoy-internal", "x-envoy-external-address"];
/// How often Envoy may retry this call.
pub const X_ENVOY_MAX_RETRIES: &str = "x-envoy-max-retries";
/// Tells an agent what is left of its budgets.
pub const X_BROKER_BUDGET_LEFT: &str = "x-broker-budget-left";
/// Keeps Envoy from answering a failure with another attempt; the agent is not shown it.
pub const X_ENVOY_RATELIMITED: &str = "x-envoy-ratelimited";
/// How long one attempt may take until its first byte.
pub const X_ENVOY_PER_TRY_TIMEOUT: &str = "x-envoy-upstream-rq-per-try-timeout-ms";

/// The headers of a request, in order, names in lower case as Envoy delivers them.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

/// What a lookup of a header that must be given at most once found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The header is absent.
    Absent,
    /// The header is there once.
    Once(&'a [u8]),
    /// The header is there several times.
    Repeated,
}

impl Headers {
    /// Takes the pairs as the host gave them.
    #[must_use]
    pub fn new(pairs: Vec<(String, Vec<u8>)>) -> Self {
        Self(pairs)
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_slice())
    }

    /// The first value of a header, if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.first(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The value of a header that must not be repeated; `name` in lower case.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Lookup<'_> {
        let mut values = self.0.iter().filter(|(given, _)| given == name);
        match (values.next(), values.next()) {
            (None, _) => Lookup::Absent,
            (Some((_, value)), None) => Lookup::Once(value),
            (Some(_), Some(_)) => Lookup::Repeated,
        }
    }

    /// The names of the headers that a client may not send past the broker's first role: what steers Envoy and
    /// what is the broker's own. What Envoy itself notes of where a call came from steers nothing.
    pub fn steering(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.starts_with(ENVOY_PREFIX) || name.starts_with(BROKER_PREFIX))
            .filter(|name| !ENVOY_NOTES.contains(name))
    }
}

/// A change of the headers that the host holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// Every header of this name goes.
    Remove(&'a str),
    /// This is the one header of its name from now on.
    Set(&'a str, &'a [u8]),
    /// One more of a name that was set before.
    Add(&'a str, &'a [u8]),
}

/// What is to be done to the headers that are given so that the wanted ones are there, and no other.
pub fn edits<'a>(
    given: &'a [(String, Vec<u8>)],
    wanted: &'a [(&'a str, &'a [u8])],
) -> impl Iterator<Item = Edit<'a>> {
    let unwanted = given
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| wanted.iter().all(|(other, _)| other != name))
        .map(Edit::Remove);
    let differing = wanted.iter().enumerate().filter_map(|(index, (name, value))| {
        let has = given.iter().filter(|(other, _)| other == name);
        let wants = wanted.iter().filter(|(other, _)| other == name);
        if has
            .map(|(_, value)| value.as_slice())
            .eq(wants.map(|(_, value)| *value))
        {
            return None;
        }
        let is_more = wanted.iter().take(index).any(|(earlier, _)| earlier == name);
        let edit = if is_more { Edit::Add } else { Edit::Set };
        Some(edit(name, value))
    });
    unwanted.chain(differing)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        )
    }

    #[test]
    fn a_repeated_header_is_told_from_a_single_one() {
        let headers = headers(&[("a", "1"), ("b", "2"), ("a", "1")]);
        assert_eq!(headers.lookup("a"), Lookup::Repeated);
        assert_eq!(headers.lookup("b"), Lookup::Once(b"2"));
        assert_eq!(headers.lookup("c"), Lookup::Absent);
    }

    #[test]
    fn steering_headers_of_a_client_are_found_by_prefix() {
        let headers = headers(&[
            ("x-envoy-retry-on", "5xx"),
            ("x-broker-step", "inference"),
            ("accept", "*/*"),
        ]);
        assert_eq!(
            headers.steering().collect::<Vec<_>>(),
            ["x-envoy-retry-on", "x-broker-step"]
        );
    }

    #[test]
    fn edits_leave_the_wanted_headers_and_no_other() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let given = [
            pair(":status", "200"),
            pair("retry-after", "1"),
            pair("set-cookie", "session"),
            pair("retry-after", "2"),
            pair("via", "a"),
            pair("via", "b"),
        ];
        let wanted = [
            (":status", b"200".as_slice()),
            ("retry-after", b"2"),
            ("via", b"a"),
            ("via", b"b"),
            ("warning", b"1"),
            ("warning", b"2"),
        ];
        assert_eq!(
            edits(&given, &wanted).collect::<Vec<_>>(),
            [
                Edit::Remove("set-cookie"),
                Edit::Set("retry-after", b"2"),
                Edit::Set("warning", b"1"),
                Edit::Add("warning", b"2"),
            ]
        );
    }
}
