//! Behaviours as data, from outside the process.

use serde_json::{Value, json};

use super::{CHAT, call, client, post};
use crate::{Behaviour, Raw, Simulator, StatusError};

#[tokio::test]
async fn the_control_paths_do_what_the_handle_does() {
    let simulator = Simulator::start("a").await;
    let orders = json!({
        "default": {"kind": "answer", "text": "Hi", "ending": {"kind": "complete"}},
        "then": [{"kind": "status", "status": 503}, {"kind": "reset"}, {"kind": "hang"}],
    });
    assert_eq!(
        post(&simulator, "/_simulator/behaviour", &orders)
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        post(&simulator, "/_simulator/behaviour", &json!({"defualt": {}}))
            .await
            .unwrap()
            .status(),
        400
    );
    assert_eq!(post(&simulator, CHAT, &call(false)).await.unwrap().status(), 503);
    let get = |path: &str| client().get(simulator.url() + path).send();
    assert_eq!(
        get("/_simulator/count")
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap(),
        json!({"count": 1})
    );
    let received: Value = get("/_simulator/received").await.unwrap().json().await.unwrap();
    assert_eq!(received[0]["path"], CHAT);
    client()
        .delete(simulator.url() + "/_simulator/received")
        .send()
        .await
        .unwrap();
    assert_eq!(simulator.count(), 0);
}

#[test]
fn behaviours_survive_their_json_form() {
    let all = [
        Behaviour::default(),
        Behaviour::rate_limited(1),
        Behaviour::HtmlError { status: 502 },
        Behaviour::Hang,
        Behaviour::reset(),
        Behaviour::EmptyStream,
        Raw::default().into(),
        Behaviour::broken_after(3),
        Behaviour::error_event(1),
        Behaviour::silent_after(1),
        StatusError {
            code: Some("insufficient_quota".into()),
            ..StatusError::default()
        }
        .into(),
    ];
    for behaviour in all {
        let json = serde_json::to_string(&behaviour).unwrap();
        assert_eq!(
            serde_json::from_str::<Behaviour>(&json).unwrap(),
            behaviour,
            "{json}"
        );
    }
    assert!(serde_json::from_str::<Behaviour>(r#"{"kind":"answer","txet":"a"}"#).is_err());
}
