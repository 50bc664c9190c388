//! Providers that embed in words of their own, each as strict as the real one.

use provider_simulator::{Behaviour, Simulator, Vendor};
use serde_json::{Value, json};

use super::super::{code, only, record};
use super::PATH;
use crate::harness::{Broker, Config, Record, TOKEN, key_of};

/// A kind of provider.
struct Kind {
    name: &'static str,
    vendor: Vendor,
    model: &'static str,
    /// Further keys of the account.
    further: fn() -> Value,
    path: &'static str,
    /// The header of the key, and what stands before it.
    key: (&'static str, &'static str),
    /// Whether one call takes several texts.
    takes_several: bool,
    tells_tokens: bool,
}

impl Kind {
    async fn account(&self, name: &str) -> Simulator {
        let account = Simulator::start_as(self.vendor, name).await;
        let (header, before) = self.key;
        account.require(header, &format!("{before}{}", key_of(name)));
        account
    }
}

fn nothing() -> Value {
    json!({})
}

const BEARER: (&str, &str) = ("authorization", "Bearer ");

const MISTRAL: Kind = Kind {
    name: "mistral",
    vendor: Vendor::Mistral,
    model: "mistral-embed",
    further: nothing,
    path: "/v1/embeddings",
    key: BEARER,
    takes_several: true,
    tells_tokens: true,
};

const COHERE: Kind = Kind {
    name: "cohere",
    vendor: Vendor::Cohere,
    model: "embed-v4.0",
    path: "/v2/embed",
    ..MISTRAL
};

const GEMINI: Kind = Kind {
    name: "gemini",
    vendor: Vendor::Gemini,
    model: "gemini-embedding-001",
    path: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
    key: ("x-goog-api-key", ""),
    tells_tokens: false,
    ..MISTRAL
};

const VERTEX: Kind = Kind {
    name: "vertex",
    vendor: Vendor::Vertex,
    model: "gemini-embedding-001",
    further: || json!({"project": "my-project-1", "location": "europe-west4"}),
    path: "/v1/projects/my-project-1/locations/europe-west4/publishers/google/models/gemini-embedding-001:predict",
    takes_several: false,
    ..MISTRAL
};

const TITAN: Kind = Kind {
    name: "bedrock",
    vendor: Vendor::Bedrock,
    model: "amazon.titan-embed-text-v2:0",
    path: "/model/amazon.titan-embed-text-v2%3A0/invoke",
    takes_several: false,
    ..MISTRAL
};

const COHERE_AT_BEDROCK: Kind = Kind {
    name: "bedrock",
    vendor: Vendor::Bedrock,
    model: "cohere.embed-english-v3",
    path: "/model/cohere.embed-english-v3/invoke",
    tells_tokens: false,
    ..MISTRAL
};

const AZURE: Kind = Kind {
    name: "azure-openai",
    vendor: Vendor::Azure,
    model: "text-embedding-3-small",
    path: "/openai/v1/embeddings",
    key: ("api-key", ""),
    ..MISTRAL
};

const AZURE_DATED: Kind = Kind {
    further: || json!({"api_version": "2024-10-21"}),
    path: "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21",
    ..AZURE
};

const KINDS: [Kind; 8] = [
    MISTRAL,
    COHERE,
    GEMINI,
    VERTEX,
    TITAN,
    COHERE_AT_BEDROCK,
    AZURE,
    AZURE_DATED,
];

fn vectors(answer: &Value) -> Vec<Value> {
    let data = answer["data"].as_array().expect("a list");
    for (index, embedding) in data.iter().enumerate() {
        assert_eq!(embedding["index"], index, "{answer}");
        assert_eq!(embedding["object"], "embedding");
    }
    data.iter()
        .map(|embedding| embedding["embedding"].clone())
        .collect()
}

#[tokio::test]
async fn each_kind_embeds_as_numbers_and_as_base64() {
    let mut config = Config::new();
    let mut accounts = Vec::new();
    for (number, kind) in KINDS.iter().enumerate() {
        let name = format!("a{number}");
        let account = kind.account(&name).await;
        config = config
            .provider_with(kind.name, &account, (kind.further)())
            .single(&name, &account, kind.model);
        accounts.push(account);
    }
    let broker = Broker::start(&config).await;
    let mut calls = 0;
    // Long enough to cost something: amounts are rounded to millionths of a dollar.
    let text = "Grüße ".repeat(40);
    for (kind, account) in KINDS.iter().zip(&accounts) {
        let input = if kind.takes_several {
            json!([text, "a"])
        } else {
            json!(text)
        };
        for (encoding, expected) in [
            ("float", [json!([40.0, 0.5, -0.25]), json!([0.125, 0.5, -0.25])]),
            ("base64", [json!("AAAgQgAAAD8AAIC+"), json!("AAAAPgAAAD8AAIC+")]),
        ] {
            account.clear();
            let body = json!({"model": account.name(), "input": input, "encoding_format": encoding});
            let answer = broker.post(PATH, TOKEN, body.to_string()).await;
            assert_eq!(answer.status, 200, "{}: {}", kind.model, answer.text());
            let given = answer.json();
            let several = if kind.takes_several { 2 } else { 1 };
            assert_eq!(vectors(&given), expected[..several], "{} {encoding}", kind.name);
            assert_eq!(given["object"], "list");
            let received = only(account);
            assert_eq!(received.path, kind.path);
            assert_eq!(received.method, "POST");
            calls += 1;
            let record = record(&broker, calls).await;
            expect_bill(kind, &given, &record);
        }
    }
}

