//! Every bound on what a stranger can size, with its reason.

use crate::units::Millis;

/// The largest request body: prompts with several images fit, and a worker holds a few of them at once.
pub const MAX_REQUEST_BODY: usize = 32 << 20;

/// How deep a JSON body may nest. Real tool schemas stay below 30; the scanner's stack is this many bits.
pub const MAX_JSON_DEPTH: usize = 256;

/// The longest agent token worth hashing.
pub const MAX_TOKEN: usize = 512;

/// The longest `model` value; the longest real ones are cloud resource names of some 200 bytes.
pub const MAX_MODEL_NAME: usize = 512;

/// The longest `step`, `purpose` or `tier` in a body, in bytes as it is written: as much as OpenAI takes for a value of
/// `metadata`.
pub const MAX_STATED: usize = 512;

/// How much of an answer that is not a stream is kept to read its usage. A longer one passes through unread.
pub const MAX_OBSERVED_ANSWER: usize = 16 << 20;

/// The longest event of a stream that is kept until it is whole. A longer one passes through unread.
pub const MAX_EVENT: usize = 4 << 20;

/// Attempts of one call, the first included; the rendered route retries at most this often less one.
pub const MAX_ATTEMPTS: u32 = 11;

/// The longest text of a caller or of a provider that is repeated in an error or a record.
pub const MAX_QUOTED: usize = 200;

/// How much of an answer is held back, by count of bytes that say nothing: a stream begins with a few hundred bytes.
pub const MAX_PREAMBLE: usize = 64 << 10;

/// How long a stream that says nothing is held back before its next event lets it pass. A model may think in silence
/// for longer; then the agent is better off with the beginning.
pub const MAX_PREAMBLE_TIME: Millis = Millis(10_000);

/// How much of an answer in one piece is held back until it is whole and known to be an answer. A longer one passes
/// as it comes: Envoy would have to keep it.
pub const MAX_HELD_ANSWER: usize = 1 << 20;

/// How much of an error's body is kept to read the error. Real ones are below 1 KiB, those with a rejected schema
/// in them some tens.
pub const MAX_ERROR_BODY: usize = 64 << 10;

/// The longest message of a provider's error that reaches the caller, in characters.
pub const MAX_ERROR_MESSAGE: usize = 2_000;

/// How much of an answer waits, in the translation of one stream, until it can be told: arguments of tools that
/// take turns. As much as one event may have.
pub const MAX_HELD: usize = MAX_EVENT;

/// Calls of tools in one answer: far beyond what a model ever asked for, and each is remembered until the end.
pub const MAX_TOOL_CALLS: usize = 1_024;

/// The turns of a conversation that is translated: Anthropic's own bound, <https://platform.claude.com/docs/en/api/messages>.
pub const MAX_MESSAGES: usize = 100_000;

/// The parts of all turns and the tools of a call that is translated. Each takes some hundred bytes of memory on the
/// way, so a body of nothing but empty parts must not become many times its size.
pub const MAX_PARTS: usize = 400_000;

/// Parts of a whole answer that is translated: each takes more memory than the few bytes that it may consist of.
pub const MAX_ANSWER_PARTS: usize = 10_000;
