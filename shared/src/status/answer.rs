//! Which page a request gets.

use super::Status;
use super::page::page;
use crate::headers::Headers;
use crate::reply::Reply;

/// The answer to a request at the status listener. `status` is `None` while no configuration is in force.
#[must_use]
pub fn answer(headers: &Headers, status: Option<&Status<'_>>) -> Reply {
    let path = headers.text(":path").unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let form = match path {
        "/status" => Form::Page,
        "/status.json" => Form::Json,
        _ => return text(404, "There is /status and /status.json.\n"),
    };
    if !matches!(headers.text(":method"), Some("GET" | "HEAD")) {
        let mut reply = text(405, "There is GET.\n");
        reply.headers.push(("allow", "GET, HEAD".to_owned()));
        return reply;
    }
    let Some(status) = status else {
        return text(503, "No configuration is in force yet.\n");
    };
    match form {
        Form::Page => reply(200, "text/html; charset=utf-8", page(status).into_bytes()),
        Form::Json => match serde_json::to_vec(status) {
            Ok(json) => reply(200, "application/json", json),
            Err(_) => text(500, "The state cannot be told.\n"),
        },
    }
}

enum Form {
    Page,
    Json,
}

fn text(status: u16, text: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
}

/// An answer that a browser takes for nothing else, keeps nowhere, and runs nothing of.
fn reply(status: u16, content_type: &str, body: Vec<u8>) -> Reply {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers = [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
    ];
    Reply {
        status,
        headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(),
        body,
    }
}
