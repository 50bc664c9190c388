//! The proxy-wasm module. One module, two places in Envoy: the role `broker` sees a call once, as the listener's
//! filter; the role `egress` sees each attempt, as an upstream filter of a provider account's cluster. Both run in
//! one VM on one thread and share the call in memory.

#![expect(
    missing_docs,
    reason = "the entry point that the SDK's macro writes has no documentation"
)]

mod broker;
mod calls;
mod egress;
mod host;
mod root;
mod statistics;
mod store;
mod telemetry;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
