//! The proxy-wasm module. One module, three places in Envoy: the role `broker` sees a call once, as the listener's
//! filter; the role `egress` sees each attempt, as an upstream filter of a provider account's cluster; the role `status`
//! answers at a listener of its own. All run in one VM on one thread: the first two share the call in memory, and the
//! third sees the configuration in force.

#![expect(
    missing_docs,
    reason = "the entry point that the SDK's macro writes has no documentation"
)]

mod alerts;
mod broker;
mod calls;
mod egress;
mod host;
mod root;
mod statistics;
mod status;
mod store;
mod telemetry;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
