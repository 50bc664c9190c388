//! Every bound on what a stranger can size, with its reason.

use crate::units::{Millis, Tokens};

/// The largest request body: prompts with several images fit, and a worker holds a few of them at once.
pub const MAX_REQUEST_BODY: usize = 32 << 20;

/// The longest agent token worth hashing.
pub const MAX_TOKEN: usize = 512;

/// The longest claim of a JWT that names an agent or says something of it: what a name or a label has, with room.
pub const MAX_CLAIM: usize = 256;

/// The longest SPIFFE id: its standard's own bound.
pub const MAX_SPIFFE_ID: usize = 2_048;

/// The longest `x-forwarded-client-cert` that is read: a few proxies, each with a certificate's names. One with whole
/// chains in it is longer, and says no more than the id.
pub const MAX_FORWARDED_CERTIFICATES: usize = 64 << 10;

/// The longest `model` value; the longest real ones are cloud resource names of some 200 bytes.
pub const MAX_MODEL_NAME: usize = 512;

/// The fields of a form: the real ones have a dozen, edits of images up to sixteen files more.
pub const MAX_FORM_FIELDS: usize = 256;

/// The headers of one field of a form: its name, that of a file and the file's type.
pub const MAX_FORM_HEADERS: usize = 8 << 10;

/// The longest `step`, `purpose` or `tier` in a body, in bytes as it is written: as much as OpenAI takes for a value of
/// `metadata`.
pub const MAX_STATED: usize = 512;

/// How much of an answer that is not a stream is kept to read its usage. A longer one passes through unread.
pub const MAX_OBSERVED_ANSWER: usize = 16 << 20;

/// The longest event of a stream that is kept until it is whole. A longer one passes through unread.
pub const MAX_EVENT: usize = 4 << 20;

/// The longest headers of one message of AWS's event stream: the bound of AWS's own SDKs.
pub const MAX_FRAME_HEADERS: usize = 128 << 10;

/// How many bytes of output count as a token where a stream broke off before its provider counted: English text has
/// some four, other scripts and code fewer, so that it is rather too little that is estimated.
pub const BYTES_PER_OUTPUT_TOKEN: u64 = 4;

/// Places for the counters of end users, of each budget. Shared data is never given back, so strangers' users must not add
/// up; at 130 bytes a place they are 17 MB.
pub const END_USERS: u32 = 1 << 17;

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

/// How much of an answer is held back to be judged by what its pool accepts. A longer one passes unjudged: it is kept
/// in the module's memory, once as it came and once as it goes.
pub const MAX_JUDGED_ANSWER: usize = 1 << 20;

/// How much of a text is searched for a refusal, in bytes: who refuses does so at once.
pub const MAX_REFUSAL_TEXT: usize = 8 << 10;

/// The longest pattern of the configuration, in bytes.
pub const MAX_PATTERN: usize = 1_000;

/// The most patterns of refusals of one pool: each is looked for in turn.
pub const MAX_REFUSAL_PATTERNS: usize = 32;

/// How much memory a compiled pattern may take, in bytes: beyond it each byte of a text would cost too much time.
pub const MAX_COMPILED_PATTERN: usize = 128 << 10;

/// The longest JSON schema of a request that answers are judged by; OpenAI itself takes 120,000 characters of names and
/// values.
pub const MAX_SCHEMA: usize = 128 << 10;

/// The schemas within one: each takes some hundred bytes of memory.
pub const MAX_SCHEMA_NODES: usize = 10_000;

/// The steps of checking one answer against a schema, each some ten nanoseconds. References let a short schema ask for
/// very many.
pub const MAX_SCHEMA_STEPS: u32 = 500_000;

/// How deep references may lead while an answer is checked: answers nest to 128 at most, and each level may be named by a
/// reference.
pub const MAX_SCHEMA_DEPTH: u32 = 300;

/// How much of an error's body is kept to read the error. Real ones are below 1 KiB, those with a rejected schema
/// in them some tens.
pub const MAX_ERROR_BODY: usize = 64 << 10;

