//! A simulator of LLM providers: what the broker's tests and benchmark talk to instead of `OpenAI` and Anthropic.
//!
//! Each simulated provider account is a listening port with a name ([`Simulator`]). It speaks three dialects, chosen by the
//! path: `POST {any prefix}/chat/completions` and `/responses` (`OpenAI`), `/messages` (Anthropic) and Google's
//! `…/models/{model}:generateContent` (and Claude's `:rawPredict` there), each streamed and whole.
//! What an account does with the next call is data ([`Behaviour`]), so that a test, the command line and an HTTP call can all
//! set it: answer, answer slowly or in odd pieces, fail with a status, break off, hang, fail inside a 200.
//!
//! Everything is deterministic, so that a test can compute what it must see:
//! * the text is `Hello from <account>: <model>.` unless the behaviour names another one;
//! * input tokens are a quarter of the request body's bytes, rounded up ([`Usage`]);
//! * output tokens are the words of the text; a tool call counts as one;
//! * with tools in the request and the word `tool` in the last user message, the answer is one call of the first tool with
//!   the arguments `{"city":"Paris"}`.
//!
//! An account that has a [`Vendor`] refuses what that vendor refuses (`strict`), and takes the user at the word (`reply`):
//! `call NAME with {…}`, `describe the image`, `say: …`, `refuse`; it answers in the schema that is asked for, honours stop
//! sequences and bounds, and thinks when it is told to.
//!
//! What responses it was not told to forget it keeps, and goes on only with those: see `stored`.
//!
//! Beside conversations it knows what else these vendors offer, in a small way: see `endpoints`.
//!
//! The way of a call: `server` (HTTP) → `account` (record it, choose the behaviour) → `request` (what is asked; `strict` refuses) → `plan`
//! (the exact pieces of the answer, made by `openai`, `anthropic` and `failure`) → `server` (send them, or break off).

mod account;
mod anthropic;
mod bedrock;
mod behaviour;
mod cohere;
mod control;
mod conversation;
mod endpoints;
mod failure;
mod google;
mod health;
mod manners;
mod openai;
mod plan;
mod record;
mod reply;
mod request;
mod responses;
mod seal;
mod server;
mod stored;
mod strict;
mod usage;
mod vendor;
mod wire;

#[cfg(test)]
mod self_test;

pub use account::{Recording, Simulator};
pub use bedrock::frames;
pub use bedrock::signature::SigningKeys;
pub use behaviour::{Answer, Behaviour, Cut, Ending, Finish, LineEnding, Raw, StatusError};
pub use record::ReceivedRequest;
pub use request::Dialect;
pub use usage::Usage;
pub use vendor::Vendor;
