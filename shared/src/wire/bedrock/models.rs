//! What the models behind Converse refuse or need, by their makers' prefixes.
//!
//! Sources: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html> (who can be forced to
//! call a tool), <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>,
//! <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>, and `@ai-sdk/amazon-bedrock` 5.0 for
//! gpt-oss.

/// What a model refuses or needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// How far the choice of a tool can be forced.
    pub(super) forced: Forced,
    /// Whether it takes cache points after instructions and messages. Nobody here takes them after tools.
    pub(super) caches: bool,
    /// Whether its answers, and the arguments of its calls, can be held to a schema.
    pub(super) structured: bool,
    /// How it is told how much to think.
    pub(super) thinking: Thinking,
    /// Whether results of tools may hold pictures and documents, and say that they are failures.
    pub(super) rich_results: bool,
    /// Where it takes `top_k`.
    pub(super) top_k: TopK,
}

/// How far the choice of a tool can be forced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forced {
    /// Not at all.
    Never,
    /// To call some tool.
    Any,
    /// To call a certain one.
    Named,
}

/// How a model is told how much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    /// It is not.
    Unknown,
    /// `reasoningConfig` of Nova 2.
    Nova,
    /// `reasoning_effort`, as at OpenAI; it always thinks.
    Effort,
}

/// Where a model takes `top_k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopK {
    /// Nowhere.
    Nowhere,
    /// `inferenceConfig.topK` among its own fields.
    Nova,
    /// `top_k` among its own fields.
    Plain,
}

/// A model of which nothing is known, as behind the ARN of an application's inference profile: it gets what every model
/// takes.
const UNKNOWN: Model = Model {
    forced: Forced::Never,
    caches: false,
    structured: false,
    thinking: Thinking::Unknown,
    rich_results: false,
    top_k: TopK::Nowhere,
};

const STRUCTURED: Model = Model {
    structured: true,
    ..UNKNOWN
};

const NOVA: Model = Model {
    forced: Forced::Named,
    caches: true,
    rich_results: true,
    top_k: TopK::Nova,
    ..UNKNOWN
};

/// The families, of one maker the narrower first.
const FAMILIES: [(&str, Model); 14] = [
    (
        "amazon.nova-2",
        Model {
            thinking: Thinking::Nova,
            ..NOVA
        },
    ),
    ("amazon.nova-", NOVA),
    (
        "openai.gpt-oss",
        Model {
            thinking: Thinking::Effort,
            ..STRUCTURED
        },
    ),
    (
        "mistral.mistral-large-3",
        Model {
            forced: Forced::Any,
            top_k: TopK::Plain,
            ..STRUCTURED
        },
    ),
    ("mistral.ministral", STRUCTURED),
    ("mistral.magistral", STRUCTURED),
    (
        "mistral.",
        Model {
            forced: Forced::Any,
            top_k: TopK::Plain,
            ..UNKNOWN
        },
    ),
    ("deepseek.v3", STRUCTURED),
    ("qwen.qwen3", STRUCTURED),
    ("google.gemma-3", STRUCTURED),
    ("minimax.", STRUCTURED),
    ("moonshot.", STRUCTURED),
    ("moonshotai.", STRUCTURED),
    ("nvidia.nemotron", STRUCTURED),
];

impl Model {
    /// What a model refuses or needs, by its id, also that of an inference profile or its ARN.
    pub(super) fn of(id: &str) -> Self {
        let id = id.to_ascii_lowercase();
        let id = id.rsplit('/').next().unwrap_or_default();
        // `eu.` or `global.` before the maker.
        let names = || {
            [Some(id), id.split_once('.').map(|(_, rest)| rest)]
                .into_iter()
                .flatten()
        };
        FAMILIES
            .iter()
            .find(|(prefix, _)| names().any(|name| name.starts_with(prefix)))
            .map_or(UNKNOWN, |(_, model)| *model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_model_is_known_by_id_profile_and_arn() {
        for id in [
            "amazon.nova-pro-v1:0",
            "eu.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
        ] {
            assert_eq!(Model::of(id), NOVA, "{id}");
        }
        assert_eq!(
            Model::of("global.amazon.nova-2-lite-v1:0").thinking,
            Thinking::Nova
        );
        assert_eq!(Model::of("openai.gpt-oss-120b-1:0").thinking, Thinking::Effort);
        assert_eq!(Model::of("mistral.mistral-large-2402-v1:0").forced, Forced::Any);
        assert!(Model::of("mistral.mistral-large-3-675b-instruct").structured);
        for unknown in [
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
            "meta.llama3-3-70b-instruct-v1:0",
            "my-amazon.nova",
            "",
        ] {
            assert_eq!(Model::of(unknown), UNKNOWN, "{unknown}");
        }
    }
}
