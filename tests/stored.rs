//! Responses that an account of OpenAI keeps: conversations go on there, and their responses are found there.

mod kinds;

use provider_simulator::{Answer as Told, Behaviour, Simulator, Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, Config, PATIENCE, RESPONSES, Record, TOKEN, until};

const SPY: &str = "token-of-spy";

/// Two accounts as strict as OpenAI, each of which knows its own responses only.
async fn accounts() -> [Simulator; 2] {
    [
        Simulator::start_as(Vendor::OpenAi, "one").await,
        Simulator::start_as(Vendor::OpenAi, "two").await,
    ]
}

/// The model `gpt` of both accounts in turn, for two workspaces.
fn config(accounts: &[Simulator; 2]) -> Config {
    let [one, two] = accounts;
    let members = json!([{"provider": "one", "model": "gpt-4o"}, {"provider": "two", "model": "gpt-4o"}]);
    Config::new()
        .set("workspaces", json!([{"name": "lab"}, {"name": "other"}]))
        .agent("spy", "other", SPY)
        .provider("openai", one)
        .provider("openai", two)
        .pool("both", json!({"members": members}))
        .model("gpt", "both")
}

/// One turn; gives the response, whole or out of the events of a stream, which all tell of the same.
async fn turn(broker: &Broker, text: &str, previous: &Value, stream: bool) -> Value {
    let body = json!({"model": "gpt", "input": text, "previous_response_id": previous, "stream": stream});
    let answer = broker.post(RESPONSES, TOKEN, body.to_string()).await;
    answer.expect_status(200);
    if !stream {
        return answer.json();
    }
    let events = answer.events();
    let mut responses: Vec<Value> = events
        .iter()
        .map(|event| event.json()["response"].clone())
        .filter(|response| !response.is_null())
        .collect();
    assert_eq!(responses.len(), 3, "created, in progress, completed");
    assert!(
        responses
            .iter()
            .all(|response| response["id"] == responses[0]["id"])
    );
    responses.pop().expect("an end")
}

async fn ask(broker: &Broker, token: &str, method: Method, path: &str) -> Answer {
    Answer::of(broker.request(method, path).bearer_auth(token)).await
}

fn path_of(response: &Value) -> String {
    format!("{RESPONSES}/{}", response["id"].as_str().expect("an id"))
}

async fn last(broker: &Broker, n: usize) -> Record {
    broker.wait_for_records(n).await.pop().expect("a record")
}

/// The account of these that was asked, and how often.
fn asked(accounts: &[Simulator; 2]) -> (&Simulator, usize) {
    match accounts.each_ref().map(Simulator::count) {
        [0, n] => (&accounts[1], n),
        [n, 0] => (&accounts[0], n),
        both => panic!("both were asked: {both:?}"),
    }
}

#[tokio::test]
async fn ten_turns_stay_at_the_account_of_the_first_on_any_envoy() {
    let accounts = accounts().await;
    let config = config(&accounts);
    let mut brokers = [Broker::start(&config).await, Broker::start(&config).await];
    let mut previous = Value::Null;
    for number in 0..10 {
        if number == 5 {
            brokers[0].restart().await;
        }
        let broker = &brokers[number % 2];
        let response = turn(broker, &format!("say: turn {number}"), &previous, number % 3 == 1).await;
        assert_eq!(
            response["previous_response_id"], previous,
            "as the agent knows it"
        );
        assert_eq!(
            response["output"][0]["content"][0]["text"],
            format!("turn {number}")
        );
        previous = response["id"].clone();
    }
    let (account, turns) = asked(&accounts);
    assert_eq!(turns, 10);
    for call in account.received().iter().skip(1) {
        let id = call.json()["previous_response_id"].clone();
        let prefix = format!("resp_{}_", account.name());
        assert!(id.as_str().is_some_and(|id| id.starts_with(&prefix)), "{id}");
        assert!(!call.contains("resp_broker"), "{}", call.text());
    }
}