/// Tokens and price are in the record as far as the provider tells them, and in the answer.
#[track_caller]
fn expect_bill(kind: &Kind, given: &Value, record: &Record) {
    assert_eq!(record.text("llm.api"), "openai.embeddings");
    assert_eq!(record.text("llm.outcome"), "ok");
    assert_eq!(record.text("llm.model"), kind.model);
    let tokens = given["usage"]["prompt_tokens"].as_u64().expect("a count");
    if kind.tells_tokens {
        assert!(tokens > 0, "{given}");
        assert_eq!(record.count("llm.tokens.input"), tokens);
        assert_eq!(record.count("llm.tokens.output"), 0);
        assert!(record.number("llm.cost.usd") > 0.0, "{record:?}");
    } else {
        assert_eq!(tokens, 0, "{given}");
    }
}

#[tokio::test]
async fn a_call_fails_over_from_one_kind_to_the_next_and_back() {
    let (mistral, gemini) = (MISTRAL.account("mistral").await, GEMINI.account("gemini").await);
    let members = |first: &str, second: &str| {
        let model = |name: &str| {
            if name == "mistral" {
                MISTRAL.model
            } else {
                GEMINI.model
            }
        };
        json!({"members": [
            {"provider": first, "model": model(first), "priority": 0},
            {"provider": second, "model": model(second), "priority": 1},
        ]})
    };
    let config = Config::new()
        .provider("mistral", &mistral)
        .provider("gemini", &gemini)
        .pool("there", members("mistral", "gemini"))
        .pool("back", members("gemini", "mistral"))
        .model("there", "there")
        .model("back", "back");
    let broker = Broker::start(&config).await;
    for (number, (model, failing, serving)) in [("there", &mistral, &gemini), ("back", &gemini, &mistral)]
        .into_iter()
        .enumerate()
    {
        failing.behave(Behaviour::status(503));
        serving.behave(provider_simulator::Answer::default());
        serving.clear();
        let body = json!({"model": model, "input": "a", "dimensions": 256});
        let answer = broker.post(PATH, TOKEN, body.to_string()).await;
        let given = answer.expect_status(200).json();
        assert_eq!(vectors(&given), [json!([0.125, 0.5, -0.25])]);
        assert_eq!(given["model"], model);
        let received = only(serving).json();
        let length = received
            .pointer("/requests/0/outputDimensionality")
            .or(received.get("output_dimension"));
        assert_eq!(length, Some(&json!(256)), "{received}");
        let record = record(&broker, number + 1).await;
        let way = |account: &Simulator, status: &str| (account.name().to_owned(), status.to_owned());
        assert_eq!(record.ways(), [way(failing, "503"), way(serving, "200")]);
    }
}

#[tokio::test]
async fn what_a_kind_cannot_take_goes_to_one_that_can_or_is_refused_with_its_place() {
    let (titan, azure) = (TITAN.account("titan").await, AZURE.account("azure").await);
    let members = json!({"members": [
        {"provider": "titan", "model": TITAN.model, "priority": 0},
        {"provider": "azure", "model": AZURE.model, "priority": 1},
    ]});
    let config = Config::new()
        .provider("bedrock", &titan)
        .provider("azure-openai", &azure)
        .pool("both", members)
        .model("both", "both")
        .single("titan", &titan, TITAN.model);
    let broker = Broker::start(&config).await;
    for input in [json!(["a", "b"]), json!([1, 2])] {
        let body = json!({"model": "both", "input": input}).to_string();
        broker.post(PATH, TOKEN, body).await.expect_status(200);
        let body = json!({"model": "titan", "input": input}).to_string();
        let refused = broker.post(PATH, TOKEN, body).await.expect_status(400).json();
        assert_eq!(code(&refused), "unsupported_by_provider");
        assert!(
            refused["error"]["message"].as_str().unwrap().contains("`input`"),
            "{refused}"
        );
    }
    assert_eq!((titan.count(), azure.count()), (0, 2));
}

#[tokio::test]
async fn what_a_provider_refuses_is_told_in_the_agents_words() {
    for kind in [&MISTRAL, &COHERE, &GEMINI, &TITAN] {
        let account = kind.account("own").await;
        let config = Config::new()
            .provider_with(kind.name, &account, (kind.further)())
            .single("own", &account, kind.model);
        let broker = Broker::start(&config).await;
        account.behave(Behaviour::status(400));
        let answer = broker.post(PATH, TOKEN, r#"{"model":"own","input":"a"}"#).await;
        let refused = answer.expect_status(400).json();
        assert!(
            refused["error"]["message"].is_string(),
            "{}: {refused}",
            kind.name
        );
        assert_eq!(
            refused["error"]["type"], "invalid_request_error",
            "{}: {refused}",
            kind.name
        );
    }
}
