//! What passes through to a provider of the same API: the paths, their methods, and what is read of each.

use crate::wire::{Dialect, Format};

/// The longest id in a path; real ones have some forty characters.
const MAX_ID: usize = 256;

/// A part of a provider's API that the broker knows, and passes on without a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// OpenAI's completions of a prompt: <https://platform.openai.com/docs/api-reference/completions>
    Completions,
    /// Judgements of texts: <https://platform.openai.com/docs/api-reference/moderations>
    Moderations,
    /// Images made of a text: <https://platform.openai.com/docs/api-reference/images>
    ImageGenerations,
    /// Images made of images and a text.
    ImageEdits,
    /// Images made of an image.
    ImageVariations,
    /// Sound made of a text: <https://platform.openai.com/docs/api-reference/audio>
    Speech,
    /// Text made of sound.
    Transcriptions,
    /// English text made of sound.
    Translations,
    /// OpenAI's batches: <https://platform.openai.com/docs/api-reference/batch>
    Batches,
    /// Files: <https://platform.openai.com/docs/api-reference/files>,
    /// <https://platform.claude.com/docs/en/api/files-list>
    Files(Dialect),
    /// Responses that were made and are kept: <https://platform.openai.com/docs/api-reference/responses/get>
    StoredResponses,
    /// Anthropic's batches: <https://platform.claude.com/docs/en/api/creating-message-batches>
    MessageBatches,
}

/// How a call names the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// In the member `model` of a JSON body.
    Json,
    /// In the field `model` of a form.
    Form,
    /// Not at all: it is about an object that one account keeps.
    None,
    /// In the id of an object in the path, which the broker gave it.
    Id,
}

/// One call of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// What is called.
    pub operation: Operation,
    /// The HTTP method.
    pub method: &'static str,
}

/// The methods of a path, and how a wrong one is answered.
type Methods = (&'static [&'static str], &'static str);

const GET: Methods = (&["GET"], "GET");
const POST: Methods = (&["POST"], "POST");
const GET_POST: Methods = (&["GET", "POST"], "GET, POST");
const GET_DELETE: Methods = (&["GET", "DELETE"], "GET, DELETE");

impl Operation {
    /// The operation at a path after `/v1`. `likely`: the dialect of the caller, where the path is that of both.
    #[must_use]
    pub fn at(path: &str, likely: Dialect) -> Option<Self> {
        let operation = match path {
            "/completions" => Self::Completions,
            "/moderations" => Self::Moderations,
            "/images/generations" => Self::ImageGenerations,
            "/images/edits" => Self::ImageEdits,
            "/images/variations" => Self::ImageVariations,
            "/audio/speech" => Self::Speech,
            "/audio/transcriptions" => Self::Transcriptions,
            "/audio/translations" => Self::Translations,
            _ => {
                let objects = [
                    Self::Batches,
                    Self::Files(likely),
                    Self::MessageBatches,
                    Self::StoredResponses,
                ];
                objects
                    .into_iter()
                    .find(|operation| operation.methods(path).is_some())?
            }
        };
        Some(operation)
    }

    /// The call of this method; fails with the methods that the path takes.
    pub fn asked(self, path: &str, method: Option<&[u8]>) -> Result<Passed, &'static str> {
        let (methods, words) = self.methods(path).unwrap_or(POST);
        let method = methods.iter().find(|known| Some(known.as_bytes()) == method);
        let passed = |method: &&'static str| Passed {
            operation: self,
            method,
        };
        method.map(passed).ok_or(words)
    }

    /// The methods of a path of this operation; `None` if it is none of them.
    fn methods(self, path: &str) -> Option<Methods> {
        let Some(base) = self.base() else {
            return Some(POST);
        };
        let rest = path.strip_prefix(base)?;
        let mut parts = rest.strip_prefix('/').unwrap_or(rest).split('/');
        let (id, action, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let of_one = if self == Self::Batches { GET } else { GET_DELETE };
        match (id, action, more) {
            // They are made and not listed, and this is called otherwise.
            _ if self == Self::StoredResponses && matches!(id, "" | "compact" | "input_tokens") => None,
            ("", None, _) if rest.is_empty() => Some(GET_POST),
            (id, action, None) if rest.starts_with('/') && is_id(id) => match (self, action) {
                (_, None) => Some(of_one),
                (Self::Files(_), Some("content"))
                | (Self::MessageBatches, Some("results"))
                | (Self::StoredResponses, Some("input_items")) => Some(GET),
                (Self::Batches | Self::MessageBatches | Self::StoredResponses, Some("cancel")) => Some(POST),
                _ => None,
            },
            _ => None,
        }
    }

    /// What all paths of an operation on objects begin with.
    fn base(self) -> Option<&'static str> {
        match self {
            Self::Batches => Some("/batches"),
            Self::Files(_) => Some("/files"),
            Self::MessageBatches => Some("/messages/batches"),
            Self::StoredResponses => Some("/responses"),
            _ => None,
        }
    }

    /// In whose shape the caller expects errors.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Files(dialect) => dialect,
            Self::MessageBatches => Dialect::Anthropic,
            _ => Dialect::OpenAi,
        }
    }

    /// How its calls name the model.
    #[must_use]
    pub fn naming(self) -> Naming {
        match self {
            Self::Completions | Self::Moderations | Self::ImageGenerations | Self::Speech => Naming::Json,
            Self::ImageEdits | Self::ImageVariations | Self::Transcriptions | Self::Translations => {
                Naming::Form
            }
            Self::Batches | Self::Files(_) | Self::MessageBatches => Naming::None,
            Self::StoredResponses => Naming::Id,
        }
    }
}

