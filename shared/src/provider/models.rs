//! What current models can do, as their makers said on [`AS_OF`]. A model that is not here is presumed able, and what
//! an operator writes goes before what stands here.
//!
//! Sources: <https://platform.claude.com/docs/en/models>, <https://developers.openai.com/api/docs/models>,
//! <https://ai.google.dev/gemini-api/docs/models>, and the cards of the open models. A context is the largest that the model is offered with, opt-ins included: a call that
//! is too long after all is refused by the provider, one that is held back in error is refused by us.

use super::model_name::{is_revision, recognise};
use super::{Capabilities, Capability};

/// When the table was last compared with its sources.
pub const AS_OF: &str = "2026-11-21";

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it supports.
    pub capabilities: Capabilities,
    /// The tokens of its context.
    pub context: u64,
}

/// What is known of a model, by the name that a provider has for it.
///
/// The name may have what providers put around it: a vendor or a folder before, a date or a revision behind. A name
/// that goes on in any other way is another model, of which nothing is known.
#[must_use]
pub fn known(name: &str) -> Option<Known> {
    recognise(name, find)
}

fn find(name: &str) -> Option<Known> {
    let rows = ROWS.iter().filter(|row| row.covers(name));
    let row = rows.max_by_key(|row| row.name.len())?;
    let capabilities = row
        .lacks
        .iter()
        .fold(CHAT, |able, lacking| able.without(*lacking));
    Some(Known {
        capabilities,
        context: row.context,
    })
}

/// One model, or with [`Row::is_family`] all whose names begin so.
struct Row {
    name: &'static str,
    is_family: bool,
    context: u64,
    lacks: &'static [Capability],
}

impl Row {
    fn covers(&self, name: &str) -> bool {
        name.strip_prefix(self.name)
            .is_some_and(|rest| is_revision(rest) || self.is_family && is_part(rest))
    }
}

/// Whether a name goes on with another word.
fn is_part(rest: &str) -> bool {
    rest.starts_with(['-', ':', '@', '_'])
}

const fn model(name: &'static str, context: u64) -> Row {
    Row {
        name,
        is_family: false,
        context,
        lacks: &[],
    }
}

/// Open models: the name goes on with size, tuning and quantisation.
const fn family(name: &'static str, context: u64, lacks: &'static [Capability]) -> Row {
    Row {
        name,
        is_family: true,
        context,
        lacks,
    }
}

const fn text_only(name: &'static str, context: u64) -> Row {
    Row {
        lacks: NO_VISION,
        ..model(name, context)
    }
}

/// What models of conversations can do at most: all that are listed here are such ones.
const CHAT: Capabilities = Capabilities::ALL.without(Capability::Embeddings);
const NO_VISION: &[Capability] = &[Capability::Vision];
const MILLION: u64 = 1_000_000;

