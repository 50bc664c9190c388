//! Forms, read in the plainest way: whatever stands between two boundaries.

use hyper::http::request::Parts;

/// The values of the named fields, each of which must be there once.
pub(super) fn fields(parts: &Parts, body: &[u8], names: &[&str]) -> Result<Vec<String>, String> {
    let kind = parts
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    let boundary = kind
        .and_then(|kind| kind.strip_prefix("multipart/form-data; boundary="))
        .ok_or("Invalid content type: it must be multipart/form-data")?;
    let body = String::from_utf8_lossy(body);
    let inner = body
        .strip_prefix(&format!("--{boundary}\r\n"))
        .and_then(|rest| rest.trim_end().strip_suffix(&format!("\r\n--{boundary}--")))
        .ok_or("Could not parse multipart form")?;
    let between = format!("\r\n--{boundary}\r\n");
    let all: Vec<(&str, &str)> = inner
        .split(between.as_str())
        .map(|field| {
            field
                .split_once("\r\n\r\n")
                .ok_or("Could not parse multipart form")
        })
        .collect::<Result<_, _>>()?;
    let value = |name: &&str| {
        let is_named = |head: &str| head.contains(&format!("name=\"{name}\""));
        let mut values = all
            .iter()
            .filter(|(head, _)| is_named(head))
            .map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value.to_owned()),
            _ => Err(format!("Missing required parameter: '{name}'.")),
        }
    };
    names.iter().map(value).collect()
}
