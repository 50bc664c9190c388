//! What a caller asks for.

use std::borrow::Cow;

use json::Text;

/// A call for the next turn of a conversation.
#[derive(Clone, Debug, Default)]
pub struct ChatRequest<'a> {
    /// The conversation so far, instructions included, in the caller's order.
    pub messages: Vec<Message<'a>>,
    /// What the model may call.
    pub tools: Vec<Tool<'a>>,
    /// Whether and which tool it is to call.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may call several tools at once.
    pub parallel_tool_calls: Option<bool>,
    /// The most tokens of the answer, thinking included.
    pub max_tokens: Option<u64>,
    /// What ends the answer.
    pub stop: Vec<Text<'a>>,
    /// How tokens are drawn.
    pub sampling: Sampling<'a>,
    /// The shape that the answer must have.
    pub output: Option<OutputFormat<'a>>,
    /// How much the model is to think.
    pub reasoning: Option<Reasoning>,
    /// Who uses the agent: an opaque name.
    pub user: Option<Text<'a>>,
    /// How urgent the call is.
    pub service_tier: Option<ServiceTier>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// What the caller's format can say and this form cannot.
    pub unportable: Vec<Unportable<'a>>,
    /// How the caller's format calls what a writer may have to leave out.
    pub words: Words,
    /// The bytes of the caller's body: what is written is about as long.
    pub length: usize,
}

/// The caller's names of what a writer may have to leave out: records and refusals speak of them in these words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Where [`ChatRequest::max_tokens`] came from.
    pub max_tokens: &'static str,
    /// Where [`ChatRequest::stop`] came from.
    pub stop: &'static str,
    /// Where [`ChatRequest::reasoning`] came from.
    pub reasoning: &'static str,
    /// Where [`ChatRequest::output`] came from.
    pub output: &'static str,
    /// Where [`ChatRequest::parallel_tool_calls`] came from.
    pub parallel_tool_calls: &'static str,
    /// What a [`Breakpoint`] is called.
    pub breakpoint: &'static str,
    /// Where [`ChatRequest::user`] came from.
    pub user: &'static str,
}

impl<'a> ChatRequest<'a> {
    /// How many nuances are noted; the first ones say enough.
    const MOST_NUANCES: usize = 64;

    /// Notes what this form cannot say. The first loss of meaning is always kept: it decides.
    pub fn note(&mut self, place: impl Into<Cow<'a, str>>, loss: Loss) {
        if self.unportable.len() < Self::MOST_NUANCES
            || (loss == Loss::Meaning && self.lost_meaning().is_none())
        {
            self.unportable.push(Unportable {
                place: place.into(),
                loss,
            });
        }
    }

    /// The place of the first thing without which the call would mean something else.
    #[must_use]
    pub fn lost_meaning(&self) -> Option<&str> {
        let is_meant = |unportable: &&Unportable<'_>| unportable.loss == Loss::Meaning;
        self.unportable
            .iter()
            .find(is_meant)
            .map(|unportable| unportable.place.as_ref())
    }
}

/// How tokens are drawn. Numbers are kept as they were written.
#[derive(Clone, Debug, Default)]
pub struct Sampling<'a> {
    /// The temperature, from 0 to what the caller's format allows.
    pub temperature: Option<&'a [u8]>,
    /// The nucleus, from 0 to 1.
    pub top_p: Option<&'a [u8]>,
    /// How many of the most likely tokens are considered.
    pub top_k: Option<&'a [u8]>,
    /// The seed.
    pub seed: Option<&'a [u8]>,
    /// The penalty on tokens that occurred.
    pub presence_penalty: Option<&'a [u8]>,
    /// The penalty on tokens by how often they occurred.
    pub frequency_penalty: Option<&'a [u8]>,
}

/// One turn.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Whose turn it is.
    pub role: Role,
    /// What it consists of, in order.
    pub parts: Vec<Part<'a>>,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a turn stood in the caller's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of `messages`.
    Message(usize),
    /// `system`.
    System,
    /// One of `input`, or several from this one on.
    Item(usize),
    /// `instructions`.
    Instructions,
}

impl Message<'_> {
    /// Where its content stands in the caller's body.
    #[must_use]
    pub fn place(&self) -> String {
        match self.origin {
            Origin::Message(index) => format!("messages[{index}].content"),
            Origin::System => "system".to_owned(),
            Origin::Item(index) => format!("input[{index}]"),
            Origin::Instructions => "instructions".to_owned(),
        }
    }
}

/// Whose turn it is. Results of tools are parts of a user's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator's instructions.
    System,
    /// The user, and the tools on the user's side.
    User,
    /// The model.
    Assistant,
}

