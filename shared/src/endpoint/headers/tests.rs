use super::*;
use crate::config::Scheme;
use crate::provider::Address;
use crate::wire::Dialect;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn client(method: &str, path: &str, more: &[(&str, &str)]) -> Headers {
    let secrets = [
        ("authorization", "Bearer agent-token"),
        ("x-api-key", "agent-token"),
        ("cookie", "c"),
    ];
    let own = [(":method", method), (":path", path), ("x-broker-model", "m")];
    let pairs = own.iter().chain(&secrets).chain(more);
    Headers::new(
        pairs
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect(),
    )
}

fn sent(method: &str, path: &str, more: &[(&str, &str)], length: usize) -> Vec<String> {
    let client = client(method, path, more);
    let (format, endpoint) = api::of(&client).unwrap().asks().unwrap();
    let address = Address {
        scheme: Scheme::Https,
        authority: "api.example.com".into(),
        base_path: "/base".into(),
        api_version: None,
    };
    let to = Destination {
        kind: match format.dialect() {
            Dialect::OpenAi => ProviderKind::OpenAi,
            Dialect::Anthropic => ProviderKind::Anthropic,
        },
        model: "up",
        address: &address,
    };
    request_headers(endpoint, &to, format, &client, false, length)
        .iter()
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
        .collect()
}

#[test]
fn the_path_is_the_providers_and_only_objects_keep_the_query() {
    for (method, path, expected) in [
        ("POST", "/v1/embeddings?x=1", "/base/v1/embeddings"),
        ("POST", "/embeddings/", "/base/v1/embeddings"),
        (
            "POST",
            "/v1/messages/count_tokens?beta=true",
            "/base/v1/messages/count_tokens",
        ),
        (
            "GET",
            "/v1/files?limit=2&after=file-1",
            "/base/v1/files?limit=2&after=file-1",
        ),
        ("DELETE", "/files/file-1", "/base/v1/files/file-1"),
        ("GET", "/v1/files?a b", "/base/v1/files"),
    ] {
        let sent = sent(method, path, &[], 0);
        assert!(sent.contains(&format!(":path={expected}")), "{sent:?}");
        assert!(sent.contains(&format!(":method={method}")), "{sent:?}");
    }
}

/// The path at Azure's account; `version`: that of the API, where it is asked in its old way.
fn azure_path(base: &str, version: Option<&str>, method: &str, path: &str) -> String {
    let client = client(method, path, &[]);
    let (_, endpoint) = api::of(&client).unwrap().asks().unwrap();
    let address = Address {
        scheme: Scheme::Https,
        authority: "r.openai.azure.com".into(),
        base_path: base.into(),
        api_version: version.map(str::to_owned),
    };
    let to = Destination {
        kind: ProviderKind::AzureOpenAi,
        model: "my/deployment",
        address: &address,
    };
    whole_path(endpoint, &to, &client)
}

#[test]
fn azures_deployments_stand_in_the_path_of_its_old_way_and_its_files_belong_to_none() {
    let deployment = "/openai/deployments/my%2Fdeployment";
    for (method, path, undated, dated) in [
        (
            "POST",
            "/v1/embeddings",
            "/embeddings",
            format!("{deployment}/embeddings?"),
        ),
        (
            "POST",
            "/v1/completions?x=1",
            "/completions",
            format!("{deployment}/completions?"),
        ),
        (
            "POST",
            "/v1/images/generations",
            "/images/generations",
            format!("{deployment}/images/generations?"),
        ),
        (
            "POST",
            "/v1/audio/transcriptions",
            "/audio/transcriptions",
            format!("{deployment}/audio/transcriptions?"),
        ),
        (
            "GET",
            "/v1/files?limit=2",
            "/files?limit=2",
            "/openai/files?limit=2&".to_owned(),
        ),
        (
            "GET",
            "/v1/files/file-1/content",
            "/files/file-1/content",
            "/openai/files/file-1/content?".to_owned(),
        ),
        (
            "POST",
            "/v1/batches/b/cancel",
            "/batches/b/cancel",
            "/openai/batches/b/cancel?".to_owned(),
        ),
    ] {
        for base in ["", "/openai"] {
            let v1 = azure_path(base, None, method, path);
            assert_eq!(v1, format!("/openai/v1{undated}"));
            let old = azure_path(base, Some("2024-10-21"), method, path);
            assert_eq!(old, format!("{dated}api-version=2024-10-21"));
        }
        let hub = azure_path("/hub/openai", None, method, path);
        assert_eq!(hub, format!("/hub/openai/v1{undated}"));
    }
}

