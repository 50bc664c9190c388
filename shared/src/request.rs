//! The facts of a request: what the broker reads of a body, once, without building a tree of it.

pub mod content;
mod error;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::limits::{MAX_ANSWERS, MAX_MODEL_NAME, MAX_STATED};
use crate::provider::{Capabilities, Capability};
use crate::stored::Keeping;
use crate::units::Tokens;
use content::Content;
use json::scan::{self, Kind, Value, Words};
use json::{Span, splice::Edit};

pub use error::RequestError;

/// What the broker read of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The model that the agent asked for.
    pub model: String,
    /// The value of `model`, quotes included.
    pub model_span: Span,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// Whether and how the agent asked for usage within a stream; only OpenAI's chat format knows that.
    pub stream_usage: StreamUsage,
    /// Which of the parameters with defaults the agent gave.
    pub given: Given,
    /// What the call needs of the model.
    pub needs: Capabilities,
    /// What the call says of itself in `metadata`.
    pub metadata: Metadata,
    /// What the input is made of.
    pub content: Content,
    /// The most tokens that the agent allows each answer.
    pub max_output: Option<Tokens>,
    /// How many answers it asks for, each of which is paid for: at least one.
    pub answers: u64,
    /// Where the conversation begins.
    pub beginning: Beginning,
    /// Where the members of the body begin: one past its opening brace.
    pub members_at: usize,
    /// What even a provider of the same format would refuse.
    pub left_out: Vec<LeftOut>,
    /// What it says of responses that the provider keeps.
    pub keeping: Keeping,
}

/// Where the conversation of a body begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// The value of `system`, where the format has one.
    pub system: Option<Span>,
    /// The value of `messages`, if it is a list; that of `input` may also be a text.
    pub messages: Option<Span>,
}

/// Something that is taken out of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stood, as `messages[2].content`.
    pub place: String,
    /// How it goes.
    pub edit: Edit,
}

/// What a body says of usage within the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamUsage {
    /// The agent gets it without asking, or asked for it.
    Wanted,
    /// There are no stream options.
    NoOptions,
    /// There are stream options that do not ask for it: the options' value and, if it is there, that of
    /// `include_usage`.
    NotAsked {
        /// The value of `stream_options`.
        options: Value,
        /// Whether that is an object without members.
        is_empty: bool,
        /// The value of `include_usage` in it.
        include_usage: Option<Span>,
    },
}

/// Which parameters the agent gave.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four parameters that do not depend on each other"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The sampling temperature.
    pub temperature: bool,
    /// The nucleus sampling bound.
    pub top_p: bool,
    /// The most tokens of the answer.
    pub max_tokens: bool,
    /// The most tokens of the answer, under OpenAI's newer name only.
    pub only_max_completion_tokens: bool,
    /// Stop sequences.
    pub stop: bool,
}

/// What a call says of itself in its body, for rules and the record. What is no text counts as not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// What it is a step of.
    pub step: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// The tier that it wishes for.
    pub tier: Option<String>,
    /// The person behind the agent: the body's `safety_identifier`, else its `user`, else `metadata.user_id`.
    pub user: Option<String>,
    /// The feature of a product that it is for.
    pub feature: Option<String>,
}

/// The members that a format's reader looks at: those that every format has, and its own.
pub(crate) struct Top<const N: usize> {
    pub model: String,
    pub model_span: Span,
    pub stream: bool,
    pub needs: Capabilities,
    pub metadata: Metadata,
    pub content: Content,
    pub beginning: Beginning,
    /// The telling words of the whole body.
    pub words: Words,
    /// The values of the format's own keys.
    pub own: [Option<Value>; N],
}

/// Keys that are looked at whatever the format: none means something else in another one.
const COMMON: [&str; 9] = [
    "system",
    "messages",
    "tools",
    "functions",
    "metadata",
    "response_format",
    "output_config",
    "safety_identifier",
    "user",
];

/// The same where the conversation has other names.
const COMMON_OF_RESPONSES: [&str; COMMON.len()] = [
    "instructions",
    "input",
    "tools",
    "functions",
    "metadata",
    "response_format",
    "output_config",
    "safety_identifier",
    "user",
];