#[tokio::test]
async fn a_conversation_goes_on_where_its_first_turn_ended_up() {
    let accounts = accounts().await;
    let broker = Broker::start(&config(&accounts)).await;
    let [one, two] = &accounts;
    for (broken, well) in [(one, two), (two, one)] {
        broken.behave(Behaviour::status(503));
        let first = turn(&broker, "hi", &Value::Null, false).await;
        broken.behave(Told::default());
        well.clear();
        broken.clear();
        let second = turn(&broker, "and?", &first["id"], true).await;
        turn(&broker, "and?", &second["id"], false).await;
        assert_eq!((well.count(), broken.count()), (2, 0));
    }
}

#[tokio::test]
async fn nobody_stands_in_for_the_account_that_keeps_it() {
    let accounts = accounts().await;
    let broker = Broker::start(&config(&accounts)).await;
    let first = turn(&broker, "hi", &Value::Null, false).await;
    let (keeper, _) = asked(&accounts);
    let other = accounts
        .iter()
        .find(|account| account.name() != keeper.name())
        .expect("two accounts");
    keeper.behave(Behaviour::status(429));
    let body = json!({"model": "gpt", "input": "and?", "previous_response_id": first["id"]}).to_string();
    let answer = broker.post(RESPONSES, TOKEN, body.clone()).await;
    answer.expect_status(429);
    assert!(answer.json()["error"]["message"].is_string());
    let record = last(&broker, 2).await;
    assert_eq!(record.value("llm.excluded")[0]["reason"], "kept_elsewhere");
    // It asked for a pause, and gets it: the next call is told so without asking.
    let answer = broker.post(RESPONSES, TOKEN, body).await;
    assert_eq!(
        answer.expect_status(429).json()["error"]["code"],
        "upstream_at_limit"
    );
    assert_eq!((keeper.count(), other.count()), (2, 0));
}

#[tokio::test]
async fn a_response_is_read_listed_and_deleted_and_costs_nothing() {
    let accounts = accounts().await;
    let broker = Broker::start(&config(&accounts)).await;
    let made = turn(&broker, "say: keep this", &Value::Null, false).await;
    let path = path_of(&made);
    let read = ask(&broker, TOKEN, Method::GET, &path).await;
    assert_eq!(read.expect_status(200).json(), made, "usage and all");
    let record = last(&broker, 2).await;
    assert_eq!(
        (record.text("llm.api"), record.text("llm.model.requested")),
        ("openai.stored_responses", "gpt")
    );
    assert_eq!(record.text("llm.outcome"), "ok");
    assert!(!record.has("llm.tokens.input"));
    assert_eq!(record.value("llm.cost.usd").as_f64(), Some(0.0));

    let stream = ask(&broker, TOKEN, Method::GET, &format!("{path}?stream=true")).await;
    assert_eq!(stream.expect_status(200).events()[0].json()["response"], made);
    let items = ask(
        &broker,
        TOKEN,
        Method::GET,
        &format!("{path}/input_items?limit=5"),
    )
    .await;
    let said = &items.expect_status(200).json()["data"][0]["content"][0]["text"];
    assert_eq!(said, "say: keep this");
    let cancelled = ask(&broker, TOKEN, Method::POST, &format!("{path}/cancel")).await;
    let message = cancelled.expect_status(400).json()["error"]["message"].clone();
    assert_eq!(message, "Cannot cancel a synchronous response.");

    let deleted = ask(&broker, TOKEN, Method::DELETE, &path).await.json();
    assert_eq!((&deleted["id"], &deleted["deleted"]), (&made["id"], &json!(true)));
    ask(&broker, TOKEN, Method::GET, &path).await.expect_status(404);
    let body = json!({"model": "gpt", "input": "and?", "previous_response_id": made["id"]});
    let answer = broker.post(RESPONSES, TOKEN, body.to_string()).await;
    let error = answer.expect_status(400).json()["error"].clone();
    assert_eq!(error["code"], "previous_response_not_found");
    let (account, _) = asked(&accounts);
    let paths: Vec<String> = account.received().iter().map(|call| call.path.clone()).collect();
    let raw = format!("{RESPONSES}/resp_{}_1", account.name());
    assert_eq!(paths[1], raw);
    assert_eq!(paths[3], format!("{raw}/input_items?limit=5"));
    assert!(account.received().iter().all(|call| !call.contains(TOKEN)));
    let wrong = ask(&broker, TOKEN, Method::PUT, &path).await;
    assert_eq!(wrong.expect_status(405).header("allow"), Some("GET, DELETE"));
}

