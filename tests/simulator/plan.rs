//! The plan of an answer: its exact pieces and their times. Pure: nothing is sent here.

use std::time::Duration;

use crate::behaviour::{Cut, Finish};
use crate::request::{Asked, Dialect};
use crate::usage::Usage;

mod bytes_of;
mod make;

/// What becomes of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    Respond(Plan),
    Hang,
    Cut(Cut),
}

/// A response, to the byte and the millisecond.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// Before the response headers.
    pub(crate) wait: Duration,
    pub(crate) pieces: Vec<Piece>,
    /// The announced length; without one the body is chunked.
    pub(crate) length: Option<usize>,
    pub(crate) end: End,
}

/// Bytes that are sent together.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) pause: Pause,
    pub(crate) bytes: bytes::Bytes,
}

/// What comes before a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    None,
    /// What was written before goes out first.
    Flush,
    For(Duration),
}

/// What comes after the last piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    Cut(Cut),
    Silent,
}

/// A call as an account sees it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) account: &'a str,
    /// The how manieth of the account this is.
    pub(crate) serial: u64,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) asked: Option<&'a Result<Asked, String>>,
}

/// What an answer says, for the dialects to put in their form.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) id: &'a str,
    pub(crate) model: &'a str,
    pub(crate) content: Content,
    pub(crate) finish: Finish,
    pub(crate) usage: Option<Usage>,
}

#[derive(Debug)]
pub(crate) enum Content {
    Text { text: String, chunks: Vec<String> },
    Tool { name: String, arguments: Vec<String> },
}
