//! What becomes of calls beside conversations, as their endpoints say.

use serde_json::json;

use crate::api;
use crate::config::{Audience, NO_DEFAULTS, ProviderKind, load};
use crate::endpoint::Endpoint;
use crate::headers::Headers;
use crate::wire::{Embedder, Target};

/// A call beside conversations.
pub struct Beside {
    pub name: &'static str,
    method: &'static str,
    path: &'static str,
    /// Whether it is made in Anthropic's API, where a path is that of both.
    is_anthropics: bool,
    body: &'static str,
}

const fn post(name: &'static str, path: &'static str, body: &'static str) -> Beside {
    Beside {
        name,
        method: "POST",
        path,
        is_anthropics: false,
        body,
    }
}

const fn get(name: &'static str, path: &'static str, is_anthropics: bool) -> Beside {
    Beside {
        name,
        method: "GET",
        path,
        is_anthropics,
        body: "",
    }
}

/// The calls in the order of the page.
pub const BESIDE: [Beside; 15] = [
    post(
        "embeddings of a text",
        "/v1/embeddings",
        r#"{"model":"m","input":"a"}"#,
    ),
    post(
        "embeddings of several texts",
        "/v1/embeddings",
        r#"{"model":"m","input":["a","b"]}"#,
    ),
    post(
        "embeddings of tokens",
        "/v1/embeddings",
        r#"{"model":"m","input":[1,2]}"#,
    ),
    post(
        "embeddings in base64",
        "/v1/embeddings",
        r#"{"model":"m","input":"a","encoding_format":"base64"}"#,
    ),
    post("counts of tokens", "/v1/messages/count_tokens", ""),
    post("completions", "/v1/completions", ""),
    post("moderations", "/v1/moderations", ""),
    post("images", "/v1/images/generations", ""),
    post("speech", "/v1/audio/speech", ""),
    post("transcriptions", "/v1/audio/transcriptions", ""),
    get("files (OpenAI)", "/v1/files", false),
    get("batches (OpenAI)", "/v1/batches", false),
    get("stored responses", "/v1/responses/resp_1", false),
    get("files (Anthropic)", "/v1/files", true),
    get("batches (Anthropic)", "/v1/messages/batches", true),
];

/// A model that embeds, where the kind has some.
fn embedding_model(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::OpenAi | ProviderKind::AzureOpenAi => "text-embedding-3-small",
        ProviderKind::Anthropic => "claude-sonnet-4-6",
        ProviderKind::Bedrock => "amazon.titan-embed-text-v2:0",
        ProviderKind::Mistral => "mistral-embed",
        ProviderKind::Cohere => "embed-v4.0",
        ProviderKind::OpenAiCompatible | ProviderKind::SelfHosted(_) => "bge-m3",
        ProviderKind::Gemini | ProviderKind::Vertex => "gemini-embedding-001",
    }
}

impl Beside {
    fn endpoint(&self) -> Endpoint {
        let pairs = [
            (":method", self.method),
            (":path", self.path),
            ("anthropic-version", "2023-06-01"),
        ];
        let pairs = pairs.iter().take(if self.is_anthropics { 3 } else { 2 });
        let headers = Headers::new(
            pairs
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        );
        api::of(&headers).unwrap().asks().unwrap().1
    }

    /// What becomes of it at a kind of provider, of which `model` is asked where it is none that embeds.
    pub fn support(&self, kind: ProviderKind, model: &'static str) -> &'static str {
        let endpoint = self.endpoint();
        if endpoint == Endpoint::CountTokens {
            return if kind.counter(model).is_some() {
                "its own count"
            } else {
                "estimated"
            };
        }
        let model = if endpoint == Endpoint::Embeddings {
            embedding_model(kind)
        } else {
            model
        };
        let document = json!({
            "providers": [{"name": "p", "kind": kind.as_str()}],
            "models": [{"name": "m", "targets": [{"provider": "p", "model": model}]}],
        });
        let loaded = load(&document, Audience::Filter).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let snapshot = &loaded.snapshot;
        let pool = &snapshot.models.values().next().unwrap().pool;
        let target = Target {
            kind,
            model,
            defaults: &NO_DEFAULTS,
        };
        match endpoint.check(pool, 0, &target, self.body.as_bytes()) {
            Err(_) => "–",
            Ok(())
                if kind
                    .embedder(model)
                    .is_some_and(|embedder| embedder != Embedder::OpenAi) =>
            {
                "translated"
            }
            Ok(()) => "as it is",
        }
    }
}
