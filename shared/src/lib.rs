//! The broker's mind, in the order in which a call passes through it.
//!
//! ```text
//! identity ─▶ api, request (wire) ─▶ routing ─▶ attempt (egress, wire) ─▶ answer ─▶ ledger ─▶ audit, metrics
//! ```
//!
//! Two machines without I/O drive these stages: [`broker`] once per call, [`egress`] once per attempt. Nothing
//! here knows Envoy or proxy-wasm: what a machine wants done goes through its output trait, and time and
//! randomness are arguments, so that every path runs in a native test, in wasm and offline.

pub mod acceptance;
pub mod alert;
pub mod api;
pub mod audit;
pub mod broker;
pub mod budget;
pub mod call;
pub mod cases;
pub mod config;
pub mod egress;
pub mod endpoint;
pub mod eventstream;
pub mod explain;
pub mod fleet;
pub mod headers;
pub mod health;
pub mod identity;
pub mod ids;
pub mod ledger;
pub mod limits;
pub mod metrics;
pub mod outcome;
pub mod policy;
pub mod provider;
pub mod replay;
pub mod reply;
pub mod request;
pub mod routing;
pub mod sse;
pub mod statistics;
pub mod status;
pub mod store;
pub mod stored;
pub mod units;
pub mod wire;
