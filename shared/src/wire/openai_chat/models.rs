//! What OpenAI's models refuse or need, by families of names. The facts are those of the API reference
//! (<https://platform.openai.com/docs/api-reference/chat/create>, <https://platform.openai.com/docs/guides/reasoning>)
//! and of the errors that clients reported (`stop`: BerriAI/litellm#28650, huggingface/smolagents#1893).

use crate::config::{ProviderKind, Server};
use crate::wire::ir::Effort;

/// What a model refuses or needs.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of a table: what a model takes in one place says nothing of another"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) struct Model {
    /// Which efforts of reasoning it knows, in rising order; none: it does not reason.
    pub(super) efforts: &'static [Effort],
    /// Whether its reasoning can be switched off with the effort `none`.
    pub(super) can_be_off: bool,
    /// Whether it reasons where there are tools. Newer ones do so in OpenAI's other format only and refuse tools
    /// here unless the effort is `none`: openai/openai-openapi#541, BerriAI/litellm#34569, livekit/agents#5088.
    pub(super) reasons_with_tools: bool,
    /// Whether it takes `temperature`, `top_p` and penalties while it reasons.
    pub(in crate::wire) samples: bool,
    /// Whether it takes `stop`.
    pub(super) stops: bool,
    /// Whether it takes `parallel_tool_calls`.
    pub(super) parallel: bool,
    /// Whether parts of its prompt can be marked with `prompt_cache_breakpoint`.
    pub(super) breakpoints: bool,
    /// The role of instructions.
    pub(super) instructions: &'static str,
}

/// A model that does not reason.
const PLAIN: Model = Model {
    efforts: &[],
    can_be_off: false,
    reasons_with_tools: true,
    samples: true,
    stops: true,
    parallel: true,
    breakpoints: false,
    instructions: "system",
};

/// Some model behind another server of this format. It may reason; then `reasoning_effort` has the three words that
/// all such servers know, and the server ignores it otherwise.
const COMPATIBLE: Model = Model {
    efforts: &[Effort::Low, Effort::Medium, Effort::High],
    ..PLAIN
};

/// Some model behind a server that refuses keys which are not of the oldest.
const PLAIN_SERVER: Model = Model {
    parallel: false,
    ..PLAIN
};

/// A model that reasons.
const REASONING: Model = Model {
    efforts: &[Effort::Low, Effort::Medium, Effort::High],
    samples: false,
    stops: false,
    instructions: "developer",
    ..PLAIN
};

/// The efforts from the second generation of models that can be asked not to reason on.
const UP_TO_XHIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh];

/// A family of names.
struct Family {
    /// What its names begin with, before the version.
    line: &'static str,
    /// Its first version.
    from: (u32, u32),
    /// A word that its names have after the version; empty: any.
    variant: &'static str,
    model: Model,
}

const fn family(line: &'static str, from: (u32, u32), variant: &'static str, model: Model) -> Family {
    Family {
        line,
        from,
        variant,
        model,
    }
}

/// The families, of one line the newest first and variants before the rest of their version. A version after the
/// newest one is taken for that.
const FAMILIES: [Family; 13] = [
    family(
        "gpt-",
        (5, 6),
        "pro",
        Model {
            efforts: &[Effort::Medium, Effort::High, Effort::XHigh],
            stops: true,
            breakpoints: true,
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 6),
        "",
        Model {
            efforts: UP_TO_XHIGH,
            can_be_off: true,
            reasons_with_tools: false,
            stops: true,
            breakpoints: true,
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 5),
        "pro",
        Model {
            efforts: &[Effort::Medium, Effort::High, Effort::XHigh],
            stops: true,
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 5),
        "",
        Model {
            efforts: UP_TO_XHIGH,
            can_be_off: true,
            reasons_with_tools: false,
            stops: true,
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 2),
        "pro",
        Model {
            efforts: &[Effort::Medium, Effort::High, Effort::XHigh],
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 2),
        "",
        Model {
            efforts: UP_TO_XHIGH,
            can_be_off: true,
            reasons_with_tools: false,
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 1),
        "codex",
        Model {
            efforts: UP_TO_XHIGH,
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 1),
        "",
        Model {
            can_be_off: true,
            ..REASONING
        },
    ),
    family("gpt-", (5, 0), "chat", PLAIN),
    family(
        "gpt-",
        (5, 0),
        "pro",
        Model {
            efforts: &[Effort::High],
            ..REASONING
        },
    ),
    family(
        "gpt-",
        (5, 0),
        "",
        Model {
            efforts: &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High],
            ..REASONING
        },
    ),
    family(
        "o",
        (3, 0),
        "",
        Model {
            parallel: false,
            ..REASONING
        },
    ),
    family(
        "o",
        (1, 0),
        "",
        Model {
            parallel: false,
            stops: true,
            ..REASONING
        },
    ),
];

