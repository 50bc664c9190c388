//! The providers that stand behind: what each is asked at, and what it answers.

use crate::body::Dialect;

/// A provider, by the format in which it is asked and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
    Converse,
    Mistral,
    Cohere,
}

/// The files with the answer and the stream of one provider.
macro_rules! answers {
    ($name:literal) => {
        (
            include_str!(concat!("../answers/", $name, ".json")),
            include_str!(concat!("../answers/", $name, ".sse")),
        )
    };
}

impl Peer {
    pub(crate) const ALL: [Self; 7] = [
        Self::OpenAi,
        Self::Responses,
        Self::Anthropic,
        Self::Gemini,
        Self::Converse,
        Self::Mistral,
        Self::Cohere,
    ];

    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::Responses => "responses",
            Self::Anthropic => "Anthropic",
            Self::Gemini => "Gemini",
            Self::Converse => "Converse",
            Self::Mistral => "Mistral",
            Self::Cohere => "Cohere",
        }
    }

    /// The logical model that this provider serves; `scripts/bench.sh` configures it.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::OpenAi => "bench-model",
            Self::Responses => "bench-responses",
            Self::Anthropic => "bench-anthropic",
            Self::Gemini => "bench-gemini",
            Self::Converse => "bench-converse",
            Self::Mistral => "bench-mistral",
            Self::Cohere => "bench-cohere",
        }
    }

    /// Whose path this is. Mistral has the one of `OpenAI`; its address here ends with its name.
    pub(crate) fn asked_at(path: &str) -> Self {
        let is_after = |mark: &str| path.contains(mark);
        let asked = |peer: &Self| match peer {
            Self::Responses => path.ends_with(Dialect::Responses.path()),
            Self::Anthropic => path.ends_with(Dialect::Anthropic.path()),
            Self::Gemini => is_after("enerateContent"),
            Self::Converse => is_after("/converse"),
            Self::Mistral => path.starts_with("/mistral/"),
            Self::Cohere => path.ends_with("/v2/chat"),
            Self::OpenAi => false,
        };
        Self::ALL.into_iter().find(asked).unwrap_or(Self::OpenAi)
    }

    /// A short answer, of about 1 kB.
    pub(crate) fn whole(self) -> &'static str {
        self.answers().0
    }

    /// The events of a stream, with one chunk where many are sent. Converse's are written here as the others' are.
    pub(crate) fn stream(self) -> &'static str {
        self.answers().1
    }

    pub(crate) fn stream_type(self) -> &'static str {
        match self {
            Self::Converse => "application/vnd.amazon.eventstream",
            _ => "text/event-stream",
        }
    }

    fn answers(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenAi => answers!("openai"),
            Self::Responses => answers!("responses"),
            Self::Anthropic => answers!("anthropic"),
            Self::Gemini => answers!("gemini"),
            Self::Converse => answers!("converse"),
            Self::Mistral => answers!("mistral"),
            Self::Cohere => answers!("cohere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_who_is_asked() {
        for (path, peer) in [
            ("/v1/chat/completions", Peer::OpenAi),
            ("/v1/responses", Peer::Responses),
            ("/v1/messages", Peer::Anthropic),
            ("/v1beta/models/m:generateContent", Peer::Gemini),
            ("/v1beta/models/m:streamGenerateContent", Peer::Gemini),
            ("/model/m/converse", Peer::Converse),
            ("/model/m/converse-stream", Peer::Converse),
            ("/mistral/v1/chat/completions", Peer::Mistral),
            ("/v2/chat", Peer::Cohere),
        ] {
            assert_eq!(Peer::asked_at(path), peer, "{path}");
        }
    }

    #[test]
    fn the_answers_are_json() {
        for peer in Peer::ALL {
            serde_json::from_str::<serde_json::Value>(peer.whole()).unwrap();
            let data = peer
                .stream()
                .lines()
                .filter_map(|line| line.strip_prefix("data: "));
            for data in data.filter(|data| *data != "[DONE]") {
                serde_json::from_str::<serde_json::Value>(data).unwrap();
            }
        }
    }
}
