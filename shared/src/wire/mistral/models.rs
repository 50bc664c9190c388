//! What Mistral's models make of being asked to reason: <https://docs.mistral.ai/capabilities/reasoning>

/// How a model reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reasons {
    /// Not at all.
    Never,
    /// Whenever it is asked to, with `reasoning_effort: high`, and not with `none`.
    OnRequest,
    /// Always.
    Always,
}

/// What a model that can be asked to reason is called, in full or up to a date.
const ON_REQUEST: [&str; 7] = [
    "mistral-small-latest",
    "mistral-small-2603",
    "mistral-medium-2604",
    "mistral-medium-3",
    "mistral-medium-3-5",
    "mistral-medium-3.5",
    "mistral-large-4",
];

impl Reasons {
    /// How the model of this name does. One that is not known is not asked: the key would be refused.
    pub(super) fn of(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        if model.starts_with("magistral") {
            Self::Always
        } else if ON_REQUEST.contains(&model.as_str()) || model.starts_with("mistral-large-4-") {
            Self::OnRequest
        } else {
            Self::Never
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_model_is_asked_to_reason_only_if_it_is_known_to_take_it() {
        for (name, reasons) in [
            ("magistral-medium-2509", Reasons::Always),
            ("mistral-small-latest", Reasons::OnRequest),
            ("Mistral-Medium-3.5", Reasons::OnRequest),
            ("mistral-large-4-0", Reasons::OnRequest),
            ("mistral-small-2506", Reasons::Never),
            ("mistral-medium-2505", Reasons::Never),
            ("codestral-latest", Reasons::Never),
        ] {
            assert_eq!(Reasons::of(name), reasons, "{name}");
        }
    }
}