/// Reads `model`, `stream`, what is common to all formats, and a format's own keys; `keys` begins with the first two.
pub(crate) fn read_top<const M: usize, const N: usize>(
    body: &[u8],
    keys: [&'static str; M],
) -> Result<Top<N>, RequestError> {
    read_named(body, keys, &COMMON)
}

/// The same where the conversation is `instructions` and `input`.
pub(crate) fn read_top_of_responses<const M: usize, const N: usize>(
    body: &[u8],
    keys: [&'static str; M],
) -> Result<Top<N>, RequestError> {
    read_named(body, keys, &COMMON_OF_RESPONSES)
}

fn read_named<const M: usize, const N: usize>(
    body: &[u8],
    keys: [&'static str; M],
    common_keys: &[&'static str; COMMON.len()],
) -> Result<Top<N>, RequestError> {
    simdutf8::basic::from_utf8(body).map_err(|_| RequestError::NotUtf8)?;
    let mut values = [None; M];
    let mut common = [None; COMMON.len()];
    let mut repeated = None;
    let words = scan::object_with_words(body, |key, value| {
        let found = place(&keys, &mut values, &key).or_else(|| place(common_keys, &mut common, &key));
        if let Some((name, slot)) = found
            && slot.replace(value).is_some()
        {
            repeated = Some(name);
        }
    })?;
    if let Some(key) = repeated {
        return Err(RequestError::Repeated(key));
    }
    let mut values = values.into_iter();
    let model = values.next().flatten().ok_or(RequestError::NoModel)?;
    let stream = match values.next().flatten().map(|value| value.kind) {
        None | Some(Kind::False | Kind::Null) => false,
        Some(Kind::True) => true,
        Some(_) => return Err(RequestError::BadStream),
    };
    let name = scan::string(model.span.of(body)).ok_or(RequestError::BadModel)?;
    if name.is_empty() || name.len() > MAX_MODEL_NAME {
        return Err(RequestError::BadModel);
    }
    let mut own = [None; N];
    own.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);

    let [
        system,
        messages,
        tools,
        functions,
        metadata,
        response_format,
        output_config,
        safety_identifier,
        user,
    ] = common;
    let may_be_text = common_keys == &COMMON_OF_RESPONSES;
    let found = content::look(body, words, messages);
    let has_tools = is_list_of_some(body, tools) || is_list_of_some(body, functions);
    let wants_json = wants_json(body, response_format, output_config);
    let needs = [
        (stream, Capability::Streaming),
        (has_tools, Capability::Tools),
        (found.has_images, Capability::Vision),
        (wants_json, Capability::Json),
    ];
    Ok(Top {
        model: name.into_owned(),
        model_span: model.span,
        stream,
        needs: needs
            .into_iter()
            .filter_map(|(is_needed, capability)| is_needed.then_some(capability))
            .collect(),
        metadata: read_metadata(body, metadata, [safety_identifier, user]),
        content: found.content,
        beginning: Beginning {
            system: system.map(|system| system.span),
            messages: messages
                .filter(|messages| {
                    messages.kind == Kind::Array || (may_be_text && messages.kind == Kind::String)
                })
                .map(|messages| messages.span),
        },
        words,
        own,
    })
}

/// Where the value of a key goes, with the key's name, if it is one of these.
fn place<'s>(
    keys: &[&'static str],
    slots: &'s mut [Option<Value>],
    key: &[u8],
) -> Option<(&'static str, &'s mut Option<Value>)> {
    let index = keys.iter().position(|known| known.as_bytes() == key)?;
    Some((keys.get(index)?, slots.get_mut(index)?))
}

/// Whether a value is a list with something in it.
fn is_list_of_some(body: &[u8], value: Option<Value>) -> bool {
    let Some(list) = value.filter(|value| value.kind == Kind::Array) else {
        return false;
    };
    let inside = list.span.of(body).get(1..).unwrap_or_default();
    inside
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|byte| *byte != b']')
}

/// Whether the answer must have a shape: OpenAI's `response_format` other than text, Anthropic's `output_config.format`.
fn wants_json(body: &[u8], response_format: Option<Value>, output_config: Option<Value>) -> bool {
    let [kind] = object_members(body, response_format, ["type"]);
    let [format] = object_members(body, output_config, ["format"]);
    let kind = kind.and_then(|kind| scan::string(kind.span.of(body)));
    kind.is_some_and(|kind| kind != "text") || is_given(format)
}

fn read_metadata(body: &[u8], value: Option<Value>, users: [Option<Value>; 2]) -> Metadata {
    let text = |value: Option<Value>| {
        let quoted = value?.span.of(body);
        let is_short = quoted.len() <= MAX_STATED + 2;
        is_short.then(|| scan::string(quoted))?.map(Cow::into_owned)
    };
    let keys = ["step", "purpose", "tier", "feature", "user_id"];
    let [step, purpose, tier, feature, user_id] = object_members(body, value, keys).map(text);
    let user = users.into_iter().find_map(text).or(user_id);
    Metadata {
        step,
        purpose,
        tier,
        user,
        feature,
    }
}

/// The members of a member that is an object; none of what is given twice.
pub(crate) fn object_members<const K: usize>(
    body: &[u8],
    value: Option<Value>,
    keys: [&str; K],
) -> [Option<Value>; K] {
    let object = value.filter(|value| value.kind == Kind::Object);
    let members = object.map(|object| (object, scan::members(object.span.of(body), keys)));
    let Some((object, Ok(members))) = members else {
        return [None; K];
    };
    let mut values = members.values.map(|member| {
        member.map(|value| Value {
            span: value.span.shifted(object.span.start),
            ..value
        })
    });
    if let Some(slot) = members.repeated.and_then(|index| values.get_mut(index)) {
        *slot = None;
    }
    values
}

/// A value that says something: there and not null.
pub(crate) fn is_given(value: Option<Value>) -> bool {
    value.is_some_and(|value| value.kind != Kind::Null)
}

/// A number of tokens, if it is one.
pub(crate) fn tokens(body: &[u8], value: Option<Value>) -> Option<Tokens> {
    scan::unsigned(value?.span.of(body)).map(Tokens)
}

/// How many answers a call asks for, by the values that may say so: as far as a provider gives them.
pub(crate) fn answers<const N: usize>(body: &[u8], values: [Option<Value>; N]) -> u64 {
    let said = values
        .into_iter()
        .filter_map(|value| scan::unsigned(value?.span.of(body)));
    said.max().unwrap_or(1).clamp(1, MAX_ANSWERS)
}

/// One past the opening brace of a body that was scanned.
pub(crate) fn members_at(body: &[u8]) -> usize {
    memchr::memchr(b'{', body).map_or(0, |brace| brace + 1)
}

/// Inserts a member at the beginning of the body's object, which has at least one.
pub(crate) fn insert_member(request: &Request, key: &str, value: &impl serde::Serialize) -> Option<Edit> {
    let value = serde_json::to_string(value).ok()?;
    Some(Edit::insert(request.members_at, format!("\"{key}\":{value},")))
}

/// Puts the provider's name of the model where the agent's stood.
pub(crate) fn replace_model(request: &Request, model: &str) -> Option<Edit> {
    if request.model == model {
        return None;
    }
    Some(Edit::replace(request.model_span, serde_json::to_vec(model).ok()?))
}
