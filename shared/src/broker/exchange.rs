//! What passes between the machine and its host.

use crate::audit::Record;
use crate::call::{Services, SharedCall};
use crate::fleet::Service;
use crate::headers::Headers;
use crate::identity::Verified;
use crate::ids::ProviderName;
use crate::reply::Reply;
use crate::routing::Worker;
use crate::statistics::{Ended, Selection};
use crate::units::{Millis, Timestamp};

/// What the host tells of a call.
#[derive(Debug)]
pub enum Event {
    /// The request's headers.
    RequestHeaders {
        /// All of them.
        headers: Headers,
        /// Whether there is no body.
        is_end: bool,
    },
    /// A part of the body came; all that came so far is held back.
    RequestBodyGrew {
        /// The bytes so far.
        length: usize,
    },
    /// The body is complete.
    RequestBodyComplete {
        /// All of it.
        body: Vec<u8>,
        /// When.
        now: Timestamp,
    },
    /// The rate limit service answered the question of this call.
    ServiceAnswered {
        /// The message, or the status of gRPC with which there is none.
        answer: Result<Vec<u8>, u32>,
        /// When.
        now: Timestamp,
    },
    /// The answer to a forwarded call begins on its way to the agent: a provider's, or Envoy's own.
    AnswerBegins,
    /// Envoy answered before the call was forwarded.
    EnvoyReplied {
        /// The status.
        status: u16,
    },
    /// Envoy answered before the request's headers were whole, and the call is over.
    NeverArrived {
        /// The status.
        status: u16,
    },
    /// The call is over.
    Finished {
        /// When.
        now: Timestamp,
    },
}

/// What the machine wants done.
pub trait Output: Services {
    /// Removes request headers by name.
    fn remove_request_headers(&mut self, names: &[&str]);
    /// Lets the call go on to Envoy's router.
    fn forward(&mut self, forward: Forward<'_>);
    /// Answers the call.
    fn reply(&mut self, reply: &Reply);
    /// Sets a header of the answer that begins.
    fn set_response_header(&mut self, name: &str, value: &str);
    /// Removes a header of the answer that begins.
    fn remove_response_header(&mut self, name: &str);
    /// Whether it was the provider who broke off the answer of the call that is over.
    fn has_provider_broken_off(&self) -> bool;
    /// What the host has verified of the call before.
    fn verified(&self) -> &dyn Verified;
    /// Adds the call to the figures of what chose its pool.
    fn tally(&mut self, selection: Selection<'_>, ended: Ended);
    /// Asks the rate limit service, and tells whether that could be done; [`Event::ServiceAnswered`] follows.
    fn ask_service(&mut self, call: ServiceCall<'_>) -> bool;
    /// What this worker remembers by itself.
    fn worker(&self) -> &Worker;
    /// Hands the record to the access log.
    fn record(&mut self, record: &Record<'_>);
}

/// How a call goes on to the router.
#[derive(Debug)]
pub struct Forward<'a> {
    /// What the attempts need of the call.
    pub call: &'a SharedCall,
    /// The cluster of the first attempt.
    pub cluster: &'a ProviderName,
    /// How many attempts may follow it.
    pub retries: usize,
    /// How long an attempt may take to its first byte, where that is less than what the route allows. Envoy knows
    /// one such time for all attempts of a call, so it is the longest that a planned account is given.
    pub first_byte: Option<Millis>,
}

/// A question to the rate limit service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceCall<'a> {
    /// Which one.
    pub service: &'a Service,
    /// The request, as gRPC carries it.
    pub message: &'a [u8],
    /// How long the answer may take.
    pub timeout: Millis,
}

/// Whether the request goes on or waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It waits for the rest of the body or for the rate limit service, or is answered already.
    Pause,
}
