//! What an account keeps of its responses.

use serde_json::{Value, json};

use super::client;
use crate::{Simulator, Vendor};

const RESPONSES: &str = "/v1/responses";

async fn made(simulator: &Simulator, more: &Value) -> (u16, Value) {
    let mut body = json!({"model": "gpt-4o", "input": "say: one"});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let request = client()
        .post(simulator.url() + RESPONSES)
        .bearer_auth("key")
        .json(&body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn status(simulator: &Simulator, method: reqwest::Method, path: &str) -> (u16, Value) {
    let url = format!("{}{RESPONSES}/{path}", simulator.url());
    let response = client()
        .request(method, url)
        .bearer_auth("key")
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn an_account_knows_its_own_responses_until_they_are_deleted() {
    let one = Simulator::start_as(Vendor::OpenAi, "one").await;
    let two = Simulator::start_as(Vendor::OpenAi, "two").await;
    let (_, first) = made(&one, &json!({})).await;
    let id = first["id"].as_str().unwrap();
    let again = json!({"previous_response_id": id});
    let (code, second) = made(&one, &again).await;
    assert_eq!((code, &second["previous_response_id"]), (200, &json!(id)));
    let (code, error) = made(&two, &again).await;
    assert_eq!(
        (code, &error["error"]["code"]),
        (400, &json!("previous_response_not_found"))
    );
    assert_eq!(status(&one, reqwest::Method::GET, id).await, (200, first.clone()));
    assert_eq!(status(&two, reqwest::Method::GET, id).await.0, 404);
    let items = status(&one, reqwest::Method::GET, &format!("{id}/input_items")).await;
    assert_eq!(items.1["data"][0]["content"][0]["text"], "say: one");
    assert_eq!(
        status(&one, reqwest::Method::POST, &format!("{id}/cancel"))
            .await
            .0,
        400
    );
    assert_eq!(status(&one, reqwest::Method::DELETE, id).await.1["deleted"], true);
    assert_eq!(status(&one, reqwest::Method::GET, id).await.0, 404);
    assert_eq!(made(&one, &again).await.0, 400);
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_forgotten() {
    let one = Simulator::start_as(Vendor::OpenAi, "one").await;
    let (_, response) = made(&one, &json!({"store": false})).await;
    assert_eq!(response["store"], false);
    let id = response["id"].as_str().unwrap();
    assert_eq!(status(&one, reqwest::Method::GET, id).await.0, 404);
}
