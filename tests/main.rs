//! End-to-end tests: agents on one side, provider simulators on the other, the broker in a real Envoy between them.
//!
//! A file per capability. Each test starts the broker it needs; see `harness`.

#[cfg(test)]
mod harness;

#[cfg(test)]
mod budgets;
#[cfg(test)]
mod cascade;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod endpoints;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod example;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod health;
#[cfg(test)]
mod health_checks;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod models_endpoint;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod passthrough;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod records;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod spend;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod status;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trailers;
#[cfg(test)]
mod translation;
