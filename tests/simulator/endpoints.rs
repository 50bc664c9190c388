//! What providers answer beside conversations: embeddings, counts of tokens, completions, moderations, images, sound, files
//! and batches. An account with a vendor refuses here what that vendor refuses.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::plan::{Call, End, Outcome, Pause, Piece, Plan};
use crate::request::Dialect;
use crate::usage;
use crate::vendor::Vendor;

mod form;
pub(crate) mod own;
mod vectors;

/// A call to one of these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint<'a> {
    /// Whose API it is.
    pub(crate) dialect: Dialect,
    method: &'a Method,
    /// The path after the version.
    path: &'a str,
}

/// A success: its type and its pieces.
pub(crate) struct Served(pub(crate) &'static str, pub(crate) Vec<Vec<u8>>);

/// Why a call is refused.
pub(crate) struct Refused(u16, String);

pub(crate) type Answered = Result<Served, Refused>;

impl<'a> Endpoint<'a> {
    /// The endpoint of a call, if it is one.
    pub(crate) fn of(parts: &'a Parts) -> Option<Self> {
        let path = parts.uri.path();
        let path = path.find("/v1/").and_then(|at| path.get(at + 3..))?;
        let is_anthropics = path.starts_with("/messages/") || parts.headers.contains_key("anthropic-version");
        let known = [
            "/embeddings",
            "/messages/count_tokens",
            "/completions",
            "/moderations",
            "/images/",
            "/audio/",
            "/files",
            "/batches",
            "/messages/batches",
        ];
        known.iter().any(|known| path.starts_with(known)).then_some(Self {
            dialect: if is_anthropics {
                Dialect::Anthropic
            } else {
                Dialect::OpenAi
            },
            method: &parts.method,
            path,
        })
    }

    /// The answer of an account.
    pub(crate) fn answer(self, call: &Call<'_>, vendor: Vendor, parts: &Parts, body: &Bytes) -> Outcome {
        let is_strict = vendor != Vendor::Any;
        respond(call, self.served(call, is_strict, parts, body))
    }

    fn served(self, call: &Call<'_>, is_strict: bool, parts: &Parts, body: &Bytes) -> Answered {
        let steps: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        match (self.method.as_str(), steps.as_slice()) {
            ("POST", ["embeddings"]) => vectors::answer(&document(body)?, is_strict),
            ("POST", ["messages", "count_tokens"]) => count(&document(body)?, is_strict, body.len()),
            ("POST", ["completions"]) => completion(call, &document(body)?, body.len()),
            ("POST", ["moderations"]) => {
                let asked = document(body)?;
                needs(&asked, &["input"])?;
                Ok(whole(
                    &json!({"id": "modr-1", "model": asked.get("model"), "results": [{"flagged": false}]}),
                ))
            }
            ("POST", ["images", "generations"]) => {
                let asked = document(body)?;
                needs(&asked, &["model", "prompt"])?;
                Ok(image())
            }
            ("POST", ["audio", "speech"]) => {
                let asked = document(body)?;
                needs(&asked, &["model", "input", "voice"])?;
                Ok(Served(
                    "audio/mpeg",
                    vec![b"ID3\x00\xff".to_vec(), model_of(&asked).to_string().into_bytes()],
                ))
            }
            ("POST", ["images", "edits" | "variations"]) => form::fields(parts, body, &["model", "image"])
                .map(|_| image())
                .map_err(bad),
            ("POST", ["audio", "transcriptions" | "translations"]) => {
                let fields = form::fields(parts, body, &["model", "file"]).map_err(bad)?;
                let [model, sound] = fields.as_slice() else {
                    return Err(bad("two fields were asked for".to_owned()));
                };
                let text = format!("{model} heard {} bytes", sound.len());
                let usage = json!({
                    "type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19,
                    "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
                });
                Ok(whole(&json!({"text": text, "usage": usage})))
            }
            _ => self.object(&steps, parts, body),
        }
    }

    /// Files and batches, of which every account keeps those that are asked for.
    fn object(self, steps: &[&str], parts: &Parts, body: &Bytes) -> Answered {
        let described = |id: &str| match (self.dialect, steps.contains(&"files")) {
            (Dialect::OpenAi, true) => json!({
                "id": id, "object": "file", "bytes": 3, "created_at": 1, "filename": "a.jsonl", "purpose": "batch",
                "status": "processed",
            }),
            (Dialect::OpenAi, false) => json!({
                "id": id, "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": "file-1",
                "completion_window": "24h", "status": "in_progress", "created_at": 1,
            }),
            (_, _) => json!({
                "id": id, "type": "message_batch", "processing_status": "in_progress", "created_at": "2026-01-01T00:00:00Z",
                "expires_at": "2026-01-02T00:00:00Z", "results_url": null, "ended_at": null, "archived_at": null,
                "cancel_initiated_at": null,
                "request_counts": {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
            }),
        };
        match (self.method.as_str(), steps) {
            ("GET", ["files" | "batches"] | ["messages", "batches"]) => {
                let data = [described("object-1")];
                let query = parts.uri.query().unwrap_or_default();
                Ok(whole(
                    &json!({"object": "list", "data": data, "has_more": false, "query": query}),
                ))
            }
            ("POST", ["files"]) => form::fields(parts, body, &["purpose", "file"])
                .map(|_| whole(&described("file-1")))
                .map_err(bad),
            ("POST", ["batches"]) => {
                needs(
                    &document(body)?,
                    &["input_file_id", "endpoint", "completion_window"],
                )?;
                Ok(whole(&described("batch_1")))
            }
            ("POST", ["messages", "batches"]) => {
                needs(&document(body)?, &["requests"])?;
                Ok(whole(&described("msgbatch_1")))
            }
            ("GET", ["files", _, "content"] | ["messages", "batches", _, "results"]) => Ok(Served(
                "application/octet-stream",
                vec![b"{\"a\":1}\n".to_vec(), b"{\"b\":2}\n".to_vec()],
            )),
            ("GET" | "POST", ["files" | "batches", id, ..] | ["messages", "batches", id, ..]) => {
                Ok(whole(&described(id)))
            }
            ("DELETE", ["files", id] | ["messages", "batches", id]) => {
                Ok(whole(&json!({"id": id, "object": "file", "deleted": true})))
            }
            _ => Err(Refused(404, "Unknown path".to_owned())),
        }
    }
}

/// The answer as it goes over the wire.
pub(crate) fn respond(call: &Call<'_>, answered: Answered) -> Outcome {
    Outcome::Respond(match answered {
        Ok(Served(kind, pieces)) => Plan {
            status: 200,
            headers: call.headers(kind),
            wait: Duration::ZERO,
            length: (pieces.len() == 1).then(|| pieces.iter().map(Vec::len).sum()),
            pieces: pieces
                .into_iter()
                .map(|bytes| Piece {
                    pause: Pause::Flush,
                    bytes: bytes.into(),
                })
                .collect(),
            end: End::Done,
        },
        Err(Refused(status, message)) => call.refusal(status, &message),
    })
}

fn bad(message: String) -> Refused {
    Refused(400, message)
}

fn document(body: &Bytes) -> Result<Value, Refused> {
    let document: Value = serde_json::from_slice(body).map_err(|error| {
        bad(format!(
            "We could not parse the JSON body of your request: {error}"
        ))
    })?;
    if document.is_object() {
        Ok(document)
    } else {
        Err(bad("The body must be an object".to_owned()))
    }
}

fn needs(document: &Value, names: &[&str]) -> Result<(), Refused> {
    match names.iter().find(|name| document.get(**name).is_none()) {
        None => Ok(()),
        Some(name) => Err(bad(format!("Missing required parameter: '{name}'."))),
    }
}

fn model_of(asked: &Value) -> Value {
    asked.get("model").cloned().unwrap_or_default()
}

fn whole(answer: &Value) -> Served {
    Served("application/json", vec![answer.to_string().into_bytes()])
}

fn image() -> Served {
    let usage = json!({"input_tokens": 50, "output_tokens": 4160, "total_tokens": 4210});
    whole(&json!({"created": 1, "data": [{"b64_json": "UE5H"}], "usage": usage}))
}

/// Counts as a conversation's answer reports: a quarter of the bytes.
fn count(asked: &Value, is_strict: bool, bytes: usize) -> Answered {
    needs(asked, &["model", "messages"])?;
    let extra = ["max_tokens", "stream", "temperature", "stop_sequences"];
    if let Some(name) = extra.iter().find(|name| is_strict && asked.get(**name).is_some()) {
        return Err(bad(format!("{name}: Extra inputs are not permitted")));
    }
    Ok(whole(&json!({"input_tokens": usage::input_tokens(bytes)})))
}

fn completion(call: &Call<'_>, asked: &Value, bytes: usize) -> Answered {
    needs(asked, &["model", "prompt"])?;
    let input = usage::input_tokens(bytes);
    let chunk = |text: &str, finish: Value, usage: Value| {
        json!({
            "id": "cmpl-1", "object": "text_completion", "created": 1, "model": model_of(asked),
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": finish}],
            "usage": usage,
        })
    };
    let usage = json!({"prompt_tokens": input, "completion_tokens": 2, "total_tokens": input + 2});
    if asked.get("stream") != Some(&Value::Bool(true)) {
        return Ok(whole(&chunk(
            &format!("Completed by {}", call.account),
            "stop".into(),
            usage,
        )));
    }
    let mut events = vec![
        chunk("Completed", Value::Null, Value::Null),
        chunk(&format!(" by {}", call.account), "stop".into(), Value::Null),
    ];
    if asked.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)) {
        let mut last = chunk("", Value::Null, usage);
        if let Some(choices) = last.get_mut("choices") {
            *choices = json!([]);
        }
        events.push(last);
    }
    let mut pieces: Vec<Vec<u8>> = events
        .iter()
        .map(|event| format!("data: {event}\n\n").into_bytes())
        .collect();
    pieces.push(b"data: [DONE]\n\n".to_vec());
    Ok(Served("text/event-stream", pieces))
}
