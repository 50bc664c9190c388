//! The formats that providers are asked in.

use super::codec::{StreamReader, UpstreamCodec};
use super::ir::{Answer, ChatRequest, ProviderError};
use super::{Dropped, Format, Target, Untranslatable, anthropic, gemini, openai_chat};

/// A wire format in which providers are asked. Most are also formats that agents call in, and calls in them need no
/// translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFormat {
    /// OpenAI's chat completions.
    OpenAiChat,
    /// Anthropic's messages.
    AnthropicMessages,
    /// Google's `generateContent` and `streamGenerateContent`.
    Gemini,
}

impl From<Format> for UpstreamFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::OpenAiChat => Self::OpenAiChat,
            Format::AnthropicMessages => Self::AnthropicMessages,
        }
    }
}

impl UpstreamFormat {
    /// The table of formats: a new one is a folder and a row here.
    fn codec(self) -> &'static UpstreamCodec {
        match self {
            Self::OpenAiChat => &openai_chat::UPSTREAM,
            Self::AnthropicMessages => &anthropic::UPSTREAM,
            Self::Gemini => &gemini::UPSTREAM,
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
