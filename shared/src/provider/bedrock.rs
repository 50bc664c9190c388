//! What Bedrock's names of models say.

/// Whether a name is that of one of Claude's models, also as an inference profile of a region or its ARN. An ARN of an
/// application's inference profile does not tell what is behind it.
pub fn is_claude(model: &str) -> bool {
    let id = model.rsplit('/').next().unwrap_or_default();
    id.starts_with("anthropic.claude")
        || id
            .split_once('.')
            .is_some_and(|(region, rest)| !region.is_empty() && rest.starts_with("anthropic.claude"))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn claude_is_known_by_its_maker() {
        for claude in [
            "anthropic.claude-3-haiku-20240307-v1:0",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-opus-4-8",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-6",
        ] {
            assert!(is_claude(claude), "{claude}");
        }
        for other in [
            "amazon.nova-pro-v1:0",
            "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/x1",
            "claude-sonnet-4-6",
            "my-anthropic.claude",
            "",
        ] {
            assert!(!is_claude(other), "{other}");
        }
    }
}
