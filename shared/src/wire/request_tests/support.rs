//! The table of docs/support.md: which feature of which API reaches which kind of provider. It is made by asking the
//! code that serves calls, so that it cannot say anything else than what happens. To write it anew, look at what
//! changed, and commit it: `BLESS=1 cargo test -p model-broker-shared support`

mod endpoints;
mod features;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use self::endpoints::BESIDE;
use self::features::{Feature, features};
use crate::config::{NO_DEFAULTS, ProviderKind};
use crate::wire::{Dropped, Format, Target};

/// What becomes of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    /// The body passes as it is.
    AsItIs,
    /// It is said in the provider's words.
    Translated,
    /// The call is served without it, and its record says so.
    LeftOut,
    /// Such calls go to other members of the pool.
    Refused,
}

impl Support {
    fn as_str(self) -> &'static str {
        match self {
            Self::AsItIs => "as it is",
            Self::Translated => "translated",
            Self::LeftOut => "left out",
            Self::Refused => "–",
        }
    }
}

/// A model that stands for its kind: a current one that can do what the kind can.
fn model(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::OpenAi | ProviderKind::AzureOpenAi => "gpt-5.2",
        ProviderKind::Anthropic => "claude-sonnet-4-6",
        ProviderKind::Bedrock => "eu.anthropic.claude-sonnet-4-6",
        ProviderKind::Mistral => "mistral-medium-3-5",
        ProviderKind::Cohere => "command-a-reasoning-08-2025",
        ProviderKind::OpenAiCompatible | ProviderKind::SelfHosted(_) => "qwen3-32b",
        ProviderKind::Gemini | ProviderKind::Vertex => "gemini-2.5-pro",
    }
}

fn name(format: Format) -> &'static str {
    match format {
        Format::OpenAiChat => "OpenAI chat completions, `POST /v1/chat/completions`",
        Format::AnthropicMessages => "Anthropic messages, `POST /v1/messages`",
        Format::OpenAiResponses => "OpenAI responses, `POST /v1/responses`",
    }
}

const FORMATS: [Format; 3] = [
    Format::OpenAiChat,
    Format::OpenAiResponses,
    Format::AnthropicMessages,
];

/// What becomes of a feature of a call in `format` at a kind of provider.
fn support(format: Format, kind: ProviderKind, feature: &Feature) -> Support {
    let target = Target {
        kind,
        model: model(kind),
        defaults: &NO_DEFAULTS,
    };
    let theirs = target.format(format);
    if theirs.is(format) {
        return Support::AsItIs;
    }
    let written = |body: &Value| {
        let body = body.to_string();
        let request = format.read_chat(body.as_bytes()).ok()?;
        theirs.check_chat(&request, &target).ok()?;
        let mut dropped = Dropped::default();
        drop(theirs.write_chat(&request, &target, &mut dropped));
        Some(dropped)
    };
    let without = written(&features::plain(format)).unwrap();
    match written(&feature.body) {
        None => Support::Refused,
        Some(dropped) if dropped.places().len() > without.places().len() => Support::LeftOut,
        Some(_) => Support::Translated,
    }
}

fn table() -> String {
    let mut page = INTRODUCTION.to_owned();
    for format in FORMATS {
        write!(page, "\n## {}\n\n", name(format)).unwrap();
        head(&mut page);
        for feature in features(format) {
            write!(page, "| {} |", feature.name).unwrap();
            for kind in ProviderKind::ALL {
                write!(page, " {} |", support(format, *kind, &feature).as_str()).unwrap();
            }
            page.push('\n');
        }
    }
    page.push_str(BESIDE_CONVERSATIONS);
    head(&mut page);
    for call in &BESIDE {
        write!(page, "| {} |", call.name).unwrap();
        for kind in ProviderKind::ALL {
            write!(page, " {} |", call.support(*kind, model(*kind))).unwrap();
        }
        page.push('\n');
    }
    page
}

/// The head of a table.
fn head(page: &mut String) {
    page.push_str("| |");
    for kind in ProviderKind::ALL {
        write!(page, " {} |", kind.as_str()).unwrap();
    }
    page.push_str("\n| --- |");
    page.push_str(&" --- |".repeat(ProviderKind::ALL.len()));
    page.push('\n');
}

const BESIDE_CONVERSATIONS: &str = "
## Other endpoints

For embeddings each kind is asked for a model that embeds: `bedrock` for Amazon's Titan and `vertex` for Gemini's, which
take one text a call (Cohere's at Bedrock and the older ones at Vertex AI take several). **its own count**: the provider
counts the tokens, at `bedrock` for Claude only; **estimated**: the broker does. More of each:
[endpoints.md](endpoints.md).

";

const INTRODUCTION: &str = "# What reaches which provider

Made by `BLESS=1 cargo test -p model-broker-shared support` out of the code that serves calls; a test compares it with
that code. Each kind is asked for one current model (OpenAI's for `openai`, a Claude for `anthropic`, and so on); other
models of the kind may lack a feature, which `capabilities` and the broker's own table of models know.

- **as it is**: the provider speaks the caller's API; the body passes unchanged but for the model's name.
- **translated**: it is said in the provider's own words.
- **left out**: the call is served without it; `llm.dropped` of its record names it.
- **–**: such calls go to other members of the pool. If none can serve one, it is refused with a 400 that names the
  place in its body.

How each thing is translated: [translation.md](translation.md).
";

#[test]
fn the_page_says_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/support.md");
    let table = table();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(page, table, "docs/support.md is out of date");
}
