//! `project` and `location`: where in Google's cloud an account of the kind `vertex` is.

use crate::config::connection::Endpoint;
use crate::config::reader::{Reader, Section};
use crate::config::snapshot::ProviderKind;

/// What stands before every path at Vertex AI, and the host for its location.
struct Place<'v> {
    project: &'v str,
    location: &'v str,
}

/// Where an account is: its endpoint, with what Google's services have before every path.
///
/// The host of a location is <https://docs.cloud.google.com/vertex-ai/docs/reference/rest#service-endpoint>, the global
/// one and those of multi-regions have names of their own.
pub(super) fn read_address(
    section: &mut Section<'_>,
    kind: Option<ProviderKind>,
    endpoint: Option<Reader<'_>>,
    read_endpoint: impl FnOnce(&Reader<'_>) -> Option<Endpoint>,
) -> Option<Endpoint> {
    let (project, location) = (section.optional("project"), section.optional("location"));
    if kind != Some(ProviderKind::Vertex) {
        for needless in [project, location].into_iter().flatten() {
            if kind.is_some() {
                needless.mistake::<()>("is only for accounts of the kind `vertex`");
            }
        }
        let endpoint = match endpoint {
            Some(endpoint) => read_endpoint(&endpoint)?,
            None => return section.missing("endpoint", "is missing"),
        };
        return Some(match (kind, endpoint.base_path.strip_suffix("/v1beta")) {
            // The version stands in our path.
            (Some(ProviderKind::Gemini), Some(base)) => Endpoint {
                base_path: base.to_owned(),
                ..endpoint
            },
            _ => endpoint,
        });
    }
    let needs = "is missing: accounts of the kind `vertex` need it";
    let project = match project {
        Some(project) => read_project(&project),
        None => section.missing("project", needs),
    };
    let location = match location {
        Some(location) => read_location(&location),
        None => section.missing("location", needs),
    };
    let endpoint = endpoint.map(|endpoint| read_endpoint(&endpoint));
    let place = Place {
        project: project?,
        location: location?,
    };
    let mut endpoint = match endpoint {
        Some(endpoint) => endpoint?,
        None => place.endpoint()?,
    };
    endpoint.base_path.push_str(&place.path());
    Some(endpoint)
}

impl Place<'_> {
    fn endpoint(&self) -> Option<Endpoint> {
        let location = self.location;
        let url = match location {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
            _ => format!("https://{location}-aiplatform.googleapis.com"),
        };
        Endpoint::parse(&url).ok()
    }

    fn path(&self) -> String {
        format!("/v1/projects/{}/locations/{}", self.project, self.location)
    }
}

/// An id such as `my-project-1` or a number; old ones have a domain before a colon.
fn read_project<'v>(reader: &Reader<'v>) -> Option<&'v str> {
    let text = reader.string()?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
    if text.is_empty()
        || text.len() > 100
        || !text.chars().all(allowed)
        || !text.contains(char::is_alphanumeric)
    {
        return reader.mistake("must be the id of a project, as `my-project-1`");
    }
    Some(text)
}

fn read_location<'v>(reader: &Reader<'v>) -> Option<&'v str> {
    let text = reader.string()?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_location = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 40;
    if !is_location || !text.chars().all(allowed) {
        return reader.mistake("must be a location, as `europe-west4` or `global`");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::config::tests::{mistakes, valid, with};
    use crate::config::{Audience, filter_part, load};

    fn document(kind: &str, members: Value) -> Value {
        let mut document = with("/providers/0/kind", json!(kind));
        let provider = document
            .pointer_mut("/providers/0")
            .and_then(Value::as_object_mut);
        let Some(provider) = provider else { return document };
        provider.remove("endpoint");
        if let Value::Object(members) = members {
            provider.extend(members);
        }
        document
    }

    fn address(kind: &str, members: Value) -> (String, String) {
        let loaded = load(&document(kind, members), Audience::Operator).unwrap();
        let endpoint = &loaded.connections[0].endpoint;
        (endpoint.authority(), endpoint.base_path.clone())
    }

    #[test]
    fn the_location_says_the_host_and_the_path() {
        for (location, host) in [
            ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
            ("global", "aiplatform.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
        ] {
            let (authority, path) =
                address("vertex", json!({"project": "my-project-1", "location": location}));
            assert_eq!(authority, host);
            assert_eq!(path, format!("/v1/projects/my-project-1/locations/{location}"));
        }
        let own = json!({"project": "p", "location": "global", "endpoint": "http://127.0.0.1:9/psc/v1"});
        assert_eq!(
            address("vertex", own),
            (
                "127.0.0.1:9".to_owned(),
                "/psc/v1/projects/p/locations/global".to_owned()
            )
        );
    }

    #[test]
    fn the_version_in_an_endpoint_of_gemini_is_left_out() {
        for endpoint in [
            "https://generativelanguage.googleapis.com",
            "https://generativelanguage.googleapis.com/v1beta/",
        ] {
            let (_, path) = address("gemini", json!({"endpoint": endpoint}));
            assert_eq!(path, "");
        }
    }

    #[test]
    fn what_is_wrong_or_missing_is_told() {
        let good = || json!({"project": "p", "location": "global"});
        let with = |key: &str, value: Value| {
            let mut members = good();
            members[key] = value;
            members
        };
        for (kind, members, expected) in [
            (
                "vertex",
                json!({"location": "global"}),
                "providers[0].project: is missing",
            ),
            (
                "vertex",
                json!({"project": "p"}),
                "providers[0].location: is missing",
            ),
            (
                "vertex",
                with("project", json!("p/locations/x")),
                "providers[0].project: `p/locations/x` must be the id",
            ),
            (
                "vertex",
                with("project", json!("..")),
                "providers[0].project: `..` must be the id",
            ),
            (
                "vertex",
                with("location", json!("../x")),
                "providers[0].location: `",
            ),
            (
                "vertex",
                with("location", json!("evil.example/")),
                "providers[0].location: `",
            ),
            (
                "gemini",
                with("endpoint", json!("https://g")),
                "providers[0].project: `p` is only for accounts of the kind",
            ),
            ("gemini", json!({}), "providers[0].endpoint: is missing"),
        ] {
            let found = mistakes(&document(kind, members.clone()));
            assert!(
                found.iter().any(|mistake| mistake.starts_with(expected)),
                "{members}: {found:?}"
            );
        }
    }

    #[test]
    fn the_filter_is_not_told_where_it_is() {
        let whole = document("vertex", json!({"project": "p", "location": "global"}));
        let part = filter_part(&whole);
        assert_eq!(part["providers"][0].get("project"), None);
        assert!(load(&part, Audience::Filter).is_ok());
        assert!(load(&filter_part(&valid()), Audience::Filter).is_ok());
    }
}