/// A part of a turn.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// Whether the provider is to keep the prompt up to here in its cache.
    pub breakpoint: Option<Breakpoint>,
}

impl<'a> From<Content<'a>> for Part<'a> {
    fn from(content: Content<'a>) -> Self {
        Self {
            content,
            breakpoint: None,
        }
    }
}

/// A mark up to which the prompt is to be cached, by how long it is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakpoint {
    /// As long as the provider keeps it by itself.
    Default,
    /// An hour.
    Hour,
}

/// What a part of a turn is.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// Text.
    Text(Text<'a>),
    /// The model's refusal to answer, in words.
    Refusal(Text<'a>),
    /// A picture.
    Image(Media<'a>),
    /// A document.
    Document {
        /// The document.
        media: Media<'a>,
        /// Its name.
        name: Option<Text<'a>>,
    },
    /// A call of a tool by the model.
    ToolCall {
        /// The call's id.
        id: Text<'a>,
        /// The tool.
        name: Text<'a>,
        /// What the tool is given.
        arguments: Arguments<'a>,
    },
    /// What a tool gave back.
    ToolResult {
        /// The id of the call.
        id: Text<'a>,
        /// Texts, images and documents.
        content: Vec<Part<'a>>,
        /// Whether it failed.
        is_error: bool,
    },
    /// What the model thought. The signature is the provider's own seal: no other provider accepts it.
    Thinking {
        /// The thought.
        text: Text<'a>,
        /// The seal.
        signature: Option<Text<'a>>,
        /// Whose seal it is, if that is known.
        maker: Option<Maker>,
    },
    /// What a model of Anthropic's thought, sealed as a whole.
    SealedThinking(Text<'a>),
}

/// Who seals the thoughts of models so that nobody else can read, make or take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Anthropic, whoever's service its models run in.
    Anthropic,
}

/// Where a picture or a document is.
#[derive(Clone, Debug)]
pub enum Media<'a> {
    /// In the call itself, base64.
    Inline {
        /// The media type, `image/png`.
        media_type: Text<'a>,
        /// The bytes, base64.
        data: Text<'a>,
    },
    /// In the call itself, as text.
    Plain(Text<'a>),
    /// At an address that the provider fetches.
    Url(Text<'a>),
}

/// What a tool is given.
#[derive(Clone, Debug)]
pub enum Arguments<'a> {
    /// As a JSON value.
    Json(Cow<'a, [u8]>),
    /// As a string that holds JSON, or what a model takes for it.
    Encoded(Text<'a>),
}

/// A tool that the model may call.
#[derive(Clone, Debug)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// What it does.
    pub description: Option<Text<'a>>,
    /// The JSON schema of its arguments, as it was written.
    pub schema: Option<&'a [u8]>,
    /// Whether the arguments must fit the schema.
    pub strict: Option<bool>,
    /// Whether the prompt is to be cached up to here.
    pub breakpoint: Option<Breakpoint>,
}

/// Whether and which tool the model is to call.
#[derive(Clone, Debug)]
pub enum ToolChoice<'a> {
    /// As it sees fit.
    Auto,
    /// None.
    None,
    /// Some tool.
    Required,
    /// This tool.
    Named(Text<'a>),
    /// Only some of the tools: as it sees fit, or one of them without fail.
    Allowed {
        /// Their names.
        names: Vec<Text<'a>>,
        /// Whether one must be called.
        is_required: bool,
    },
}

/// The shape of an answer.
#[derive(Clone, Debug)]
pub enum OutputFormat<'a> {
    /// Some JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// The schema's name.
        name: Option<Text<'a>>,
        /// The schema, as it was written.
        schema: &'a [u8],
        /// Whether the answer must fit it to the letter.
        strict: Option<bool>,
    },
}

/// How much the model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// Not at all.
    Off,
    /// As much as it sees fit.
    Adaptive,
    /// With this effort.
    Effort(Effort),
    /// Up to this many tokens.
    Budget(u64),
}

/// How hard the model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "an ordered scale that OpenAI and Anthropic share")]
pub enum Effort {
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

/// How urgent a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// As the account has it.
    Auto,
    /// Never more than the standard.
    Standard,
    /// Later and cheaper.
    Flex,
    /// Sooner and dearer.
    Priority,
}

/// Something that only the caller's own format can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unportable<'a> {
    /// Its place in the caller's body, `messages[2].content[0].audio` or `logprobs`.
    pub place: Cow<'a, str>,
    /// What is lost without it.
    pub loss: Loss,
}

/// What is lost with something that cannot be carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// A nuance: it is left out and recorded.
    Nuance,
    /// What the caller means: the call is refused.
    Meaning,
}
