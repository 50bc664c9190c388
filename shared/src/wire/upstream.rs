//! The formats that providers are asked in.

use super::codec::{StreamReader, UpstreamCodec};
use super::ir::{Answer, ChatRequest, Maker, ProviderError};
use super::{
    Dropped, Format, Target, Untranslatable, anthropic, bedrock, cohere, gemini, mistral, openai_chat,
    openai_responses,
};

/// A wire format in which providers are asked. Most are also formats that agents call in, and calls in them need no
/// translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFormat {
    /// OpenAI's chat completions.
    OpenAiChat,
    /// Anthropic's messages.
    AnthropicMessages,
    /// AWS Bedrock's Converse.
    BedrockConverse,
    /// Mistral's chat completions, which resemble OpenAI's.
    MistralChat,
    /// Cohere's chat, second version.
    CohereChat,
    /// As much of OpenAI's chat completions as text-generation-inference knows: it refuses the rest.
    TgiChat,
    /// OpenAI's responses.
    OpenAiResponses,
    /// Google's `generateContent` and `streamGenerateContent`.
    Gemini,
}

impl From<Format> for UpstreamFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::OpenAiChat => Self::OpenAiChat,
            Format::AnthropicMessages => Self::AnthropicMessages,
            Format::OpenAiResponses => Self::OpenAiResponses,
        }
    }
}

impl UpstreamFormat {
    /// The table of formats: a new one is a folder and a row here.
    fn codec(self) -> &'static UpstreamCodec {
        match self {
            Self::OpenAiChat | Self::TgiChat => &openai_chat::UPSTREAM,
            Self::AnthropicMessages => &anthropic::UPSTREAM,
            Self::Gemini => &gemini::UPSTREAM,
            Self::BedrockConverse => &bedrock::UPSTREAM,
            Self::MistralChat => &mistral::UPSTREAM,
            Self::CohereChat => &cohere::UPSTREAM,
            Self::OpenAiResponses => &openai_responses::UPSTREAM,
        }
    }

    /// Whose seals the thoughts in its answers carry, if a conversation can bring them back to their maker.
    #[must_use]
    pub fn maker(self) -> Option<Maker> {
        match self {
            Self::AnthropicMessages => Some(Maker::Anthropic),
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::BedrockConverse
            | Self::MistralChat
            | Self::CohereChat
            | Self::Gemini
            | Self::TgiChat => None,
        }
    }

    /// Whether calls in `format` pass as they are.
    #[must_use]
    pub fn is(self, format: Format) -> bool {
        self == Self::from(format)
    }

    /// Whether a request can be asked of a target of this format.
    pub fn check_chat(self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<(), Untranslatable> {
        (self.codec().check)(request, target)
    }

    /// Writes a request that [`UpstreamFormat::check_chat`] let pass in this format; what it leaves out goes to
    /// `dropped`.
    #[must_use]
    pub fn write_chat(
        self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Vec<u8> {
        (self.codec().write_request)(request, target, dropped)
    }

    /// Reads an answer in one piece; `None` if it is none.
    pub(super) fn read_answer(self, body: &[u8]) -> Option<Answer<'_>> {
        (self.codec().read_answer)(body)
    }

    /// Reads a stream.
    pub(super) fn stream_reader(self) -> Box<dyn StreamReader> {
        (self.codec().stream_reader)()
    }

    /// Reads the body of an error that came under a status, 0 under a success; `None` if it is none.
    pub(super) fn read_error(self, body: &[u8], status: u16) -> Option<ProviderError<'_>> {
        (self.codec().read_error)(body, status)
    }
}