/// Whether a part of a path is an id, which goes on to the provider as it is.
fn is_id(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=MAX_ID).contains(&part.len())
        && part.bytes().all(is_plain)
        && part.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

impl Passed {
    /// The API's name in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self.operation {
            Operation::Completions => "openai.completions",
            Operation::Moderations => "openai.moderations",
            Operation::ImageGenerations | Operation::ImageEdits | Operation::ImageVariations => {
                "openai.images"
            }
            Operation::Speech | Operation::Transcriptions | Operation::Translations => "openai.audio",
            Operation::Batches => "openai.batches",
            Operation::Files(Dialect::OpenAi) => "openai.files",
            Operation::Files(Dialect::Anthropic) => "anthropic.files",
            Operation::MessageBatches => "anthropic.batches",
            Operation::StoredResponses => "openai.stored_responses",
        }
    }

    /// In whose shape the caller expects errors.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        self.operation.dialect()
    }

    /// The format of the provider's API that it is a part of.
    #[must_use]
    pub fn format(self) -> Format {
        match self.dialect() {
            Dialect::OpenAi => Format::OpenAiChat,
            Dialect::Anthropic => Format::AnthropicMessages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The methods that a path takes, in words.
    fn methods(path: &str) -> Option<&'static str> {
        Operation::at(path, Dialect::OpenAi)?.asked(path, None).err()
    }

    #[test]
    fn objects_are_listed_made_looked_at_and_ended() {
        for (path, expected) in [
            ("/completions", "POST"),
            ("/audio/transcriptions", "POST"),
            ("/files", "GET, POST"),
            ("/files/file-abc_1", "GET, DELETE"),
            ("/files/file-1/content", "GET"),
            ("/batches", "GET, POST"),
            ("/batches/batch_1", "GET"),
            ("/batches/batch_1/cancel", "POST"),
            ("/messages/batches", "GET, POST"),
            ("/messages/batches/msgbatch_1", "GET, DELETE"),
            ("/messages/batches/msgbatch_1/cancel", "POST"),
            ("/messages/batches/msgbatch_1/results", "GET"),
        ] {
            assert_eq!(methods(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        for path in [
            "/completion",
            "/files/",
            "/filesystem",
            "/files//content",
            "/files/..",
            "/files/../batches",
            "/files/a%2Fb",
            "/files/a/cancel",
            "/files/a/content/b",
            "/batches/a/results",
            "/batches/a/content",
            "/fine_tuning/jobs",
            "/assistants",
        ] {
            assert_eq!(Operation::at(path, Dialect::OpenAi), None, "{path}");
        }
        let long = ["/files/", &"a".repeat(MAX_ID + 1)].concat();
        assert_eq!(Operation::at(&long, Dialect::OpenAi), None);
    }

    #[test]
    fn files_are_of_the_vendor_whose_client_asks() {
        let file = Operation::at("/files/f", Dialect::Anthropic).unwrap();
        assert_eq!(file.dialect(), Dialect::Anthropic);
        let passed = file.asked("/files/f", Some(b"DELETE")).unwrap();
        assert_eq!((passed.as_str(), passed.method), ("anthropic.files", "DELETE"));
        assert_eq!(file.asked("/files/f", Some(b"PUT")), Err("GET, DELETE"));
    }
}