impl Model {
    /// What a provider's model refuses or needs. An unknown one of OpenAI's is one that does not reason: deployments
    /// have names of their own, and parameters are not taken from a model that may well take them.
    pub(in crate::wire) fn of(kind: ProviderKind, name: &str) -> Self {
        let found = match kind {
            ProviderKind::SelfHosted(Server::Tgi) => return PLAIN_SERVER,
            ProviderKind::OpenAiCompatible
            | ProviderKind::SelfHosted(_)
            | ProviderKind::Mistral
            | ProviderKind::Cohere => return COMPATIBLE,
            _ => Self::named(name),
        };
        match kind {
            // It takes `system` for the developer's word in every version of its API, and marks in none.
            ProviderKind::AzureOpenAi => Self {
                instructions: "system",
                breakpoints: false,
                ..found
            },
            _ => found,
        }
    }

    /// What a model of OpenAI's refuses or needs.
    fn named(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("ft:").unwrap_or(&name);
        let name = name.rsplit('/').next().unwrap_or(name);
        FAMILIES
            .iter()
            .find(|family| family.has(name))
            .map_or(PLAIN, |family| family.model)
    }

    /// The word for an effort, or for the nearest one that the model knows: rather less than was asked for.
    pub(super) fn effort(&self, asked: Effort) -> Option<&'static str> {
        let known = self.efforts.iter().rev().find(|&&effort| effort <= asked);
        known.or(self.efforts.first()).copied().map(word)
    }
}

impl Family {
    fn has(&self, name: &str) -> bool {
        name.strip_prefix(self.line)
            .and_then(version)
            .is_some_and(|(version, rest)| version >= self.from && rest.contains(self.variant))
    }
}

/// The version that a name goes on with, and what follows.
fn version(name: &str) -> Option<((u32, u32), &str)> {
    let (major, rest) = number(name)?;
    let after_dot = rest.strip_prefix('.').and_then(number);
    let (minor, rest) = after_dot.unwrap_or((0, rest));
    (rest.is_empty() || rest.starts_with('-') || rest.starts_with(':')).then_some(((major, minor), rest))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::XHigh => "xhigh",
        Effort::Max => "max",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(name: &str) -> Model {
        Model::of(ProviderKind::OpenAi, name)
    }

    #[test]
    fn a_model_is_known_by_its_family_and_version() {
        for plain in [
            "gpt-4o",
            "gpt-4.1-mini",
            "gpt-5-chat-latest",
            "my-deployment",
            "gpt-4o-2024-08-06",
            "omni",
            "o",
            "gpt-oss-120b",
        ] {
            assert_eq!(of(plain), PLAIN, "{plain}");
        }
        for (name, efforts, can_be_off, stops) in [
            ("o1", 3, false, true),
            ("o3-mini", 3, false, false),
            ("o4-mini-2025-04-16", 3, false, false),
            ("gpt-5", 4, false, false),
            ("gpt-5-mini-2025-08-07", 4, false, false),
            ("gpt-5-pro", 1, false, false),
            ("gpt-5.1", 3, true, false),
            ("gpt-5.1-codex-max", 4, false, false),
            ("GPT-5.2", 4, true, false),
            ("gpt-5.4-mini", 4, true, false),
            ("gpt-5.5", 4, true, true),
            ("openai/gpt-5.6", 4, true, true),
            ("gpt-6", 4, true, true),
        ] {
            let model = of(name);
            assert!(!model.samples && model.instructions == "developer", "{name}");
            assert_eq!(
                (model.efforts.len(), model.can_be_off, model.stops),
                (efforts, can_be_off, stops),
                "{name}"
            );
        }
        assert!(of("gpt-5.6").breakpoints && !of("gpt-5.5").breakpoints);
        assert_eq!(Model::of(ProviderKind::OpenAiCompatible, "gpt-5"), COMPATIBLE);
        let azure = Model::of(ProviderKind::AzureOpenAi, "gpt-5.6");
        assert!(!azure.samples && !azure.breakpoints && azure.instructions == "system");
    }

    #[test]
    fn an_effort_that_is_unknown_becomes_the_nearest() {
        assert_eq!(of("gpt-5").effort(Effort::Max), Some("high"));
        assert_eq!(of("gpt-5.2").effort(Effort::Minimal), Some("low"));
        assert_eq!(of("gpt-5.2").effort(Effort::Max), Some("xhigh"));
        assert_eq!(of("gpt-4o").effort(Effort::Low), None);
    }
}