const ROWS: &[Row] = &[
    // Anthropic
    model("claude-fable-5", MILLION),
    model("claude-fable-5-1", MILLION),
    model("claude-fable-5-2", MILLION),
    model("claude-opus-5", MILLION),
    model("claude-opus-5-5", MILLION),
    model("claude-sonnet-5", MILLION),
    model("claude-sonnet-5-5", MILLION),
    model("claude-haiku-5-5", MILLION),
    model("claude-opus-4-8", MILLION),
    model("claude-opus-4-7", MILLION),
    model("claude-opus-4-6", MILLION),
    model("claude-sonnet-4-6", MILLION),
    // A million with the opt-in `context-1m-2025-08-07`, which passes through the broker.
    model("claude-sonnet-4-5", MILLION),
    model("claude-sonnet-4", MILLION),
    model("claude-haiku-4-5", 200_000),
    model("claude-opus-4-5", 200_000),
    model("claude-opus-4-1", 200_000),
    model("claude-opus-4", 200_000),
    // OpenAI
    model("gpt-6-astra", 1_050_000),
    model("gpt-6-sol", 1_050_000),
    model("gpt-6-terra", 1_050_000),
    model("gpt-6-luna", 1_050_000),
    model("gpt-6.1-sol", 1_050_000),
    model("gpt-6.1-terra", 1_050_000),
    model("gpt-6.2-sol", 1_050_000),
    model("gpt-5.5", 1_050_000),
    model("gpt-5.4", 1_050_000),
    model("gpt-5.2", 400_000),
    model("gpt-5.1", 400_000),
    model("gpt-5", 400_000),
    model("gpt-5-mini", 400_000),
    model("gpt-5-nano", 400_000),
    model("gpt-5-chat", 128_000),
    model("gpt-5.1-chat", 128_000),
    model("gpt-4.1", 1_047_576),
    model("gpt-4.1-mini", 1_047_576),
    model("gpt-4.1-nano", 1_047_576),
    model("gpt-4o", 128_000),
    model("gpt-4o-mini", 128_000),
    model("o1", 200_000),
    model("o3", 200_000),
    model("o4-mini", 200_000),
    text_only("o3-mini", 200_000),
    text_only("gpt-3.5-turbo", 16_385),
    // Amazon, https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
    model("nova-2-lite", MILLION),
    model("nova-pro", 300_000),
    model("nova-lite", 300_000),
    text_only("nova-micro", 128_000),
    // Mistral
    model("mistral-large-2512", 256_000),
    model("mistral-medium-2505", 128_000),
    model("mistral-medium-2508", 128_000),
    model("mistral-medium-3-5", 256_000),
    model("mistral-medium-3.5", 256_000),
    model("mistral-small-2506", 128_000),
    model("mistral-small-2603", 256_000),
    model("ministral-3b-2512", 256_000),
    model("ministral-8b-2512", 256_000),
    model("ministral-14b-2512", 256_000),
    model("magistral-medium-2509", 128_000),
    text_only("codestral-2508", 256_000),
    text_only("devstral-2512", 256_000),
    // Cohere
    text_only("command-a-03-2025", 256_000),
    text_only("command-a-reasoning-08-2025", 256_000),
    Row {
        lacks: &[Capability::Tools],
        ..model("command-a-vision-07-2025", 128_000)
    },
    text_only("command-r-plus-08-2024", 128_000),
    text_only("command-r-08-2024", 128_000),
    text_only("command-r7b-12-2024", 128_000),
    // Google
    model("gemini-3.8-flash", 1_048_576),
    model("gemini-3.7-flash", 1_048_576),
    model("gemini-3.6-flash", 1_048_576),
    model("gemini-3.5-flash", 1_048_576),
    model("gemini-3.5-flash-lite", 1_048_576),
    model("gemini-3.1-pro", 1_048_576),
    model("gemini-3.1-pro-preview", 1_048_576),
    model("gemini-3.1-flash-lite", 1_048_576),
    model("gemini-3.1-flash-lite-preview", 1_048_576),
    model("gemini-3-pro-preview", 1_048_576),
    model("gemini-3-flash", 1_048_576),
    model("gemini-3-flash-preview", 1_048_576),
    model("gemini-2.5-pro", 1_048_576),
    model("gemini-2.5-flash", 1_048_576),
    model("gemini-2.5-flash-lite", 1_048_576),
    model("gemini-2.0-flash", 1_048_576),
    model("gemini-2.0-flash-lite", 1_048_576),
    // Open models: what the weights support; a server may be set to less.
    family("gpt-oss", 131_072, NO_VISION),
    family("llama-3.1", 131_072, NO_VISION),
    family("llama3.1", 131_072, NO_VISION),
    family("llama-3.3", 131_072, NO_VISION),
    family("llama3.3", 131_072, NO_VISION),
    // As Bedrock spells them.
    family("llama3-1", 131_072, NO_VISION),
    family("llama3-3", 131_072, NO_VISION),
    family("llama4-scout", 10_485_760, &[]),
    family("llama4-maverick", 1_048_576, &[]),
    family("llama-4-scout", 10_485_760, &[]),
    family("llama-4-maverick", 1_048_576, &[]),
    family("qwen3-coder", MILLION, NO_VISION),
    family("qwen3-vl", MILLION, &[]),
    family("deepseek-v3", 163_840, NO_VISION),
    family("deepseek-v3.1", 163_840, NO_VISION),
    family("deepseek-v3.2", 163_840, NO_VISION),
    family("deepseek-r1", 163_840, NO_VISION),
];

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn context(name: &str) -> Option<u64> {
        known(name).map(|known| known.context)
    }

    fn sees(name: &str) -> Option<bool> {
        known(name).map(|known| known.capabilities.has(Capability::Vision))
    }

    #[test]
    fn a_model_is_found_under_the_names_that_providers_have_for_it() {
        for name in [
            "claude-haiku-4-5",
            "claude-haiku-4-5-20251001",
            "claude-haiku-4-5@20251001",
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic/claude-haiku-4-5",
            "Claude-Haiku-4-5-latest",
        ] {
            assert_eq!(context(name), Some(200_000), "{name}");
        }
        assert_eq!(context("gpt-4o-2024-11-20"), Some(128_000));
        assert_eq!(context("openai/gpt-6.2-sol"), Some(1_050_000));
        assert_eq!(context("gpt-5-mini"), Some(400_000));
        assert_eq!(context("eu.amazon.nova-pro-v1:0"), Some(300_000));
        assert_eq!(sees("amazon.nova-micro-v1:0"), Some(false));
        assert_eq!(context("google/gemini-2.5-flash-001"), Some(1_048_576));
        for name in [
            "meta-llama/Llama-3.3-70B-Instruct",
            "llama3.3:70b-instruct-q4_K_M",
            "openai/gpt-oss-120b",
            "us.meta.llama3-3-70b-instruct-v1:0",
            "openai.gpt-oss-120b-1:0",
        ] {
            assert_eq!(
                (context(name), sees(name)),
                (Some(131_072), Some(false)),
                "{name}"
            );
        }
        assert_eq!(sees("Qwen/Qwen3-VL-235B-A22B-Instruct"), Some(true));
    }

    #[test]
    fn of_a_name_that_goes_on_otherwise_nothing_is_known() {
        for name in [
            "",
            "gpt-5-thinking",
            "gpt-5.9",
            "gpt-50",
            "claude-haiku-4-9",
            "claude-opus-5-6",
            "claude-opus-4-20",
            "o3-pro",
            "my.gpt-4o-finetune",
            "v1.5.gpt-4o",
            "qwen3-32b",
            "llama-4-70b",
        ] {
            assert_eq!(known(name), None, "{name}");
        }
    }

    #[test]
    fn no_model_is_listed_twice() {
        let mut names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len());
    }
}