#[tokio::test]
async fn another_workspace_finds_nothing() {
    let accounts = accounts().await;
    let broker = Broker::start(&config(&accounts)).await;
    let made = turn(&broker, "say: a secret", &Value::Null, false).await;
    let (_, before) = asked(&accounts);
    let path = path_of(&made);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/input_items")),
        (Method::POST, format!("{path}/cancel")),
        (Method::DELETE, path),
    ] {
        let answer = ask(&broker, SPY, method, &path).await;
        let error = answer.expect_status(404).json()["error"].clone();
        assert_eq!(error["code"], "response_not_found");
    }
    let own = made["id"].as_str().expect("an id");
    let raw = own
        .rsplit_once("_one_")
        .or(own.rsplit_once("_two_"))
        .expect("the provider's");
    let raw = format!("resp_{}_{}", asked(&accounts).0.name(), raw.1);
    for id in [own, raw.as_str()] {
        for token in [SPY, TOKEN] {
            if (id, token) == (own, TOKEN) {
                continue;
            }
            let body = json!({"model": "gpt", "input": "and?", "previous_response_id": id});
            let answer = broker.post(RESPONSES, token, body.to_string()).await;
            let error = answer.expect_status(400).json()["error"].clone();
            assert_eq!(error["code"], "previous_response_not_found", "{id}");
            assert_eq!(error["param"], "previous_response_id");
        }
    }
    assert_eq!(asked(&accounts).1, before, "no account heard of it");
}

#[tokio::test]
async fn an_account_that_serves_no_more_keeps_what_it_has_to_itself() {
    let accounts = accounts().await;
    let broker = Broker::start(&config(&accounts)).await;
    let made = turn(&broker, "hi", &Value::Null, false).await;
    let (keeper, _) = asked(&accounts);
    let other = if keeper.name() == "one" { "two" } else { "one" };
    let members = json!([{"name": "both", "members": [{"provider": other, "model": "gpt-4o"}]}]);
    broker.rewrite_config(&config(&accounts).set("pools", members).yaml());
    let path = path_of(&made);
    let gone = until(PATIENCE, "the pool without it", async || {
        let answer = ask(&broker, TOKEN, Method::GET, &path).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!(
        gone.expect_status(404).json()["error"]["code"],
        "response_not_found"
    );
    let body = json!({"model": "gpt", "input": "and?", "previous_response_id": made["id"]});
    let answer = broker.post(RESPONSES, TOKEN, body.to_string()).await;
    let error = answer.expect_status(400).json()["error"].clone();
    assert_eq!(error["code"], "previous_response_not_found");
    turn(&broker, "from the start", &Value::Null, false).await;
}

#[tokio::test]
async fn what_is_not_to_be_kept_passes_as_it_is() {
    let accounts = accounts().await;
    let broker = Broker::start(&config(&accounts)).await;
    let body = json!({"model": "gpt", "input": "hi", "store": false}).to_string();
    let answer = broker.post(RESPONSES, TOKEN, body).await;
    let (account, _) = asked(&accounts);
    let id = format!("resp_{}_1", account.name());
    assert_eq!(answer.expect_status(200).json()["id"], id);
    assert!(answer.header("content-length").is_some());
}
