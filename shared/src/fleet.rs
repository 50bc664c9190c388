//! Budgets of callers and limits of accounts that several Envoys count together, in a rate limit service of Envoy's
//! protocol.
//!
//! The service only counts, upwards, and forgets when its own window ends. So each budget of each subject, and each limit,
//! has two counters there for each of its windows: what was taken, and what was returned of that. A call takes the most that it may need
//! before it goes out and returns the rest when it is over; what the fleet holds is the difference, and it is here that it
//! is compared with the ceiling. The service's own limits are so high that they never bind.
//!
//! ```text
//! account  what is counted where    book     what was counted of a worker's messages
//! ask      a call's question        pending  what a worker has yet to tell
//! limits   what an attempt takes    known    what an Envoy knows of them
//! message, protobuf  how it is said
//! ```

mod account;
mod ask;
mod book;
mod known;
pub mod limits;
mod message;
mod pending;
mod protobuf;
mod rendered;
mod service;
mod trouble;

pub use account::{Account, Division, Owner, ServiceUnit};
#[cfg(test)]
pub(crate) use ask::testing;
pub use ask::{Ask, Asked, Share, Verdict};
pub use book::Sent;
pub use known::Known;
pub use limits::Taken;
pub use message::{METHOD, SERVICE, envoy_cluster};
pub use pending::{Change, Pending};
pub use rendered::rendered;
pub use service::{Service, WhenDown};
pub use trouble::{Trouble, UNAVAILABLE};
