//! What the events of a stream tell piece by piece, and where it stands as a whole.

/// Something that is told in `….delta` events and, as a whole, in a `….done` event.
#[derive(Debug, PartialEq, Eq)]
pub struct Telling {
    /// What the names of its events begin with.
    pub stem: &'static str,
    /// The member that has it as a whole, in the event and in what it belongs to.
    pub key: &'static str,
    /// The list of its item's parts that it is in and the type of its part, unless it belongs to the item itself.
    pub part: Option<(List, &'static str)>,
    /// Whether it is a document, of which can be seen whether it is whole.
    pub is_document: bool,
}

/// A list of an item's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// What is said, or thought aloud.
    Content,
    /// What is told of a thought.
    Summary,
}

const fn of_part(stem: &'static str, key: &'static str, list: List, kind: &'static str) -> Telling {
    Telling {
        stem,
        key,
        part: Some((list, kind)),
        is_document: false,
    }
}

const fn of_item(stem: &'static str, key: &'static str, is_document: bool) -> Telling {
    Telling {
        stem,
        key,
        part: None,
        is_document,
    }
}

/// All of them: <https://platform.openai.com/docs/api-reference/responses-streaming>
pub static TELLINGS: [Telling; 8] = [
    of_part("response.output_text", "text", List::Content, "output_text"),
    of_part("response.refusal", "refusal", List::Content, "refusal"),
    of_part("response.reasoning_text", "text", List::Content, "reasoning_text"),
    of_part(
        "response.reasoning_summary_text",
        "text",
        List::Summary,
        "summary_text",
    ),
    of_item("response.function_call_arguments", "arguments", true),
    of_item("response.mcp_call_arguments", "arguments", true),
    of_item("response.custom_tool_call_input", "input", false),
    of_item("response.code_interpreter_call_code", "code", false),
];

impl Telling {
    /// What an event tells of, by its name without the last word.
    pub fn of_events(stem: &[u8]) -> Option<&'static Self> {
        TELLINGS.iter().find(|telling| telling.stem.as_bytes() == stem)
    }

    /// Whether its events tell how likely the words were.
    pub fn has_logprobs(&self) -> bool {
        self.stem == "response.output_text"
    }

    /// What a part of this type, quotes included, says.
    pub fn of_type(kind: &[u8]) -> Option<&'static Self> {
        let kind = kind.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        TELLINGS
            .iter()
            .find(|telling| telling.part.is_some_and(|(_, own)| own.as_bytes() == kind))
    }
}

impl List {
    /// The list whose parts these events begin and end, by their name without the last word.
    pub fn of_events(stem: &[u8]) -> Option<Self> {
        match stem {
            b"response.content_part" => Some(Self::Content),
            b"response.reasoning_summary_part" => Some(Self::Summary),
            _ => None,
        }
    }

    /// The name of the event that ends a part of it.
    pub fn done(self) -> &'static str {
        match self {
            Self::Content => "response.content_part.done",
            Self::Summary => "response.reasoning_summary_part.done",
        }
    }

    /// The member of an event that has a place in it.
    pub fn index(self) -> &'static str {
        match self {
            Self::Content => "content_index",
            Self::Summary => "summary_index",
        }
    }

    /// The member of an item that has it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Summary => "summary",
        }
    }
}
