//! A model's answer and all the ways to give it, as data.

use serde::{Deserialize, Serialize};

use super::{Behaviour, Cut};

/// How a model's answer is given.
///
/// Counts of events: a streamed `OpenAI` answer is the role, one event per chunk, the finish, the usage (if asked for) and
/// `[DONE]`; an Anthropic one is `message_start`, `ping`, `content_block_start`, one event per chunk, `content_block_stop`,
/// `message_delta` and `message_stop`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own that an answer has or has not"
)]
pub struct Answer {
    /// The text; without one it is `Hello from <account>: <model>.`
    pub text: Option<String>,
    /// Into how many chunks a stream cuts the text; without one, a chunk per word.
    pub chunks: Option<usize>,
    /// Milliseconds before the first byte, response headers included.
    pub first_byte_ms: u64,
    /// Milliseconds before each event of a stream but the first.
    pub between_chunks_ms: u64,
    /// Cuts the body into writes of at most this many bytes, each sent on its own.
    pub split: Option<usize>,
    /// How the lines of a stream end.
    pub line_ending: LineEnding,
    /// Puts a comment before each event of a stream but the first; Anthropic's streams get a `ping` besides.
    pub comments: bool,
    /// Lets the arguments of several tool calls come by turns, in a stream of `OpenAI`'s.
    pub interleave: bool,
    /// The name under which a compatible server tells its thoughts; without one, `reasoning_content`.
    pub reasoning_field: Option<String>,
    /// Another content type than the right one.
    pub content_type: Option<String>,
    /// How many tokens the provider counts for an input, in percent of a quarter of its bytes.
    pub input_percent: u64,
    /// Of the input tokens, how many were read from the prompt cache.
    pub cached_tokens: u64,
    /// Of the input tokens, how many were written to the prompt cache.
    pub cache_write_tokens: u64,
    /// Of the tokens written to the prompt cache, how many are kept for an hour.
    pub cache_write_1h_tokens: u64,
    /// Why the model stopped; a tool call says so whatever is set here.
    pub finish: Finish,
    /// Whether the provider reports usage, where the dialect lets it.
    pub usage: bool,
    /// Compresses the body, whatever the call accepts.
    pub gzip: bool,
    /// Further response headers, after the provider's own.
    pub headers: Vec<(String, String)>,
    /// Whether the answer is completed.
    pub ending: Ending,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            text: None,
            chunks: None,
            first_byte_ms: 0,
            between_chunks_ms: 0,
            split: None,
            line_ending: LineEnding::Lf,
            comments: false,
            interleave: false,
            reasoning_field: None,
            content_type: None,
            input_percent: 100,
            cached_tokens: 0,
            cache_write_tokens: 0,
            cache_write_1h_tokens: 0,
            finish: Finish::Stop,
            usage: true,
            gzip: false,
            headers: Vec::new(),
            ending: Ending::Complete,
        }
    }
}

impl From<Answer> for Behaviour {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// How lines of a stream end.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// `\n`
    #[default]
    Lf,
    /// `\r\n`
    Crlf,
    /// `\r`
    Cr,
}

impl LineEnding {
    /// The characters.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// Why the model stopped, in words of no dialect.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done: `stop`, `end_turn`.
    #[default]
    Stop,
    /// The bound on output was met: `length`, `max_tokens`.
    Length,
    /// The provider would not go on: `content_filter`, `refusal`.
    Filtered,
}

/// How an answer ends. Whole (not streamed) answers count as one event, and break in the middle of it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// As it should.
    #[default]
    Complete,
    /// The connection ends in the middle.
    Broken {
        /// Events sent before.
        after_events: usize,
        /// How the connection ends.
        #[serde(default)]
        how: Cut,
    },
    /// The stream ends in good order, but too early.
    Truncated {
        /// Events sent before.
        after_events: usize,
    },
    /// The stream ends in good order in the middle of an event.
    HalfEvent {
        /// Events sent before.
        after_events: usize,
    },
    /// An error takes the place of the rest, inside the 200.
    Error {
        /// Events sent before.
        after_events: usize,
        /// The status whose error body it carries.
        #[serde(default = "overloaded")]
        status: u16,
    },
    /// Nothing more comes, and the connection stays open.
    Silent {
        /// Events sent before.
        after_events: usize,
    },
}

/// The status of an overloaded provider, which is what errors inside a 200 usually are.
pub(super) fn overloaded() -> u16 {
    529
}
