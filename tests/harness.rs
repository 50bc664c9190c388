//! What the tests share: a broker on a real Envoy, configurations, clients and patience.
//!
//! Helpers panic with a message that says what was missing: a test cannot go on without it, and its output is the report.

mod answer;
mod broker;
mod certificates;
mod config;
mod http2;
mod jwt;
mod metrics;
mod places;
mod process;
mod rate_limit;
mod raw;
mod record;
mod status;
mod stream;
mod until;

pub use answer::{Answer, Event};
pub use broker::{Broker, BrokerBuilder};
pub use certificates::{Identity, Issuer, connect as tls_connect, issuer};
pub use config::{Config, TOKEN, key_of, sha256_hex};
pub use http2::{Http2Provider, http2_call, with_trailers};
pub use jwt::{JwtIssuer, seconds_from_now};
pub use places::{binary, free_address, replace, wasm, workspace};
pub use process::Process;
pub use rate_limit::{RateLimit, Redis};
pub use raw::{RawClient, request as raw_request};
pub use record::Record;
pub use stream::timed_reads;
pub use until::{PATIENCE, until};

/// The path of `OpenAI` chat completions.
pub const CHAT: &str = "/v1/chat/completions";
/// The path of Anthropic messages.
pub const MESSAGES: &str = "/v1/messages";
/// The path of `OpenAI` responses.
pub const RESPONSES: &str = "/v1/responses";
