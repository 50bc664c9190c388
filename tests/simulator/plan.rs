//! The plan of an answer: its exact pieces and their times. Pure: nothing is sent here.

use std::time::Duration;

use crate::bedrock::Operation;
use crate::behaviour::{Cut, StatusError};
use crate::reply::{End as Ended, Said};
use crate::request::{Asked, Dialect};
use crate::usage::Usage;
use crate::vendor::Vendor;

mod bytes_of;
mod framed;
mod make;
mod said;

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
    pub(crate) vendor: Vendor,
    pub(crate) asked: Option<&'a Result<Asked, Box<StatusError>>>,
    /// Whether the account is Bedrock's.
    pub(crate) is_bedrock: bool,
    /// What is asked of Bedrock.
    pub(crate) aws: Option<&'a Operation>,
}

/// What an answer says, for the dialects to put in their form.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) id: &'a str,
    pub(crate) model: &'a str,
    pub(crate) vendor: Vendor,
    pub(crate) blocks: Vec<Block>,
    pub(crate) end: Ended,
    pub(crate) usage: Option<Usage>,
    /// See [`Answer`](crate::Answer).
    pub(crate) interleave: bool,
    /// See [`Answer`](crate::Answer).
    pub(crate) reasoning_field: &'a str,
    /// The response that it goes on with.
    pub(crate) previous: Option<&'a str>,
    /// Whether it is kept.
    pub(crate) is_stored: bool,
}

/// A part of an answer and how a stream cuts it.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) said: Said,
    pub(crate) chunks: Vec<String>,
}

impl Told<'_> {
    /// The calls of tools, each with its position among them.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (usize, &str, &Block)> {
        let called = self.blocks.iter().filter_map(|block| match &block.said {
            Said::Tool { name, .. } => Some((name.as_str(), block)),
            _ => None,
        });
        called
            .enumerate()
            .map(|(position, (name, block))| (position, name, block))
    }

    /// The id of a call of a tool.
    pub(crate) fn call_id(&self, prefix: &str, position: usize) -> String {
        match position {
            0 => format!("{prefix}_{}", self.id),
            _ => format!("{prefix}_{}_{position}", self.id),
        }
    }
}
