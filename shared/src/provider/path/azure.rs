//! The paths of Azure OpenAI: the API without dates, in which the body names the deployment, and the one before it, in
//! which the path does: <https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle>

use super::segment;
use crate::provider::Destination;

/// The path of what is asked of a deployment, such as `/chat/completions`.
#[must_use]
pub fn of_deployment(to: &Destination<'_>, path: &str) -> String {
    let base = base(to);
    match &to.address.api_version {
        None => format!("{base}/openai/v1{path}"),
        Some(version) => {
            let deployment = segment(to.model);
            format!("{base}/openai/deployments/{deployment}{path}?api-version={version}")
        }
    }
}

/// The path of what the resource has as a whole, such as `/files?limit=2`, or whose body names the deployment in every
/// version, as `/responses`.
#[must_use]
pub fn of_resource(to: &Destination<'_>, path: &str) -> String {
    let base = base(to);
    match &to.address.api_version {
        None => format!("{base}/openai/v1{path}"),
        Some(version) => {
            let join = if path.contains('?') { '&' } else { '?' };
            format!("{base}/openai{path}{join}api-version={version}")
        }
    }
}

/// What stands before every path. What an endpoint that was copied from an SDK has before `/v1` is understood.
fn base<'a>(to: &Destination<'a>) -> &'a str {
    let base = to.address.base_path.as_str();
    base.strip_suffix("/openai").unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ProviderKind, Scheme};
    use crate::provider::Address;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn path(base_path: &str, version: Option<&str>, model: &str) -> String {
        of_deployment(
            &Destination {
                kind: ProviderKind::AzureOpenAi,
                model,
                address: &Address {
                    scheme: Scheme::Https,
                    authority: "r.openai.azure.com".into(),
                    base_path: base_path.into(),
                    api_version: version.map(str::to_owned),
                },
            },
            "/chat/completions",
        )
    }

    #[test]
    fn the_path_names_the_deployment_only_where_there_is_a_dated_version() {
        for base in ["", "/openai"] {
            assert_eq!(path(base, None, "gpt-5"), "/openai/v1/chat/completions");
        }
        assert_eq!(
            path("/hub/openai", None, "gpt-5"),
            "/hub/openai/v1/chat/completions"
        );
        assert_eq!(
            path("", Some("2024-10-21"), "gpt-5.1_eu"),
            "/openai/deployments/gpt-5.1_eu/chat/completions?api-version=2024-10-21"
        );
    }

    #[test]
    fn what_the_resource_has_names_no_deployment_and_keeps_its_query() {
        let path = |version: Option<&str>, path: &str| {
            of_resource(
                &Destination {
                    kind: ProviderKind::AzureOpenAi,
                    model: "gpt-5",
                    address: &Address {
                        scheme: Scheme::Https,
                        authority: "r.openai.azure.com".into(),
                        base_path: "/openai".into(),
                        api_version: version.map(str::to_owned),
                    },
                },
                path,
            )
        };
        assert_eq!(path(None, "/files?limit=2"), "/openai/v1/files?limit=2");
        let dated = Some("2025-04-01-preview");
        assert_eq!(
            path(dated, "/files?limit=2"),
            "/openai/files?limit=2&api-version=2025-04-01-preview"
        );
        assert_eq!(
            path(dated, "/responses"),
            "/openai/responses?api-version=2025-04-01-preview"
        );
    }

    #[test]
    fn a_deployment_never_leaves_its_segment() {
        for (name, encoded) in [
            ("a/b", "a%2Fb"),
            ("../../admin", "..%2F..%2Fadmin"),
            ("..", "%2E%2E"),
            ("a?api-version=1#x", "a%3Fapi-version%3D1%23x"),
            ("a%2Fb", "a%252Fb"),
            ("a\\b c", "a%5Cb%20c"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(segment(name), encoded);
        }
    }
}
