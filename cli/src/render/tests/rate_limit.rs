use serde_json::{Value, json};

use super::place;
use crate::document::{self, Document};
use crate::render::rate_limit;

fn document(service: &str) -> Document {
    let text = format!(
        "
providers:
  - {{name: a, kind: openai, endpoint: 'https://api.example.com', credential: {{env: KEY}}, limits: {{tokens_per_minute: 9}}}}
  - name: b
    kind: openai
    endpoint: 'https://api.example.com'
    credential: {{env: KEY}}
    limits: {{requests_per_minute: 9, shared: true}}
models: [{{name: fast, targets: [{{provider: a, model: m}}]}}]
agents: []
identity: {{spiffe: {{agent: 'spiffe://mesh/{{agent}}'}}}}
budgets:
  - {{name: month, scope: agent, usd: 500, per: month, shared: true}}
  - {{name: day, scope: agent, tokens: 1000, per: day, shared: true}}
  - {{name: alone, scope: agent, tokens: 1000, per: total}}
prices: {{m: {{input: 1, output: 1}}}}
rate_limit_service: {service}
"
    );
    document::parse(&text, "broker.yaml".as_ref()).unwrap_or_else(|error| panic!("{error:#}"))
}

fn cluster(service: &str) -> Option<Value> {
    rate_limit::cluster(&document(service), &place()).unwrap()
}

#[test]
fn the_service_is_told_the_windows_of_all_that_is_shared_and_no_ceilings() {
    let document = document("{cluster: ratelimit, domain: model-broker}");
    let rendered = rate_limit::configuration(&document).unwrap();
    let of = |key: &str, name: &str, unit: &str| {
        json!({"key": key, "value": name, "descriptors": [{
            "key": "account", "rate_limit": {"unit": unit, "requests_per_unit": 4_294_967_295_u64},
        }]})
    };
    assert_eq!(
        rendered,
        json!({"domain": "model-broker", "descriptors": [
            of("budget", "month", "year"), of("budget", "day", "month"), of("limits", "b", "hour"),
        ]})
    );
}

#[test]
fn envoy_speaks_http2_with_the_service() {
    let plain = cluster("{cluster: counts, domain: d, endpoint: 'http://10.0.0.9:8081'}").unwrap();
    assert_eq!(
        (&plain["name"], &plain["type"]),
        (&json!("counts"), &json!("STATIC"))
    );
    let options =
        &plain["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
    assert!(options["explicit_http_config"]["http2_protocol_options"].is_object());
    assert!(plain.get("transport_socket").is_none());
    let secure =
        cluster("{cluster: counts, domain: d, endpoint: 'https://counts.example.com:8081'}").unwrap();
    assert_eq!(secure["type"], "STRICT_DNS");
    assert_eq!(
        secure["transport_socket"]["typed_config"]["sni"],
        "counts.example.com"
    );
}

#[test]
fn a_service_without_an_endpoint_is_the_operators_own_cluster() {
    assert_eq!(cluster("{cluster: counts, domain: d}"), None);
}