/// The longest message of a provider's error that reaches the caller, in characters.
pub const MAX_ERROR_MESSAGE: usize = 2_000;

/// How much of an answer waits, in the translation of one stream, until it can be told: arguments of tools that
/// take turns. As much as one event may have.
pub const MAX_HELD: usize = MAX_EVENT;

/// How much of a stream is kept because its last event repeats all of it, in bytes as it is written. No model says as
/// much in one answer; beyond, the answer breaks off, for an end without a part of it would be taken for the whole.
pub const MAX_REPEATED_OUTPUT: usize = MAX_EVENT;

/// How much of a request its answer repeats, in bytes; a member that is longer is told as if it had not been given.
pub const MAX_REPEATED_REQUEST: usize = 64 << 10;

/// Calls of tools in one answer: far beyond what a model ever asked for, and each is remembered until the end.
pub const MAX_TOOL_CALLS: usize = 1_024;

/// The turns of a conversation that is translated: Anthropic's own bound, <https://platform.claude.com/docs/en/api/messages>.
pub const MAX_MESSAGES: usize = 100_000;

/// The parts of all turns and the tools of a call that is translated. Each takes some hundred bytes of memory on the
/// way, so a body of nothing but empty parts must not become many times its size.
pub const MAX_PARTS: usize = 400_000;

/// Parts of a whole answer that is translated: each takes more memory than the few bytes that it may consist of.
pub const MAX_ANSWER_PARTS: usize = 10_000;

/// Compare-and-swaps of one update. Each that is lost was won by another worker, so a handful is the rule; past this
/// many the update is given up rather than the worker held.
pub const MAX_SWAPS: u32 = 32;

/// Calls within the window below which an error rate says nothing: of three calls one failure is a third.
pub const MIN_CALLS_FOR_RATE: u32 = 10;

/// How long a probe may stay unsettled before another call may be one: whoever made it may be gone. A model may think
/// for longer; then there is a second probe a minute later.
pub const MAX_PROBE_TIME: Millis = Millis(60_000);

/// The longest that a circuit which keeps opening stays open, unless its configured recovery is longer.
pub const MAX_LENGTHENED_RECOVERY: Millis = Millis(300_000);

/// The shortest cool-down: less is within the jitter of a network.
pub const MIN_COOLDOWN: Millis = Millis(100);

/// The longest cool-down, whatever a provider asks for: a daily quota costs one refused call an hour, and an absurd
/// value no more than an hour.
pub const MAX_COOLDOWN: Millis = Millis(3_600_000);

/// How far two workers' readings of one clock may lie apart. What began later than that began before the clock went
/// back.
pub const MAX_CLOCK_JITTER: Millis = Millis(2_000);

/// The cool-down where the provider does not say how long; each repetition doubles it.
pub const DEFAULT_COOLDOWN: Millis = Millis(2_000);

/// Where that doubling ends: quotas are counted by the minute, and beyond some minutes a spend cap is the cause.
pub const MAX_DEFAULT_COOLDOWN: Millis = Millis(300_000);

/// How long an account is out after it refused our credential. A new key takes effect at once, so it is looked for
/// once a minute.
pub const KEY_REFUSED_COOLDOWN: Millis = Millis(60_000);

/// The longest header or text that is read as a time to wait.
pub const MAX_DELAY_TEXT: usize = 64;

/// How much of the system prompt, and of each of the first messages, decides which account a conversation stays with:
/// as much as tells conversations apart, and no more than a hash is quick with.
pub const MAX_AFFINITY_PART: usize = 2 << 10;

/// The conversations of which is remembered who answered them last: what is warm for minutes, at some tens of bytes each.
pub const WARM_CONVERSATIONS: u64 = 16_384;

/// The most answers that a call may ask for at once: <https://platform.openai.com/docs/api-reference/chat/create>
pub const MAX_ANSWERS: u64 = 128;