#[test]
fn providers_with_words_of_their_own_are_asked_at_their_own_paths() {
    let path = |kind, model, base: &str, path| {
        let client = client("POST", path, &[]);
        let (_, endpoint) = api::of(&client).unwrap().asks().unwrap();
        let address = Address {
            scheme: Scheme::Https,
            authority: "example.com".into(),
            base_path: base.into(),
            api_version: None,
        };
        let to = Destination {
            kind,
            model,
            address: &address,
        };
        whole_path(endpoint, &to, &client)
    };
    let (embeddings, count) = ("/v1/embeddings", "/v1/messages/count_tokens?beta=true");
    for (kind, model, base, asked, expected) in [
        (
            ProviderKind::Cohere,
            "embed-v4.0",
            "/compatible/v2",
            embeddings,
            "/compatible/v2/embed",
        ),
        (
            ProviderKind::Mistral,
            "mistral-embed",
            "",
            embeddings,
            "/v1/embeddings",
        ),
        (
            ProviderKind::Vertex,
            "claude-x",
            "/v1/projects/p/locations/l",
            count,
            "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
        ),
        (
            ProviderKind::Gemini,
            "gemini-x",
            "",
            count,
            "/v1beta/models/gemini-x:countTokens",
        ),
        (
            ProviderKind::Bedrock,
            "us.anthropic.claude-x-v1:0",
            "",
            count,
            "/model/anthropic.claude-x-v1%3A0/count-tokens",
        ),
        (
            ProviderKind::Anthropic,
            "claude-x",
            "/base",
            count,
            "/base/v1/messages/count_tokens",
        ),
    ] {
        assert_eq!(path(kind, model, base, asked), expected);
    }
}

#[test]
fn azures_version_is_the_configurations() {
    for (query, expected) in [
        ("limit=2", "?limit=2&api-version=2024-10-21"),
        ("api-version=2020-01-01", "?api-version=2024-10-21"),
        (
            "limit=2&API-Version=1&after=f&api%2Dversion=1",
            "?limit=2&after=f&api-version=2024-10-21",
        ),
    ] {
        let client = client("GET", &["/v1/files?", query].concat(), &[]);
        let address = Address {
            scheme: Scheme::Https,
            authority: "r.openai.azure.com".into(),
            base_path: String::new(),
            api_version: Some("2024-10-21".into()),
        };
        let to = Destination {
            kind: ProviderKind::AzureOpenAi,
            model: "up",
            address: &address,
        };
        let (_, endpoint) = api::of(&client).unwrap().asks().unwrap();
        let path = whole_path(endpoint, &to, &client);
        assert_eq!(path, ["/openai/files", expected].concat());
    }
}

#[test]
fn a_form_keeps_its_type_and_nothing_of_the_agents_own_goes_on() {
    let form = ("content-type", "multipart/form-data; boundary=x");
    let given = [form, ("accept", "audio/mpeg"), ("openai-organization", "org")];
    let sent = sent("POST", "/v1/audio/transcriptions", &given, 7);
    assert_eq!(
        sent,
        [
            ":method=POST",
            ":scheme=https",
            ":authority=api.example.com",
            ":path=/base/v1/audio/transcriptions",
            "content-type=multipart/form-data; boundary=x",
            "content-length=7",
            "accept=audio/mpeg",
            "accept-encoding=identity",
            concat!("user-agent=model-broker/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[test]
fn what_has_no_body_says_nothing_of_one() {
    let get = sent("GET", "/v1/batches/b", &[("content-type", "text/x")], 0);
    assert!(
        get.iter().all(|header| !header.starts_with("content-")),
        "{get:?}"
    );
    let cancel = sent("POST", "/v1/batches/b/cancel", &[], 0);
    assert!(cancel.contains(&"content-length=0".to_owned()), "{cancel:?}");
}

#[test]
fn anthropics_opt_ins_go_on() {
    let given = [
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "files-api-2025-04-14"),
    ];
    let sent = sent("GET", "/v1/files", &given, 0);
    assert!(
        sent.contains(&"anthropic-beta=files-api-2025-04-14".to_owned()),
        "{sent:?}"
    );
    let versions = sent
        .iter()
        .filter(|header| header.starts_with("anthropic-version="));
    assert_eq!(versions.count(), 1);
}