/// The tokens of output that a call is expected to take of an account's limit until its answer tells.
pub const EXPECTED_OUTPUT: Tokens = Tokens(500);

/// The most requests or tokens per minute that a limit may allow; counters of this size fit their buckets.
pub const MAX_PER_MINUTE: u64 = 1_000_000_000;

/// How long a worker goes by what it knows of the speed of members before it looks at what all workers know.
pub const SPEEDS_FOR: Millis = Millis(250);

/// Of a hundred calls to a pool that asks the quickest, how many ask the one that was measured the longest ago.
pub const EXPLORED_PERCENT: u8 = 5;

/// The same as long as one of its members was never measured, so that it soon is.
pub const EXPLORED_PERCENT_NEW: u8 = 20;

/// What was measured within this time need not be explored.
pub const EXPLORE_AFTER: Millis = Millis(10_000);

/// The policies of a configuration: ten times what we promise to be quick with.
pub const MAX_POLICIES: usize = 10_000;

/// How deep a policy's conditions may nest. Evaluation takes a few hundred bytes of stack per level, and the rendered
/// form two levels of JSON, of which our reader takes 128.
pub const MAX_POLICY_DEPTH: usize = 32;

/// The longest text with policies; one configuration may have many.
pub const MAX_POLICY_SOURCE: usize = 4 << 20;

/// The longest text of one policy. Real ones stay below 1 KiB, and long lists of names below this.
pub const MAX_POLICY_TEXT: usize = 32 << 10;

/// The operators of one policy that may nest without brackets, by their signs; Cedar's parser nests a chain of them as
/// deep as it is long, in the operator's command and in tests.
pub const MAX_POLICY_OPERATORS: usize = 500;

/// The longest name of a policy, in characters: a record repeats it for every call. The path of a file fits.
pub const MAX_POLICY_NAME: usize = 256;

/// The policies that one decision names; beyond, they are counted. Nobody reads more of them in a record.
pub const MAX_NAMED_POLICIES: usize = 16;

/// How long a budget keeps room for a call at the least: for calls that take longer their cost is only counted when they
/// end, and what a worker reserved that broke down is free again after twice this time.
pub const MAX_RESERVATION_TIME: Millis = Millis(900_000);

/// The least output for which a call is clamped to what its budgets have left: less is no answer.
pub const LEAST_CLAMPED_OUTPUT: Tokens = Tokens(16);

/// A call that bounds its answer by nothing is bounded by budgets that clamp once they have less output than this left:
/// the most that every model takes as a bound.
pub const UNBOUNDED_OUTPUT: Tokens = Tokens(4_096);

/// The budgets of a configuration. Each that applies to a call is two to three looks into shared state.
pub const MAX_BUDGETS: usize = 1_000;

/// The longest answer of a rate limit service that is read: each status is some thirty bytes, and a call has a few.
pub const MAX_SERVICE_ANSWER: usize = 64 << 10;

/// How long a rate limit service that did not answer is left alone by a worker, whose calls would otherwise all wait.
pub const SERVICE_REST: Millis = Millis(1_000);

/// How long it is believed that a fleet has too little left of an account's limits: others return what they did not use.
pub const FLEET_MEMORY: Millis = Millis(1_000);

/// How often a call is decided anew because the accounts that were to take it are at limits of the fleet, or not counted.
pub const MAX_FLEET_DECISIONS: usize = 8;

/// How long it may take to tell a rate limit service what calls used that are over: nobody waits for that.
pub const SERVICE_TELLING_TIME: Millis = Millis(1_000);

/// The accounts of which a worker remembers what it has yet to tell a rate limit service, at some hundred bytes each.
pub const MAX_PENDING_ACCOUNTS: usize = 16_384;

/// The accounts of one message to a rate limit service.
pub const MAX_TOLD_ACCOUNTS: usize = 100;

/// The longest that a call may be made to wait for a rate limit service; with what Envoy itself takes it stays below 50 ms.
pub const MAX_SERVICE_TIME: Millis = Millis(45);
